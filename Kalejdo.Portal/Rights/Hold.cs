using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>Something that refers to a collection's rows: a reference of the map, a foreign key of the database, or both.</summary>
/// <param name="Child">The mapped collection that refers; null where no map knows the table.</param>
/// <param name="OnDelete">What the database's foreign key does; null where it has none.</param>
/// <param name="Cuttable">The columns that can be nulled to cut the reference; empty where it cannot be cut.</param>
internal sealed record Hold(
    Table Table, MappedCollection? Child, IReadOnlyList<string> ChildColumns, MappedCollection Parent, IReadOnlyList<string> ParentColumns, string? OnDelete, IReadOnlyList<string> Cuttable)
{
    /// <summary>Whether the database itself holds to it.</summary>
    public bool Enforced => OnDelete is not null;

    /// <summary>What refers to the rows of <paramref name="parent"/> in its own database.</summary>
    public static IReadOnlyList<Hold> On(MappedCollection parent, Graph graph)
    {
        var mapped = graph.Links.Where(l => l.Parent == parent).Select(Of);
        var enforced = graph.Schema.PointingAt(parent.Table).Select(f => new Hold(
            f.Child, graph.Of(f.Child), f.Key.Columns, parent, f.Key.ReferencedColumns, f.Key.OnDelete, CuttableOf(f.Child, f.Key.Columns)));
        return [.. enforced.Concat(mapped).DistinctBy(h => $"{h.Table.Schema}.{h.Table.Name}({string.Join(',', h.ChildColumns)})")];
    }

    /// <summary>A reference of the map by itself.</summary>
    public static Hold Of(Link link) => new(
        link.Child.Table, link.Child, link.ChildColumns, link.Parent, link.ParentColumns, null, CuttableOf(link.Child.Table, link.ChildColumns));

    /// <summary>The condition that one row refers to the other.</summary>
    public string Joined(string child, string parent) => string.Join(" AND ", ChildColumns.Zip(ParentColumns).Select(
        p => $"{child}.{Dialect.Quote(p.First)} = {parent}.{Dialect.Quote(p.Second)}"));

    private static List<string> CuttableOf(Table table, IReadOnlyList<string> columns)
    {
        var free = columns.Where(c => table.Find(c) is { NotNull: false, Generated: false } && !table.PrimaryKey.Contains(c)).ToList();
        // A column that another reference uses too is nulled only where there is none of its own.
        var own = free.Where(c => table.ForeignKeys.Count(k => k.Columns.Contains(c)) <= 1).ToList();
        return own.Count > 0 ? own : free;
    }
}
