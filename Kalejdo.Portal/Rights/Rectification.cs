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
    /// <param name="Reason">Why, for operators.</param>
    /// <param name="Rule">The rule of the database that forbids it, where one does.</param>
    public sealed record Refused(Refusal Reason, BrokenRule? Rule = null) : RectificationOutcome;
}

/// <summary>A rule of a database that a value can break.</summary>
public enum BrokenRule
{
    /// <summary>Another row has the value already.</summary>
    Unique,

    /// <summary>There is no row that it could refer to, or rows refer to the old value.</summary>
    Reference,

    /// <summary>Something must stand there.</summary>
    NotNull,

    /// <summary>Only some values are allowed.</summary>
    Check,
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
        List<(MappedDatabase Database, MappedCollection Collection, Field Field)> fields =
        [
            .. from database in databases.All
               from collection in database.Graph.Collections
               from candidate in collection.Collection.Fields
               where (collection.Collection.Id == $"{parts[0]}.{parts[1]}" && candidate.Name == parts[2]) || (mapped.Identity is not null && candidate.Identity == mapped.Identity)
               select (database, collection, candidate),
        ];
        return await CorrectAsync(identities, fields, new Change(key, oldValue, newValue), cancellationToken);
    }

    private sealed record Change(RowKey? Key, string? OldValue, string? NewValue);

    /// <summary>All databases are changed before the first is committed: what one of them refuses, none keeps.</summary>
    private static async Task<RectificationOutcome> CorrectAsync(
        IReadOnlyList<Identity> identities, List<(MappedDatabase Database, MappedCollection Collection, Field Field)> fields, Change change, CancellationToken cancellationToken)
    {
        var writing = fields.Select(f => f.Database).Distinct().ToList();
        var at = $"{fields[0].Collection}.{fields[0].Field.Name}";
        try
        {
            await using var location = await Location.LocateAsync(writing, new Sought(identities, []), null, writing.Contains, cancellationToken);
            var rows = 0;
            foreach (var (database, collection, field) in fields)
            {
                at = $"{collection}.{field.Name}";
                var located = location.Parts.Single(p => p.Database == database);
                rows += located.Takes(collection) ? await CorrectAsync(located, collection, field, change, cancellationToken) : 0;
            }
            foreach (var located in location.Parts.Where(p => writing.Contains(p.Database)))
            {
                await located.Session.ExecuteAsync(located.Database.Dialect.CheckForeignKeys, cancellationToken);
            }
            // Where a commit can still fail, it comes first.
            foreach (var located in location.Parts.Where(p => writing.Contains(p.Database)).OrderBy(p => p.Database.Source.Provider))
            {
                await located.Session.CommitAsync(cancellationToken);
            }
            return rows > 0 ? new RectificationOutcome.Corrected(rows) : new RectificationOutcome.Stale();
        }
        catch (DbException e)
        {
            var dialect = Session.FailedIn(e)?.Dialect ?? writing[0].Dialect;
            return new RectificationOutcome.Refused(Databases.Unreachable(writing[0].Source, writing[0].Dialect, e) with { Field = at }, dialect.Broken(e));
        }
    }

    private static async Task<int> CorrectAsync(Located located, MappedCollection collection, Field field, Change change, CancellationToken cancellationToken)
    {
        var (session, sql, column) = (located.Session, located.Database.Dialect, collection.ColumnOf(field));
        var name = Dialect.Quote(column.Name);
        if (Written() is not { } written || Old() is not { } old)
        {
            return 0;
        }
        var found = located.Rows(collection);
        return await session.ExecuteAsync(
            $"UPDATE {Dialect.Name(collection.Table)} AS t SET {name} = {written} WHERE {old}{ThisRow()} AND ({Located.KeyOf(collection, "t")}) IN (SELECT {Located.KeyOf(collection, "t")} FROM {found.From} WHERE ({found.Where}) AND {found.Whose} IN ({Whose.Found}, {Whose.Own}))",
            cancellationToken);

        string? Written() => change.NewValue is null ? "NULL" : sql.Written(session.Parameter(change.NewValue), change.NewValue, column);

        string? Old() => change.OldValue is null ? $"t.{name} IS NULL"
            : field is { Identity: not null, IgnoreCase: true } ? $"lower(trim(t.{name})) IN ({string.Join(", ", Dialect.LowerForms(change.OldValue).Select(session.Parameter))})"
            : sql.Equal($"t.{name}", session.Parameter(change.OldValue), change.OldValue, column);

        string ThisRow() => change.Key is not { } key || key.Collection != collection.Collection.Id ? "" : string.Concat(key.Key.Select(k =>
            collection.Table.Find(k.Key) is { } part && sql.Equal($"t.{Dialect.Quote(part.Name)}", session.Parameter(k.Value), k.Value, part) is { } equal ? $" AND {equal}" : " AND 1 = 0"));
    }
}
