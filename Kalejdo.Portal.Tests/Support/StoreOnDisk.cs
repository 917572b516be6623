using System.Data.Common;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Store;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Kalejdo.Portal.Tests.Support;

/// <summary>The portal's store as it is registered: on a SQLite file in a folder of its own, or on PostgreSQL (<see cref="OnPostgresAttribute"/>).</summary>
public sealed class StoreOnDisk : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly bool _ownsFolder;
    private readonly PostgresDatabase? _postgres;

    private StoreOnDisk(string folder, bool ownsFolder, PostgresDatabase? postgres, IEnumerable<KeyValuePair<string, string?>> settings)
    {
        (Folder, _ownsFolder, _postgres) = (folder, ownsFolder, postgres);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = folder });
        builder.Configuration.AddInMemoryCollection([
            new("DataRoot", folder),
            .. postgres is null ? Array.Empty<KeyValuePair<string, string?>>() : [new("Store:Provider", "postgresql"), new("Store:ConnectionString", postgres.Connection)],
            .. settings]);
        builder.Services.AddLogging();
        builder.Services.AddSingleton<TimeProvider>(Time);
        builder.Services.AddPortalStore(builder.Configuration);
        builder.Services.AddSingleton<AuditTrail>();
        _host = builder.Build();
    }

    public string Folder { get; }

    public ManualTimeProvider Time { get; } = new(new DateTimeOffset(2026, 3, 2, 9, 30, 0, TimeSpan.Zero));

    public DateTime Now => Time.GetUtcNow().UtcDateTime;

    public IServiceProvider Services => _host.Services;

    public PortalKeys Keys => Services.GetRequiredService<PortalKeys>();

    public AuditTrail Audit => Services.GetRequiredService<AuditTrail>();

    public string DatabaseFile => Path.Combine(Folder, "var", "portal.db");

    public string KeyFile => Path.Combine(Folder, "var", "keys", "portal.key");

    public static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public bool IsPostgres => _postgres is not null;

    public static async Task<StoreOnDisk> CreateAsync()
    {
        var store = new StoreOnDisk(NewFolder(), ownsFolder: true, OnPostgresAttribute.Here ? await PostgresDatabase.PortalAsync() : null, []);
        await store.MigrateAsync();
        return store;
    }

    public static async Task<StoreOnDisk> UnmigratedAsync(params IEnumerable<KeyValuePair<string, string?>> settings) =>
        new(NewFolder(), ownsFolder: true, OnPostgresAttribute.Here ? await PostgresDatabase.EmptyAsync() : null, settings);

    /// <summary>The same database and key file again, as after a restart or on a second node.</summary>
    public StoreOnDisk Another() => new(Folder, ownsFolder: false, _postgres, []);

    public Task MigrateAsync() => PortalStore.MigrateAsync(Services, Cancellation);

    public PortalDbContext Open() => Services.GetRequiredService<IDbContextFactory<PortalDbContext>>().CreateDbContext();

    /// <summary>What somebody does who opens the file with a tool of his own.</summary>
    public async Task<int> SqlAsync(string sql)
    {
        await using DbConnection connection = _postgres is null ? new SqliteConnection($"Data Source={DatabaseFile};Pooling=False") : new NpgsqlConnection(_postgres.Connection);
        await connection.OpenAsync(Cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteNonQueryAsync(Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is IAsyncDisposable host)
        {
            await host.DisposeAsync();
        }

        if (_ownsFolder)
        {
            // Its own pool alone: other tests' connections are not ours to close.
            await using (var pooled = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = DatabaseFile }.ToString()))
            {
                SqliteConnection.ClearPool(pooled);
            }

            Directory.Delete(Folder, recursive: true);
            if (_postgres is not null)
            {
                await _postgres.DisposeAsync();
            }
        }
    }

    private static string NewFolder() => Directory.CreateTempSubdirectory("portal-store-").FullName;
}
