using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>
/// The rows of a subject in one database (design.md 4). Their keys stay in the database, in temporary tables, and say whose each row
/// is; a collection whose rows have one way in and are referred to by nobody is not even listed there: its rows are those that the way
/// in finds. <see cref="Location"/> lets the databases of a map find rows for each other.
/// </summary>
internal sealed class Located : IAsyncDisposable
{
    private readonly HashSet<MappedCollection> taking;
    private readonly IReadOnlyList<Link> links;
    private readonly bool households;
    private readonly bool forErasure;
    private readonly Dictionary<(MappedCollection, string, int), List<object>> exposing = [];
    private Location? alone;

    /// <param name="taking">The collections, of this database and others, that take part.</param>
    public Located(MappedDatabase database, Session session, Sought sought, HashSet<MappedCollection> taking, bool forErasure)
    {
        (Database, Session, this.taking, this.forErasure) = (database, session, taking, forErasure);
        Identification = new Identification(database, session, sought);
        Collections = [.. database.Graph.Collections.Where(taking.Contains)];
        links = [.. database.Graph.Links.Where(l => taking.Contains(l.Child) && taking.Contains(l.Parent))];
        households = taking.Any(c => c.Collection.HouseholdOwn is not null);
        Kept = [.. Collections.Where(c => NeedsMarks(c, sought))];
        Following = new Following(this, links, households);
        Evidence = new Evidence(this);
    }

    public MappedDatabase Database { get; }

    public Session Session { get; }

    public Identification Identification { get; }

    public Following Following { get; }

    public Evidence Evidence { get; }

    /// <summary>The references to and from other databases along which values are carried.</summary>
    public IReadOnlyList<Passage> Passages { get; set; } = [];

    /// <summary>The collections that the identities can lead to, found anything or not.</summary>
    public IReadOnlyList<MappedCollection> Collections { get; }

    /// <summary>The collections whose located rows are listed in a temporary table.</summary>
    public HashSet<MappedCollection> Kept { get; }

    private Dialect Sql => Database.Dialect;

    /// <summary>Whether an index stands behind every reference along which anybody asks: without one, joins by index would read a large table once a row.</summary>
    public bool IsIndexed => Database.Links.Where(l => Takes(l.Child) || Takes(l.Parent)).All(l => l.Child.Table.IsIndexed(l.ChildColumns) && l.Parent.Table.IsIndexed(l.ParentColumns));

    /// <summary>Whether a collection, of this database or another, takes part.</summary>
    public bool Takes(MappedCollection collection) => taking.Contains(collection);

    /// <summary>Locates in one database, with the help of those that lead to it.</summary>
    public static Task<Located> LocateAsync(MappedDatabase database, IReadOnlyList<Identity> identities, bool write, CancellationToken cancellationToken) =>
        LocateAsync(database, identities, null, write, cancellationToken);

    /// <summary>Locates for the sake of some collections: what does not lead to them is left out.</summary>
    public static async Task<Located> LocateAsync(
        MappedDatabase database, IReadOnlyList<Identity> identities, IReadOnlyCollection<MappedCollection>? targets, bool write, CancellationToken cancellationToken)
    {
        var location = await Location.LocateAsync([database], new Sought(identities, []), targets, d => write && d == database, cancellationToken);
        var located = location.Parts.Single(p => p.Database == database);
        located.alone = location;
        return located;
    }

    public async ValueTask DisposeAsync()
    {
        if (alone is { } location)
        {
            alone = null;
            await location.DisposeAsync();
            return;
        }
        await Session.DisposeAsync();
    }

    /// <summary>The temporary table of a collection's located rows.</summary>
    public static string Marks(MappedCollection collection) => $"located_{collection.Number}";

    /// <summary>The one reference by which rows of a collection without marks are found; null where an identity finds them.</summary>
    public Link? OnlyWayIn(MappedCollection collection) => Kept.Contains(collection) ? null : links.FirstOrDefault(l => l.Child == collection && l.Down);

    /// <summary>Whether any rows of a collection can have been found; where not, nobody need ask the database.</summary>
    public bool MayHaveRows(MappedCollection collection) => Kept.Contains(collection)
        ? Following.HasChanged(collection, since: 0)
        : OnlyWayIn(collection) is not { } way || Following.HasChanged(way.Parent, since: 0);

    /// <summary>The values by which the shown rows of a way's parent are referred to; one more than <paramref name="atMost"/> where there are more.</summary>
    public async Task<List<object>> ExposingAsync(Link way, string parent, int atMost, CancellationToken cancellationToken)
    {
        // Several histories hang on one parent.
        if (!exposing.TryGetValue((way.Parent, parent, atMost), out var values))
        {
            exposing[(way.Parent, parent, atMost)] = values = await Session.ReadAsync(
                $"SELECT f.{Dialect.Quote(parent)} FROM {Marks(way.Parent)} AS lf {Sql.Join} {Dialect.Name(way.Parent.Table)} AS f ON {SameKey(way.Parent, "lf", "f")} WHERE lf.whose IN ({Whose.Found}, {Whose.Own}) AND lf.exposes = 1 AND f.{Dialect.Quote(parent)} IS NOT NULL LIMIT {atMost + 1}",
                r => r.GetValue(0), cancellationToken);
        }
        return values;
    }

    public LocatedRows Rows(MappedCollection collection)
    {
        if (Kept.Contains(collection))
        {
            return new LocatedRows(
                $"{Marks(collection)} AS l {Sql.Join} {Dialect.Name(collection.Table)} AS t ON {SameKey(collection, "l", "t")}", "1 = 1", "l.whose", "l.listed");
        }
        if (OnlyWayIn(collection) is { } way)
        {
            var foreign = Identification.Foreign(collection, "t");
            return new LocatedRows(
                $"{Dialect.Name(collection.Table)} AS t", WayIn(way, "t"),
                foreign is null ? $"{Whose.Own}" : $"CASE WHEN {foreign} THEN {Whose.Anothers} ELSE {Whose.Own} END",
                households ? $"CASE WHEN {WayIn(way, "t", " AND lp.exposes = 1")} THEN 1 ELSE 0 END" : "1");
        }
        return new LocatedRows(
            $"{Dialect.Name(collection.Table)} AS t", string.Join(" OR ", Identification.DirectWays(collection).Select(w => $"({w.Condition})").Concat(Identification.KnownRows(collection)).DefaultIfEmpty("1 = 0")), $"{Whose.Found}", "1");
    }

    /// <summary>The condition that <paramref name="alias"/> is a located row of one of the given sorts.</summary>
    public string Is(MappedCollection collection, string alias, params int[] whose)
    {
        if (!taking.Contains(collection))
        {
            return "1 = 0";
        }
        if (Kept.Contains(collection))
        {
            var marks = $"m_{alias}";
            return $"EXISTS (SELECT 1 FROM {Marks(collection)} AS {marks} WHERE {SameKey(collection, marks, alias)} AND {marks}.whose IN ({string.Join(", ", whose)}))";
        }
        var way = OnlyWayIn(collection) ?? throw new InvalidOperationException("A collection that an identity finds and that leads on has marks.");
        var foreign = Identification.Foreign(collection, alias);
        var sorts = (Own: whose.Contains(Whose.Own), Anothers: whose.Contains(Whose.Anothers) && foreign is not null);
        return sorts switch
        {
            (true, true) => WayIn(way, alias),
            (true, false) => foreign is null ? WayIn(way, alias) : $"({WayIn(way, alias)} AND CASE WHEN {foreign} THEN 0 ELSE 1 END = 1)",
            (false, true) => $"({WayIn(way, alias)} AND ({foreign}))",
            _ => "1 = 0",
        };
    }

    public static string SameKey(MappedCollection collection, string marks, string alias) => string.Join(" AND ", collection.Key.Select(
        (key, i) => $"{marks}.k{i} = {Dialect.Column(alias, key, collection.Table)}"));

    public static string KeyOf(MappedCollection collection, string alias) => string.Join(", ", collection.Key.Select(key => Dialect.Column(alias, key, collection.Table)));

    public static string PlainKeys(MappedCollection collection) => string.Join(", ", collection.Key.Select((_, i) => $"k{i}"));

    public static string MarkKeys(MappedCollection collection, string marks) => string.Join(", ", collection.Key.Select((_, i) => $"{marks}.k{i}"));

    /// <summary>The condition that a parent row <paramref name="parent"/> is the one that a child row <paramref name="child"/> refers to.</summary>
    public static string Joined(Link link, string child, string parent) => string.Join(" AND ", link.ChildColumns.Zip(link.ParentColumns).Select(
        pair => $"{child}.{Dialect.Quote(pair.First)} = {parent}.{Dialect.Quote(pair.Second)}"));

    /// <summary>The values of some columns of located rows that a condition (aliases <c>t</c>, <c>l</c>) picks, each once, and whether any of them exposes what it leads to, as text.</summary>
    public IAsyncEnumerable<string[]> ValuesAsync(MappedCollection collection, IReadOnlyList<string> columns, string condition, CancellationToken cancellationToken)
    {
        var names = columns.Select(c => $"t.{Dialect.Quote(c)}").ToList();
        return Texts.ReadAsync(
            Session,
            $"SELECT {string.Join(", ", names.Select(Sql.AsText))}, {Sql.AsText("max(l.exposes)")} FROM {Rows(collection).From} WHERE ({condition}) AND {string.Join(" AND ", names.Select(n => $"{n} IS NOT NULL"))} GROUP BY {string.Join(", ", names)}",
            cancellationToken);
    }

    /// <summary>The condition that a child row is led to by one of the subject's parent rows.</summary>
    private string WayIn(Link link, string alias, string also = "")
    {
        var child = string.Join(", ", link.ChildColumns.Select(c => $"{alias}.{Dialect.Quote(c)}"));
        var parent = string.Join(", ", link.ParentColumns.Select(c => $"p.{Dialect.Quote(c)}"));
        return $"({child}) IN (SELECT {parent} FROM {Marks(link.Parent)} AS lp {Sql.Join} {Dialect.Name(link.Parent.Table)} AS p ON {SameKey(link.Parent, "lp", "p")} WHERE lp.whose IN ({Whose.Found}, {Whose.Own}){also})";
    }

    /// <summary>Rows that lead down, that others refer to, or that anybody can reach in several ways must be listed; a history need not.</summary>
    private bool NeedsMarks(MappedCollection collection, Sought sought)
    {
        if (Database.Crossings.Any(c => c.Link.Child == collection || c.Link.Parent == collection))
        {
            return true;
        }
        var identified = sought.WaysTo(collection);
        var down = Database.Links.Where(l => l.Child == collection && l.Down).ToList();
        return identified + links.Count(l => l.Child == collection && l.Down) + links.Count(l => l.Parent == collection && l.Up) != 1
            || links.Any(l => l.Parent == collection || (l.Child == collection && l.Up && identified > 0))
            || (identified == 0 && (down.Count != 1 || !down[0].ParentUnique))
            // Whoever only reads does not ask who needs a row.
            || (forErasure && (Database.Links.Any(l => l.Parent == collection) || Database.Graph.Schema.PointingAt(collection.Table).Any()));
    }
}
