using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>Lists the located rows of one database: those that an identity finds, and those to which rows lead, step by step until nothing new turns up.</summary>
internal sealed class Following
{
    private readonly Located located;
    private readonly bool households;
    private readonly Dictionary<MappedCollection, int> changed = [];
    private readonly HashSet<MappedCollection> undecided = [];
    private readonly HashSet<MappedCollection> moved = [];
    private readonly List<Step> steps;
    private readonly List<Arrival> arrivals = [];
    private bool membersFound;
    private int tick = 1;

    public Following(Located located, IReadOnlyList<Link> links, bool households)
    {
        (this.located, this.households) = (located, households);
        steps = [.. links.SelectMany(StepsOf).Where(s => located.Kept.Contains(s.To))];
    }

    /// <summary>Rows of one collection lead to rows of another, along a reference of this database.</summary>
    private sealed class Step(Link link, bool down)
    {
        public Link Link => link;
        public bool Down => down;
        public MappedCollection From => down ? link.Parent : link.Child;
        public MappedCollection To => down ? link.Child : link.Parent;
        public int Since { get; set; }
    }

    /// <summary>Values from another database lead to rows of a collection.</summary>
    private sealed class Arrival(MappedCollection to, Carried values, bool down)
    {
        public MappedCollection To => to;
        public Carried Values => values;
        public bool Down => down;
        public int Last { get; set; }
        public int Since { get; set; }
    }

    private Session Session => located.Session;

    private Dialect Sql => located.Database.Dialect;

    private IReadOnlyList<Link> Links => located.Database.Links;

    /// <summary>What of a collection's rows has changed since a tick; where nothing has, false.</summary>
    public bool HasChanged(MappedCollection collection, int since) => changed.TryGetValue(collection, out var last) && last > since;

    /// <summary>Ends a tick: what changes from now on has changed since.</summary>
    public int Tick() => tick++;

    /// <summary>Rows to which values from another database will lead.</summary>
    public void Expect(MappedCollection to, Carried values, bool down) => arrivals.Add(new Arrival(to, values, down));

    /// <summary>Takes in values from another database, for the next round of following.</summary>
    public async Task<bool> ArriveAsync(Carried values, IAsyncEnumerable<string[]> texts, CancellationToken cancellationToken)
    {
        var arrived = await values.AddAsync(texts, tick, cancellationToken) > 0;
        if (arrived)
        {
            arrivals.Single(a => a.Values == values).Last = tick;
            // Other members of the household may have led to these.
            membersFound = true;
        }
        return arrived;
    }

    /// <summary>Lists the rows that an identity finds.</summary>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        await Session.ExecuteAllAsync(
            [
                .. Sql.SmallSetsLead is { } setting && located.IsIndexed ? [setting] : Array.Empty<string>(),
                .. located.Kept.Select(CreateMarks),
                located.Identification.CreateKnown,
            ],
            cancellationToken);
        foreach (var collection in located.Kept)
        {
            var known = located.Identification.KnownRows(collection).ToList();
            foreach (var condition in located.Identification.DirectWays(collection).Select(w => w.Condition).Concat(known.Count > 0 ? [string.Join(" OR ", known)] : Array.Empty<string>()))
            {
                await InsertAsync(collection, $"{Dialect.Name(collection.Table)} AS t", condition, $"{Whose.Found}", "1", once: true, cancellationToken);
            }
        }
        await located.Identification.BeginAsync(cancellationToken);
        foreach (var collection in located.Kept.Where(changed.ContainsKey))
        {
            await located.Identification.NoteAsync(collection, located.Rows(collection), cancellationToken);
        }
    }

    /// <summary>Follows every step whose starting rows have changed.</summary>
    /// <returns>Whether new rows turned up.</returns>
    public async Task<bool> FollowAsync(CancellationToken cancellationToken)
    {
        var any = false;
        foreach (var arrival in arrivals.Where(a => a.Last > a.Since))
        {
            var since = arrival.Since;
            arrival.Since = tick++;
            any |= await LeadAsync(
                arrival.To, arrival.Down, $"{arrival.Values.From("lf")} {Sql.Join} {Dialect.Name(arrival.To.Table)} AS t ON {arrival.Values.Joined("lf", "t")}", $"lf.since > {since}",
                "lf.listed", once: false, cancellationToken);
        }
        foreach (var step in steps)
        {
            var way = located.OnlyWayIn(step.From);
            if (HasChanged(way?.Parent ?? step.From, step.Since))
            {
                var since = step.Since;
                step.Since = tick++;
                any |= way is null ? await FollowAsync(step, since, cancellationToken) : await FollowThroughAsync(way, step, since, cancellationToken);
            }
        }
        return any;
    }

    private Task<bool> FollowAsync(Step step, int since, CancellationToken cancellationToken)
    {
        var (from, to) = (step.From, step.To);
        return LeadAsync(
            to, step.Down, $"{Located.Marks(from)} AS lf {Sql.Join} {Dialect.Name(from.Table)} AS f ON {Located.SameKey(from, "lf", "f")} {Sql.Join} {Dialect.Name(to.Table)} AS t ON {(step.Down ? Located.Joined(step.Link, "t", "f") : Located.Joined(step.Link, "f", "t"))}",
            $"lf.since > {since} AND lf.whose IN ({Leading(step.Down)})", "lf.exposes", once: false, cancellationToken);
    }

    /// <summary>A history that is not listed leads on as well: from its parents through its rows, each target once.</summary>
    private async Task<bool> FollowThroughAsync(Link way, Step step, int since, CancellationToken cancellationToken)
    {
        var (through, to) = (step.From, step.To);
        var columns = (Here: string.Join(", ", step.Link.ParentColumns.Select(c => $"t.{Dialect.Quote(c)}")), There: string.Join(", ", step.Link.ChildColumns.Select(c => $"f.{Dialect.Quote(c)}")));
        var foreign = located.Identification.Foreign(through, "f") is { } condition ? $" AND CASE WHEN {condition} THEN 0 ELSE 1 END = 1" : "";
        var any = false;
        foreach (var exposes in households && membersFound ? (int[])[1, 0] : [1])
        {
            any |= await LeadAsync(
                to, down: false, $"{Dialect.Name(to.Table)} AS t",
                $"({columns.Here}) IN (SELECT {columns.There} FROM {Located.Marks(way.Parent)} AS lp {Sql.Join} {Dialect.Name(way.Parent.Table)} AS p ON {Located.SameKey(way.Parent, "lp", "p")} {Sql.Join} {Dialect.Name(through.Table)} AS f ON {Located.Joined(way, "f", "p")} WHERE lp.since > {since} AND lp.whose IN ({Whose.Found}, {Whose.Own}) AND lp.exposes = {exposes}{foreign})",
                $"{exposes}", once: true, cancellationToken);
        }
        return any;
    }

    /// <summary>Against a reference only the subject's own rows lead: from a shared address nobody walks on to the neighbour.</summary>
    public static string Leading(bool down) => down ? $"{Whose.Found}, {Whose.Own}" : $"{Whose.Open}, {Whose.Found}, {Whose.Own}, {Whose.Shared}";

    /// <summary>The collections to which open rows came since this was last asked for.</summary>
    public IReadOnlyList<MappedCollection> TakeUndecided() => Take(undecided);

    /// <summary>The collections whose rows became more, or the subject's own, since this was last asked for; histories that are not listed with their parents.</summary>
    public IReadOnlyList<MappedCollection> TakeMoved()
    {
        var taken = Take(moved);
        return [.. taken, .. located.Collections.Where(c => located.OnlyWayIn(c) is { } way && taken.Contains(way.Parent))];
    }

    /// <summary>Makes the open rows of some collections the subject's own.</summary>
    public async Task<int> OwnAsync(IReadOnlyList<MappedCollection> open, CancellationToken cancellationToken)
    {
        tick++;
        var decided = 0;
        foreach (var collection in open)
        {
            var own = await Session.ExecuteAsync($"UPDATE {Located.Marks(collection)} SET whose = {Whose.Own}, since = {tick} WHERE whose = {Whose.Open}", cancellationToken);
            if (own > 0)
            {
                Change(collection);
                decided += own;
            }
        }
        return decided;
    }

    private static List<MappedCollection> Take(HashSet<MappedCollection> collections)
    {
        List<MappedCollection> taken = [.. collections];
        collections.Clear();
        return taken;
    }

    private void Change(MappedCollection collection)
    {
        changed[collection] = tick;
        moved.Add(collection);
    }

    /// <summary>Lists rows to which others lead.</summary>
    private async Task<bool> LeadAsync(MappedCollection to, bool down, string from, string where, string listed, bool once, CancellationToken cancellationToken)
    {
        var decided = down && OneWayIn(to) ? Whose.Own : Whose.Open;
        var whose = located.Identification.Foreign(to, "t") is { } foreign ? $"CASE WHEN {foreign} THEN {Whose.Anothers} ELSE {decided} END" : $"{decided}";
        var any = await InsertAsync(to, from, where, whose, listed, once, cancellationToken);
        if (any && decided == Whose.Open)
        {
            undecided.Add(to);
        }
        return any;
    }

    /// <summary>Whether nobody but the parent that led here can lead to the rows of a collection.</summary>
    private bool OneWayIn(MappedCollection collection) =>
        Links.Where(l => l.Child == collection && l.Down).ToList() is [{ ParentUnique: true }] && !Links.Any(l => l.Parent == collection && l.Up);

    private string CreateMarks(MappedCollection collection)
    {
        var keys = string.Join(", ", collection.Key.Select((key, i) => $"k{i} {Sql.KeyType(collection.Table, key)} NOT NULL"));
        return Sql.CreateTemporaryTable(
            Located.Marks(collection),
            $"{keys}, whose integer NOT NULL, since integer NOT NULL, listed integer NOT NULL, exposes integer NOT NULL, action integer, ground integer",
            Located.PlainKeys(collection));
    }

    /// <param name="once">Whether <paramref name="from"/> has each row of the collection at most once.</param>
    private async Task<bool> InsertAsync(
        MappedCollection collection, string from, string where, string whose, string listed, bool once, CancellationToken cancellationToken)
    {
        var own = collection.Collection.HouseholdOwn is { } column ? collection.Table.Find(column) : null;
        var exposes = own is null ? listed : $"CASE WHEN {Sql.IsTrue($"t.{Dialect.Quote(own.Name)}", own)} THEN {listed} ELSE 0 END";
        var order = households && listed.Length > 1 ? $" ORDER BY {listed} DESC" : "";
        // What another member of the household led to first is shown all the same where the subject's own rows lead to it too.
        var otherwise = once && membersFound
            ? $"({Located.PlainKeys(collection)}) DO UPDATE SET listed = excluded.listed, exposes = excluded.exposes, since = excluded.since WHERE {Located.Marks(collection)}.listed < excluded.listed"
            : "DO NOTHING";
        var inserted = await Session.ExecuteAsync(
            $"INSERT INTO {Located.Marks(collection)} ({Located.PlainKeys(collection)}, whose, since, listed, exposes) SELECT {Located.KeyOf(collection, "t")}, {whose}, {tick}, {listed}, {exposes} FROM {from} WHERE {where}{order} ON CONFLICT {otherwise}",
            cancellationToken);
        if (order != "" && !once && membersFound && changed.ContainsKey(collection)
            && await Session.AnyAsync($"SELECT 1 FROM {Located.Marks(collection)} WHERE listed = 0 LIMIT 1", cancellationToken))
        {
            var shows = own is null
                ? "1"
                : $"(SELECT CASE WHEN {Sql.IsTrue($"t.{Dialect.Quote(own.Name)}", own)} THEN 1 ELSE 0 END FROM {Dialect.Name(collection.Table)} AS t WHERE {Located.SameKey(collection, Located.Marks(collection), "t")})";
            inserted += await Session.ExecuteAsync(
                $"UPDATE {Located.Marks(collection)} SET listed = 1, exposes = {shows}, since = {tick} WHERE listed = 0 AND ({Located.PlainKeys(collection)}) IN (SELECT {Located.KeyOf(collection, "t")} FROM {from} WHERE {where} AND {listed} = 1)",
                cancellationToken);
        }
        if (inserted == 0)
        {
            return false;
        }
        Change(collection);
        membersFound = membersFound || (own is not null && await Session.AnyAsync($"SELECT 1 FROM {Located.Marks(collection)} WHERE exposes = 0 LIMIT 1", cancellationToken));
        return true;
    }

    private static IEnumerable<Step> StepsOf(Link link)
    {
        if (link.Down)
        {
            yield return new Step(link, down: true);
        }
        if (link.Up)
        {
            yield return new Step(link, down: false);
        }
    }
}
