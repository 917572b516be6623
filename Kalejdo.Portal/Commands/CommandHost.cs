using System.Data.Common;
using Kalejdo.Portal.Recipients;
using Kalejdo.Portal.Store;

namespace Kalejdo.Portal.Commands;

/// <summary>The portal's services for a verb: the same registration as the web host's, built only when a verb needs it.</summary>
internal sealed class CommandHost : IAsyncDisposable
{
    /// <summary>Who acts, by the audit's names.</summary>
    public const string Actor = "operator:command-line";

    private WebApplication? app;

    // stdout is for results alone.
    private WebApplication App => app ??= Portal.Build(["--Logging:Console:LogToStandardErrorThreshold=Trace", "--Logging:LogLevel:Default=Warning"]);

    public DataMapSettings DataMap => DataMapSettings.From(App.Configuration);

    /// <summary>The services for what needs no database.</summary>
    public IServiceProvider WithoutDatabase => App.Services;

    /// <summary>The services, with the portal's database migrated, and whoever is to be told of what a verb does in it.</summary>
    public async Task<IServiceProvider> ServicesAsync(CancellationToken cancellationToken)
    {
        await PortalStore.MigrateAsync(App.Services, cancellationToken);
        await App.Services.GetRequiredService<RecipientRegister>().SeedAsync(cancellationToken);
        return App.Services;
    }

    /// <summary>A connection to Kalejdo's configured database, which may not exist yet.</summary>
    public DbConnection Kalejdo() => DataMap.ConnectToKalejdo();

    public async ValueTask DisposeAsync()
    {
        if (app is not null)
        {
            await app.DisposeAsync();
        }
    }
}
