using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>One database of a map: where it is, what it holds, and how its rows lead to each other and to other databases' rows.</summary>
internal sealed class MappedDatabase(Source source, Dialect dialect, Graph graph)
{
    public Source Source => source;

    public Dialect Dialect => dialect;

    public Graph Graph => graph;

    public Connections Connections { get; } = new(source, dialect);

    /// <summary>The references between its collections and those of other databases.</summary>
    public IReadOnlyList<Crossing> Crossings { get; private set; } = [];

    /// <summary>All references that touch its collections.</summary>
    public IReadOnlyList<Link> Links { get; private set; } = graph.Links;

    /// <summary>Tells the databases of a map how they refer to each other.</summary>
    public static void Connect(IReadOnlyList<MappedDatabase> databases)
    {
        var crossings = new List<Crossing>();
        for (var i = 0; i < databases.Count; i++)
        {
            for (var k = i + 1; k < databases.Count; k++)
            {
                var (one, other) = (databases[i], databases[k]);
                foreach (var link in Graph.Between(one.Graph, other.Graph))
                {
                    crossings.Add(new Crossing(crossings.Count, link, one.Holds(link.Child) ? one : other, one.Holds(link.Parent) ? one : other));
                }
            }
        }
        foreach (var database in databases)
        {
            database.Crossings = [.. crossings.Where(c => c.Child == database || c.Parent == database)];
            database.Links = [.. database.Graph.Links, .. database.Crossings.Select(c => c.Link)];
        }
    }

    /// <summary>The databases to which references lead, whichever way, over any number of others; itself the first.</summary>
    public IReadOnlyList<MappedDatabase> Connected()
    {
        List<MappedDatabase> connected = [this];
        for (var i = 0; i < connected.Count; i++)
        {
            connected.AddRange(connected[i].Crossings.SelectMany(c => new[] { c.Child, c.Parent }).Distinct().Except(connected).ToList());
        }
        return connected;
    }

    /// <summary>Whether a dataset's tables lie here.</summary>
    public bool Has(string dataset) => Graph.Collections.Any(c => c.Collection.Dataset == dataset);

    public override string ToString() => Source.Key;

    private bool Holds(MappedCollection collection) => Graph.Collections.Any(c => ReferenceEquals(c, collection));
}

/// <summary>A reference between collections of two databases, along which keys are carried through the portal.</summary>
/// <param name="Number">Its place among the map's crossings; names its temporary tables.</param>
internal sealed record Crossing(int Number, Link Link, MappedDatabase Child, MappedDatabase Parent);
