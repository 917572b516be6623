using System.Data.Common;
using System.Text.RegularExpressions;

namespace Kalejdo.Portal.Rights;

/// <summary>One connection with its transaction and the parameters that its statements share.</summary>
internal sealed partial class Session : IAsyncDisposable
{
    private readonly MappedDatabase database;
    private readonly DbConnection connection;
    private readonly DbTransaction transaction;
    private readonly Dictionary<string, object> parameters = [];
    private readonly List<string> sent = [];

    private Session(MappedDatabase database, DbConnection connection, DbTransaction transaction) =>
        (this.database, this.connection, this.transaction) = (database, connection, transaction);

    /// <summary>How many statements went to the database.</summary>
    public int Statements => sent.Count;

    /// <summary>The statements that went to the database, without their values.</summary>
    public IReadOnlyList<string> Sent => sent;

    public static Task<Session> BeginAsync(MappedDatabase database, bool write, CancellationToken cancellationToken) => NamedAsync(database, async () =>
    {
        var connection = await database.Dialect.OpenAsync(database.Source, write, cancellationToken);
        try
        {
            return new Session(database, connection, await database.Dialect.BeginAsync(connection, write, cancellationToken));
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    });

    /// <summary>The database in which something went wrong, where several were open.</summary>
    public static MappedDatabase? FailedIn(DbException exception) => exception.Data[typeof(MappedDatabase)] as MappedDatabase;

    /// <summary>Names a value for all later statements.</summary>
    public string Parameter(object value)
    {
        var name = $"@p{parameters.Count}";
        parameters.Add(name, value);
        return name;
    }

    /// <summary>Gives a named value another content for the statements that follow.</summary>
    public void Set(string parameter, object value) => parameters[parameter] = value;

    public Task<int> ExecuteAsync(string sql, CancellationToken cancellationToken) => NamedAsync(database, async () =>
    {
        await using var command = Command(sql);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    });

    /// <summary>Statements without values, in one round trip where the provider can.</summary>
    public Task<int> ExecuteAllAsync(IReadOnlyList<string> statements, CancellationToken cancellationToken) => NamedAsync(database, async () =>
    {
        if (!connection.CanCreateBatch)
        {
            var changed = 0;
            foreach (var statement in statements)
            {
                changed += await ExecuteAsync(statement, cancellationToken);
            }
            return changed;
        }
        sent.AddRange(statements);
        await using var batch = connection.CreateBatch();
        batch.Transaction = transaction;
        foreach (var statement in statements)
        {
            var command = batch.CreateBatchCommand();
            command.CommandText = statement;
            batch.BatchCommands.Add(command);
        }
        return await batch.ExecuteNonQueryAsync(cancellationToken);
    });

    public Task<bool> AnyAsync(string sql, CancellationToken cancellationToken) => NamedAsync(database, async () =>
    {
        await using var command = Command(sql);
        return await command.ExecuteScalarAsync(cancellationToken) is not (null or DBNull);
    });

    public Task<List<T>> ReadAsync<T>(string sql, Func<DbDataReader, T> row, CancellationToken cancellationToken) => NamedAsync(database, async () =>
    {
        await using var command = Command(sql);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(row(reader));
        }
        return rows;
    });

    public Task<DbDataReader> StreamAsync(string sql, CancellationToken cancellationToken) => NamedAsync(database, async () =>
    {
        // The reader owns nothing else of the command's; it goes with the session.
        var command = Command(sql);
        return await command.ExecuteReaderAsync(cancellationToken);
    });

    public Task CommitAsync(CancellationToken cancellationToken) => NamedAsync(database, async () =>
    {
        await transaction.CommitAsync(cancellationToken);
        return true;
    });

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }

    private DbCommand Command(string sql)
    {
        sent.Add(sql);
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        foreach (var name in ParameterName().EnumerateMatches(sql))
        {
            var key = sql.Substring(name.Index, name.Length);
            if (parameters.TryGetValue(key, out var value) && !command.Parameters.Contains(key))
            {
                var parameter = command.CreateParameter();
                (parameter.ParameterName, parameter.Value) = (key, value);
                command.Parameters.Add(parameter);
            }
        }
        return command;
    }

    private static async Task<T> NamedAsync<T>(MappedDatabase database, Func<Task<T>> act)
    {
        try
        {
            return await act();
        }
        catch (DbException e)
        {
            e.Data[typeof(MappedDatabase)] ??= database;
            throw;
        }
    }

    [GeneratedRegex(@"@p\d+\b")]
    private static partial Regex ParameterName();
}
