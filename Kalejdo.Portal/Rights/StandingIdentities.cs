using System.Data.Common;
using System.Globalization;
using System.Runtime.CompilerServices;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>An identity's value as it stands in a row.</summary>
/// <param name="Since">When the row's person began, where the map knows (<c>portal: {since: COLUMN}</c>): an instant of UTC, or a day at its end.</param>
public sealed record StandingIdentity(Identity Identity, DateTime? Since);

/// <summary>Reads every identity that stands in a database: one pass a table, nothing held.</summary>
public sealed class StandingIdentities(Databases databases)
{
    /// <summary>The identities in the database behind the source <paramref name="key"/>.</summary>
    /// <exception cref="DbException">The database cannot be read.</exception>
    public async IAsyncEnumerable<StandingIdentity> ReadAsync(string key, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var database = databases.All.Single(d => d.Source.Key == key);
        await using var session = await Session.BeginAsync(database, write: false, cancellationToken);
        foreach (var collection in database.Graph.Collections)
        {
            var fields = collection.Collection.Fields.Where(f => f.Identity is not null).ToList();
            if (fields.Count == 0)
            {
                continue;
            }
            var columns = fields.Select(f => database.Dialect.AsText($"t.{Dialect.Quote(collection.ColumnOf(f).Name)}")).ToList();
            columns.Add(Since(database, collection));
            await using var reader = await session.StreamAsync($"SELECT {string.Join(", ", columns)} FROM {Dialect.Name(collection.Table)} AS t", cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                DateTime? since = reader.IsDBNull(fields.Count) ? null : Moment(reader.GetString(fields.Count));
                for (var i = 0; i < fields.Count; i++)
                {
                    if (!reader.IsDBNull(i) && reader.GetString(i) is { Length: > 0 } value)
                    {
                        yield return new StandingIdentity(new Identity(fields[i].Identity!, value), since);
                    }
                }
            }
        }
    }

    private static string Since(MappedDatabase database, MappedCollection collection) =>
        collection.Collection.Since is { } name && collection.Table.Find(name) is { Type: ColumnType.Date or ColumnType.Instant } column
            ? database.Dialect.Day($"t.{Dialect.Quote(column.Name)}", column)
            : "CAST(NULL AS text)";

    // Of a mere day nobody knows the hour: its end, so that who comes back on the day of the erasure counts as come back.
    private static DateTime? Moment(string text) => text.Length == 10
        ? DateTime.SpecifyKind(DateTime.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture).AddDays(1), DateTimeKind.Utc)
        : DateTime.TryParseExact(text, "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var instant) ? instant : null;
}
