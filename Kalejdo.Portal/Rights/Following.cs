using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>Lists the located rows of one database: those that an identity finds, and those to which rows lead, step by step until nothing new turns up.</summary>
internal sealed class Following
{
    private readonly Located located;
    private readonly bool mayHide;
    private readonly Dictionary<MappedCollection, int> changed = [];
    private readonly HashSet<MappedCollection> undecided = [];
    private readonly HashSet<MappedCollection> moved = [];
    private readonly List<Step> steps;
    private readonly List<Arrival> arrivals = [];
    // The collections some of whose rows are another member's of the household, and those to which such rows led.
    private readonly HashSet<MappedCollection> households = [];
    private readonly HashSet<MappedCollection> hidden = [];
    private readonly string now;
    private int tick = 1;

    public Following(Located located, IReadOnlyList<Link> links, bool households)
    {
        (this.located, mayHide, now) = (located, households, located.Session.Parameter(1));
        steps = [.. links.SelectMany(StepsOf).Where(s => located.Kept.Contains(s.To))];
    }

    /// <summary>Rows of one collection lead to rows of another, along a reference of this database.</summary>
    /// <param name="since">The parameter that holds <see cref="Since"/> in a statement.</param>
    private sealed class Step(Link link, bool down, string since)
    {
        public Link Link => link;
        public bool Down => down;
        public string SinceParameter => since;
        public MappedCollection From => down ? link.Parent : link.Child;
        public MappedCollection To => down ? link.Child : link.Parent;
        public int Since { get; set; }
    }

    /// <summary>Values from another database lead to rows of a collection.</summary>
    private sealed class Arrival(MappedCollection to, Carried values, bool down, string since)
    {
        public MappedCollection To => to;
        public Carried Values => values;
        public bool Down => down;
        public string SinceParameter => since;
        public int Last { get; set; }
        public int Since { get; set; }
    }

    /// <summary>A statement that lists rows of a collection to which others lead.</summary>
    /// <param name="From">Has row <c>t</c> of the collection, and what leads to it.</param>
    /// <param name="Whose">What the rows are at first.</param>
    /// <param name="Listed">Whether they are shown: an expression.</param>
    /// <param name="Hides">Whether some of them may be another member's of the household.</param>
    /// <param name="Shows">Whether rows that another member led to before are shown by the statement itself, where it shows them.</param>
    private sealed record Lead(MappedCollection To, string From, string Where, string Whose, string Listed, bool Hides, bool Shows, bool Decided);

    private Session Session => located.Session;

    private Dialect Sql => located.Database.Dialect;

    private IReadOnlyList<Link> Links => located.Database.Links;

    /// <summary>What of a collection's rows has changed since a tick; where nothing has, false.</summary>
    public bool HasChanged(MappedCollection collection, int since) => changed.TryGetValue(collection, out var last) && last > since;

    /// <summary>Ends a tick: what changes from now on has changed since.</summary>
    public int Tick() => tick++;

    /// <summary>Rows to which values from another database will lead.</summary>
    public void Expect(MappedCollection to, Carried values, bool down) => arrivals.Add(new Arrival(to, values, down, Session.Parameter(0)));

    /// <summary>Takes in values from another database, for the next round of following.</summary>
    public async Task<bool> ArriveAsync(Carried values, IAsyncEnumerable<string[]> texts, CancellationToken cancellationToken)
    {
        var arrived = await values.AddAsync(texts, tick, cancellationToken) > 0;
        if (arrived)
        {
            arrivals.Single(a => a.Values == values).Last = tick;
        }
        return arrived;
    }

    /// <summary>Begins the session, and lists the rows that an identity finds.</summary>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        await Session.BeginAsync([.. located.Kept.Select(TableOf), Identification.Table], cancellationToken);
        var identification = located.Identification;
        List<Lead> found =
        [
            .. from collection in located.Kept
               let known = identification.KnownRows(collection).ToList()
               from condition in identification.DirectWays(collection).Select(w => w.Condition).Concat(known.Count > 0 ? [string.Join(" OR ", known)] : Array.Empty<string>())
               select new Lead(collection, $"{Dialect.Name(collection.Table)} AS t", condition, $"{Whose.Found}", "1", Hides: false, Shows: false, Decided: true),
        ];
        await ListAsync(
            found, Sql.SmallSetsLead is { } setting && located.IsIndexed ? [setting] : [],
            [.. identification.Noting(), .. found.Select(f => f.To).Distinct().SelectMany(c => identification.Noting(c, located.Rows(c)))], cancellationToken);
    }

    /// <summary>Follows every step whose starting rows have changed, until none has.</summary>
    /// <returns>Whether new rows turned up.</returns>
    public async Task<bool> FollowAsync(CancellationToken cancellationToken)
    {
        var any = false;
        for (var leads = Due(); leads.Count > 0; leads = Due())
        {
            any |= await ListAsync(leads, [], [], cancellationToken);
        }
        return any;
    }

    /// <summary>What there is to be followed now; what this finds is followed next.</summary>
    private List<Lead> Due()
    {
        var (arrived, due) = (arrivals.Where(a => a.Last > a.Since).ToList(), steps.Where(s => HasChanged(located.OnlyWayIn(s.From)?.Parent ?? s.From, s.Since)).ToList());
        arrived.ForEach(a => Session.Set(a.SinceParameter, a.Since));
        due.ForEach(s => Session.Set(s.SinceParameter, s.Since));
        List<Lead> leads = [.. arrived.Select(LeadOf), .. due.SelectMany(s => located.OnlyWayIn(s.From) is { } way ? LeadsThrough(way, s) : [LeadOf(s)])];
        arrived.ForEach(a => a.Since = tick);
        due.ForEach(s => s.Since = tick);
        tick++;
        return leads;
    }

    private Lead LeadOf(Arrival arrival) => LeadTo(
        arrival.To, arrival.Down, $"{arrival.Values.From("lf")} {Sql.Join} {Dialect.Name(arrival.To.Table)} AS t ON {arrival.Values.Joined("lf", "t")}", $"lf.since > {arrival.SinceParameter} AND lf.since < {now}",
        "lf.listed", once: false, hides: mayHide);

    private Lead LeadOf(Step step)
    {
        var (from, to) = (step.From, step.To);
        return LeadTo(
            to, step.Down, $"{Located.Marks(from)} AS lf {Sql.Join} {Dialect.Name(from.Table)} AS f ON {Located.SameKey(from, "lf", "f")} {Sql.Join} {Dialect.Name(to.Table)} AS t ON {(step.Down ? Located.Joined(step.Link, "t", "f") : Located.Joined(step.Link, "f", "t"))}",
            $"lf.since > {step.SinceParameter} AND lf.since < {now} AND lf.whose IN ({Leading(step.Down)})", "lf.exposes", once: false, hides: households.Contains(from));
    }

    /// <summary>A history that is not listed leads on as well: from its parents through its rows, each target once.</summary>
    private IEnumerable<Lead> LeadsThrough(Link way, Step step)
    {
        var (through, to) = (step.From, step.To);
        var columns = (Here: string.Join(", ", step.Link.ParentColumns.Select(c => $"t.{Dialect.Quote(c)}")), There: string.Join(", ", step.Link.ChildColumns.Select(c => $"f.{Dialect.Quote(c)}")));
        var foreign = located.Identification.Foreign(through, "f") is { } condition ? $" AND CASE WHEN {condition} THEN 0 ELSE 1 END = 1" : "";
        foreach (var exposes in households.Contains(way.Parent) ? (int[])[1, 0] : [1])
        {
            yield return LeadTo(
                to, down: false, $"{Dialect.Name(to.Table)} AS t",
                $"({columns.Here}) IN (SELECT {columns.There} FROM {Located.Marks(way.Parent)} AS lp {Sql.Join} {Dialect.Name(way.Parent.Table)} AS p ON {Located.SameKey(way.Parent, "lp", "p")} {Sql.Join} {Dialect.Name(through.Table)} AS f ON {Located.Joined(way, "f", "p")} WHERE lp.since > {step.SinceParameter} AND lp.since < {now} AND lp.whose IN ({Whose.Found}, {Whose.Own}) AND lp.exposes = {exposes}{foreign})",
                $"{exposes}", once: true, hides: exposes == 0);
        }
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
        Session.Set(now, ++tick);
        var own = await Session.ExecuteAllAsync([.. open.Select(c => $"UPDATE {Located.Marks(c)} SET whose = {Whose.Own}, since = {now} WHERE whose = {Whose.Open}")], cancellationToken);
        foreach (var (collection, _) in open.Zip(own).Where(c => c.Second > 0))
        {
            Change(collection);
        }
        return own.Sum();
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

    /// <param name="once">Whether <paramref name="from"/> has each row of the collection at most once.</param>
    private Lead LeadTo(MappedCollection to, bool down, string from, string where, string listed, bool once, bool hides)
    {
        var decided = down && OneWayIn(to) ? Whose.Own : Whose.Open;
        var whose = located.Identification.Foreign(to, "t") is { } foreign ? $"CASE WHEN {foreign} THEN {Whose.Anothers} ELSE {decided} END" : $"{decided}";
        return new Lead(to, from, where, whose, listed, hides, once && mayHide, decided == Whose.Own);
    }

    /// <summary>Whether nobody but the parent that led here can lead to the rows of a collection.</summary>
    private bool OneWayIn(MappedCollection collection) =>
        Links.Where(l => l.Child == collection && l.Down).ToList() is [{ ParentUnique: true }] && !Links.Any(l => l.Parent == collection && l.Up);

    private TemporaryTable TableOf(MappedCollection collection)
    {
        var keys = string.Join(", ", collection.Key.Select((key, i) => $"k{i} {Sql.KeyType(collection.Table, key)} NOT NULL"));
        return new TemporaryTable(
            Located.Marks(collection), $"{keys}, whose integer NOT NULL, since integer NOT NULL, listed integer NOT NULL, exposes integer NOT NULL, action integer, ground integer",
            Located.PlainKeys(collection));
    }

    /// <summary>Lists rows, all leads in one round trip where the provider can.</summary>
    /// <returns>Whether any were new.</returns>
    private async Task<bool> ListAsync(IReadOnlyList<Lead> leads, IReadOnlyList<string> before, IReadOnlyList<string> after, CancellationToken cancellationToken)
    {
        Session.Set(now, tick);
        var inserted = (await Session.ExecuteAllAsync([.. before, .. leads.Select(Insertion), .. after], cancellationToken)).Skip(before.Count).Take(leads.Count).ToList();
        var any = inserted.Exists(rows => rows > 0);
        foreach (var (lead, _) in leads.Zip(inserted).Where(l => l.Second > 0))
        {
            Change(lead.To);
            if (!lead.Decided)
            {
                undecided.Add(lead.To);
            }
            if (lead.Hides)
            {
                hidden.Add(lead.To);
            }
            if (!households.Contains(lead.To)
                && (lead.Hides || (lead.To.Collection.HouseholdOwn is not null && await Session.AnyAsync($"SELECT 1 FROM {Located.Marks(lead.To)} WHERE exposes = 0 LIMIT 1", cancellationToken))))
            {
                households.Add(lead.To);
            }
        }
        // What another member of the household led to first is shown all the same where the subject's own rows lead to it too.
        List<Lead> showing = [.. leads.Where(l => !l.Shows && hidden.Contains(l.To))];
        var shown = await Session.ExecuteAllAsync([.. showing.Select(Showing)], cancellationToken);
        foreach (var (lead, _) in showing.Zip(shown).Where(l => l.Second > 0))
        {
            Change(lead.To);
            any = true;
        }
        return any;
    }

    private string Insertion(Lead lead)
    {
        var (to, listed) = (lead.To, lead.Listed);
        var own = OwnOf(to);
        var exposes = own is null ? listed : $"CASE WHEN {own} THEN {listed} ELSE 0 END";
        var order = mayHide && listed.Length > 1 ? $" ORDER BY {listed} DESC" : "";
        var otherwise = lead.Shows
            ? $"({Located.PlainKeys(to)}) DO UPDATE SET listed = excluded.listed, exposes = excluded.exposes, since = excluded.since WHERE {Located.Marks(to)}.listed < excluded.listed"
            : "DO NOTHING";
        return $"INSERT INTO {Located.Marks(to)} ({Located.PlainKeys(to)}, whose, since, listed, exposes) SELECT {Located.KeyOf(to, "t")}, {lead.Whose}, {now}, {listed}, {exposes} FROM {lead.From} WHERE {lead.Where}{order} ON CONFLICT {otherwise}";
    }

    private string Showing(Lead lead)
    {
        var to = lead.To;
        var shows = OwnOf(to) is { } own
            ? $"(SELECT CASE WHEN {own} THEN 1 ELSE 0 END FROM {Dialect.Name(to.Table)} AS t WHERE {Located.SameKey(to, Located.Marks(to), "t")})"
            : "1";
        return $"UPDATE {Located.Marks(to)} SET listed = 1, exposes = {shows}, since = {now} WHERE listed = 0 AND ({Located.PlainKeys(to)}) IN (SELECT {Located.KeyOf(to, "t")} FROM {lead.From} WHERE {lead.Where} AND {lead.Listed} = 1)";
    }

    /// <summary>The condition that row <c>t</c> of a household is the subject's own; null where there is no household.</summary>
    private string? OwnOf(MappedCollection collection) =>
        collection.Collection.HouseholdOwn is { } name && collection.Table.Find(name) is { } own ? Sql.IsTrue($"t.{Dialect.Quote(own.Name)}", own) : null;

    private IEnumerable<Step> StepsOf(Link link)
    {
        if (link.Down)
        {
            yield return new Step(link, down: true, Session.Parameter(0));
        }
        if (link.Up)
        {
            yield return new Step(link, down: false, Session.Parameter(0));
        }
    }
}
