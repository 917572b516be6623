using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>Tells, in one database, to which open rows somebody else's rows lead.</summary>
internal sealed class Evidence(Located located)
{
    private readonly List<(MappedCollection Of, Carried Values)> abroad = [];
    private readonly HashSet<MappedCollection> doubtful = [];
    private List<MappedCollection> open = [];

    private IReadOnlyList<Link> Links => located.Database.Links;

    /// <summary>The collections whose open rows are being decided.</summary>
    public IReadOnlyList<MappedCollection> Open => open;

    /// <summary>The collections with rows in doubt, which in the end are shared.</summary>
    public IReadOnlyCollection<MappedCollection> Doubtful => doubtful;

    /// <summary>Rows of a collection to which rows of another database lead that are somebody else's.</summary>
    public void Expect(MappedCollection of, Carried values) => abroad.Add((of, values));

    /// <summary>Takes up the rows that came since the last decision, and opens those in doubt again that are to be looked at again.</summary>
    public async Task OpenAsync(IReadOnlySet<MappedCollection> again, CancellationToken cancellationToken)
    {
        var reopened = doubtful.Where(again.Contains).ToList();
        await SettleAsync(reopened, Whose.Open, cancellationToken);
        doubtful.ExceptWith(reopened);
        open = [.. located.Following.TakeUndecided().Union(reopened)];
    }

    /// <summary>Puts open rows of some collections in doubt to which somebody else's rows lead, as far as is known.</summary>
    /// <returns>The collections in which any were.</returns>
    public async Task<IReadOnlyList<MappedCollection>> DoubtAsync(Func<MappedCollection, bool> judged, CancellationToken cancellationToken)
    {
        List<(MappedCollection Collection, string Evidence)> asked = [.. from c in open.Where(judged) let evidence = Of(c) where evidence is not null select (c, evidence)];
        var changed = await located.Session.ExecuteAllAsync(
            [.. asked.Select(a => $"UPDATE {Located.Marks(a.Collection)} SET whose = {Whose.Doubtful} WHERE whose = {Whose.Open} AND ({Located.PlainKeys(a.Collection)}) IN (SELECT {Located.MarkKeys(a.Collection, "l")} FROM {located.Rows(a.Collection).From} WHERE l.whose = {Whose.Open} AND ({a.Evidence}))")],
            cancellationToken);
        List<MappedCollection> doubted = [.. asked.Zip(changed).Where(a => a.Second > 0).Select(a => a.First.Collection)];
        doubtful.UnionWith(doubted);
        return doubted;
    }

    /// <summary>What is in doubt to the end is shared.</summary>
    public Task ShareAsync(CancellationToken cancellationToken) => SettleAsync(doubtful, Whose.Shared, cancellationToken);

    /// <summary>The condition that row <c>x</c> of a collection of this database, not the subject's, leads to what it refers to, or to what refers to it.</summary>
    public string LeadsUp(Link link) => $"NOT {located.Is(link.Child, "x", Whose.Open, Whose.Found, Whose.Own)}{SomebodysOnly(link.Child)}";

    /// <inheritdoc cref="LeadsUp"/>
    public string LeadsDown(Link link) => link.Up
        // A parent that the child leads up to as well is located with it, and leads back down only where it is nobody else's.
        ? located.Is(link.Parent, "x", Whose.Anothers)
        : $"NOT {located.Is(link.Parent, "x", Whose.Open, Whose.Found, Whose.Own, Whose.Shared, Whose.Doubtful)}{SomebodysOnly(link.Parent)}";

    private async Task SettleAsync(IEnumerable<MappedCollection> collections, int whose, CancellationToken cancellationToken) => await located.Session.ExecuteAllAsync(
        [.. collections.Select(c => $"UPDATE {Located.Marks(c)} SET whose = {whose} WHERE whose = {Whose.Doubtful}")], cancellationToken);

    /// <summary>The condition that somebody else's row leads to the open row <c>t</c>; null where none can.</summary>
    private string? Of(MappedCollection collection)
    {
        var local = located.Database.Graph.Links;
        List<string> conditions =
        [
            .. local.Where(l => l.Up && l.Parent == collection)
                .Select(l => $"EXISTS (SELECT 1 FROM {Dialect.Name(l.Child.Table)} AS x WHERE {Located.Joined(l, "x", "t")} AND {LeadsUp(l)})"),
            .. local.Where(l => l.Down && l.Child == collection)
                .Select(l => $"EXISTS (SELECT 1 FROM {Dialect.Name(l.Parent.Table)} AS x WHERE {Located.Joined(l, "t", "x")} AND {LeadsDown(l)})"),
            .. abroad.Where(a => a.Of == collection).Select(a => a.Values.Among("t")),
        ];
        return conditions.Count == 0 ? null : string.Join(" OR ", conditions);
    }

    /// <summary>
    /// Leaves out rows to which nobody can lead: without an identity value and without a reference to a row that leads to them
    /// (what an earlier erasure left behind).
    /// </summary>
    private string SomebodysOnly(MappedCollection collection)
    {
        if (Links.Any(l => l.Up && l.Parent == collection))
        {
            return "";
        }
        var ways = collection.Collection.Fields.Where(f => f.Identity is not null).Select(f => $"x.{Dialect.Quote(collection.ColumnOf(f).Name)} IS NOT NULL")
            .Concat(Links.Where(l => l.Down && l.Child == collection).Select(l => string.Join(" AND ", l.ChildColumns.Select(c => $"x.{Dialect.Quote(c)} IS NOT NULL"))))
            .ToList();
        return ways.Count == 0 ? "" : $" AND ({string.Join(" OR ", ways)})";
    }
}
