using System.Data.Common;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Rights;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Kalejdo.Portal.Benchmarks.Data;

/// <summary>Kalejdo's own database filled with invented subscribers, its map, and the subscriber who is read and erased.</summary>
internal sealed record DataSet(Source Source, Databases Databases, int Subject)
{
    /// <summary>The day that all data are counted back from, and the day on which they are erased.</summary>
    public static DateOnly Today { get; } = new(2026, 11, 22);

    public static TimeProvider Time { get; } = new Noon();

    public bool IsSqlite => Source.Provider == Provider.Sqlite;

    public string CustomerNumber => new DemoSubscriber(Subject).CustomerNumber;

    /// <summary>The mailbox that the subscriber reads.</summary>
    public string Email => new DemoSubscriber(Subject).OwnEmail;

    public IReadOnlyList<Identity> Identities => [new("customer_number", CustomerNumber), new("email", Email)];

    public static async Task<DataSet> OpenAsync(Provider provider, string connectionString, CancellationToken cancellationToken)
    {
        var maps = Path.Combine(AppContext.BaseDirectory, "Maps");
        var (map, _) = MapReader.Read([Path.Combine(maps, "kalejdo.dataset.yml"), Path.Combine(maps, "kalejdo.system.yml")]);
        var source = new Source("kalejdo", provider, connectionString);
        var (databases, problems) = await Databases.OpenAsync(map, [source], cancellationToken);
        return databases is null
            ? throw new InvalidOperationException(string.Join("; ", problems))
            : new DataSet(source, databases, Subject: 1);
    }

    public DbConnection NewConnection() => IsSqlite ? new SqliteConnection(Source.ConnectionString) : new NpgsqlConnection(Source.ConnectionString);

    public async Task ExecuteAsync(IEnumerable<string> statements, CancellationToken cancellationToken)
    {
        await using var connection = NewConnection();
        await connection.OpenAsync(cancellationToken);
        foreach (var statement in statements)
        {
            await using var command = connection.CreateCommand();
            (command.CommandText, command.CommandTimeout) = (statement, 0);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private sealed class Noon : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(Today, new TimeOnly(11, 0), TimeSpan.Zero);
    }
}
