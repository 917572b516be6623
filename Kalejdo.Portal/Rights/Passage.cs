using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>
/// A reference between two databases at work: what the one has to tell the other is carried over in batches, and lies there in
/// temporary tables with which its own statements join. Where one of the two has no part, what was carried before is given again.
/// </summary>
internal sealed class Passage
{
    private readonly Link link;
    private readonly Located? child;
    private readonly Located? parent;
    private readonly int number;
    private readonly Dictionary<(Located, string), Carried> tables = [];
    private int sentDown;
    private int sentUp;

    private Passage(Crossing crossing, Located? child, Located? parent) => (number, link, this.child, this.parent) = (crossing.Number, crossing.Link, child, parent);

    public Link Link => link;

    /// <summary>The values of parents that go or are shared, told to the child's database.</summary>
    public Carried? Gone => Told(child, "gone");

    /// <summary>The values of parents that rows in the child's database need, told to the parent's.</summary>
    public Carried? Needed => Told(parent, "needed");

    /// <summary>The values of parents that are in the scope, told to the child's database.</summary>
    public Carried? Scoped => Told(child, "scoped");

    public static async Task<Passage> OpenAsync(Crossing crossing, Located? child, Located? parent, CancellationToken cancellationToken)
    {
        var passage = new Passage(crossing, child, parent);
        var link = crossing.Link;
        if (child is not null && child.Takes(link.Child))
        {
            if (link.Down)
            {
                child.Following.Expect(link.Child, await passage.TableAsync(child, "down", cancellationToken), down: true);
                child.Evidence.Expect(link.Child, await passage.TableAsync(child, "doubted", cancellationToken));
            }
            await passage.TableAsync(child, "gone", cancellationToken);
            await passage.TableAsync(child, "scoped", cancellationToken);
        }
        if (parent is not null && parent.Takes(link.Parent))
        {
            if (link.Up)
            {
                parent.Following.Expect(link.Parent, await passage.TableAsync(parent, "up", cancellationToken), down: false);
                parent.Evidence.Expect(link.Parent, await passage.TableAsync(parent, "doubted", cancellationToken));
            }
            await passage.TableAsync(parent, "needed", cancellationToken);
        }
        return passage;
    }

    /// <summary>Carries over the values of rows that lead to the other database and have changed.</summary>
    /// <returns>Whether any were new there.</returns>
    public async Task<bool> MoveAsync(CancellationToken cancellationToken)
    {
        if (child is null || parent is null || !child.Takes(link.Child) || !parent.Takes(link.Parent))
        {
            return false;
        }
        var any = false;
        if (link.Down && parent.Following.HasChanged(link.Parent, sentDown))
        {
            var since = sentDown;
            sentDown = parent.Following.Tick();
            any |= await child.Following.ArriveAsync(
                Told(child, "down")!, From(parent, $"l.since > {since} AND l.whose IN ({Following.Leading(down: true)})", cancellationToken), cancellationToken);
        }
        if (link.Up && child.Following.HasChanged(link.Child, sentUp))
        {
            var since = sentUp;
            sentUp = child.Following.Tick();
            any |= await parent.Following.ArriveAsync(
                Told(parent, "up")!, From(child, $"l.since > {since} AND l.whose IN ({Following.Leading(down: false)})", cancellationToken), cancellationToken);
        }
        return any;
    }

    /// <summary>Asks the other database for the open rows here to which somebody else's rows there lead.</summary>
    public async Task AskForEvidenceAsync(Func<MappedCollection, bool> judged, CancellationToken cancellationToken)
    {
        if (child is null || parent is null)
        {
            return;
        }
        if (link.Up && judged(link.Parent) && Told(parent, "doubted") is { } ofParents && parent.Evidence.Open.Contains(link.Parent))
        {
            await AskAsync(parent, Undecided, child, child.Evidence.LeadsUp(link), ofParents, cancellationToken);
        }
        if (link.Down && judged(link.Child) && Told(child, "doubted") is { } ofChildren && child.Evidence.Open.Contains(link.Child))
        {
            await AskAsync(child, Undecided, parent, parent.Evidence.LeadsDown(link), ofChildren, cancellationToken);
        }
    }

    /// <summary>Asks which of the parent rows under a condition are needed by child rows <c>x</c> under another.</summary>
    /// <returns>Whether any are.</returns>
    public async Task<bool> AskForNeedAsync(string parents, string needs, CancellationToken cancellationToken) =>
        child is not null && parent is not null && Needed is { } needed && await AskAsync(parent, parents, child, needs, needed, cancellationToken) > 0;

    /// <summary>Tells the child's database the values of parent rows under a condition.</summary>
    public async Task TellAsync(Carried? table, string parents, CancellationToken cancellationToken)
    {
        if (child is not null && parent is not null && table is not null && parent.Takes(link.Parent))
        {
            await table.AddAsync(From(parent, parents, cancellationToken), since: 0, cancellationToken);
        }
    }

    /// <summary>Everything that one database was told, so that it can be told again when the other knows it no longer.</summary>
    public async Task<IReadOnlyList<CarriedValues>> KeepAsync(Located part, CancellationToken cancellationToken)
    {
        var kept = new List<CarriedValues>();
        foreach (var ((at, what), table) in tables.Where(t => t.Key.Item1 == part && t.Key.Item2 != "asked"))
        {
            List<string[]> rows = [];
            await foreach (var row in table.WhereAsync("1 = 1", cancellationToken))
            {
                rows.Add(row);
            }
            if (rows.Count > 0)
            {
                kept.Add(new CarriedValues(at.Database.Source.Key, Named(at, what), rows));
            }
        }
        return kept;
    }

    /// <summary>Tells a database again what it was told once.</summary>
    public async Task TellAgainAsync(IReadOnlyList<CarriedValues> kept, CancellationToken cancellationToken)
    {
        foreach (var ((at, what), table) in tables.Where(t => t.Key.Item2 != "asked").ToList())
        {
            var rows = kept.Where(k => k.Database == at.Database.Source.Key && k.Name == Named(at, what)).SelectMany(k => k.Rows).ToAsyncEnumerable();
            if (what is "down" or "up")
            {
                await at.Following.ArriveAsync(table, rows, cancellationToken);
            }
            else
            {
                await table.AddAsync(rows, since: 0, cancellationToken);
            }
        }
    }

    // Those in doubt too: what is left in the table at the end is all that raised doubts.
    private static string Undecided { get; } = $"l.whose IN ({Whose.Open}, {Whose.Doubtful})";

    // By the reference, not by its number: the map may have changed meanwhile.
    private string Named(Located at, string what) => $"{link} {(at == child ? "child" : "parent")} {what}";

    private Carried? Told(Located? part, string what) => part is null ? null : tables.GetValueOrDefault((part, what));

    private async Task<Carried> TableAsync(Located part, string what, CancellationToken cancellationToken)
    {
        if (tables.TryGetValue((part, what), out var known))
        {
            return known;
        }
        var (collection, columns) = part == child ? (link.Child, link.ChildColumns) : (link.Parent, link.ParentColumns);
        return tables[(part, what)] = await Carried.CreateAsync(part.Database, part.Session, $"{what}_{number}", collection, columns, cancellationToken);
    }

    private async Task<int> AskAsync(Located asking, string about, Located answering, string condition, Carried answers, CancellationToken cancellationToken)
    {
        var asked = await TableAsync(answering, "asked", cancellationToken);
        await asked.ClearAsync(cancellationToken);
        await answers.ClearAsync(cancellationToken);
        if (await asked.AddAsync(From(asking, about, cancellationToken), since: 0, cancellationToken) == 0)
        {
            return 0;
        }
        var collection = answering == child ? link.Child : link.Parent;
        var found = asked.WhereAsync($"EXISTS (SELECT 1 FROM {Dialect.Name(collection.Table)} AS x WHERE {asked.Joined("cv", "x")} AND {condition})", cancellationToken);
        return await answers.AddAsync(Written(found, answering), since: 0, cancellationToken);
    }

    private IAsyncEnumerable<string[]> From(Located part, string condition, CancellationToken cancellationToken)
    {
        var (collection, columns) = part == child ? (link.Child, link.ChildColumns) : (link.Parent, link.ParentColumns);
        return Written(part.ValuesAsync(collection, columns, condition, cancellationToken), part);
    }

    /// <summary>PostgreSQL writes a UUID in small letters; where the other side holds text, it may stand there in capitals.</summary>
    private async IAsyncEnumerable<string[]> Written(IAsyncEnumerable<string[]> values, Located from)
    {
        var (collection, columns) = from == child ? (link.Child, link.ChildColumns) : (link.Parent, link.ParentColumns);
        var uuids = columns.Select((c, i) => (Is: collection.Table.Find(c)!.TypeName == "uuid", Place: i)).Where(c => c.Is).Select(c => c.Place).ToList();
        await foreach (var value in values)
        {
            yield return value;
            if (uuids.Count > 0)
            {
                yield return [.. value.Select((v, i) => uuids.Contains(i) ? v.ToUpperInvariant() : v)];
            }
        }
    }
}
