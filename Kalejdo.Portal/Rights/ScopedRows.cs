using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>What a scope takes in: the collections that it names and those whose rows cannot live without theirs, over all databases; and of those, which rows.</summary>
internal sealed class ScopedRows
{
    private readonly Located located;
    private readonly ErasureScope scope;
    private readonly IReadOnlyList<Link> links;
    private readonly HashSet<MappedCollection> named;
    private readonly HashSet<MappedCollection> whole;

    public ScopedRows(Located located, ErasureScope scope)
    {
        (this.located, this.scope) = (located, scope);
        var databases = located.Database.Connected();
        links = [.. databases.SelectMany(d => d.Links).Distinct()];
        var all = databases.SelectMany(d => d.Graph.Collections).Where(located.Takes).ToList();
        named = Closed(all, c => IsWhole(c) || Rows(c).Any());
        whole = Closed(all, IsWhole, c => !Rows(c).Any());
    }

    /// <summary>Whether any of a collection's rows can be in the scope.</summary>
    public bool Has(MappedCollection collection) => named.Contains(collection);

    /// <summary>Whether rows are in the scope because of the row that a reference leads down from.</summary>
    public bool Hangs(Link link) => link.Down && scope.Rows.Count > 0 && Depends(link.Child, named);

    /// <summary>The condition that a row is in the scope: named itself, or hanging on one that is. Null where the scope takes the whole collection.</summary>
    public string? Condition(MappedCollection collection, string alias) => Condition(collection, alias, []);

    private string? Condition(MappedCollection collection, string alias, HashSet<MappedCollection> above)
    {
        if (whole.Contains(collection))
        {
            return null;
        }
        var conditions = Rows(collection).Select(row => string.Join(" AND ", collection.Table.PrimaryKey.Select(k => KeyIs(collection, alias, k, row.Key[k])))).ToList();
        if (above.Add(collection) && Depends(collection, named))
        {
            var parent = $"s{above.Count}";
            foreach (var link in located.Database.Graph.Links.Where(l => l.Child == collection && l.Down && !above.Contains(l.Parent)))
            {
                var rows = Condition(link.Parent, parent, [.. above]);
                conditions.Add($"EXISTS (SELECT 1 FROM {Dialect.Name(link.Parent.Table)} AS {parent} WHERE {Located.Joined(link, alias, parent)}{(rows is null ? "" : $" AND ({rows})")})");
            }
            conditions.AddRange(located.Passages.Where(p => p.Link.Child == collection && p.Link.Down).Select(p => p.Scoped).OfType<Carried>().Select(c => c.Among(alias)));
        }
        return conditions.Count == 0 ? "1 = 0" : string.Join(" OR ", conditions.Select(c => $"({c})"));
    }

    private IEnumerable<RowKey> Rows(MappedCollection collection) => scope.Rows.Where(r => r.Collection == collection.Collection.Id);

    private bool IsWhole(MappedCollection collection) => scope.IsEverything || scope.Kinds.Contains(collection.Collection.KindKey);

    private HashSet<MappedCollection> Closed(List<MappedCollection> all, Func<MappedCollection, bool> first, Func<MappedCollection, bool>? may = null)
    {
        var closed = all.Where(first).ToHashSet();
        while (all.Find(c => !closed.Contains(c) && may?.Invoke(c) != false && Depends(c, closed)) is { } dependent)
        {
            closed.Add(dependent);
        }
        return closed;
    }

    /// <summary>Whether rows of a collection cannot live without rows of the given ones: they have no identity of their own, and every parent is among these.</summary>
    private bool Depends(MappedCollection collection, HashSet<MappedCollection> on) =>
        !collection.Collection.Fields.Any(f => f.Identity is not null)
        && links.Where(l => l.Child == collection && l.Down && l.Parent != collection).Select(l => l.Parent).Distinct().ToList() is { Count: > 0 } parents
        && parents.TrueForAll(on.Contains);

    private string KeyIs(MappedCollection collection, string alias, string key, string value) =>
        located.Database.Dialect.Equal($"{alias}.{Dialect.Quote(key)}", located.Session.Parameter(value), value, collection.Table.Find(key)!) ?? "1 = 0";
}
