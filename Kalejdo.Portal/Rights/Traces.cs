using System.Data.Common;
using System.Globalization;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>A column in which an erased identity still stands.</summary>
/// <param name="Collection">The map's name of the table, where a map knows it.</param>
public sealed record Trace(string Table, string Column, string? Collection, long Rows);

/// <summary>Looks for an erased identity in every text column, those that no map knows and free text included (design.md 5.4).</summary>
public sealed class Traces(Databases databases)
{
    // Shorter values stand in other people's text by chance.
    private const int ShortestValue = 6;

    /// <summary>
    /// Reads every table of the database behind the source <paramref name="key"/> once, whole: for a quiet hour, not for a request.
    /// </summary>
    /// <returns>Where a value stands, alone or inside a longer text, in whatever case; or why that cannot be told.</returns>
    public async Task<(IReadOnlyList<Trace> Found, Refusal? Problem)> FindAsync(string key, IReadOnlyList<Identity> identities, CancellationToken cancellationToken)
    {
        var database = databases.All.Single(d => d.Source.Key == key);
        var values = identities.Select(i => i.Value.Trim()).Where(v => v.Length >= ShortestValue).Distinct().ToList();
        var traces = new List<Trace>();
        if (values.Count == 0)
        {
            return (traces, null);
        }
        try
        {
            await using var session = await Session.BeginAsync(database, write: false, cancellationToken);
            var parameters = values.SelectMany(Dialect.LowerForms).Distinct().Select(session.Parameter).ToList();
            foreach (var table in database.Graph.Schema.Tables.Where(t => !t.IsView))
            {
                var columns = table.Columns.Where(c => c.Type is ColumnType.Text or ColumnType.Other).ToList();
                if (columns.Count == 0)
                {
                    continue;
                }
                var sums = columns.Select(column =>
                {
                    var text = $"lower({database.Dialect.AsText(Dialect.Quote(column.Name))})";
                    return $"coalesce(sum(CASE WHEN {string.Join(" OR ", parameters.Select(p => database.Dialect.Contains(text, p)))} THEN 1 ELSE 0 END), 0)";
                });
                var counts = await session.ReadAsync(
                    $"SELECT {string.Join(", ", sums)} FROM {Dialect.Name(table)}",
                    r => columns.Select((column, i) => (column.Name, Rows: Convert.ToInt64(r.GetValue(i), CultureInfo.InvariantCulture))).ToList(), cancellationToken);
                traces.AddRange(counts[0].Where(c => c.Rows > 0).Select(c => new Trace(table.Name, c.Name, database.Graph.Of(table)?.Collection.Id, c.Rows)));
            }
            return (traces, null);
        }
        catch (DbException e)
        {
            return ([], Databases.Unreachable(database.Source, database.Dialect, e));
        }
    }
}
