using System.Data.Common;
using System.Globalization;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>How many rows of a collection a subject has.</summary>
/// <param name="Listed">Rows that are shown.</param>
/// <param name="Household">Rows of other members of the household: counted and erasable, not shown.</param>
public sealed record CollectionCount(Collection Collection, long Listed, long Household);

/// <summary>A row, read out of its database.</summary>
/// <param name="Key">Its primary key by column; empty where the map leaves the key out.</param>
/// <param name="Values">By the collection's fields: null, long, double, bool or text (see <see cref="AccessRow"/>).</param>
public sealed record DataRow(IReadOnlyDictionary<string, string> Key, IReadOnlyList<object?> Values, bool Shared, bool Anothers);

/// <summary>Some rows of a collection, newest first where the map says how.</summary>
/// <param name="More">Whether rows come after these.</param>
public sealed record DataPage(Collection Collection, IReadOnlyList<DataRow> Rows, bool More);

/// <summary>Reads parts of a subject's data for the screen: counts, and one page of one collection, without reading the rest.</summary>
public sealed class Reading(Databases databases)
{
    // So many parents are asked one by one, each by its index in order; more are sorted by the database.
    private const int ParentsInOrder = 20;

    /// <summary>The number of rows in every collection that the identities can lead to.</summary>
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
                await using var located = await Located.LocateAsync(database, identities, write: false, cancellationToken);
                foreach (var collection in located.Collections)
                {
                    var rows = located.Rows(collection);
                    var sums = await located.Session.ReadAsync(
                        $"SELECT listed, count(*) FROM (SELECT {rows.Listed} AS listed FROM {rows.From} WHERE {rows.Where}) AS counted GROUP BY listed",
                        r => (Listed: Convert.ToInt32(r.GetValue(0), CultureInfo.InvariantCulture) == 1, Rows: r.GetInt64(1)), cancellationToken);
                    counts.Add(new CollectionCount(collection.Collection, sums.Where(s => s.Listed).Sum(s => s.Rows), sums.Where(s => !s.Listed).Sum(s => s.Rows)));
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
    public async Task<(DataPage? Page, IReadOnlyList<Refusal> Problems)> PageAsync(
        IReadOnlyList<Identity> identities, string collection, int page, int size, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(page, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        var database = databases.All.FirstOrDefault(d => d.Graph.Collections.Any(c => c.Collection.Id == collection));
        if (database is null || databases.Unknown(identities).Count > 0)
        {
            return (null, databases.Unknown(identities));
        }
        var mapped = database.Graph.Collections.First(c => c.Collection.Id == collection);
        try
        {
            await using var located = await Located.LocateAsync(database, identities, mapped, write: false, cancellationToken);
            if (!located.Collections.Contains(mapped))
            {
                return (null, []);
            }
            await using var reader = await located.Session.StreamAsync(
                await PageQueryAsync(located, mapped, (long)(page - 1) * size, size + 1, cancellationToken), cancellationToken);
            var current = new AccessRow(reader, mapped);
            var rows = new List<DataRow>();
            while (await reader.ReadAsync(cancellationToken))
            {
                rows.Add(new DataRow(current.Key, [.. Enumerable.Range(0, mapped.Collection.Fields.Count).Select(i => current[i])], current.Shared, current.Anothers));
            }
            return (new DataPage(mapped.Collection, [.. rows.Take(size)], rows.Count > size), []);
        }
        catch (DbException e)
        {
            return (null, [Databases.Unreachable(database.Source, database.Dialect, e)]);
        }
    }

    private static async Task<string> PageQueryAsync(Located located, MappedCollection mapped, long skip, int take, CancellationToken cancellationToken)
    {
        var sql = located.Database.Dialect;
        var rows = located.Rows(mapped);
        var columns = string.Concat(mapped.Collection.Fields.Select((f, i) => $", {sql.Selected($"t.{Dialect.Quote(mapped.ColumnOf(f).Name)}", mapped.ColumnOf(f))} AS v{i}"));
        var newest = mapped.Collection.NewestFirst is { } name ? mapped.Table.Find(name)!.Name : null;
        var order = string.Concat(newest is null ? "" : $"t.{Dialect.Quote(newest)} DESC, ") + Located.KeyOf(mapped, "t");
        if (newest is null || located.OnlyWayIn(mapped) is not { ChildColumns: [var child], ParentColumns: [var parent] } way)
        {
            return $"SELECT {rows.Whose}{columns} FROM {rows.From} WHERE ({rows.Where}) AND {rows.Listed} = 1 ORDER BY {order} LIMIT {take} OFFSET {skip}";
        }
        var parents = await located.Session.ReadAsync(
            $"SELECT f.{Dialect.Quote(parent)} FROM {Located.Marks(way.Parent)} AS lf {sql.Join} {Dialect.Name(way.Parent.Table)} AS f ON {Located.SameKey(way.Parent, "lf", "f")} WHERE lf.whose IN ({Whose.Found}, {Whose.Own}) AND lf.exposes = 1 AND f.{Dialect.Quote(parent)} IS NOT NULL LIMIT {ParentsInOrder + 1}",
            r => r.GetValue(0), cancellationToken);
        if (parents.Count > ParentsInOrder)
        {
            return $"SELECT {rows.Whose}{columns} FROM {rows.From} WHERE ({rows.Where}) AND {rows.Listed} = 1 ORDER BY {order} LIMIT {take} OFFSET {skip}";
        }
        // An index on (parent, newest) gives each parent's rows in order; asked for all parents at once, the database would sort them all.
        var parts = parents.Select((value, i) =>
            $"SELECT * FROM (SELECT {rows.Whose} AS whose{columns}, t.{Dialect.Quote(newest)} AS newest FROM {Dialect.Name(mapped.Table)} AS t WHERE t.{Dialect.Quote(child)} = {located.Session.Parameter(value)} ORDER BY {order} LIMIT {skip + take}) AS part{i}").ToList();
        return parts.Count == 0
            ? $"SELECT {rows.Whose}{columns} FROM {rows.From} WHERE 1 = 0"
            : $"SELECT whose{string.Concat(mapped.Collection.Fields.Select((_, i) => $", v{i}"))} FROM ({string.Join(" UNION ALL ", parts)}) AS pages ORDER BY newest DESC LIMIT {take} OFFSET {skip}";
    }
}
