using System.Data.Common;
using System.Globalization;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>How many rows of a collection a subject has; <see cref="Reading.CountedTo"/> and one stand for all numbers above.</summary>
/// <param name="Listed">Rows that are shown.</param>
/// <param name="Household">Rows of other members of the household: counted and erasable, not shown.</param>
public sealed record CollectionCount(Collection Collection, long Listed, long Household);

/// <summary>A row, read out of its database.</summary>
/// <param name="Key">Its primary key by column; empty where the map leaves the key out.</param>
/// <param name="Values">By the collection's fields: null, long, double, bool or text (see <see cref="AccessRow"/>).</param>
public sealed record DataRow(IReadOnlyDictionary<string, string> Key, IReadOnlyList<object?> Values, bool Shared, bool Anothers)
{
    /// <summary>What the row's references lead to, by field, in the words of the row there; where it has any and they are no person's.</summary>
    public IReadOnlyDictionary<int, string> Names { get; init; } = new Dictionary<int, string>();

    /// <summary>Whether the row is another person of the household: all but the name is withheld.</summary>
    public bool Member { get; init; }

    /// <summary>How much this other person of the household has, by collection.</summary>
    public IReadOnlyList<CollectionCount> MemberHas { get; init; } = [];
}

/// <summary>Some rows of a collection, newest first where the map says how.</summary>
/// <param name="More">Whether rows come after these.</param>
public sealed record DataPage(Collection Collection, IReadOnlyList<DataRow> Rows, bool More)
{
    /// <summary>The types of the values, by the collection's fields.</summary>
    public IReadOnlyList<ColumnType> Types { get; init; } = [];

    /// <summary>How many rows there are on all pages.</summary>
    public CollectionCount? Count { get; init; }
}

/// <summary>Reads parts of a subject's data for the screen: counts, and one page of one collection, without reading the rest.</summary>
public sealed class Reading(Databases databases)
{
    /// <summary>So far rows are counted: a history opens as fast however long it is.</summary>
    public const int CountedTo = 10_000;

    // So many parents are asked one by one, each by its index in order; more are sorted by the database.
    private const int ParentsInOrder = 20;

    /// <summary>The number of rows in every collection about people that the identities can lead to.</summary>
    /// <returns>The counts, or why there are none.</returns>
    public async Task<(IReadOnlyList<CollectionCount> Counts, IReadOnlyList<Refusal> Problems)> CountAsync(
        IReadOnlyList<Identity> identities, CancellationToken cancellationToken)
    {
        if (databases.Unknown(identities) is { Count: > 0 } unknown)
        {
            return ([], unknown);
        }
        var counts = new List<CollectionCount>();
        foreach (var database in databases.All)
        {
            try
            {
                await using var located = await LocateForCountsAsync(database, identities, cancellationToken);
                foreach (var collection in located.Collections.Where(IsAboutPeople))
                {
                    counts.Add(await CountAsync(located, collection, cancellationToken));
                }
            }
            catch (DbException e)
            {
                return ([], [Databases.Unreachable(database.Source, database.Dialect, e)]);
            }
        }
        return (counts, []);
    }

    /// <summary>The rows of one collection from <paramref name="page"/> (the first is 1), <paramref name="size"/> a page.</summary>
    /// <param name="collection"><c>dataset.collection</c>.</param>
    /// <returns>The page; null where the map or the subject has no such collection; or why it cannot be read.</returns>
    public Task<(DataPage? Page, IReadOnlyList<Refusal> Problems)> PageAsync(
        IReadOnlyList<Identity> identities, string collection, int page, int size, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(page, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        return LocatedAsync(identities, collection, async (located, mapped) =>
        {
            var rows = await RowsAsync(located, mapped, await PageQueryAsync(located, mapped, (long)(page - 1) * size, size + 1, cancellationToken), cancellationToken);
            return await FilledAsync(located, mapped, rows, size, cancellationToken) with { Count = await CountAsync(located, mapped, cancellationToken) };
        }, cancellationToken);
    }

    /// <summary>The row with a key, if it is the subject's to see.</summary>
    /// <returns>A page of that row, or of none; null where the map or the subject has no such collection; or why it cannot be read.</returns>
    public Task<(DataPage? Page, IReadOnlyList<Refusal> Problems)> RowAsync(IReadOnlyList<Identity> identities, RowKey row, CancellationToken cancellationToken) =>
        LocatedAsync(identities, row.Collection, async (located, mapped) =>
        {
            var condition = string.Concat(row.Key.Select(k => mapped.Table.Find(k.Key) is { } column
                && located.Database.Dialect.Equal($"t.{Dialect.Quote(column.Name)}", located.Session.Parameter(k.Value), k.Value, column) is { } equal ? $" AND {equal}" : " AND 1 = 0"));
            var rows = located.Rows(mapped);
            var found = await RowsAsync(
                located, mapped, $"SELECT {AccessRow.Selected(located, mapped, rows)} FROM {rows.From} WHERE ({rows.Where}) AND {rows.Listed} = 1{condition} LIMIT 2", cancellationToken);
            return await FilledAsync(located, mapped, found.Count == 1 && row.Key.Count > 0 ? found : [], 1, cancellationToken);
        }, cancellationToken);

    /// <summary>The rows of a collection that belong to the rows of a page (the lines of its invoices), by key; at most <paramref name="atMost"/> in all.</summary>
    public Task<(DataPage? Page, IReadOnlyList<Refusal> Problems)> BelongingAsync(
        IReadOnlyList<Identity> identities, string collection, DataPage parents, int atMost, CancellationToken cancellationToken) =>
        LocatedAsync(identities, collection, async (located, mapped) =>
        {
            var link = located.Database.Graph.Links.First(l => l.Child == mapped && l.Down && l.Parent.Collection == parents.Collection);
            var columns = parents.Collection.Fields.Select(f => f.Name).ToList();
            // Several columns at once are rare: the first narrows, and whoever shows the rows puts each to its parent by all of them.
            var among = Among(located, mapped.Table.Find(link.ChildColumns[0])!, parents.Rows.Select(r => r.Values[columns.IndexOf(link.ParentColumns[0])]), $"t.{Dialect.Quote(link.ChildColumns[0])}");
            var (rows, newest) = (located.Rows(mapped), mapped.Collection.NewestFirst is { } name ? $"t.{Dialect.Quote(mapped.Table.Find(name)!.Name)}, " : "");
            var found = await RowsAsync(
                located, mapped,
                $"SELECT {AccessRow.Selected(located, mapped, rows)} FROM {rows.From} WHERE ({rows.Where}) AND {rows.Listed} = 1 AND {among} ORDER BY {newest}{Located.KeyOf(mapped, "t")} LIMIT {atMost + 1}",
                cancellationToken);
            return await FilledAsync(located, mapped, found, atMost, cancellationToken);
        }, cancellationToken);

    private async Task<(DataPage? Page, IReadOnlyList<Refusal> Problems)> LocatedAsync(
        IReadOnlyList<Identity> identities, string collection, Func<Located, MappedCollection, Task<DataPage>> read, CancellationToken cancellationToken)
    {
        var database = databases.All.FirstOrDefault(d => d.Graph.Collections.Any(c => c.Collection.Id == collection));
        if (database is null || databases.Unknown(identities).Count > 0)
        {
            return (null, databases.Unknown(identities));
        }
        var mapped = database.Graph.Collections.First(c => c.Collection.Id == collection);
        try
        {
            await using var located = await Located.LocateAsync(database, identities, [mapped], write: false, cancellationToken);
            return (located.Collections.Contains(mapped) ? await read(located, mapped) : null, []);
        }
        catch (DbException e)
        {
            return (null, [Databases.Unreachable(database.Source, database.Dialect, e)]);
        }
    }

    /// <summary>Leaves out the lists of goods: a history that leads on to them would have to be listed row by row.</summary>
    internal static Task<Located> LocateForCountsAsync(MappedDatabase database, IReadOnlyList<Identity> identities, CancellationToken cancellationToken) =>
        Located.LocateAsync(database, identities, [.. database.Graph.Collections.Where(IsAboutPeople)], write: false, cancellationToken);

    // Channels and models are about nobody; their names stand where somebody's rows refer to them.
    private static bool IsAboutPeople(MappedCollection mapped) =>
        !mapped.Annotated || mapped.Collection.Kind is not null || mapped.Collection.Fields.Any(field => field.Personal);

    private static async Task<CollectionCount> CountAsync(Located located, MappedCollection collection, CancellationToken cancellationToken)
    {
        var counted = await located.Session.ReadAsync(
            CountQuery(located, collection), r => new CollectionCount(collection.Collection, r.GetInt64(0), r.GetInt64(1)), cancellationToken);
        return counted[0];
    }

    /// <summary>A query of how many rows are listed and how many are not.</summary>
    internal static string CountQuery(Located located, MappedCollection collection)
    {
        var (rows, join) = (located.Rows(collection), located.Database.Dialect.Join);
        // Through their one parent rows are counted in the index; asked row by row whether it is listed, the database would look at each.
        return located.OnlyWayIn(collection) is { ParentUnique: true } way
            ? $"SELECT {Through("1")}, {Through("0")}"
            : $"SELECT {UpTo($"{rows.From} WHERE ({rows.Where}) AND {rows.Listed} = 1")}, {UpTo($"{rows.From} WHERE ({rows.Where}) AND {rows.Listed} = 0")}";

        string Through(string exposes) => UpTo(
            $"{Located.Marks(way.Parent)} AS lp {join} {Dialect.Name(way.Parent.Table)} AS p ON {Located.SameKey(way.Parent, "lp", "p")} {join} {Dialect.Name(collection.Table)} AS t ON {Located.Joined(way, "t", "p")} WHERE lp.whose IN ({Whose.Found}, {Whose.Own}) AND lp.exposes = {exposes}");
    }

    private static string UpTo(string rows) => $"(SELECT count(*) FROM (SELECT 1 FROM {rows} LIMIT {CountedTo + 1}) AS counted)";

    /// <summary>A query of a page, to be read as <see cref="AccessRow"/>.</summary>
    internal static async Task<string> PageQueryAsync(Located located, MappedCollection mapped, long skip, int take, CancellationToken cancellationToken)
    {
        var sql = located.Database.Dialect;
        var rows = located.Rows(mapped);
        var selected = AccessRow.Selected(located, mapped, rows);
        var newest = mapped.Collection.NewestFirst is { } name ? mapped.Table.Find(name)!.Name : null;
        var order = string.Concat(newest is null ? "" : $"t.{Dialect.Quote(newest)} DESC, ") + Located.KeyOf(mapped, "t");
        var sorted = $"SELECT {selected} FROM {rows.From} WHERE ({rows.Where}) AND {rows.Listed} = 1 ORDER BY {order} LIMIT {take} OFFSET {skip}";
        if (newest is null || located.OnlyWayIn(mapped) is not { ChildColumns: [var child], ParentColumns: [var parent] } way)
        {
            return sorted;
        }
        var parents = await located.ExposingAsync(way, parent, ParentsInOrder, cancellationToken);
        if (parents.Count > ParentsInOrder)
        {
            return sorted;
        }
        // An index on (parent, newest) gives each parent's rows in order; asked for all parents at once, the database would sort them all.
        var keys = string.Concat(mapped.Key.Select((key, i) => $", {Dialect.Column("t", key, mapped.Table)} AS k{i}"));
        var parts = parents.Select((value, i) =>
            $"SELECT * FROM (SELECT {selected}, t.{Dialect.Quote(newest)} AS newest{keys} FROM {Dialect.Name(mapped.Table)} AS t WHERE t.{Dialect.Quote(child)} = {located.Session.Parameter(value)} ORDER BY {order} LIMIT {skip + take}) AS part{i}").ToList();
        return parts.Count == 0
            ? $"SELECT {selected} FROM {rows.From} WHERE 1 = 0"
            // By key too: rows of one instant would else change places between pages.
            : $"SELECT whose, member{string.Concat(mapped.Collection.Fields.Select((_, i) => $", v{i}"))} FROM ({string.Join(" UNION ALL ", parts)}) AS pages ORDER BY newest DESC, {Located.PlainKeys(mapped)} LIMIT {take} OFFSET {skip}";
    }

    private static async Task<List<DataRow>> RowsAsync(Located located, MappedCollection mapped, string query, CancellationToken cancellationToken)
    {
        await using var reader = await located.Session.StreamAsync(query, cancellationToken);
        var current = new AccessRow(reader, mapped, located.Rows(mapped));
        var rows = new List<DataRow>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(new DataRow(current.Key, [.. Enumerable.Range(0, mapped.Collection.Fields.Count).Select(i => current[i])], current.Shared, current.Anothers) { Member = current.Member });
        }
        return rows;
    }

    private static async Task<DataPage> FilledAsync(Located located, MappedCollection mapped, List<DataRow> rows, int size, CancellationToken cancellationToken)
    {
        List<DataRow> page = [.. rows.Take(size)];
        if (page.Any(row => row.Member))
        {
            page = await MembersAsync(located, mapped, page, cancellationToken);
        }
        return new DataPage(mapped.Collection, await NamedAsync(located, mapped, page, cancellationToken), rows.Count > size)
        {
            Types = AccessRow.TypesOf(mapped),
        };
    }

    /// <summary>Other people of the household are names and numbers (design.md 4); the numbers are counted here.</summary>
    private static async Task<List<DataRow>> MembersAsync(Located located, MappedCollection mapped, List<DataRow> rows, CancellationToken cancellationToken)
    {
        var fields = mapped.Collection.Fields;
        var members = rows.Where(r => r.Member).ToList();
        var has = members.ToDictionary(m => m, _ => new List<CollectionCount>());
        foreach (var link in located.Database.Graph.Links.Where(l => l.Parent == mapped && l is { Down: true, ParentColumns: [_], ChildColumns: [_] }))
        {
            var key = fields.TakeWhile(f => f.Name != link.ParentColumns[0]).Count();
            if (key == fields.Count)
            {
                continue;
            }
            var (column, child) = (link.Child.Table.Find(link.ChildColumns[0])!, Dialect.Name(link.Child.Table));
            var counts = await located.Session.ReadAsync(
                $"SELECT {string.Join(", ", members.Select(m => UpTo($"{child} AS t WHERE {Among(located, column, [m.Values[key]], $"t.{Dialect.Quote(column.Name)}")}")))}",
                r => members.Select((_, i) => r.GetInt64(i)).ToList(), cancellationToken);
            foreach (var (member, count) in members.Zip(counts[0]))
            {
                has[member].Add(new CollectionCount(link.Child.Collection, 0, count));
            }
        }
        return [.. rows.Select(row => row.Member ? row with { MemberHas = has[row] } : row)];
    }

    /// <summary>A reference says little to people; the name of what it leads to does.</summary>
    private static async Task<List<DataRow>> NamedAsync(Located located, MappedCollection mapped, List<DataRow> rows, CancellationToken cancellationToken)
    {
        foreach (var link in located.Database.Graph.Links.Where(l => l.Child == mapped && l is { ChildColumns: [_], ParentColumns: [_] }))
        {
            var target = link.Parent;
            var field = mapped.Collection.Fields.TakeWhile(f => mapped.ColumnOf(f).Name != link.ChildColumns[0]).Count();
            var people = target.Collection.HouseholdOwn is not null || target.Collection.Fields.Any(f => f.Identity is not null);
            if (people || rows.Count == 0 || field == mapped.Collection.Fields.Count || NameOf(target) is not { } name)
            {
                continue;
            }
            // Where the row leads up, what it leads to is the subject's to see; whatever else is about somebody must have been located.
            var owned = located.Collections.Contains(target) ? located.Rows(target) : null;
            if (!link.Up && name.Personal && owned is null)
            {
                continue;
            }
            var column = $"t.{Dialect.Quote(link.ParentColumns[0])}";
            var from = link.Up || owned is null
                ? $"{Dialect.Name(target.Table)} AS t WHERE 1 = 1"
                : $"{owned.From} WHERE ({owned.Where}) AND {owned.Listed} = 1 AND {owned.Whose} <> {Whose.Anothers}";
            var names = await located.Session.ReadAsync(
                $"SELECT {column}, t.{Dialect.Quote(target.ColumnOf(name).Name)} FROM {from} AND {Among(located, target.Table.Find(link.ParentColumns[0])!, rows.Where(r => !r.Anothers).Select(r => r.Values[field]), column)}",
                r => (Key: Text(r.GetValue(0)), Name: Text(r.GetValue(1))), cancellationToken);
            rows = [.. rows.Select(row => !row.Anothers && names.FirstOrDefault(n => n.Key == Text(row.Values[field])).Name is { Length: > 0 } said
                ? row with { Names = new Dictionary<int, string>(row.Names) { [field] = said } }
                : row)];
        }
        return rows;
    }

    /// <summary>The field that names a row: one called a name, else the first text that is no key.</summary>
    private static Field? NameOf(MappedCollection collection)
    {
        var texts = collection.Collection.Fields.Where(f => !f.Technical && !f.PrimaryKey && f.References.Count == 0 && f.Values.Count == 0 && collection.ColumnOf(f).Type == ColumnType.Text).ToList();
        return texts.FirstOrDefault(f => f.Name == "name") ?? texts.FirstOrDefault(f => f.Name.EndsWith("name", StringComparison.OrdinalIgnoreCase)) ?? texts.FirstOrDefault();
    }

    private static string Among(Located located, Column column, IEnumerable<object?> values, string expression)
    {
        var conditions = values.OfType<object>().Select(Text).Distinct()
            .Select(v => located.Database.Dialect.Equal(expression, located.Session.Parameter(v), v, column)).OfType<string>().ToList();
        return conditions.Count == 0 ? "1 = 0" : $"({string.Join(" OR ", conditions)})";
    }

    private static string Text(object? value) => value is null or DBNull ? "" : Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
}
