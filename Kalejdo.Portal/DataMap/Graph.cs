namespace Kalejdo.Portal.DataMap;

/// <summary>
/// A reference between two collections of one database, seen from its foreign-key side: rows of <paramref name="Child"/> hold the
/// values of <paramref name="ParentColumns"/> in <paramref name="ChildColumns"/> (AND-ed).
/// </summary>
/// <param name="Down">Rows of the parent lead to rows of the child.</param>
/// <param name="Up">Rows of the child lead to rows of the parent.</param>
/// <param name="ParentUnique">At most one parent row holds a given combination of values.</param>
public sealed record Link(
    MappedCollection Child, IReadOnlyList<string> ChildColumns, MappedCollection Parent, IReadOnlyList<string> ParentColumns, bool Down, bool Up, bool ParentUnique)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Child.Collection.Id}({string.Join(", ", ChildColumns)}) -> {Parent.Collection.Id}({string.Join(", ", ParentColumns)})";
}

/// <summary>A collection together with its live table.</summary>
/// <param name="Number">Its place in the database's list; names its temporary tables.</param>
/// <param name="Key">What tells rows apart inside a transaction: the engine's row id where it has one, otherwise the primary key.</param>
public sealed record MappedCollection(int Number, Collection Collection, Table Table, bool Annotated, IReadOnlyList<string> Key)
{
    /// <summary>The live column of <paramref name="field"/>.</summary>
    public Column ColumnOf(Field field) => Table.Find(field.Name)!;

    /// <inheritdoc/>
    public bool Equals(MappedCollection? other) => ReferenceEquals(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => Number;

    /// <inheritdoc/>
    public override string ToString() => Collection.Id;
}

/// <summary>The collections of one database and how their rows lead to each other.</summary>
public sealed class Graph
{
    /// <summary>The collections that take part: neither skipped nor anonymous, with a table in the database.</summary>
    public IReadOnlyList<MappedCollection> Collections { get; }

    /// <summary>The map's references inside this database.</summary>
    public IReadOnlyList<Link> Links { get; }

    /// <summary>The database's schema.</summary>
    public DatabaseSchema Schema { get; }

    /// <summary>Builds the graph of the <paramref name="datasets"/> that lie in one database.</summary>
    public Graph(IReadOnlyList<Dataset> datasets, DatabaseSchema schema)
    {
        Schema = schema;
        var collections = new List<MappedCollection>();
        foreach (var dataset in datasets)
        {
            foreach (var collection in dataset.Collections.Where(c => !c.SkipProcessing && !c.Anonymous))
            {
                if (schema.Find(dataset.Schema, collection.Name) is { } table)
                {
                    collections.Add(new MappedCollection(collections.Count, collection, table, dataset.Annotated, KeyOf(collection, table)));
                }
            }
        }
        Collections = collections;
        // A reference that the map writes at both ends is one.
        Links = [.. collections.SelectMany(LinksOf)
            .GroupBy(l => (l.Child, l.Parent, Pairs: string.Join('\0', l.ChildColumns.Zip(l.ParentColumns).Select(p => $"{p.First}\0{p.Second}").Order(StringComparer.Ordinal))))
            .Select(same => same.First() with { Down = same.Any(l => l.Down), Up = same.Any(l => l.Up) })];
    }

    /// <summary>The collection of a table, if the map has it.</summary>
    public MappedCollection? Of(Table table) => Collections.FirstOrDefault(c => c.Table.Schema == table.Schema && c.Table.Name == table.Name);

    /// <summary>The collections that can be reached from identities of the given names, and from rows of the given collections.</summary>
    public IReadOnlyList<MappedCollection> ReachableFrom(IReadOnlyCollection<string> identityNames, IReadOnlyCollection<string> startingIn)
    {
        var reached = Collections.Where(c => startingIn.Contains(c.Collection.Id) || c.Collection.Fields.Any(f => f.Identity is not null && identityNames.Contains(f.Identity))).ToHashSet();
        while (Links.SelectMany(Steps).Where(s => reached.Contains(s.From) && !reached.Contains(s.To)).ToList() is { Count: > 0 } steps)
        {
            reached.UnionWith(steps.Select(s => s.To));
        }
        return [.. Collections.Where(reached.Contains)];
    }

    /// <summary>The collections whose rows can lead to rows of <paramref name="target"/>, itself among them.</summary>
    public IReadOnlySet<MappedCollection> LeadingTo(MappedCollection target)
    {
        var leading = new HashSet<MappedCollection> { target };
        while (Links.SelectMany(Steps).Where(s => leading.Contains(s.To) && !leading.Contains(s.From)).ToList() is { Count: > 0 } steps)
        {
            leading.UnionWith(steps.Select(s => s.From));
        }
        return leading;
    }

    private static IEnumerable<(MappedCollection From, MappedCollection To)> Steps(Link link)
    {
        if (link.Down)
        {
            yield return (link.Parent, link.Child);
        }
        if (link.Up)
        {
            yield return (link.Child, link.Parent);
        }
    }

    private static IReadOnlyList<string> KeyOf(Collection collection, Table table)
    {
        if (table.RowId.Count > 0)
        {
            return table.RowId;
        }
        // The database knows best; a map's key may be part of it only (or wrong), and then one row would stand for several.
        if (table.PrimaryKey.Count > 0)
        {
            return table.PrimaryKey;
        }
        var mapped = collection.Fields.Where(f => f.PrimaryKey && table.Find(f.Name) is not null).Select(f => table.Find(f.Name)!.Name).ToList();
        return mapped.Count > 0 ? mapped : [.. table.Columns.Select(c => c.Name)];
    }

    private IEnumerable<Link> LinksOf(MappedCollection holder)
    {
        var references =
            from field in holder.Collection.Fields
            from reference in field.References
            let target = Collections.FirstOrDefault(c => c.Collection.Dataset == reference.Dataset && c.Collection.Name == reference.Collection)
            where target is not null && holder.Table.Find(field.Name) is not null && target.Table.Find(reference.Field) is not null
            select (Column: holder.Table.Find(field.Name)!.Name, Reference: reference, Target: target, TargetColumn: target.Table.Find(reference.Field)!.Name);

        foreach (var target in references.GroupBy(r => r.Target))
        {
            var open = target.ToList();
            foreach (var group in open.Where(r => r.Reference.Group is not null).GroupBy(r => r.Reference.Group).ToList())
            {
                yield return Make(holder, target.Key, [.. group.Select(r => (r.Column, r.TargetColumn, r.Reference.Direction))]);
            }
            open.RemoveAll(r => r.Reference.Group is not null);
            // A composite foreign key of the database, on either side, whose pairs the map names each by itself.
            var composite = holder.Table.ForeignKeys.Where(k => k.Schema == target.Key.Table.Schema && k.Table == target.Key.Table.Name && k.Columns.Count > 1)
                .Select(k => k.Columns.Zip(k.ReferencedColumns).ToList())
                .Concat(target.Key.Table.ForeignKeys.Where(k => k.Schema == holder.Table.Schema && k.Table == holder.Table.Name && k.Columns.Count > 1)
                    .Select(k => k.ReferencedColumns.Zip(k.Columns).ToList()));
            foreach (var pairs in composite)
            {
                var matched = open.Where(r => pairs.Contains((r.Column, r.TargetColumn))).ToList();
                if (matched.Count == pairs.Count)
                {
                    open.RemoveAll(matched.Contains);
                    yield return Make(holder, target.Key, [.. matched.Select(r => (r.Column, r.TargetColumn, r.Reference.Direction))]);
                }
            }
            foreach (var single in open)
            {
                yield return Make(holder, target.Key, [(single.Column, single.TargetColumn, single.Reference.Direction)]);
            }
        }
    }

    /// <summary>The side whose columns are unique is the parent, whichever side the map wrote the reference at.</summary>
    private static Link Make(MappedCollection holder, MappedCollection target, IReadOnlyList<(string Holder, string Target, Direction Direction)> pairs)
    {
        string[] holderColumns = [.. pairs.Select(p => p.Holder)];
        string[] targetColumns = [.. pairs.Select(p => p.Target)];
        var toTarget = pairs.Any(p => p.Direction is Direction.To or Direction.Both);
        var toHolder = pairs.Any(p => p.Direction is Direction.From or Direction.Both);
        var swap = !PointsAt(holder.Table, target.Table, holderColumns)
            && (PointsAt(target.Table, holder.Table, targetColumns) || (holder.Table.IsUnique(holderColumns) && !target.Table.IsUnique(targetColumns)));
        return swap
            ? new Link(target, targetColumns, holder, holderColumns, Down: toTarget, Up: toHolder, holder.Table.IsUnique(holderColumns))
            : new Link(holder, holderColumns, target, targetColumns, Down: toHolder, Up: toTarget, target.Table.IsUnique(targetColumns));
    }

    private static bool PointsAt(Table child, Table parent, string[] columns) =>
        child.ForeignKeys.Any(k => k.Schema == parent.Schema && k.Table == parent.Name && k.Columns.ToHashSet().SetEquals(columns));
}
