using System.Globalization;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>The grounds on which rows of one database are retained, as SQL.</summary>
internal sealed class Grounds(Graph graph, Dialect sql, Session session, Map map, DateOnly today)
{
    /// <summary>The condition that a retention ground holds for row <c>t</c> today.</summary>
    public string Holds(MappedCollection collection, Retain retain)
    {
        var rule = map.Retention[retain.Rule];
        if (retain.Collection is null)
        {
            return Condition(collection, "t");
        }
        var (holder, joined) = HolderOf(collection, retain);
        return $"EXISTS (SELECT 1 FROM {Dialect.Name(holder.Table)} AS r WHERE ({joined}) AND {Condition(holder, "r")})";

        string Condition(MappedCollection where, string alias)
        {
            var column = where.Table.Find(retain.Column)!;
            var value = $"{alias}.{Dialect.Quote(column.Name)}";
            if (rule.CountedFrom != CountedFrom.Condition || column.Type is ColumnType.Date or ColumnType.Instant || (column.Type == ColumnType.Text && retain.Values.Count == 0))
            {
                var earliest = rule.CountedFrom == CountedFrom.Condition ? today : rule.EarliestKept(today);
                return $"({value} IS NULL OR {sql.OnOrAfter(value, column, session.Parameter(sql.OnOrAfterValue(earliest, column)))})";
            }
            return retain.Values.Count > 0
                ? $"({sql.AsText(value)} IN ({string.Join(", ", retain.Values.Select(session.Parameter))}))"
                : column.Type == ColumnType.Boolean ? sql.IsTrue(value, column) : $"(CAST({value} AS numeric) > 0)";
        }
    }

    /// <summary>The day that a ground's period counts from; the latest, where several rows of another collection tell it.</summary>
    public string DayOf(MappedCollection collection, Retain retain)
    {
        if (retain.Collection is null)
        {
            var own = collection.Table.Find(retain.Column)!;
            return sql.Day($"t.{Dialect.Quote(own.Name)}", own);
        }
        var (holder, joined) = HolderOf(collection, retain);
        var column = holder.Table.Find(retain.Column)!;
        return $"(SELECT max({sql.Day($"r.{Dialect.Quote(column.Name)}", column)}) FROM {Dialect.Name(holder.Table)} AS r WHERE {joined})";
    }

    /// <summary>The collection one reference away that a ground looks at, and the condition that its row <c>r</c> belongs to row <c>t</c>.</summary>
    private (MappedCollection Holder, string Joined) HolderOf(MappedCollection collection, Retain retain)
    {
        var holder = graph.Collections.First(c => c.Collection.Dataset == collection.Collection.Dataset && c.Collection.Name == retain.Collection);
        var links = graph.Links.Where(l => (l.Child == holder && l.Parent == collection) || (l.Child == collection && l.Parent == holder));
        return (holder, string.Join(" OR ", links.Select(l => $"({(l.Child == holder ? Located.Joined(l, "r", "t") : Located.Joined(l, "t", "r"))})")));
    }

    /// <summary>A day, or an instant of UTC whose Swedish day counts.</summary>
    public static DateOnly SwedishDay(string text) => text.Length == 10
        ? DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture)
        : DateOnly.FromDateTime(TimeZoneInfo.ConvertTimeFromUtc(DateTime.ParseExact(text, "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal), SwedishDays.Zone));
}
