using System.Data.Common;
using System.Text.RegularExpressions;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>One database of a map: where it is, what it holds, and how its rows lead to each other.</summary>
internal sealed record MappedDatabase(Source Source, Dialect Dialect, Graph Graph)
{
    public override string ToString() => Source.Key;
}

/// <summary>One connection with its transaction and the parameters that its statements share.</summary>
internal sealed partial class Session : IAsyncDisposable
{
    private readonly DbConnection connection;
    private readonly DbTransaction transaction;
    private readonly Dictionary<string, object> parameters = [];
    private readonly List<string> sent = [];

    private Session(DbConnection connection, DbTransaction transaction) => (this.connection, this.transaction) = (connection, transaction);

    /// <summary>How many statements went to the database.</summary>
    public int Statements => sent.Count;

    /// <summary>The statements that went to the database, without their values.</summary>
    public IReadOnlyList<string> Sent => sent;

    public static async Task<Session> BeginAsync(MappedDatabase database, bool write, CancellationToken cancellationToken)
    {
        var connection = await database.Dialect.OpenAsync(database.Source, write, cancellationToken);
        try
        {
            return new Session(connection, await database.Dialect.BeginAsync(connection, write, cancellationToken));
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Names a value for all later statements.</summary>
    public string Parameter(object value)
    {
        var name = $"@p{parameters.Count}";
        parameters.Add(name, value);
        return name;
    }

    public async Task<int> ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = Command(sql);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Statements without values, in one round trip where the provider can.</summary>
    public async Task ExecuteAllAsync(IReadOnlyList<string> statements, CancellationToken cancellationToken)
    {
        if (!connection.CanCreateBatch)
        {
            foreach (var statement in statements)
            {
                await ExecuteAsync(statement, cancellationToken);
            }
            return;
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
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task<bool> AnyAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = Command(sql);
        return await command.ExecuteScalarAsync(cancellationToken) is not (null or DBNull);
    }

    public async Task<List<T>> ReadAsync<T>(string sql, Func<DbDataReader, T> row, CancellationToken cancellationToken)
    {
        await using var command = Command(sql);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(row(reader));
        }
        return rows;
    }

    public async Task<DbDataReader> StreamAsync(string sql, CancellationToken cancellationToken)
    {
        // The reader owns nothing else of the command's; it goes with the session.
        var command = Command(sql);
        return await command.ExecuteReaderAsync(cancellationToken);
    }

    public async Task CommitAsync(CancellationToken cancellationToken) => await transaction.CommitAsync(cancellationToken);

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

    [GeneratedRegex(@"@p\d+\b")]
    private static partial Regex ParameterName();
}
