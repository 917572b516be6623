using System.Data;
using System.Data.Common;

namespace Kalejdo.Portal.Rights;

/// <summary>
/// The open connections of one database that wait for the next session: for a small subject, opening one, making its temporary tables and
/// planning its statements takes longer than all the rest. The driver's own pool keeps none of these.
/// </summary>
internal sealed class Connections(Source source, Dialect dialect) : IDisposable
{
    private const int Most = 4;

    // On SQLite whoever wants to replace or rewrite the file waits so long for us; most are patient for five seconds.
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(2);

    private readonly List<OpenConnection> idle = [];
    private Timer? closing;

    /// <summary>A connection that waits, or a new one.</summary>
    public async Task<OpenConnection> OpenAsync(bool write, CancellationToken cancellationToken)
    {
        var kept = dialect.Keeps(source, write);
        while (kept && Take() is { } waiting)
        {
            if (waiting.IsUsable && Equals(waiting.Stamp, dialect.Stamp(source)) && await dialect.IsAliveAsync(waiting.Connection, cancellationToken))
            {
                return waiting;
            }
            waiting.Dispose();
        }
        // Taken before it is opened: what changes meanwhile makes it a stranger.
        var stamp = dialect.Stamp(source);
        return new OpenConnection(await dialect.OpenAsync(source, write, cancellationToken), kept, stamp);
    }

    /// <summary>Takes a connection back, between two transactions.</summary>
    public void Return(OpenConnection connection)
    {
        lock (idle)
        {
            if (connection is { IsKept: true, IsUsable: true } && idle.Count < Most)
            {
                idle.Add(connection);
                closing ??= new Timer(_ => Dispose());
                closing.Change(s_idle, Timeout.InfiniteTimeSpan);
                return;
            }
        }
        connection.Dispose();
    }

    /// <summary>Closes those that wait; whoever comes later opens new ones.</summary>
    public void Dispose()
    {
        while (Take() is { } connection)
        {
            connection.Dispose();
        }
    }

    private OpenConnection? Take()
    {
        lock (idle)
        {
            var last = idle.LastOrDefault();
            if (last is not null)
            {
                idle.RemoveAt(idle.Count - 1);
            }
            return last;
        }
    }
}

/// <summary>A connection with the temporary tables that were made on it (empty between two sessions) and the statements that were prepared.</summary>
/// <param name="kept">Whether it waits for another session when one is done with it.</param>
/// <param name="stamp">By what its database is known for the same.</param>
internal sealed class OpenConnection(DbConnection connection, bool kept, object? stamp) : IDisposable
{
    // PostgreSQL clears rows that were rolled back away from no temporary table.
    private const long MostRows = 5_000;

    // Different subjects have different numbers of identities, and with them different texts.
    private const int MostCommands = 1_000;

    private readonly Dictionary<string, Statement> statements = [];

    public DbConnection Connection => connection;

    public bool IsKept => kept;

    public object? Stamp => stamp;

    /// <summary>The temporary tables, by the statements that made them.</summary>
    public HashSet<string> Tables { get; } = [];

    /// <summary>How many rows sessions changed.</summary>
    public long Rows { get; set; }

    /// <summary>Whether something went wrong that the next session must not meet.</summary>
    public bool IsSpoilt { get; set; }

    /// <summary>Whether another session may follow.</summary>
    public bool IsUsable => !IsSpoilt && Rows < MostRows && connection.State == ConnectionState.Open;

    /// <summary>A statement that was sent before and has been given back; null where none was.</summary>
    public Statement? Take(string sql) => statements.Remove(sql, out var statement) ? statement : null;

    /// <summary>Keeps a statement, prepared, for whoever sends the same text.</summary>
    public void Give(Statement statement)
    {
        if (!kept || statements.Count == MostCommands || !statements.TryAdd(statement.Command.CommandText, statement))
        {
            statement.Command.Dispose();
        }
    }

    public void Dispose()
    {
        foreach (var statement in statements.Values)
        {
            statement.Command.Dispose();
        }
        connection.Dispose();
    }
}

/// <summary>A command and the names of the values that it takes.</summary>
internal sealed record Statement(DbCommand Command, IReadOnlyList<string> Names);
