using System.Net;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.NotMyAddress;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Kalejdo.Portal.Tests.Features.NotMyAddress;

/// <summary>Killed between its record and its end, a disavowal is gone on with by the next start, without another click.</summary>
public sealed class DisavowalKillTests : IAsyncLifetime
{
    private const string Address = "vilse@exempel.se";
    private readonly string folder = Directory.CreateTempSubdirectory("portal-disavowal-").FullName;
    private string link = "";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Kalejdo => Path.Combine(folder, "var", "kalejdo.db");

    private string PortalFile => Path.Combine(folder, "var", "portal.db");

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Kalejdo)!);
        await using (var kalejdo = new SqliteConnection($"Data Source={Kalejdo};Pooling=False"))
        {
            await DemoDatabase.SeedAsync(kalejdo, new SeedOptions(30, new DateOnly(2026, 11, 22)), null, Cancellation);
            await kalejdo.OpenAsync(Cancellation);
            await using var command = kalejdo.CreateCommand();
            command.CommandText = $"UPDATE subscriber SET email = '{Address}', email_verified_at = NULL WHERE id = (SELECT min(id) FROM subscriber)";
            await command.ExecuteNonQueryAsync(Cancellation);
        }
        await using var portal = await StartAsync();
        await using var db = await portal.Services.GetRequiredService<IDbContextFactory<PortalDbContext>>().CreateDbContextAsync(Cancellation);
        db.MailLinks.Add(MailLink.New(portal.Services.GetRequiredService<PortalKeys>(), MailLinkPurpose.Disavowal, Address, TimeProvider.System.GetUtcNow().UtcDateTime, TimeSpan.FromDays(90), out var token));
        await db.SaveChangesAsync(Cancellation);
        link = PortalUrls.NotMyAddressLink(token);
    }

    public ValueTask DisposeAsync()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Killed_before_anything_is_removed_the_next_start_removes_it()
    {
        await using (var busy = new SqliteConnection($"Data Source={Kalejdo};Pooling=False"))
        {
            await busy.OpenAsync(Cancellation);
            // The portal waits for this lock when its record stands, and there it is killed.
            await using var locked = busy.BeginTransaction();
            await using var killed = PortalProcess.Start(folder, "--urls", "http://127.0.0.1:0", "--Logging:Console:LogToStandardErrorThreshold=Trace");
            var posting = PostAsync(await killed.AddressAsync());
            while (Dumps.Query(PortalFile, "SELECT number FROM cases WHERE status = 'InProgress'").Count == 0)
            {
                Assert.False(posting.IsCompleted, "The post came to its end before there was a case.");
                await Task.Yield();
            }
            await killed.KillAsync();
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => posting);
        }
        Assert.Single(Holding());

        await using (var next = PortalProcess.Start(folder, "--urls", "http://127.0.0.1:0"))
        {
            await EndedAsync();
        }

        await AssertDoneAsync();
    }

    [Fact]
    public async Task Killed_after_the_removal_the_next_round_closes_the_case_once()
    {
        await using (var portal = await StartAsync())
        {
            await using (var busy = new SqliteConnection($"Data Source={Kalejdo};Pooling=False"))
            {
                await busy.OpenAsync(Cancellation);
                await using var locked = busy.BeginTransaction();
                Assert.IsType<DisavowalResult.NotNow>(await portal.Services.GetRequiredService<Disavowals>().DisownAsync(link[(link.LastIndexOf('/') + 1)..], "sv", null, block: false, Cancellation));
            }
            // What the killed process had done last.
            var (live, _) = await portal.Services.GetRequiredService<LiveMap>().OpenAsync(Cancellation);
            Assert.IsType<DisavowalOutcome.Removed>(await new Disavowal(live!).RemoveAsync(Address, Cancellation));
        }
        await using var next = await StartAsync();
        var disavowals = next.Services.GetRequiredService<Disavowals>();

        Assert.Single((await Task.WhenAll(disavowals.ResumeAsync(Cancellation), disavowals.ResumeAsync(Cancellation))).SelectMany(ended => ended));
        Assert.Empty(await disavowals.ResumeAsync(Cancellation));

        await AssertDoneAsync();
    }

    private async Task AssertDoneAsync()
    {
        Assert.Empty(Holding());
        var ended = Dumps.Query(PortalFile, "SELECT id FROM recipient_notices").Count > 0 ? "WaitingForRecipients|0" : "Done|1";
        Assert.Equal([ended], Dumps.Query(PortalFile, "SELECT status, closed_at IS NOT NULL FROM cases"));
        Assert.Equal(["disavowal.intended", "disavowal.done"], Dumps.Query(PortalFile, "SELECT event FROM audit_entries ORDER BY sequence"));
        Assert.Equal([nameof(AddressRemovedLetter)], Dumps.Query(PortalFile, "SELECT template FROM outbox"));
        await using var portal = await StartAsync();
        Assert.IsType<DisavowalLink.Used>(await portal.Services.GetRequiredService<Disavowals>().LookAsync(link[(link.LastIndexOf('/') + 1)..], Cancellation));
    }

    private IReadOnlyList<string> Holding() => Dumps.Query(Kalejdo, $"SELECT id FROM subscriber WHERE email = '{Address}'");

    private async Task EndedAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (Dumps.Query(PortalFile, "SELECT number FROM cases WHERE status = 'InProgress'").Count > 0)
        {
            await timer.WaitForNextTickAsync(patience.Token);
        }
    }

    private async Task PostAsync(Uri portal)
    {
        using var client = new HttpClient(new HttpClientHandler { CookieContainer = new CookieContainer() }) { BaseAddress = portal };
        client.DefaultRequestHeaders.Add("Accept-Language", "sv");
        var page = await client.PageAsync(link);
        await client.SubmitAsync(link, page, ("choice", "ta-bort"));
    }

    private async Task<WebApplication> StartAsync()
    {
        var portal = Portal.Build([$"--DataRoot={folder}", "--Logging:LogLevel:Default=None", "--Logging:LogLevel:Microsoft.AspNetCore=None"]);
        await PortalStore.MigrateAsync(portal.Services, Cancellation);
        // As a start does: made within a transaction, the first key would wait for it.
        portal.Services.GetDataProtectionProvider().CreateProtector("start").Protect([]);
        return portal;
    }
}
