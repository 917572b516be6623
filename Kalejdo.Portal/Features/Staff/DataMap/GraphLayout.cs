using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Features.Staff.DataMap;

internal sealed record GraphNode(MappedCollection Collection, int X, int Y);

internal sealed record GraphEdge(GraphNode From, GraphNode To);

/// <summary>
/// Where the collections of a database stand in its picture: those that others refer to on the left, each further right than what it refers to,
/// and near it; those without references wherever there is room.
/// </summary>
internal sealed class GraphLayout
{
    public const int NodeWidth = 232;
    public const int NodeHeight = 46;
    private const int ColumnWidth = NodeWidth + 76;
    private const int RowHeight = NodeHeight + 14;
    private const int Margin = 8;

    public GraphLayout(Graph graph)
    {
        var parents = graph.Links.Where(link => link.Child != link.Parent).ToLookup(link => link.Child, link => link.Parent);
        var linked = graph.Collections.Where(one => graph.Links.Any(link => link.Child == one || link.Parent == one)).ToList();
        var levels = new Dictionary<MappedCollection, int>();
        linked.ForEach(one => LevelOf(one, parents, levels, []));
        var placed = new Dictionary<MappedCollection, GraphNode>();
        foreach (var level in linked.GroupBy(one => levels[one]).OrderBy(group => group.Key))
        {
            var near = level.OrderBy(one => parents[one].Where(placed.ContainsKey).Select(parent => (double)placed[parent].Y).DefaultIfEmpty(0).Average()).ThenBy(one => one.Number);
            foreach (var (row, one) in near.Index())
            {
                placed[one] = new GraphNode(one, Margin + (level.Key * ColumnWidth), Margin + (row * RowHeight));
            }
        }

        var rows = Enumerable.Range(0, Math.Max(1, levels.Values.DefaultIfEmpty(0).Max() + 1)).Select(level => levels.Values.Count(other => other == level)).ToArray();
        foreach (var one in graph.Collections.Except(linked))
        {
            var column = Array.IndexOf(rows, rows.Min());
            placed[one] = new GraphNode(one, Margin + (column * ColumnWidth), Margin + (rows[column]++ * RowHeight));
        }

        Nodes = [.. placed.Values];
        Edges = [.. graph.Links.Where(link => link.Child != link.Parent).Select(link => new GraphEdge(placed[link.Parent], placed[link.Child])).Distinct()];
        Width = Nodes.Select(node => node.X).DefaultIfEmpty(0).Max() + NodeWidth + Margin;
        Height = Nodes.Select(node => node.Y).DefaultIfEmpty(0).Max() + NodeHeight + Margin;
    }

    public IReadOnlyList<GraphNode> Nodes { get; }

    public IReadOnlyList<GraphEdge> Edges { get; }

    public int Width { get; }

    public int Height { get; }

    /// <summary>One further than the furthest of its parents; where references lead in a circle, what closes it does not count.</summary>
    private static int LevelOf(MappedCollection one, ILookup<MappedCollection, MappedCollection> parents, Dictionary<MappedCollection, int> levels, HashSet<MappedCollection> above)
    {
        if (!levels.TryGetValue(one, out var level) && above.Add(one))
        {
            level = parents[one].Where(parent => !above.Contains(parent)).Select(parent => LevelOf(parent, parents, levels, above) + 1).DefaultIfEmpty(0).Max();
            above.Remove(one);
            levels[one] = level;
        }

        return level;
    }
}
