using System.Data.Common;
using System.Globalization;
using Kalejdo.Portal.Benchmarks.Data;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Kalejdo.Portal.Benchmarks.ByHand;

/// <summary>One connection, one snapshot, parameters: what all hand-written sides share. Connections are pooled, as both providers do unless told otherwise.</summary>
internal sealed class Queries : IAsyncDisposable
{
    private readonly DbConnection _connection;
    private readonly DbTransaction _transaction;
    private readonly List<(string Name, object Value)> _values = [];

    private Queries(DbConnection connection, DbTransaction transaction) => (_connection, _transaction) = (connection, transaction);

    public static async Task<Queries> BeginAsync(DataSet data, bool write, CancellationToken cancellationToken)
    {
        var connection = data.NewConnection();
        if (connection is SqliteConnection sqlite)
        {
            var settings = new SqliteConnectionStringBuilder(data.Source.ConnectionString) { ForeignKeys = true, DefaultTimeout = 5, Mode = write ? SqliteOpenMode.ReadWrite : SqliteOpenMode.ReadOnly };
            sqlite.ConnectionString = settings.ConnectionString;
            await sqlite.OpenAsync(cancellationToken);
            if (write)
            {
                await using var pragma = sqlite.CreateCommand();
                pragma.CommandText = "PRAGMA secure_delete = ON";
                await pragma.ExecuteNonQueryAsync(cancellationToken);
                pragma.CommandText = "PRAGMA journal_mode = WAL";
                await pragma.ExecuteNonQueryAsync(cancellationToken);
            }
            return new Queries(sqlite, sqlite.BeginTransaction(deferred: !write));
        }
        await connection.OpenAsync(cancellationToken);
        return new Queries(connection, await ((NpgsqlConnection)connection).BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken));
    }

    /// <summary>Names a value for all later statements.</summary>
    public string Value(object value)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"@v{_values.Count}");
        _values.Add((name, value));
        return name;
    }

    /// <summary>A list for IN: one parameter a value; nothing is in an empty one.</summary>
    public string List<T>(IReadOnlyCollection<T> values) where T : notnull => values.Count == 0 ? "(NULL)" : $"({string.Join(", ", values.Select(v => Value(v)))})";

    public async Task<DbDataReader> ReadAsync(string sql, CancellationToken cancellationToken) => await Command(sql).ExecuteReaderAsync(cancellationToken);

    public async Task<List<T>> ListAsync<T>(string sql, Func<DbDataReader, T> row, CancellationToken cancellationToken)
    {
        await using var reader = await ReadAsync(sql, cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(row(reader));
        }
        return rows;
    }

    public Task<List<long>> IdsAsync(string sql, CancellationToken cancellationToken) => ListAsync(sql, row => row.GetInt64(0), cancellationToken);

    public async Task<int> ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = Command(sql);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public Task CommitAsync(CancellationToken cancellationToken) => _transaction.CommitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private DbCommand Command(string sql)
    {
        var command = _connection.CreateCommand();
        (command.Transaction, command.CommandText, command.CommandTimeout) = (_transaction, sql, 0);
        foreach (var (name, value) in _values)
        {
            if (Names(sql, name))
            {
                var parameter = command.CreateParameter();
                (parameter.ParameterName, parameter.Value) = (name, value);
                command.Parameters.Add(parameter);
            }
        }
        return command;
    }

    private static bool Names(string sql, string name)
    {
        for (var at = sql.IndexOf(name, StringComparison.Ordinal); at >= 0; at = sql.IndexOf(name, at + 1, StringComparison.Ordinal))
        {
            if (at + name.Length == sql.Length || !char.IsAsciiDigit(sql[at + name.Length]))
            {
                return true;
            }
        }
        return false;
    }
}
