using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Features.Staff.DataMap;
using Kalejdo.Portal.Recipients;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.DataProtection;

namespace Kalejdo.Portal;

/// <summary>What happens between building the portal and serving: databases made and migrated, the data map read. A second start changes nothing.</summary>
internal static class Start
{
    /// <returns>Whether the portal can serve; what stands in the way is on stderr.</returns>
    public static async Task<bool> PrepareAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        await PortalStore.MigrateAsync(services, cancellationToken);
        // Makes the first key now: made within a transaction that seals something, it would wait for that transaction's lock.
        services.GetDataProtectionProvider().CreateProtector("start").Protect([]);
        await services.GetRequiredService<ReceiptKeys>().EnsureAsync(cancellationToken);
        await services.GetRequiredService<RecipientRegister>().SeedAsync(cancellationToken);
        await SeedDemoAsync(services, cancellationToken);
        var (databases, problems) = await services.GetRequiredService<LiveMap>().OpenAsync(cancellationToken);
        foreach (var problem in problems)
        {
            await Console.Error.WriteLineAsync(problem.ToString());
        }
        if (databases is not null)
        {
            await services.GetRequiredService<MapHealth>().ReadAsync(cancellationToken);
            await DemoAccounts.PrepareAsync(services, cancellationToken);
        }
        return databases is not null;
    }

    /// <summary>Kalejdo's database is Kalejdo's: only where there is none at all, and the settings ask for it, a demonstration takes its place.</summary>
    private static async Task SeedDemoAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        var configuration = services.GetRequiredService<IConfiguration>();
        var settings = DataMapSettings.From(configuration);
        var subscribers = configuration.GetValue("Demo:Subscribers", 0);
        if (subscribers > 0 && settings.Sources.FirstOrDefault(s => s.Key == "kalejdo") is { Provider: Provider.Sqlite })
        {
            await using var connection = settings.ConnectToKalejdo();
            if (!File.Exists(connection.DataSource))
            {
                await DemoDatabase.SeedAsync(connection, new SeedOptions(subscribers, SwedishDays.Today(services.GetRequiredService<TimeProvider>())), null, cancellationToken);
            }
        }
    }
}
