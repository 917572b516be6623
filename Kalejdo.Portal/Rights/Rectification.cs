using System.Data.Common;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>What a correction came to.</summary>
public abstract record RectificationOutcome
{
    private RectificationOutcome()
    {
    }

    /// <summary>Corrected, in so many rows.</summary>
    public sealed record Corrected(int Rows) : RectificationOutcome;

    /// <summary>The value had changed meanwhile (or never was what was said): it is shown instead of overwritten.</summary>
    public sealed record Stale : RectificationOutcome;

    /// <summary>It cannot be done; nothing was changed.</summary>
    public sealed record Refused(Refusal Reason) : RectificationOutcome;
}

/// <summary>Corrects a subject's data (GDPR Art. 16): fields with <c>correct:</c> of the subject's own rows, where the old value still stands.</summary>
public sealed class Rectification(Databases databases)
{
    /// <summary>
    /// Replaces <paramref name="oldValue"/> by <paramref name="newValue"/> in the field of every own row that holds it (or of the one row
    /// with <paramref name="key"/>). An identity is replaced in every own row that held the old value, whatever its collection.
    /// </summary>
    /// <param name="field"><c>dataset.collection.field</c>.</param>
    /// <param name="newValue">The corrected value as text; confirmed before, where it is an e-mail address. Null clears the column.</param>
    public async Task<RectificationOutcome> CorrectAsync(
        IReadOnlyList<Identity> identities, string field, RowKey? key, string? oldValue, string? newValue, CancellationToken cancellationToken)
    {
        var parts = field.Split('.');
        if (databases.Unknown(identities) is [var unknown, ..])
        {
            return new RectificationOutcome.Refused(unknown);
        }
        if (parts.Length != 3 || databases.Map.Find(parts[0], parts[1])?.Find(parts[2]) is not { } mapped)
        {
            return new RectificationOutcome.Refused(new Refusal("no map knows the field; write dataset.collection.field", field));
        }
        if (mapped.Correct is not { } rule)
        {
            return new RectificationOutcome.Refused(new Refusal("the map does not let this be corrected ('correct:')", field));
        }
        if (CorrectionRules.Problem(rule, newValue) is { } problem)
        {
            return new RectificationOutcome.Refused(new Refusal(problem, field));
        }
        if (key is not null && (key.Collection != $"{parts[0]}.{parts[1]}" || databases.Find(key.Collection) is not { } found
            || found.Table.PrimaryKey.Count == 0 || found.Table.PrimaryKey.Any(k => !key.Key.ContainsKey(k))))
        {
            return new RectificationOutcome.Refused(new Refusal("the row is not named by every column of its primary key", field));
        }
        var rows = 0;
        foreach (var database in databases.All)
        {
            var fields = database.Graph.Collections.SelectMany(c => c.Collection.Fields.Select(f => (Collection: c, Field: f)))
                .Where(x => (x.Collection.Collection.Id == $"{parts[0]}.{parts[1]}" && x.Field.Name == parts[2])
                    || (mapped.Identity is not null && x.Field.Identity == mapped.Identity)).ToList();
            if (fields.Count == 0)
            {
                continue;
            }
            try
            {
                rows += await CorrectAsync(database, identities, fields, key, oldValue, newValue, cancellationToken);
            }
            catch (DbException e)
            {
                return new RectificationOutcome.Refused(Databases.Unreachable(database.Source, database.Dialect, e));
            }
        }
        return rows > 0 ? new RectificationOutcome.Corrected(rows) : new RectificationOutcome.Stale();
    }

    private static async Task<int> CorrectAsync(
        MappedDatabase database, IReadOnlyList<Identity> identities, List<(MappedCollection Collection, Field Field)> fields, RowKey? key,
        string? oldValue, string? newValue, CancellationToken cancellationToken)
    {
        await using var located = await Located.LocateAsync(database, identities, write: true, cancellationToken);
        var (session, sql, rows) = (located.Session, database.Dialect, 0);
        foreach (var (collection, field) in fields.Where(f => located.Collections.Contains(f.Collection)))
        {
            var column = collection.ColumnOf(field);
            var name = Dialect.Quote(column.Name);
            if (Written() is not { } written || Old() is not { } old)
            {
                continue;
            }
            var found = located.Rows(collection);
            rows += await session.ExecuteAsync(
                $"UPDATE {Dialect.Name(collection.Table)} AS t SET {name} = {written} WHERE {old}{ThisRow(collection)} AND ({Located.KeyOf(collection, "t")}) IN (SELECT {Located.KeyOf(collection, "t")} FROM {found.From} WHERE ({found.Where}) AND {found.Whose} IN ({Whose.Found}, {Whose.Own}))",
                cancellationToken);

            string? Written() => newValue is null ? "NULL" : sql.Written(session.Parameter(newValue), newValue, column);

            string? Old() => oldValue is null ? $"t.{name} IS NULL"
                : field is { Identity: not null, IgnoreCase: true } ? $"lower(trim(t.{name})) IN ({string.Join(", ", Dialect.LowerForms(oldValue).Select(session.Parameter))})"
                : sql.Equal($"t.{name}", session.Parameter(oldValue), oldValue, column);
        }
        await session.CommitAsync(cancellationToken);
        return rows;

        string ThisRow(MappedCollection collection) => key is null || key.Collection != collection.Collection.Id ? "" : string.Concat(key.Key.Select(k =>
            collection.Table.Find(k.Key) is { } column && sql.Equal($"t.{Dialect.Quote(column.Name)}", session.Parameter(k.Value), k.Value, column) is { } equal ? $" AND {equal}" : " AND 1 = 0"));
    }
}
