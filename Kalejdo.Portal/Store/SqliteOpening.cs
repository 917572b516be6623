using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Kalejdo.Portal.Store;

/// <summary>
/// Sets what SQLite keeps per connection and reads it back, as SQLite ignores a pragma that it cannot follow. Writes
/// begin IMMEDIATE without our doing: that is how Microsoft.Data.Sqlite begins every transaction but a read-uncommitted one.
/// </summary>
public sealed class SqliteOpening : DbConnectionInterceptor
{
    // The time-out first: turning to WAL may have to wait for another connection.
    private static readonly (string Name, string Value)[] Pragmas =
    [
        ("busy_timeout", "5000"),
        ("foreign_keys", "1"),
        ("secure_delete", "1"),
        ("journal_mode", "wal"),
    ];

    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
    {
        if (ReadsOnly(connection))
        {
            return;
        }

        using var command = connection.CreateCommand();
        foreach (var (name, value) in Pragmas)
        {
            command.CommandText = $"PRAGMA {name} = {value}";
            command.ExecuteNonQuery();
            command.CommandText = $"PRAGMA {name}";
            Compare(name, value, command.ExecuteScalar());
        }
    }

    public override async Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        if (ReadsOnly(connection))
        {
            return;
        }

        await using var command = connection.CreateCommand();
        foreach (var (name, value) in Pragmas)
        {
            command.CommandText = $"PRAGMA {name} = {value}";
            await command.ExecuteNonQueryAsync(cancellationToken);
            command.CommandText = $"PRAGMA {name}";
            Compare(name, value, await command.ExecuteScalarAsync(cancellationToken));
        }
    }

    // So EF looks whether a database exists; such a connection deletes nothing and could not turn to WAL.
    private static bool ReadsOnly(DbConnection connection) =>
        new SqliteConnectionStringBuilder(connection.ConnectionString).Mode == SqliteOpenMode.ReadOnly;

    private static void Compare(string pragma, string asked, object? got)
    {
        if (Convert.ToString(got, CultureInfo.InvariantCulture) is var read && read != asked)
        {
            throw new InvalidOperationException($"SQLite did not accept {pragma} = {asked} for the portal's database; it says '{read}'.");
        }
    }
}
