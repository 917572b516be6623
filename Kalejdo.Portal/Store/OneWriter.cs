using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Kalejdo.Portal.Store;

/// <summary>
/// On PostgreSQL too a transaction has the portal's database to itself (docs/decisions/7): read, decide, write means the
/// same on both engines. The audit's end lets one appender through at a time anyway; so nobody waits longer than for it.
/// </summary>
internal sealed class OneWriter : DbTransactionInterceptor
{
    // By schema, as several portals may share a database.
    private const string TakeTurn = "SELECT pg_advisory_xact_lock(hashtextextended('Kalejdo.Portal writes ' || current_schema(), 0))";

    public override DbTransaction TransactionStarted(DbConnection connection, TransactionEndEventData eventData, DbTransaction result)
    {
        using var command = Command(connection, result);
        command.ExecuteNonQuery();
        return result;
    }

    public override async ValueTask<DbTransaction> TransactionStartedAsync(
        DbConnection connection, TransactionEndEventData eventData, DbTransaction result, CancellationToken cancellationToken = default)
    {
        await using var command = Command(connection, result);
        await command.ExecuteNonQueryAsync(cancellationToken);
        return result;
    }

    private static DbCommand Command(DbConnection connection, DbTransaction transaction)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var command = connection.CreateCommand();
        (command.Transaction, command.CommandText) = (transaction, TakeTurn);
        return command;
    }
}
