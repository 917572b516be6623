namespace Kalejdo.Portal.DataMap;

/// <summary>Which collections rows can lead to, whatever the rows: a walk over the map's references.</summary>
public static class Reach
{
    /// <summary>The collections to which rows of <paramref name="start"/> can lead, themselves among them.</summary>
    public static IReadOnlySet<MappedCollection> From(IEnumerable<MappedCollection> start, IReadOnlyCollection<Link> links) =>
        Closure(start, links.SelectMany(Steps).ToLookup(s => s.From, s => s.To));

    /// <summary>The collections whose rows can lead to rows of <paramref name="targets"/>, themselves among them.</summary>
    public static IReadOnlySet<MappedCollection> To(IEnumerable<MappedCollection> targets, IReadOnlyCollection<Link> links) =>
        Closure(targets, links.SelectMany(Steps).ToLookup(s => s.To, s => s.From));

    private static HashSet<MappedCollection> Closure(IEnumerable<MappedCollection> start, ILookup<MappedCollection, MappedCollection> next)
    {
        var reached = start.ToHashSet();
        var open = new Stack<MappedCollection>(reached);
        while (open.TryPop(out var at))
        {
            foreach (var further in next[at].Where(reached.Add))
            {
                open.Push(further);
            }
        }
        return reached;
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
}
