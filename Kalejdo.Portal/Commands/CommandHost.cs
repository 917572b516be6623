using System.Data.Common;
using Kalejdo.Portal.Store;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Kalejdo.Portal.Commands;

/// <summary>The portal's services for a verb: the same registration as the web host's, built only when a verb needs it.</summary>
internal sealed class CommandHost(Func<WebApplication> build) : IAsyncDisposable
{
    private WebApplication? app;

    private WebApplication App => app ??= build();

    public DataMapSettings DataMap => DataMapSettings.From(App.Configuration);

    /// <summary>The services, with the portal's database migrated.</summary>
    public async Task<IServiceProvider> ServicesAsync(CancellationToken cancellationToken)
    {
        await PortalStore.MigrateAsync(App.Services, cancellationToken);
        return App.Services;
    }

    /// <summary>A connection to Kalejdo's configured database, which may not exist yet.</summary>
    public DbConnection KalejdoSource()
    {
        var source = DataMap.Sources.FirstOrDefault(s => s.Key == "kalejdo")
            ?? throw new InvalidOperationException("The setting DataMap:Sources:kalejdo is missing; it names Kalejdo's database, for example sqlite:var/kalejdo.db");
        if (source.Provider == Rights.Provider.Postgresql)
        {
            return new NpgsqlConnection(source.ConnectionString);
        }
        Directory.CreateDirectory(Path.GetDirectoryName(new SqliteConnectionStringBuilder(source.ConnectionString).DataSource)!);
        return new SqliteConnection(source.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        if (app is not null)
        {
            await app.DisposeAsync();
        }
    }
}
