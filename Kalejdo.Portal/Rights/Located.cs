using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>Whose a located row is (design.md 4).</summary>
internal static class Whose
{
    /// <summary>Not decided yet: others may lead to it.</summary>
    public const int Open = 0;

    /// <summary>Found by a verified identity; stays the subject's whoever refers to it.</summary>
    public const int Found = 1;

    /// <summary>Reached from the subject's own rows and by nobody else.</summary>
    public const int Own = 2;

    /// <summary>Carries somebody else's identity: listed, never followed, never changed.</summary>
    public const int Anothers = 3;

    /// <summary>Locating somebody else would reach it too.</summary>
    public const int Shared = 4;

    /// <summary>Open, with evidence of another's way to it, as far as is known.</summary>
    public const int Doubtful = 5;
}

/// <summary>The rows of a collection that belong to the located set, as pieces of SQL: aliases <c>t</c> (the table) and <c>l</c> (its marks).</summary>
/// <param name="Whose">An expression of the <see cref="Rights.Whose"/> numbers.</param>
/// <param name="Listed">An expression that is 1 where the row is shown, 0 where it belongs to another member of the household.</param>
internal sealed record LocatedRows(string From, string Where, string Whose, string Listed);

/// <summary>
/// Locates a subject in one database (design.md 4). The keys of located rows stay in the database, in temporary tables;
/// a collection that leads nowhere and has one way in is not even listed there: its rows are those that the way in finds.
/// </summary>
internal sealed class Located : IAsyncDisposable
{
    private readonly MappedDatabase database;
    private readonly IReadOnlyList<Identity> identities;
    private readonly MappedCollection? target;
    private readonly HashSet<MappedCollection> reachable;
    private readonly IReadOnlyList<Link> links;
    private readonly Dictionary<MappedCollection, int> changed = [];
    private readonly HashSet<MappedCollection> undecided = [];
    private readonly Dictionary<MappedCollection, int> doubtedAt = [];
    private readonly List<Step> steps;
    private bool membersFound;
    private int tick = 1;

    private Located(MappedDatabase database, Session session, IReadOnlyList<Identity> identities, MappedCollection? target)
    {
        (this.database, Session, this.identities, this.target) = (database, session, identities, target);
        var names = identities.Select(i => i.Name).ToHashSet();
        Collections = database.Graph.ReachableFrom(names);
        if (target is not null)
        {
            var upstream = database.Graph.LeadingTo(target);
            Collections = [.. Collections.Where(upstream.Contains)];
        }
        reachable = [.. Collections];
        links = [.. database.Graph.Links.Where(l => reachable.Contains(l.Child) && reachable.Contains(l.Parent))];
        Kept = [.. Collections.Where(NeedsMarks)];
        steps = [.. links.SelectMany(StepsOf)];
    }

    private sealed class Step(Link link, bool down)
    {
        public Link Link => link;
        public bool Down => down;
        public MappedCollection From => down ? link.Parent : link.Child;
        public MappedCollection To => down ? link.Child : link.Parent;
        public int Since { get; set; }
    }

    public Session Session { get; }

    public MappedDatabase Database => database;

    /// <summary>The collections that the identities can lead to, found anything or not.</summary>
    public IReadOnlyList<MappedCollection> Collections { get; }

    /// <summary>The collections whose located rows are listed in a temporary table.</summary>
    public HashSet<MappedCollection> Kept { get; }

    private Dialect Sql => database.Dialect;

    public static Task<Located> LocateAsync(MappedDatabase database, IReadOnlyList<Identity> identities, bool write, CancellationToken cancellationToken) =>
        LocateAsync(database, identities, null, write, cancellationToken);

    /// <summary>Locates for the sake of one collection: what does not lead to it is left out.</summary>
    public static async Task<Located> LocateAsync(
        MappedDatabase database, IReadOnlyList<Identity> identities, MappedCollection? target, bool write, CancellationToken cancellationToken)
    {
        var session = await Session.BeginAsync(database, write, cancellationToken);
        var located = new Located(database, session, identities, target);
        try
        {
            await located.RunAsync(cancellationToken);
            return located;
        }
        catch
        {
            await located.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => Session.DisposeAsync();

    /// <summary>The temporary table of a collection's located rows.</summary>
    public static string Marks(MappedCollection collection) => $"located_{collection.Number}";

    /// <summary>The one reference by which rows of a collection without marks are found; null where an identity finds them.</summary>
    public Link? OnlyWayIn(MappedCollection collection) => Kept.Contains(collection) ? null : steps.FirstOrDefault(s => s.To == collection)?.Link;

    /// <summary>The values by which the shown rows of a way's parent are referred to; one more than <paramref name="atMost"/> where there are more.</summary>
    public Task<List<object>> ExposingAsync(Link way, string parent, int atMost, CancellationToken cancellationToken) => Session.ReadAsync(
        $"SELECT f.{Dialect.Quote(parent)} FROM {Marks(way.Parent)} AS lf {Sql.Join} {Dialect.Name(way.Parent.Table)} AS f ON {SameKey(way.Parent, "lf", "f")} WHERE lf.whose IN ({Whose.Found}, {Whose.Own}) AND lf.exposes = 1 AND f.{Dialect.Quote(parent)} IS NOT NULL LIMIT {atMost + 1}",
        r => r.GetValue(0), cancellationToken);

    public LocatedRows Rows(MappedCollection collection)
    {
        if (Kept.Contains(collection))
        {
            return new LocatedRows(
                $"{Marks(collection)} AS l {Sql.Join} {Dialect.Name(collection.Table)} AS t ON {SameKey(collection, "l", "t")}", "1 = 1", "l.whose", "l.listed");
        }
        if (steps.FirstOrDefault(s => s.To == collection) is { } step)
        {
            var foreign = Foreign(collection, "t");
            return new LocatedRows(
                $"{Dialect.Name(collection.Table)} AS t", WayIn(step.Link, "t", $"lp.whose IN ({Whose.Found}, {Whose.Own})"),
                foreign is null ? $"{Whose.Own}" : $"CASE WHEN {foreign} THEN {Whose.Anothers} ELSE {Whose.Own} END",
                Households ? $"CASE WHEN {WayIn(step.Link, "t", $"lp.whose IN ({Whose.Found}, {Whose.Own}) AND lp.exposes = 1")} THEN 1 ELSE 0 END" : "1");
        }
        return new LocatedRows(
            $"{Dialect.Name(collection.Table)} AS t", string.Join(" OR ", DirectWays(collection).Select(w => $"({w.Condition})").DefaultIfEmpty("1 = 0")), $"{Whose.Found}", "1");
    }

    /// <summary>The condition that <paramref name="alias"/> is a located row of one of the given sorts.</summary>
    public string Is(MappedCollection collection, string alias, params int[] whose)
    {
        if (!reachable.Contains(collection))
        {
            return "1 = 0";
        }
        var marks = $"m_{alias}";
        if (OnlyWayIn(collection) is { } way)
        {
            // Where the parent is the subject's own, so are they.
            return whose.Contains(Whose.Own)
                ? $"EXISTS (SELECT 1 FROM {Dialect.Name(way.Parent.Table)} AS p_{alias} {Sql.Join} {Marks(way.Parent)} AS {marks} ON {SameKey(way.Parent, marks, $"p_{alias}")} WHERE {Joined(way, alias, $"p_{alias}")} AND {marks}.whose IN ({Whose.Found}, {Whose.Own}))"
                : "1 = 0";
        }
        return $"EXISTS (SELECT 1 FROM {Marks(collection)} AS {marks} WHERE {SameKey(collection, marks, alias)} AND {marks}.whose IN ({string.Join(", ", whose)}))";
    }

    public static string SameKey(MappedCollection collection, string marks, string alias) => string.Join(" AND ", collection.Key.Select(
        (key, i) => $"{marks}.k{i} = {Dialect.Column(alias, key, collection.Table)}"));

    public static string KeyOf(MappedCollection collection, string alias) => string.Join(", ", collection.Key.Select(key => Dialect.Column(alias, key, collection.Table)));

    public static string PlainKeys(MappedCollection collection) => string.Join(", ", collection.Key.Select((_, i) => $"k{i}"));

    public static string MarkKeys(MappedCollection collection, string marks) => string.Join(", ", collection.Key.Select((_, i) => $"{marks}.k{i}"));

    /// <summary>The condition that a parent row <paramref name="parent"/> is the one that a child row <paramref name="child"/> refers to.</summary>
    public static string Joined(Link link, string child, string parent) => string.Join(" AND ", link.ChildColumns.Zip(link.ParentColumns).Select(
        pair => $"{child}.{Dialect.Quote(pair.First)} = {parent}.{Dialect.Quote(pair.Second)}"));

    private bool Households => Collections.Any(c => c.Collection.HouseholdOwn is not null);

    /// <summary>Rows that lead on, that others refer to, or that can be reached in several ways must be listed.</summary>
    private bool NeedsMarks(MappedCollection collection)
    {
        var waysIn = links.Count(l => l.Child == collection && l.Down) + links.Count(l => l.Parent == collection && l.Up)
            + collection.Collection.Fields.Count(f => identities.Any(i => i.Name == f.Identity));
        return waysIn != 1
            || links.Any(l => l.Parent == collection || (l.Child == collection && (l.Up ? !LeadsUpUnlisted(collection, l) : !l.ParentUnique)))
            // Whoever only reads does not ask who needs a row.
            || (target is null && (database.Graph.Links.Any(l => l.Parent == collection) || database.Graph.Schema.PointingAt(collection.Table).Any()));
    }

    /// <summary>
    /// Whether the rows of a collection can lead up without being listed: they are the subject's own by their one parent, so that it
    /// stands for them (a long history that mentions channels).
    /// </summary>
    private bool LeadsUpUnlisted(MappedCollection collection, Link up) =>
        !up.Down && OneWayIn(collection) && links.Any(l => l.Child == collection && l.Down)
        && collection.Collection is { HouseholdOwn: null, EraseAfter.Count: 0 } && collection.Collection.Fields.All(f => f.Identity is null);

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

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        // Without an index behind every reference, joins by index would read a large table once a row.
        var indexed = links.All(l => HasIndex(l.Child.Table, l.ChildColumns) && HasIndex(l.Parent.Table, l.ParentColumns));
        await Session.ExecuteAllAsync(
            [
                .. Sql.SmallSetsLead is { } setting && indexed ? [setting] : Array.Empty<string>(),
                .. Kept.Select(CreateMarks),
                Sql.CreateTemporaryTable("known_identity", "name text NOT NULL, value text NOT NULL", primaryKey: null),
            ],
            cancellationToken);
        foreach (var collection in Kept)
        {
            foreach (var (field, condition) in DirectWays(collection))
            {
                await InsertAsync(collection, $"{Dialect.Name(collection.Table)} AS t", condition, $"{Whose.Found}", "1", many: false, cancellationToken);
            }
        }
        await NoteKnownValuesAsync(cancellationToken);
        while (await FollowAsync(cancellationToken) || await DecideAsync(cancellationToken))
        {
        }
        foreach (var collection in doubtedAt.Keys)
        {
            await Session.ExecuteAsync($"UPDATE {Marks(collection)} SET whose = {Whose.Shared} WHERE whose = {Whose.Doubtful}", cancellationToken);
        }
    }

    private static bool HasIndex(Table table, IReadOnlyList<string> columns) =>
        table.PrimaryKey is [var first, ..] && columns.Contains(first)
        || table.Indexes.Any(i => !i.Partial && i.Columns is [{ } column, ..] && columns.Contains(column));

    private string CreateMarks(MappedCollection collection)
    {
        var keys = string.Join(", ", collection.Key.Select((key, i) => $"k{i} {Sql.KeyType(collection.Table, key)} NOT NULL"));
        return Sql.CreateTemporaryTable(
            Marks(collection),
            $"{keys}, whose integer NOT NULL, since integer NOT NULL, listed integer NOT NULL, exposes integer NOT NULL, action integer, ground integer",
            PlainKeys(collection));
    }

    private IEnumerable<(Field Field, string Condition)> DirectWays(MappedCollection collection) =>
        from field in collection.Collection.Fields
        where field.Identity is not null
        from identity in identities
        where identity.Name == field.Identity
        let condition = Matches(collection, field, identity.Value)
        where condition is not null
        select (field, condition);

    /// <summary>The condition that row <c>t</c> holds one of the identities in <paramref name="field"/>; null where none can stand there.</summary>
    public string? FoundBy(MappedCollection collection, Field field) =>
        DirectWays(collection).Where(way => way.Field == field).Select(way => $"({way.Condition})").ToList() is { Count: > 0 } ways ? string.Join(" OR ", ways) : null;

    private readonly Dictionary<(MappedCollection, Field, string), string?> matches = [];

    private string? Matches(MappedCollection collection, Field field, string value)
    {
        if (matches.TryGetValue((collection, field, value), out var known))
        {
            return known;
        }
        var column = $"t.{Dialect.Quote(collection.ColumnOf(field).Name)}";
        string? condition = null;
        if (field.IgnoreCase)
        {
            // Where it is no text, no index can be hoped for.
            var text = collection.ColumnOf(field).Type == ColumnType.Text ? column : Sql.AsText(column);
            condition = $"lower(trim({text})) IN ({string.Join(", ", Dialect.LowerForms(value).Select(Session.Parameter))})";
        }
        else
        {
            var parameter = Session.Parameter(value);
            condition = Sql.Equal(column, parameter, value, collection.ColumnOf(field));
        }
        if (condition is not null && field.VerifiedBy is { } verified)
        {
            condition += $" AND t.{Dialect.Quote(collection.Table.Find(verified)!.Name)} IS NOT NULL";
        }
        return matches[(collection, field, value)] = condition;
    }

    /// <summary>The values by which a row says that it is the subject's: those verified, and those of the rows these found.</summary>
    private async Task NoteKnownValuesAsync(CancellationToken cancellationToken)
    {
        foreach (var identity in identities)
        {
            var name = Session.Parameter(identity.Name);
            var forms = Dialect.LowerForms(identity.Value).Append(identity.Value).Distinct().Select(form => $"({name}, {Session.Parameter(form)})");
            await Session.ExecuteAsync($"INSERT INTO known_identity VALUES {string.Join(", ", forms)}", cancellationToken);
        }
        foreach (var collection in Kept.Where(c => changed.ContainsKey(c)))
        {
            foreach (var field in collection.Collection.Fields.Where(f => f.Identity is not null))
            {
                var rows = Rows(collection);
                await Session.ExecuteAsync(
                    $"INSERT INTO known_identity SELECT {Session.Parameter(field.Identity!)}, {ComparableText(collection, field, "t")} FROM {rows.From} WHERE t.{Dialect.Quote(collection.ColumnOf(field).Name)} IS NOT NULL",
                    cancellationToken);
            }
        }
    }

    private string ComparableText(MappedCollection collection, Field field, string alias)
    {
        var text = Sql.AsText($"{alias}.{Dialect.Quote(collection.ColumnOf(field).Name)}");
        return field.IgnoreCase ? Sql.Fold(text) : text;
    }

    /// <summary>The condition that a row carries an identity value of somebody else; null where it has no identity column.</summary>
    private string? Foreign(MappedCollection collection, string alias)
    {
        var conditions = collection.Collection.Fields.Where(f => f.Identity is not null).Select(field =>
        {
            var text = ComparableText(collection, field, alias);
            var name = Session.Parameter(field.Identity!);
            // Where no value of that sort is known of the subject, the reference that led here is the better word.
            return $"(trim({text}) <> '' AND EXISTS (SELECT 1 FROM known_identity AS ki WHERE ki.name = {name}) AND NOT EXISTS (SELECT 1 FROM known_identity AS ki WHERE ki.name = {name} AND ki.value = {text}))";
        }).ToList();
        return conditions.Count == 0 ? null : string.Join(" OR ", conditions);
    }

    /// <summary>Follows every step whose starting rows have changed.</summary>
    private async Task<bool> FollowAsync(CancellationToken cancellationToken)
    {
        var any = false;
        foreach (var step in steps.Where(s => Kept.Contains(s.To)))
        {
            var (from, to, since) = (step.From, step.To, step.Since);
            var way = OnlyWayIn(from);
            if (!changed.TryGetValue(way?.Parent ?? from, out var last) || last <= since)
            {
                continue;
            }
            step.Since = tick++;
            // Against a reference only the subject's own rows lead: from a shared address nobody walks on to the neighbour.
            var leads = step.Down || way is not null ? $"{Whose.Found}, {Whose.Own}" : $"{Whose.Open}, {Whose.Found}, {Whose.Own}, {Whose.Shared}";
            var decided = step.Down && OneWayIn(to) ? Whose.Own : Whose.Open;
            var whose = Foreign(to, "t") is { } foreign ? $"CASE WHEN {foreign} THEN {Whose.Anothers} ELSE {decided} END" : $"{decided}";
            var start = way is null
                ? $"{Marks(from)} AS lf {Sql.Join} {Dialect.Name(from.Table)} AS f ON {SameKey(from, "lf", "f")}"
                : $"{Marks(way.Parent)} AS lf {Sql.Join} {Dialect.Name(way.Parent.Table)} AS w ON {SameKey(way.Parent, "lf", "w")} {Sql.Join} {Dialect.Name(from.Table)} AS f ON {Joined(way, "f", "w")}";
            var source = $"{start} {Sql.Join} {Dialect.Name(to.Table)} AS t ON {(step.Down ? Joined(step.Link, "t", "f") : Joined(step.Link, "f", "t"))}";
            if (await InsertAsync(to, source, $"lf.since > {since} AND lf.whose IN ({leads})", whose, "lf.exposes", many: !step.Down, cancellationToken))
            {
                any = true;
                if (decided == Whose.Open)
                {
                    undecided.Add(to);
                }
            }
        }
        return any;
    }

    /// <summary>Whether nobody but the parent that led here can lead to the rows of a collection.</summary>
    private bool OneWayIn(MappedCollection collection) =>
        database.Graph.Links.Count(l => l.Child == collection && l.Down) == 1
        && database.Graph.Links.Single(l => l.Child == collection && l.Down).ParentUnique
        && !database.Graph.Links.Any(l => l.Parent == collection && l.Up);

    /// <param name="many">Whether very many may lead to the same few rows.</param>
    private async Task<bool> InsertAsync(
        MappedCollection collection, string from, string where, string whose, string listed, bool many, CancellationToken cancellationToken)
    {
        var own = collection.Collection.HouseholdOwn is { } column ? collection.Table.Find(column) : null;
        var exposes = own is null ? listed : $"CASE WHEN {Sql.IsTrue($"t.{Dialect.Quote(own.Name)}", own)} THEN {listed} ELSE 0 END";
        var order = Households && listed != "1" ? $" ORDER BY {listed} DESC" : "";
        var inserted = await Session.ExecuteAsync(
            $"INSERT INTO {Marks(collection)} ({PlainKeys(collection)}, whose, since, listed, exposes) SELECT {(many ? "DISTINCT " : "")}{KeyOf(collection, "t")}, {whose}, {tick}, {listed}, {exposes} FROM {from} WHERE {where}{order} ON CONFLICT DO NOTHING",
            cancellationToken);
        // What another member of the household led to first is shown all the same where the subject's own rows lead to it too.
        if (order != "" && membersFound && changed.ContainsKey(collection)
            && await Session.AnyAsync($"SELECT 1 FROM {Marks(collection)} WHERE listed = 0 LIMIT 1", cancellationToken))
        {
            var shows = own is null ? "1" : $"(SELECT CASE WHEN {Sql.IsTrue($"t.{Dialect.Quote(own.Name)}", own)} THEN 1 ELSE 0 END FROM {Dialect.Name(collection.Table)} AS t WHERE {SameKey(collection, Marks(collection), "t")})";
            inserted += await Session.ExecuteAsync(
                $"UPDATE {Marks(collection)} SET listed = 1, exposes = {shows}, since = {tick} WHERE listed = 0 AND ({PlainKeys(collection)}) IN (SELECT {KeyOf(collection, "t")} FROM {from} WHERE {where} AND {listed} = 1)",
                cancellationToken);
        }
        if (inserted > 0)
        {
            changed[collection] = tick;
            membersFound |= own is not null && await Session.AnyAsync($"SELECT 1 FROM {Marks(collection)} WHERE exposes = 0 LIMIT 1", cancellationToken);
        }
        return inserted > 0;
    }

    /// <summary>
    /// Decides open rows once nothing more can be followed: those to which nobody else's rows lead become the subject's own.
    /// A row in doubt is looked at again when more was found next to it, for that may be the very rows that raised the doubt.
    /// </summary>
    private async Task<bool> DecideAsync(CancellationToken cancellationToken)
    {
        foreach (var collection in ToBeLookedAtAgain())
        {
            await Session.ExecuteAsync($"UPDATE {Marks(collection)} SET whose = {Whose.Open} WHERE whose = {Whose.Doubtful}", cancellationToken);
            doubtedAt.Remove(collection);
            undecided.Add(collection);
        }
        var open = undecided.ToList();
        undecided.Clear();
        // A row in doubt is no longer evidence for those that it leads up to.
        for (var judged = open; judged.Count > 0;)
        {
            var doubted = new List<MappedCollection>();
            foreach (var collection in judged)
            {
                if (Evidence(collection) is { } evidence && await Session.ExecuteAsync(
                    $"UPDATE {Marks(collection)} SET whose = {Whose.Doubtful} WHERE whose = {Whose.Open} AND ({PlainKeys(collection)}) IN (SELECT {MarkKeys(collection, "l")} FROM {Rows(collection).From} WHERE l.whose = {Whose.Open} AND ({evidence}))",
                    cancellationToken) > 0)
                {
                    doubted.Add(collection);
                    doubtedAt[collection] = tick;
                }
            }
            judged = [.. open.Where(c => links.Any(l => l.Up && l.Parent == c && doubted.Contains(l.Child)))];
        }
        var decided = 0;
        tick++;
        foreach (var collection in open)
        {
            var own = await Session.ExecuteAsync($"UPDATE {Marks(collection)} SET whose = {Whose.Own}, since = {tick} WHERE whose = {Whose.Open}", cancellationToken);
            if (own > 0)
            {
                changed[collection] = tick;
                decided += own;
            }
        }
        return decided > 0;
    }

    /// <summary>The collections with rows in doubt next to which more was found since, and those whose doubt may go with theirs.</summary>
    private HashSet<MappedCollection> ToBeLookedAtAgain()
    {
        var again = new HashSet<MappedCollection>();
        var found = 0;
        do
        {
            found = again.Count;
            again.UnionWith(doubtedAt.Where(d => links.Any(l =>
                (l.Parent == d.Key && Moved(l.Child, d.Value)) || (l.Child == d.Key && Moved(l.Parent, d.Value)))).Select(d => d.Key));
        }
        while (again.Count > found);
        return again;

        bool Moved(MappedCollection collection, int since) => changed.GetValueOrDefault(collection) > since || again.Contains(collection);
    }

    /// <summary>The condition that somebody else's row leads to the open row <c>t</c>; null where none can.</summary>
    private string? Evidence(MappedCollection collection)
    {
        var conditions = new List<string>();
        foreach (var link in database.Graph.Links.Where(l => l.Up && l.Parent == collection))
        {
            var ours = Is(link.Child, "x", Whose.Open, Whose.Found, Whose.Own);
            conditions.Add($"EXISTS (SELECT 1 FROM {Dialect.Name(link.Child.Table)} AS x WHERE {Joined(link, "x", "t")} AND NOT {ours}{SomebodysOnly(link.Child)})");
        }
        // A parent that the child leads up to as well is located with it, and leads back down only where it is nobody else's.
        foreach (var link in database.Graph.Links.Where(l => l.Down && !l.Up && l.Child == collection))
        {
            var ours = Is(link.Parent, "x", Whose.Open, Whose.Found, Whose.Own, Whose.Shared, Whose.Doubtful);
            conditions.Add($"EXISTS (SELECT 1 FROM {Dialect.Name(link.Parent.Table)} AS x WHERE {Joined(link, "t", "x")} AND NOT {ours}{SomebodysOnly(link.Parent)})");
        }
        foreach (var link in database.Graph.Links.Where(l => l.Down && l.Up && l.Child == collection))
        {
            conditions.Add($"EXISTS (SELECT 1 FROM {Dialect.Name(link.Parent.Table)} AS x WHERE {Joined(link, "t", "x")} AND {Is(link.Parent, "x", Whose.Anothers)})");
        }
        return conditions.Count == 0 ? null : string.Join(" OR ", conditions);
    }

    /// <summary>
    /// Leaves out rows to which nobody can lead: without an identity value and without a reference to a row that leads to them
    /// (what an earlier erasure left behind).
    /// </summary>
    private string SomebodysOnly(MappedCollection collection)
    {
        if (database.Graph.Links.Any(l => l.Up && l.Parent == collection))
        {
            return "";
        }
        var ways = collection.Collection.Fields.Where(f => f.Identity is not null).Select(f => $"x.{Dialect.Quote(collection.ColumnOf(f).Name)} IS NOT NULL")
            .Concat(database.Graph.Links.Where(l => l.Down && l.Child == collection).Select(l => string.Join(" AND ", l.ChildColumns.Select(c => $"x.{Dialect.Quote(c)} IS NOT NULL"))))
            .ToList();
        return ways.Count == 0 ? "" : $" AND ({string.Join(" OR ", ways)})";
    }

    /// <summary>The condition that a child row is led to by a listed parent row.</summary>
    private string WayIn(Link link, string alias, string marksCondition)
    {
        var child = string.Join(", ", link.ChildColumns.Select(c => $"{alias}.{Dialect.Quote(c)}"));
        var parent = string.Join(", ", link.ParentColumns.Select(c => $"p.{Dialect.Quote(c)}"));
        return $"({child}) IN (SELECT {parent} FROM {Marks(link.Parent)} AS lp {Sql.Join} {Dialect.Name(link.Parent.Table)} AS p ON {SameKey(link.Parent, "lp", "p")} WHERE {marksCondition})";
    }
}
