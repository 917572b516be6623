using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Identity;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

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
                options => !Is(options, "postgresql"),
                "Store:Provider: the portal's own database on PostgreSQL is not there yet; use sqlite.")
            .Validate(
                options => Is(options, "sqlite") || Is(options, "postgresql"),
                "Store:Provider must be sqlite.")
            .Validate(
                options => !Is(options, "sqlite") || FileOf(options) is not null,
                "Store:ConnectionString must name a file: Data Source=FILE.")
            .ValidateOnStart();

        services.AddSingleton(provider => PortalKeys.Open(provider.GetRequiredService<IOptions<StoreOptions>>().Value.KeyFile));

        services.Configure<IdentityOptions>(SetSchema);
        services.AddDbContextFactory<SqlitePortalDbContext>((provider, options) => options
            .UseSqlite(provider.GetRequiredService<IOptions<StoreOptions>>().Value.ConnectionString)
            .AddInterceptors(new SqliteOpening()));
        services.AddSingleton<IDbContextFactory<PortalDbContext>, Forwarding<SqlitePortalDbContext>>();
        services.AddScoped<PortalDbContext>(provider => provider.GetRequiredService<SqlitePortalDbContext>());

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

    /// <summary>Brings the database to the program's state; nothing happens where it is there already.</summary>
    /// <exception cref="InvalidOperationException">The key file is not the one that this database was written with.</exception>
    public static async Task MigrateAsync(IServiceProvider services, CancellationToken cancellation)
    {
        var options = services.GetRequiredService<IOptions<StoreOptions>>().Value;
        Directory.CreateDirectory(Path.GetDirectoryName(FileOf(options))!);

        var databases = services.GetRequiredService<IDbContextFactory<PortalDbContext>>();
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if ((await db.Database.GetPendingMigrationsAsync(cancellation)).Any())
        {
            await MigrateAsync(db, cancellation);
        }

        var keys = services.GetRequiredService<PortalKeys>();
        if (new StoredKeys(databases).GetAllElements().SelectMany(KeyFileXml.KeyFilesOf).Any(id => id != keys.Id))
        {
            throw new InvalidOperationException(
                $"The key file {options.KeyFile} is not the one that the portal's database was written with. Restore that one from its backup.");
        }
    }

    private static async Task MigrateAsync(PortalDbContext db, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(MigrationPatience);
        try
        {
            await db.Database.MigrateAsync(patience.Token);
        }
        catch (OperationCanceledException stopped) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException(
                "Another start of the portal seems to be migrating its database. If none is, one was killed: DELETE FROM \"__EFMigrationsLock\" and start again.",
                stopped);
        }
    }

    private static void ResolvePaths(StoreOptions options, string root)
    {
        options.KeyFile = Path.GetFullPath(options.KeyFile, root);
        if (Is(options, "sqlite") && FileOf(options) is { } file)
        {
            options.ConnectionString = new SqliteConnectionStringBuilder(options.ConnectionString) { DataSource = Path.GetFullPath(file, root) }.ToString();
        }
    }

    private static bool Is(StoreOptions options, string provider) => string.Equals(options.Provider, provider, StringComparison.OrdinalIgnoreCase);

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
