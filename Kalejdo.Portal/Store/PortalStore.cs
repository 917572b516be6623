using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Identity;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Kalejdo.Portal.Store;

public static class PortalStore
{
    // A start that was killed while migrating leaves EF's lock behind on SQLite, and EF then waits for ever.
    private static readonly TimeSpan MigrationPatience = TimeSpan.FromMinutes(2);

    public static IServiceCollection AddPortalStore(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        services.TryAddSingleton(TimeProvider.System);

        services.AddOptions<StoreOptions>()
            .Bind(configuration.GetSection(StoreOptions.Section))
            .PostConfigure(options => ResolvePaths(options, DataRoot.Resolve(configuration)))
            .ValidateDataAnnotations()
            .Validate(
                options => options.Provider is StoreOptions.Sqlite or StoreOptions.Postgresql,
                "Store:Provider must be sqlite or postgresql.")
            .Validate(
                options => options.Provider != StoreOptions.Sqlite || FileOf(options) is not null,
                "Store:ConnectionString must name a file: Data Source=FILE.")
            .Validate(
                options => !options.IsPostgresql || NamesDatabase(options),
                "Store:ConnectionString must name a PostgreSQL server and a database on it: Host=SERVER;Database=NAME;Username=ROLE;Password=…")
            .ValidateOnStart();

        services.AddSingleton(provider => PortalKeys.Open(provider.GetRequiredService<IOptions<StoreOptions>>().Value.KeyFile));

        services.Configure<IdentityOptions>(SetSchema);
        services.AddDbContextFactory<SqlitePortalDbContext>((provider, options) => options
            .UseSqlite(provider.GetRequiredService<IOptions<StoreOptions>>().Value.ConnectionString)
            .AddInterceptors(new SqliteOpening()));
        services.AddDbContextFactory<PostgresPortalDbContext>((provider, options) => options
            .UseNpgsql(provider.GetRequiredService<IOptions<StoreOptions>>().Value.ConnectionString)
            .AddInterceptors(new OneWriter()));
        services.AddSingleton<IDbContextFactory<PortalDbContext>>(provider => IsPostgresql(provider)
            ? new Forwarding<PostgresPortalDbContext>(provider.GetRequiredService<IDbContextFactory<PostgresPortalDbContext>>())
            : new Forwarding<SqlitePortalDbContext>(provider.GetRequiredService<IDbContextFactory<SqlitePortalDbContext>>()));
        services.AddScoped<PortalDbContext>(provider => IsPostgresql(provider)
            ? provider.GetRequiredService<PostgresPortalDbContext>()
            : provider.GetRequiredService<SqlitePortalDbContext>());

        services.AddDataProtection().SetApplicationName("Kalejdo.Portal");
        services.AddOptions<KeyManagementOptions>().Configure<IDbContextFactory<PortalDbContext>, PortalKeys>((options, databases, keys) =>
        {
            options.XmlRepository = new StoredKeys(databases);
            options.XmlEncryptor = new KeyFileXml(keys);
        });
        return services;
    }

    /// <summary>The tables of Identity that the migrations make, passkeys among them.</summary>
    internal static void SetSchema(IdentityOptions options) => options.Stores.SchemaVersion = IdentitySchemaVersions.Version3;

    /// <summary>For what is of one engine's context: whichever is used.</summary>
    internal static void ConfigurePortalDbContext(this IServiceCollection services, Action<IServiceProvider, DbContextOptionsBuilder> configure)
    {
        services.ConfigureDbContext<SqlitePortalDbContext>(configure, ServiceLifetime.Singleton);
        services.ConfigureDbContext<PostgresPortalDbContext>(configure, ServiceLifetime.Singleton);
    }

    /// <summary>Brings the database to the program's state; nothing happens where it is there already.</summary>
    /// <exception cref="InvalidOperationException">
    /// The database cannot be used, or the key file is not the one that it was written with.
    /// </exception>
    public static async Task MigrateAsync(IServiceProvider services, CancellationToken cancellation)
    {
        var options = services.GetRequiredService<IOptions<StoreOptions>>().Value;
        var databases = services.GetRequiredService<IDbContextFactory<PortalDbContext>>();
        if (!options.IsPostgresql)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(FileOf(options))!);
        }

        await using var db = await databases.CreateDbContextAsync(cancellation);
        try
        {
            if ((await db.Database.GetPendingMigrationsAsync(cancellation)).Any())
            {
                await MigrateAsync(db, options, cancellation);
            }
        }
        catch (NpgsqlException failure)
        {
            // Of connecting and of DDL: it quotes names of roles, databases and tables, no rows.
            throw new InvalidOperationException($"Store:ConnectionString: the portal's database on PostgreSQL cannot be used: {(failure as PostgresException)?.MessageText ?? failure.Message}", failure);
        }

        var keys = services.GetRequiredService<PortalKeys>();
        if (new StoredKeys(databases).GetAllElements().SelectMany(KeyFileXml.KeyFilesOf).Any(id => id != keys.Id))
        {
            throw new InvalidOperationException(
                $"The key file {options.KeyFile} is not the one that the portal's database was written with. Restore that one from its backup, or copy it from another node.");
        }
    }

    private static async Task MigrateAsync(PortalDbContext db, StoreOptions options, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(MigrationPatience);
        try
        {
            if (!options.IsPostgresql)
            {
                await db.Database.MigrateAsync(patience.Token);
                return;
            }

            // EF's own lock is on its table of migrations, which the very first start has yet to make. This one ends with the connection, killed or not.
            await db.Database.OpenConnectionAsync(patience.Token);
            await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_lock(hashtextextended('Kalejdo.Portal migrates ' || current_schema(), 0))", patience.Token);
            try
            {
                await db.Database.MigrateAsync(patience.Token);
            }
            finally
            {
                // The pool would keep the connection, and with it the lock.
                await db.Database.ExecuteSqlAsync($"SELECT pg_advisory_unlock_all()", CancellationToken.None);
            }
        }
        catch (OperationCanceledException stopped) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException(
                "Another start of the portal seems to be migrating its database." + (options.IsPostgresql ? "" : " If none is, one was killed: DELETE FROM \"__EFMigrationsLock\" and start again."),
                stopped);
        }
    }

    private static bool IsPostgresql(IServiceProvider provider) => provider.GetRequiredService<IOptions<StoreOptions>>().Value.IsPostgresql;

    private static void ResolvePaths(StoreOptions options, string root)
    {
        options.Provider = options.Provider.ToLowerInvariant();
        options.KeyFile = Path.GetFullPath(options.KeyFile, root);
        if (options.Provider == StoreOptions.Sqlite && FileOf(options) is { } file)
        {
            options.ConnectionString = new SqliteConnectionStringBuilder(options.ConnectionString) { DataSource = Path.GetFullPath(file, root) }.ToString();
        }
    }

    private static bool NamesDatabase(StoreOptions options)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(options.ConnectionString) is { Host.Length: > 0, Database.Length: > 0 };
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static string? FileOf(StoreOptions options)
    {
        try
        {
            var named = new SqliteConnectionStringBuilder(options.ConnectionString);
            return named.Mode == SqliteOpenMode.Memory || named.DataSource is "" or ":memory:" ? null : named.DataSource;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private sealed class Forwarding<TContext>(IDbContextFactory<TContext> provider) : IDbContextFactory<PortalDbContext>
        where TContext : PortalDbContext
    {
        public PortalDbContext CreateDbContext() => provider.CreateDbContext();

        public async Task<PortalDbContext> CreateDbContextAsync(CancellationToken cancellationToken = default) =>
            await provider.CreateDbContextAsync(cancellationToken);
    }
}
