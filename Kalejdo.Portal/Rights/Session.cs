using System.Data.Common;
using System.Text.RegularExpressions;

namespace Kalejdo.Portal.Rights;

/// <summary>One connection with its transaction and the parameters that its statements share.</summary>
internal sealed partial class Session : IAsyncDisposable
{
    private readonly MappedDatabase database;
    private readonly OpenConnection open;
    private readonly bool write;
    private readonly Dictionary<string, object> parameters = [];
    private readonly List<string> sent = [];
    private readonly List<(Statement Statement, DbDataReader Reader)> streams = [];
    private IReadOnlyList<TemporaryTable> tables = [];
    private DbTransaction? transaction;

    private Session(MappedDatabase database, OpenConnection open, bool write) => (this.database, this.open, this.write) = (database, open, write);

    /// <summary>How many statements went to the database; those that made temporary tables are the connection's, not the subject's.</summary>
    public int Statements => sent.Count;

    /// <summary>How often the portal had to wait for the database, where the provider can send several statements at once.</summary>
    public int RoundTrips { get; private set; }

    /// <summary>The statements that went to the database, without their values.</summary>
    public IReadOnlyList<string> Sent => sent;

    /// <summary>Opens a connection; the transaction is begun by <see cref="BeginAsync(IReadOnlyList{TemporaryTable}, CancellationToken)"/>.</summary>
    public static Task<Session> OpenAsync(MappedDatabase database, bool write, CancellationToken cancellationToken) => NamedAsync(
        database, async () => new Session(database, await database.Connections.OpenAsync(write, cancellationToken), write));

    public static async Task<Session> BeginAsync(MappedDatabase database, bool write, CancellationToken cancellationToken)
    {
        var session = await OpenAsync(database, write, cancellationToken);
        try
        {
            await session.BeginAsync([], cancellationToken);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>Begins the transaction, with some temporary tables, empty.</summary>
    public Task BeginAsync(IReadOnlyList<TemporaryTable> temporary, CancellationToken cancellationToken) => TriedAsync(async () =>
    {
        tables = temporary;
        List<string> missing = [.. temporary.Select(t => database.Dialect.CreateTemporaryTable(t, forTransaction: !open.IsKept)).Where(open.Tables.Add)];
        // What is made before the transaction outlives it.
        if (open.IsKept)
        {
            await SendAsync(missing.ConvertAll(New), cancellationToken);
        }
        transaction = await database.Dialect.BeginAsync(open.Connection, write, cancellationToken);
        if (!open.IsKept)
        {
            await SendAsync(missing.ConvertAll(New), cancellationToken);
        }
        return true;
    });

    /// <summary>Makes one more temporary table; its connection is of no use to anybody else.</summary>
    public Task CreateAsync(TemporaryTable table, CancellationToken cancellationToken)
    {
        open.IsSpoilt = true;
        return ExecuteAsync(database.Dialect.CreateTemporaryTable(table, forTransaction: true), cancellationToken);
    }

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

    public Task<int> ExecuteAsync(string sql, CancellationToken cancellationToken) => SentAsync(sql, async command =>
    {
        var changed = await command.ExecuteNonQueryAsync(cancellationToken);
        open.Rows += Math.Max(changed, 0);
        return changed;
    });

    /// <summary>Statements in a row, in one round trip where the provider can.</summary>
    /// <returns>How many rows each changed.</returns>
    public Task<IReadOnlyList<int>> ExecuteAllAsync(IReadOnlyList<string> all, CancellationToken cancellationToken) => TriedAsync(async () =>
    {
        sent.AddRange(all);
        RoundTrips += all.Count > 0 ? 1 : 0;
        List<Statement> statements = [.. all.Select(Take)];
        var changed = await SendAsync(statements, cancellationToken);
        statements.ForEach(open.Give);
        open.Rows += changed.Sum(c => Math.Max(c, 0));
        return changed;
    });

    public Task<bool> AnyAsync(string sql, CancellationToken cancellationToken) =>
        SentAsync(sql, async command => await command.ExecuteScalarAsync(cancellationToken) is not (null or DBNull));

    public Task<List<T>> ReadAsync<T>(string sql, Func<DbDataReader, T> row, CancellationToken cancellationToken) => SentAsync(sql, async command =>
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(row(reader));
        }
        return rows;
    });

    /// <summary>The rows of a query, one after the other; the statement goes with the session.</summary>
    public Task<DbDataReader> StreamAsync(string sql, CancellationToken cancellationToken) => TriedAsync(async () =>
    {
        sent.Add(sql);
        RoundTrips++;
        var statement = Take(sql);
        var reader = await statement.Command.ExecuteReaderAsync(cancellationToken);
        streams.Add((statement, reader));
        return reader;
    });

    public Task CommitAsync(CancellationToken cancellationToken) => TriedAsync(async () =>
    {
        if (open is { IsKept: true, IsUsable: true })
        {
            await SendAsync([.. tables.Select(t => New($"DELETE FROM {t.Name}"))], cancellationToken);
        }
        await transaction!.CommitAsync(cancellationToken);
        return true;
    });

    public async ValueTask DisposeAsync()
    {
        foreach (var (statement, reader) in streams)
        {
            // Somebody who went away in the middle.
            await reader.DisposeAsync();
            open.Give(statement);
        }
        try
        {
            if (transaction is not null)
            {
                await transaction.DisposeAsync();
            }
        }
        catch
        {
            open.IsSpoilt = true;
            throw;
        }
        finally
        {
            database.Connections.Return(open);
        }
    }

    private async Task<IReadOnlyList<int>> SendAsync(List<Statement> statements, CancellationToken cancellationToken)
    {
        if (!open.Connection.CanCreateBatch || statements.Count < 2)
        {
            var changed = new int[statements.Count];
            for (var i = 0; i < changed.Length; i++)
            {
                changed[i] = await statements[i].Command.ExecuteNonQueryAsync(cancellationToken);
            }
            return changed;
        }
        await using var batch = open.Connection.CreateBatch();
        batch.Transaction = transaction;
        foreach (var statement in statements)
        {
            var command = batch.CreateBatchCommand();
            command.CommandText = statement.Command.CommandText;
            foreach (DbParameter parameter in statement.Command.Parameters)
            {
                command.Parameters.Add(((ICloneable)parameter).Clone());
            }
            batch.BatchCommands.Add(command);
        }
        await batch.ExecuteNonQueryAsync(cancellationToken);
        return [.. batch.BatchCommands.Select(c => c.RecordsAffected)];
    }

    private Task<T> SentAsync<T>(string sql, Func<DbCommand, Task<T>> act) => TriedAsync(async () =>
    {
        sent.Add(sql);
        RoundTrips++;
        var statement = Take(sql);
        var answer = await act(statement.Command);
        open.Give(statement);
        return answer;
    });

    /// <summary>The statement of a text, with its values as they are now.</summary>
    private Statement Take(string sql)
    {
        var statement = open.Take(sql) ?? New(sql);
        statement.Command.Transaction = transaction;
        for (var i = 0; i < statement.Names.Count; i++)
        {
            statement.Command.Parameters[i].Value = parameters[statement.Names[i]];
        }
        return statement;
    }

    private Statement New(string sql)
    {
        var command = open.Connection.CreateCommand();
        (command.Transaction, command.CommandText) = (transaction, sql);
        var names = new List<string>();
        foreach (var name in ParameterName().EnumerateMatches(sql))
        {
            var key = sql.Substring(name.Index, name.Length);
            if (parameters.ContainsKey(key) && !names.Contains(key))
            {
                var parameter = command.CreateParameter();
                parameter.ParameterName = key;
                command.Parameters.Add(parameter);
                names.Add(key);
            }
        }
        return new Statement(command, names);
    }

    private async Task<T> TriedAsync<T>(Func<Task<T>> act)
    {
        try
        {
            return await NamedAsync(database, act);
        }
        catch
        {
            open.IsSpoilt = true;
            throw;
        }
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

/// <summary>A table for keys, of one connection alone.</summary>
internal sealed record TemporaryTable(string Name, string Columns, string? PrimaryKey);
