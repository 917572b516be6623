using System.Data.Common;
using System.Globalization;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>Is told which rows outlive an erasure, before it is committed: afterwards no identity may find them.</summary>
public delegate Task Keeping(IReadOnlyList<KeptRow> rows, CancellationToken cancellationToken);

/// <summary>Names the rows of one database that outlive an erasure, once it is planned.</summary>
internal sealed class KeptRows(Disposal disposal, Map map)
{
    private Located Located => disposal.Located;

    /// <summary>The planned rows that a ground keeps.</summary>
    public async Task<IReadOnlyList<KeptRow>> RetainedAsync(CancellationToken cancellationToken)
    {
        var kept = new List<KeptRow>();
        foreach (var collection in Located.Collections.Where(c => disposal.InScope(c) && c.Collection.Retain.Count > 0 && c.Table.PrimaryKey.Count > 0))
        {
            var (action, ground, day) = disposal.Decided(collection);
            var rows = Located.Rows(collection);
            var columns = TellingColumns(collection);
            kept.AddRange(await Located.Session.ReadAsync(
                $"SELECT {AsTexts(collection, columns)}, {ground}, {day} FROM {rows.From} WHERE ({rows.Where}) AND {rows.Whose} IN {Disposal.OwnRows} AND {action} = {(int)ErasureAction.Retain}",
                r => RetainedOf(collection, columns, r), cancellationToken));
        }
        return kept;
    }

    /// <summary>The rows that were reduced because kept ones need them.</summary>
    public async Task<IReadOnlyList<KeptRow>> ReducedAsync(CancellationToken cancellationToken)
    {
        var kept = new List<KeptRow>();
        foreach (var collection in Located.Kept.Where(c => c.Table.PrimaryKey.Count > 0))
        {
            var columns = TellingColumns(collection);
            kept.AddRange(await Located.Session.ReadAsync(
                $"SELECT {AsTexts(collection, columns)} FROM {Located.Rows(collection).From} WHERE l.action = {(int)ErasureAction.Reduce}",
                r => new KeptRow(KeyOf(collection, columns, r), null, null), cancellationToken));
        }
        return kept;
    }

    /// <summary>The primary key, and identities that stand in one row only: the number alone may be given to somebody else later.</summary>
    private static IReadOnlyList<string> TellingColumns(MappedCollection collection) =>
    [
        .. collection.Table.PrimaryKey,
        .. collection.Collection.Fields.Where(f => f is { Identity: not null, IgnoreCase: false }).Select(collection.ColumnOf)
            .Where(c => c.NotNull && !collection.Table.PrimaryKey.Contains(c.Name) && collection.Table.IsUnique([c.Name])).Select(c => c.Name),
    ];

    private string AsTexts(MappedCollection collection, IReadOnlyList<string> columns) =>
        string.Join(", ", columns.Select(c => Located.Database.Dialect.AsText(Dialect.Column("t", c, collection.Table))));

    private static RowKey KeyOf(MappedCollection collection, IReadOnlyList<string> columns, DbDataReader r) =>
        new(collection.Collection.Id, columns.Select((column, i) => (column, Value: r.GetString(i))).ToDictionary(c => c.column, c => c.Value));

    private KeptRow RetainedOf(MappedCollection collection, IReadOnlyList<string> columns, DbDataReader r)
    {
        var rule = map.Retention[collection.Collection.Retain[Convert.ToInt32(r.GetValue(columns.Count), CultureInfo.InvariantCulture)].Rule];
        var day = r.IsDBNull(columns.Count + 1) ? null : r.GetString(columns.Count + 1);
        return new KeptRow(KeyOf(collection, columns, r), rule.Name, rule.Keep is not null && day is not null ? rule.KeptUntil(Grounds.SwedishDay(day)) : null);
    }
}
