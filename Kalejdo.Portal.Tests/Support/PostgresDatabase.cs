using System.Collections.Concurrent;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Kalejdo.Portal.Tests.Support;

/// <summary>A database of one test's own: a copy of one that was made once, which takes a tenth of making it.</summary>
public sealed class PostgresDatabase : IAsyncDisposable, IDisposable
{
    private static readonly ConcurrentDictionary<string, Lazy<Task>> Templates = new();
    private static readonly SemaphoreSlim Copying = new(1);
    private static int s_count;
    private readonly string server;
    private readonly string name;

    private PostgresDatabase(string server, string name) => (this.server, this.name) = (server, name);

    public string Connection => Of(server, name, pooling: true);

    /// <summary>The portal's tables, empty.</summary>
    public static Task<PostgresDatabase> PortalAsync() => CopyAsync("portal_template", async connection =>
    {
        await using var db = new PostgresPortalDbContext(new DbContextOptionsBuilder<PostgresPortalDbContext>()
            .UseNpgsql(connection).UseApplicationServiceProvider(SqlitePortalDbContextDesign.Services).Options);
        await db.Database.MigrateAsync(CancellationToken.None);
    });

    /// <summary>Kalejdo's tables with the demonstration's people, counted back from today.</summary>
    public static Task<PostgresDatabase> KalejdoAsync(int subscribers, DateOnly? today = null) => CopyAsync(
        $"kalejdo_template_{subscribers}_{today:yyyyMMdd}",
        async connection =>
        {
            await using var kalejdo = new NpgsqlConnection(connection);
            await DemoDatabase.SeedAsync(kalejdo, new SeedOptions(subscribers, today ?? SwedishDays.Today(TimeProvider.System)), null, CancellationToken.None);
        });

    /// <summary>Tables and rows of a test's own.</summary>
    /// <param name="template">A name by which no other test makes others.</param>
    public static Task<PostgresDatabase> OfAsync(string template, string sql) => CopyAsync(template, connection => PostgresServer.ExecuteAsync(connection, sql));

    public static async Task<PostgresDatabase> EmptyAsync()
    {
        var (server, name) = (await PostgresServer.ConnectionAsync(), NewName());
        await PostgresServer.ExecuteAsync(server, $"CREATE DATABASE {name}");
        return new PostgresDatabase(server, name);
    }

    public async Task<string> BackUpAsync()
    {
        // Nobody may be in a database while it is copied; those who were come again.
        NpgsqlConnection.ClearAllPools();
        await PostgresServer.ExecuteAsync(server, $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        await PostgresServer.ExecuteAsync(server, $"CREATE DATABASE {name}_backup TEMPLATE {name} STRATEGY FILE_COPY");
        return $"{name}_backup";
    }

    public async Task RestoreAsync(string backup)
    {
        await PostgresServer.ExecuteAsync(server, $"DROP DATABASE {name} WITH (FORCE)");
        await PostgresServer.ExecuteAsync(server, $"ALTER DATABASE {backup} RENAME TO {name}");
        NpgsqlConnection.ClearAllPools();
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearPool(new NpgsqlConnection(Connection));
        await PostgresServer.ExecuteAsync(server, $"DROP DATABASE {name} WITH (FORCE)");
    }

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private static async Task<PostgresDatabase> CopyAsync(string template, Func<string, Task> fill)
    {
        var server = await PostgresServer.ConnectionAsync();
        await Templates.GetOrAdd(template, _ => new(async () =>
        {
            await PostgresServer.ExecuteAsync(server, $"CREATE DATABASE {template}");
            await fill(Of(server, template, pooling: false));
        })).Value;
        return await CopyAsync(server, template);
    }

    private static async Task<PostgresDatabase> CopyAsync(string server, string template)
    {
        // Nobody may be in a database while it is copied.
        NpgsqlConnection.ClearPool(new NpgsqlConnection(Of(server, template, pooling: true)));
        var name = NewName();
        await Copying.WaitAsync();
        try
        {
            await PostgresServer.ExecuteAsync(server, $"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY");
        }
        finally
        {
            Copying.Release();
        }

        return new PostgresDatabase(server, name);
    }

    private static string NewName() => $"test_{Interlocked.Increment(ref s_count)}";

    private static string Of(string server, string name, bool pooling) =>
        new NpgsqlConnectionStringBuilder(server) { Database = name, Pooling = pooling, MaxPoolSize = 20 }.ConnectionString;
}
