using System.Data.Common;
using System.Security.Cryptography;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>What became of an address in one collection; nothing of the rows themselves.</summary>
/// <param name="Field"><c>dataset.collection.field</c>.</param>
/// <param name="Action">Null where the map names none (<c>on_disavowal</c>), so that the value still stands there.</param>
public sealed record DisavowalStep(string Field, OnDisavowal? Action, int Rows);

/// <summary>A row that holds the address, with what it takes to put the address back: personal, and only ever kept sealed.</summary>
/// <param name="Field"><c>dataset.collection.field</c>.</param>
/// <param name="Row">By column: the key and what is taken away; of a row that is deleted, all of it.</param>
/// <param name="Left">What stands in the field afterwards.</param>
/// <param name="Identities">By what else the row says whose it is, such as a customer number.</param>
public sealed record HeldRow(string Field, OnDisavowal Action, IReadOnlyDictionary<string, string?> Row, string? Left, IReadOnlyList<Identity> Identities)
{
    /// <summary>Whether both are the same row in the same state.</summary>
    public bool IsSame(HeldRow other) =>
        other.Field == Field && other.Row.Count == Row.Count && Row.All(column => other.Row.TryGetValue(column.Key, out var value) && value == column.Value);

    /// <summary>Not even by accident in a log.</summary>
    public override string ToString() => $"{nameof(HeldRow)} of {Field}";
}

/// <summary>Where an address stands.</summary>
/// <param name="Verified">Somewhere its mailbox was confirmed (<c>verified_by</c>).</param>
/// <param name="Rows">The rows from which the map lets it go.</param>
public sealed record AddressStanding(bool Verified, IReadOnlyList<HeldRow> Rows);

/// <summary>What a disavowal came to.</summary>
public abstract record DisavowalOutcome
{
    private DisavowalOutcome()
    {
    }

    /// <summary>The address is gone wherever the map lets it go.</summary>
    public sealed record Removed(IReadOnlyList<DisavowalStep> Steps) : DisavowalOutcome;

    /// <summary>Somebody has confirmed the address, and nothing is held to put it back: nothing was changed.</summary>
    public sealed record Verified : DisavowalOutcome;

    /// <summary>Rows hold the address that are not held yet; what others had done before stays done. Find it anew, and again.</summary>
    public sealed record Changed : DisavowalOutcome;

    /// <summary>A database could not be used or would not do it; what others had done before stays done, and doing it again is safe.</summary>
    public sealed record Refused(IReadOnlyList<Refusal> Reasons) : DisavowalOutcome;
}

/// <summary>What putting an address back came to.</summary>
public abstract record RestorationOutcome
{
    private RestorationOutcome()
    {
    }

    /// <param name="Rows">That hold the address again.</param>
    /// <param name="Left">That do not: gone, or something else stands there since.</param>
    public sealed record Restored(int Rows, int Left) : RestorationOutcome;

    /// <summary>A database could not be used or would not do it; doing it again is safe.</summary>
    public sealed record Refused(IReadOnlyList<Refusal> Reasons) : RestorationOutcome;
}

/// <summary>
/// Takes an address that its mailbox's owner disowns away from the rows where it stands, and changes nothing else about them.
/// A verified one is taken away only once the caller holds what puts it back.
/// </summary>
public sealed class Disavowal(Databases databases)
{
    /// <summary>The identity that is disowned.</summary>
    public const string IdentityName = "email";

    private const string PlaceholderSuffix = "@removed.invalid";
    private const int PlaceholderLength = 24;

    // What holds no address needs no connection, and the portal's own database no lock.
    private IEnumerable<MappedDatabase> Concerned => databases.All.Where(database => Fields(database).Any());

    /// <summary>Finds where the address stands; changes nothing.</summary>
    /// <returns>Null where a database could not be asked, and why.</returns>
    public async Task<(AddressStanding? Standing, IReadOnlyList<Refusal> Problems)> FindAsync(string address, CancellationToken cancellationToken)
    {
        if (databases.Unknown([new Identity(IdentityName, address)]) is { Count: > 0 } unusable)
        {
            return (null, unusable);
        }
        var (verified, rows, refusals) = (false, new List<HeldRow>(), new List<Refusal>());
        foreach (var database in Concerned)
        {
            try
            {
                await using var session = await Session.BeginAsync(database, write: false, cancellationToken);
                verified |= await IsVerifiedAsync(session, database, address, cancellationToken);
                rows.AddRange(await ReadAsync(session, database, address, cancellationToken));
            }
            catch (DbException e)
            {
                refusals.Add(Databases.Unreachable(database.Source, database.Dialect, e));
            }
        }
        return refusals.Count > 0 ? (null, refusals) : (new AddressStanding(verified, rows), []);
    }

    /// <summary>Removes a never-verified address by each field's <c>on_disavowal</c>: whole sets of rows, one transaction a database.</summary>
    public async Task<DisavowalOutcome> RemoveAsync(string address, CancellationToken cancellationToken)
    {
        // All are asked before the first is changed: one confirmation anywhere, and it is no longer this.
        var (standing, problems) = await FindAsync(address, cancellationToken);
        return standing switch
        {
            null => new DisavowalOutcome.Refused(problems),
            { Verified: true } => new DisavowalOutcome.Verified(),
            _ => await EachAsync(async (session, database) => await IsVerifiedAsync(session, database, address, cancellationToken)
                ? (null, new DisavowalOutcome.Verified())
                : (await RemoveAsync(session, database, address, cancellationToken), null), cancellationToken),
        };
    }

    /// <summary>Takes the address away from exactly the rows that are held, verified or not; one transaction a database.</summary>
    public Task<DisavowalOutcome> DetachAsync(string address, IReadOnlyList<HeldRow> held, CancellationToken cancellationToken) => EachAsync(async (session, database) =>
    {
        var standing = new List<HeldRow>();
        foreach (var row in await ReadAsync(session, database, address, cancellationToken))
        {
            if (held.FirstOrDefault(row.IsSame) is not { } known)
            {
                return (null, new DisavowalOutcome.Changed());
            }
            standing.Add(known);
        }
        foreach (var row in standing)
        {
            await DetachAsync(session, database, row, cancellationToken);
        }
        var steps = standing.GroupBy(row => (row.Field, row.Action)).Select(g => new DisavowalStep(g.Key.Field, g.Key.Action, g.Count())).ToList();
        foreach (var (collection, field) in Fields(database).Where(f => f.Field.OnDisavowal is null))
        {
            if (await CountAsync(session, database, collection, field, address, cancellationToken) is > 0 and var left)
            {
                steps.Add(new DisavowalStep(Id(collection, field), null, left));
            }
        }
        return (steps, null);
    }, cancellationToken);

    /// <summary>Puts the address back into the held rows where nothing else stands there since; done twice, it is done once.</summary>
    public async Task<RestorationOutcome> RestoreAsync(IReadOnlyList<HeldRow> held, CancellationToken cancellationToken)
    {
        var (rows, left, refusals) = (0, 0, new List<Refusal>());
        foreach (var database in Concerned)
        {
            try
            {
                var (restored, gone) = await WriteAsync(database, async session =>
                {
                    var (restored, gone) = (0, 0);
                    foreach (var row in held)
                    {
                        if (Find(database, row) is var (collection, field))
                        {
                            _ = await RestoreAsync(session, database.Dialect, collection, field, row, cancellationToken) ? restored++ : gone++;
                        }
                    }
                    return ((restored, gone), Commit: true);
                }, cancellationToken);
                (rows, left) = (rows + restored, left + gone);
            }
            catch (DbException e)
            {
                refusals.Add(Databases.Unreachable(database.Source, database.Dialect, e));
            }
        }
        return refusals.Count > 0 ? new RestorationOutcome.Refused(refusals) : new RestorationOutcome.Restored(rows, left);
    }

    /// <summary>One writing transaction a database; the first that has another end than steps breaks off.</summary>
    private async Task<DisavowalOutcome> EachAsync(Func<Session, MappedDatabase, Task<(List<DisavowalStep>? Steps, DisavowalOutcome? Otherwise)>> act, CancellationToken cancellationToken)
    {
        var (steps, refusals) = (new List<DisavowalStep>(), new List<Refusal>());
        foreach (var database in Concerned)
        {
            try
            {
                var (done, otherwise) = await WriteAsync(database, async session =>
                {
                    var (done, otherwise) = await act(session, database);
                    return ((done, otherwise), Commit: otherwise is null);
                }, cancellationToken);
                if (otherwise is not null)
                {
                    return otherwise;
                }
                steps.AddRange(done!);
            }
            catch (DbException e)
            {
                refusals.Add(Databases.Unreachable(database.Source, database.Dialect, e));
            }
        }
        return refusals.Count > 0 ? new DisavowalOutcome.Refused(refusals) : new DisavowalOutcome.Removed(steps);
    }

    private static async Task<T> WriteAsync<T>(MappedDatabase database, Func<Session, Task<(T Result, bool Commit)>> act, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var session = await Session.BeginAsync(database, write: true, cancellationToken);
                var (result, commit) = await act(session);
                if (commit)
                {
                    await session.CommitAsync(cancellationToken);
                }
                return result;
            }
            catch (DbException e) when (e.SqlState is "40001" or "40P01" && attempt < 5)
            {
                // Somebody changed the same rows meanwhile, by a double click perhaps; nothing was changed here.
            }
        }
    }

    private static async Task<bool> IsVerifiedAsync(Session session, MappedDatabase database, string address, CancellationToken cancellationToken)
    {
        foreach (var (collection, field) in Fields(database).Where(f => f.Field.VerifiedBy is not null))
        {
            if (Holds(session, database.Dialect, collection, field, address) is { } holds
                && await session.AnyAsync($"SELECT 1 FROM {Dialect.Name(collection.Table)} AS t WHERE {holds} AND t.{Dialect.Quote(collection.Table.Find(field.VerifiedBy!)!.Name)} IS NOT NULL LIMIT 1", cancellationToken))
            {
                return true;
            }
        }
        return false;
    }

    private static async Task<List<DisavowalStep>> RemoveAsync(Session session, MappedDatabase database, string address, CancellationToken cancellationToken)
    {
        var (sql, steps) = (database.Dialect, new List<DisavowalStep>());
        foreach (var (collection, field) in Fields(database))
        {
            if (Holds(session, sql, collection, field, address) is not { } holds)
            {
                continue;
            }
            var column = collection.ColumnOf(field);
            var (table, name, action) = (Dialect.Name(collection.Table), Dialect.Quote(column.Name), ActionOf(collection, field, column));
            var rows = action switch
            {
                OnDisavowal.Clear => await session.ExecuteAsync($"UPDATE {table} AS t SET {name} = NULL WHERE {holds}", cancellationToken),
                OnDisavowal.Placeholder => await session.ExecuteAsync($"UPDATE {table} AS t SET {name} = {Placeholder(session, sql, column)} WHERE {holds}", cancellationToken),
                OnDisavowal.Delete => await session.ExecuteAsync($"DELETE FROM {table} AS t WHERE {holds}", cancellationToken),
                _ => await CountAsync(session, database, collection, field, address, cancellationToken),
            };
            if (rows > 0)
            {
                steps.Add(new DisavowalStep(Id(collection, field), action, rows));
            }
        }
        return steps;
    }

    private static async Task<List<HeldRow>> ReadAsync(Session session, MappedDatabase database, string address, CancellationToken cancellationToken)
    {
        var rows = new List<HeldRow>();
        foreach (var (collection, field) in Fields(database))
        {
            var column = collection.ColumnOf(field);
            if (ActionOf(collection, field, column) is not { } action || Holds(session, database.Dialect, collection, field, address) is not { } holds)
            {
                continue;
            }
            var identities = collection.Collection.Fields.Where(f => f.Identity is not null && f.Identity != IdentityName).ToList();
            var taken = action is OnDisavowal.Delete
                ? collection.Table.Columns.Where(c => !c.Generated && c.Type != ColumnType.Binary).Select(c => c.Name)
                : [.. KeyOf(collection), column.Name, .. field.VerifiedBy is { } by ? [collection.Table.Find(by)!.Name] : Array.Empty<string>()];
            var columns = taken.Distinct().ToList();
            var selected = string.Join(", ", columns.Concat(identities.Select(f => collection.ColumnOf(f).Name)).Select(c => database.Dialect.AsText(Dialect.Column("t", c, collection.Table))));
            rows.AddRange(await session.ReadAsync($"SELECT {selected} FROM {Dialect.Name(collection.Table)} AS t WHERE {holds}", row => new HeldRow(
                Id(collection, field),
                action,
                columns.Select((name, i) => (name, Value: Text(row, i))).ToDictionary(c => c.name, c => c.Value),
                action is OnDisavowal.Placeholder ? NewPlaceholder(column) : null,
                [.. identities.Select((f, i) => (f.Identity, Value: Text(row, columns.Count + i))).Where(i => !string.IsNullOrWhiteSpace(i.Value)).Select(i => new Identity(i.Identity!, i.Value!))]), cancellationToken));
        }
        return rows;

        static string? Text(DbDataReader row, int i) => row.IsDBNull(i) ? null : row.GetString(i);
    }

    private static async Task DetachAsync(Session session, MappedDatabase database, HeldRow row, CancellationToken cancellationToken)
    {
        var (collection, field) = Find(database, row) ?? throw new InvalidOperationException($"The map no longer knows {row.Field}.");
        var (table, name) = (Dialect.Name(collection.Table), Dialect.Quote(collection.ColumnOf(field).Name));
        var thisRow = $"{KeyIs(session, database.Dialect, collection, row.Row)} AND t.{name} IS NOT NULL";
        // The confirmation goes with what was confirmed, or the next address would count as confirmed too.
        var unverified = field.VerifiedBy is { } by && collection.Table.Find(by) is { NotNull: false } verified ? $", {Dialect.Quote(verified.Name)} = NULL" : "";
        await session.ExecuteAsync(
            row.Action switch
            {
                OnDisavowal.Delete => $"DELETE FROM {table} AS t WHERE {thisRow}",
                OnDisavowal.Placeholder => $"UPDATE {table} AS t SET {name} = {session.Parameter(row.Left!)}{unverified} WHERE {thisRow}",
                _ => $"UPDATE {table} AS t SET {name} = NULL{unverified} WHERE {thisRow}",
            },
            cancellationToken);
    }

    /// <returns>Whether the row holds the address now.</returns>
    private static async Task<bool> RestoreAsync(Session session, Dialect sql, MappedCollection collection, Field field, HeldRow row, CancellationToken cancellationToken)
    {
        var (column, table) = (collection.ColumnOf(field), Dialect.Name(collection.Table));
        var (name, value) = (Dialect.Quote(column.Name), row.Row[column.Name]!);
        // The row as it was: there already, or, of a deleted one, its place is taken.
        var before = $"SELECT 1 FROM {table} AS t WHERE {KeyIs(session, sql, collection, row.Row)}";
        if (await session.AnyAsync($"{before} AND t.{name} = {session.Parameter(value)} LIMIT 1", cancellationToken))
        {
            return true;
        }
        // Somebody else may have the address by now, where only one may.
        if (collection.Table.IsUnique([column.Name])
            && await session.AnyAsync($"SELECT 1 FROM {table} AS t WHERE t.{name} = {session.Parameter(value)} LIMIT 1", cancellationToken))
        {
            return false;
        }
        if (row.Action is OnDisavowal.Delete)
        {
            var columns = row.Row.Where(c => c.Value is not null)
                .Select(c => (Name: Dialect.Quote(c.Key), Written: sql.Written(session.Parameter(c.Value!), c.Value!, collection.Table.Find(c.Key)!))).Where(c => c.Written is not null).ToList();
            return !await session.AnyAsync($"{before} LIMIT 1", cancellationToken)
                && await session.ExecuteAsync($"INSERT INTO {table} ({string.Join(", ", columns.Select(c => c.Name))}) VALUES ({string.Join(", ", columns.Select(c => c.Written))})", cancellationToken) == 1;
        }
        var confirmed = field.VerifiedBy is { } by && collection.Table.Find(by) is { NotNull: false } at ? at : null;
        var left = row.Row.ToDictionary(c => c.Key, c => c.Key == column.Name ? row.Left : c.Key == confirmed?.Name ? null : c.Value);
        var untouched = row.Left is { } placeholder ? $"t.{name} = {session.Parameter(placeholder)}" : $"t.{name} IS NULL";
        var verified = confirmed is not null && row.Row[confirmed.Name] is { } then && sql.Written(session.Parameter(then), then, confirmed) is { } written
            ? $", {Dialect.Quote(confirmed.Name)} = {written}" : "";
        return await session.ExecuteAsync($"UPDATE {table} AS t SET {name} = {session.Parameter(value)}{verified} WHERE {KeyIs(session, sql, collection, left)} AND {untouched}", cancellationToken) > 0;
    }

    /// <summary>What still tells the row days later: not the place where the engine keeps it.</summary>
    private static IReadOnlyList<string> KeyOf(MappedCollection collection)
    {
        if (collection.Table.PrimaryKey.Count > 0)
        {
            return collection.Table.PrimaryKey;
        }
        var mapped = collection.Collection.Fields.Where(f => f.PrimaryKey).Select(f => collection.ColumnOf(f).Name).ToList();
        return mapped.Count > 0 ? mapped : [.. collection.Table.Columns.Where(c => !c.Generated && c.Type != ColumnType.Binary).Select(c => c.Name)];
    }

    private static string KeyIs(Session session, Dialect sql, MappedCollection collection, IReadOnlyDictionary<string, string?> row) => string.Join(" AND ", KeyOf(collection).Select(key =>
        row[key] is { } value ? sql.Equal($"t.{Dialect.Quote(key)}", session.Parameter(value), value, collection.Table.Find(key)!) ?? "1 = 0" : $"t.{Dialect.Quote(key)} IS NULL"));

    private static async Task<int> CountAsync(Session session, MappedDatabase database, MappedCollection collection, Field field, string address, CancellationToken cancellationToken) =>
        Holds(session, database.Dialect, collection, field, address) is { } holds
            ? (await session.ReadAsync($"SELECT 1 FROM {Dialect.Name(collection.Table)} AS t WHERE {holds}", _ => true, cancellationToken)).Count
            : 0;

    private static IEnumerable<(MappedCollection Collection, Field Field)> Fields(MappedDatabase database) =>
        from collection in database.Graph.Collections
        where !collection.Table.IsView
        from field in collection.Collection.Fields
        where field.Identity == IdentityName
        select (collection, field);

    private static (MappedCollection Collection, Field Field)? Find(MappedDatabase database, HeldRow row) =>
        Fields(database).Where(f => Id(f.Collection, f.Field) == row.Field).Select(f => ((MappedCollection, Field)?)f).FirstOrDefault();

    private static string Id(MappedCollection collection, Field field) => $"{collection.Collection.Id}.{field.Name}";

    // SQLite would take a null into a key, and then it is none.
    private static OnDisavowal? ActionOf(MappedCollection collection, Field field, Column column) =>
        field.OnDisavowal is OnDisavowal.Clear && (column.NotNull || collection.Table.PrimaryKey.Contains(column.Name)) ? OnDisavowal.Placeholder : field.OnDisavowal;

    private static string? Holds(Session session, Dialect sql, MappedCollection collection, Field field, string address)
    {
        var column = collection.ColumnOf(field);
        var name = $"t.{Dialect.Quote(column.Name)}";
        return field.IgnoreCase
            ? $"lower(trim({name})) IN ({string.Join(", ", Dialect.LowerForms(address).Select(session.Parameter))})"
            : sql.Equal(name, session.Parameter(address), address, column);
    }

    private static string Placeholder(Session session, Dialect sql, Column column)
    {
        var (letters, suffix) = Room(column);
        return suffix ? $"{sql.RandomText(letters)} || {session.Parameter(PlaceholderSuffix)}" : sql.RandomText(letters);
    }

    private static string NewPlaceholder(Column column)
    {
        var (letters, suffix) = Room(column);
        return RandomNumberGenerator.GetString(Dialect.RandomLetters, letters) + (suffix ? PlaceholderSuffix : "");
    }

    private static (int Letters, bool Suffix) Room(Column column)
    {
        var room = column.MaxLength is { } limit ? limit - PlaceholderSuffix.Length : PlaceholderLength;
        return room > 0 ? (Math.Min(room, PlaceholderLength), true) : (column.MaxLength!.Value, false);
    }
}
