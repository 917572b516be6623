using System.Data.Common;
using System.Globalization;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>What became of an address in one collection; nothing of the rows themselves.</summary>
/// <param name="Field"><c>dataset.collection.field</c>.</param>
/// <param name="Action">Null where the map names none (<c>on_disavowal</c>), so that the value still stands there.</param>
public sealed record DisavowalStep(string Field, OnDisavowal? Action, int Rows);

/// <summary>What a disavowal came to.</summary>
public abstract record DisavowalOutcome
{
    private DisavowalOutcome()
    {
    }

    /// <summary>The address is gone wherever the map lets it go.</summary>
    public sealed record Removed(IReadOnlyList<DisavowalStep> Steps) : DisavowalOutcome;

    /// <summary>Somebody has confirmed the address; nothing was changed.</summary>
    public sealed record Verified : DisavowalOutcome;

    /// <summary>A database could not be used or would not do it; what others had done before stays done, and doing it again is safe.</summary>
    public sealed record Refused(IReadOnlyList<Refusal> Reasons) : DisavowalOutcome;
}

/// <summary>Takes an address that its mailbox's owner disowns away from the rows where it stands, and changes nothing else about them.</summary>
public sealed class Disavowal(Databases databases)
{
    /// <summary>The identity that is disowned.</summary>
    public const string IdentityName = "email";

    private const string PlaceholderSuffix = "@removed.invalid";
    private const int PlaceholderLength = 24;

    /// <summary>Removes a never-verified address by each field's <c>on_disavowal</c>: whole sets of rows, one transaction a database.</summary>
    public async Task<DisavowalOutcome> RemoveAsync(string address, CancellationToken cancellationToken)
    {
        if (databases.Unknown([new Identity(IdentityName, address)]) is { Count: > 0 } unusable)
        {
            return new DisavowalOutcome.Refused(unusable);
        }
        var steps = new List<DisavowalStep>();
        var refusals = new List<Refusal>();
        // All are asked before the first is changed: one confirmation anywhere, and people decide.
        foreach (var write in (bool[])[false, true])
        {
            foreach (var database in databases.All)
            {
                try
                {
                    if (await TryAsync(database, address, write, cancellationToken) is not { } done)
                    {
                        return new DisavowalOutcome.Verified();
                    }
                    steps.AddRange(done);
                }
                catch (DbException e)
                {
                    refusals.Add(Databases.Unreachable(database.Source, database.Dialect, e));
                }
            }
            if (refusals.Count > 0)
            {
                return new DisavowalOutcome.Refused(refusals);
            }
        }
        return new DisavowalOutcome.Removed(steps);
    }

    /// <returns>What was removed, where it was to be; null where somebody has verified the address.</returns>
    private static async Task<List<DisavowalStep>?> TryAsync(MappedDatabase database, string address, bool write, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var session = await Session.BeginAsync(database, write, cancellationToken);
                if (await IsVerifiedAsync(session, database, address, cancellationToken))
                {
                    return null;
                }
                if (!write)
                {
                    return [];
                }
                var done = await RemoveAsync(session, database, address, cancellationToken);
                await session.CommitAsync(cancellationToken);
                return done;
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
            var (table, name) = (Dialect.Name(collection.Table), Dialect.Quote(column.Name));
            var action = field.OnDisavowal is OnDisavowal.Clear && column.NotNull ? OnDisavowal.Placeholder : field.OnDisavowal;
            var rows = action switch
            {
                OnDisavowal.Clear => await session.ExecuteAsync($"UPDATE {table} AS t SET {name} = NULL WHERE {holds}", cancellationToken),
                OnDisavowal.Placeholder => await session.ExecuteAsync($"UPDATE {table} AS t SET {name} = {Placeholder(session, sql, column)} WHERE {holds}", cancellationToken),
                OnDisavowal.Delete => await session.ExecuteAsync($"DELETE FROM {table} AS t WHERE {holds}", cancellationToken),
                _ => (await session.ReadAsync($"SELECT count(*) FROM {table} AS t WHERE {holds}", row => Convert.ToInt32(row.GetValue(0), CultureInfo.InvariantCulture), cancellationToken))[0],
            };
            if (rows > 0)
            {
                steps.Add(new DisavowalStep($"{collection.Collection.Id}.{field.Name}", action, rows));
            }
        }
        return steps;
    }

    private static IEnumerable<(MappedCollection Collection, Field Field)> Fields(MappedDatabase database) =>
        from collection in database.Graph.Collections
        where !collection.Table.IsView
        from field in collection.Collection.Fields
        where field.Identity == IdentityName
        select (collection, field);

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
        var room = column.MaxLength is { } limit ? limit - PlaceholderSuffix.Length : PlaceholderLength;
        return room > 0 ? $"{sql.RandomText(Math.Min(room, PlaceholderLength))} || {session.Parameter(PlaceholderSuffix)}" : sql.RandomText(column.MaxLength!.Value);
    }
}
