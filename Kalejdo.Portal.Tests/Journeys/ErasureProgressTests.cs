using Kalejdo.Portal.Features.Erasure;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Journeys;

/// <summary>An erasure that takes its time: the page follows it where scripts run, and has a link to reload where they do not.</summary>
public sealed class ErasureProgressTests(ActsLooksTests.Listening portal, Browser browser) : IClassFixture<ActsLooksTests.Listening>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(14, "sv", ColorScheme.Light, 390)]
    [InlineData(24, "en", ColorScheme.Dark, 1280)]
    public async Task The_page_becomes_live_and_moves_on_by_itself(int subscriber, string language, ColorScheme scheme, int width)
    {
        await using var person = await PersonAsync(subscriber, language, scheme, width, scripts: true);
        var page = await person.NewPageAsync();
        var health = new PageHealth(page, portal.People.Address);
        var loads = 0;
        page.DOMContentLoaded += (_, _) => loads++;
        await using (await LockAsync())
        {
            await EraseAsync(page);

            await Assertions.Expect(page.Locator("main h1")).ToHaveTextAsync(language == "sv" ? "Raderingen pågår" : "The erasure is under way");
            await Assertions.Expect(page.Locator("[data-live]")).ToBeVisibleAsync(new() { Timeout = 30_000 });
            await Assertions.Expect(page.Locator("[role=status]")).ToContainTextAsync(language == "sv" ? "1 av 4 steg klara" : "1 of 4 steps done");
            await Assertions.Expect(page.Locator("[role=status]")).ToContainTextAsync(language == "sv" ? "svarar inte just nu" : "does not answer at the moment", new() { Timeout = 30_000 });
            string[] states = language == "sv" ? ["Klart", "Väntar på svar", "Återstår", "Återstår"] : ["Done", "Waiting for an answer", "Still to come", "Still to come"];
            Assert.Equal(states, await page.Locator(".steps .tag").AllInnerTextsAsync());
            await Looks.KeepAsync(page, $"radering-pagar-{language}-{scheme}-{width}");
            await Looks.FitsAsync(page);
            await Looks.IsAccessibleAsync(page);
            Assert.Equal(1, portal.People.Circuits);
            // The way past the menu stays on this page, although its script needs a base address.
            Assert.Equal(page.Url, await page.EvaluateAsync<string>("document.querySelector('.skip-link').href.split('#')[0]"));
            loads = 0;
        }
        await portal.People.Services.GetRequiredService<Erasures>().ResumeAsync(new Progress<string>(), Cancellation);

        await Assertions.Expect(page.Locator("main h1")).ToHaveTextAsync(language == "sv" ? "Uppgifterna är raderade" : "The data is erased", new() { Timeout = 30_000 });
        await Looks.KeepAsync(page, $"radering-klar-{language}-{scheme}-{width}");
        await Looks.IsAccessibleAsync(page);
        // Only the confirmation is loaded; nothing reloaded while waiting, and its page has no script.
        Assert.Equal(1, loads);
        Assert.Equal(0, await page.Locator("script").CountAsync());
        await CircuitsEndAsync();

        await page.Locator("main a[href^='/kvitto/']").ClickAsync();
        await Assertions.Expect(page.Locator("main h1")).ToHaveTextAsync(language == "sv" ? "Kvitto på ditt ärende" : "Receipt");
        await Looks.KeepAsync(page, $"kvitto-{language}-{scheme}-{width}");
        await Looks.FitsAsync(page);
        await Looks.IsAccessibleAsync(page);
        // On paper nothing is left that only a screen can use.
        await page.EmulateMediaAsync(new() { Media = Media.Print });
        await Looks.KeepAsync(page, $"kvitto-papper-{language}-{scheme}-{width}");
        await Assertions.Expect(page.Locator("main .button, .menu, .language, .site-footer nav").Filter(new() { Visible = true })).ToHaveCountAsync(0);
        await Looks.IsAccessibleAsync(page);
        health.AssertGood();
    }

    [Fact]
    public async Task Who_leaves_takes_the_circuit_along()
    {
        await using var person = await PersonAsync(6, "sv", ColorScheme.Light, 1280, scripts: true);
        var page = await person.NewPageAsync();
        await using (await LockAsync())
        {
            await EraseAsync(page);
            await Assertions.Expect(page.Locator("[data-live]")).ToBeVisibleAsync(new() { Timeout = 30_000 });

            await page.GotoAsync(new Uri(portal.People.Address, PortalUrls.About).ToString());

            await CircuitsEndAsync();
        }
        await portal.People.Services.GetRequiredService<Erasures>().ResumeAsync(new Progress<string>(), Cancellation);
    }

    [Fact]
    public async Task Without_scripts_the_same_stands_there_with_a_link_to_reload()
    {
        await using var person = await PersonAsync(4, "sv", ColorScheme.Light, 1280, scripts: false);
        var page = await person.NewPageAsync();
        var again = page.GetByRole(AriaRole.Link, new() { Name = "Uppdatera sidan" }).First;
        await using (await LockAsync())
        {
            await EraseAsync(page);
            await Assertions.Expect(page.Locator("[role=status]")).ToContainTextAsync("1 av 4 steg klara");
            await Looks.KeepAsync(page, "radering-pagar-utan-skript");
            await again.ClickAsync();
            await Assertions.Expect(page.Locator("main h1")).ToHaveTextAsync("Raderingen pågår");
            Assert.Equal(0, portal.People.Circuits);
        }
        // The first try may still be on its way.
        while (await page.Locator("main h1").InnerTextAsync() != "Uppgifterna är raderade")
        {
            await portal.People.Services.GetRequiredService<Erasures>().ResumeAsync(new Progress<string>(), Cancellation);
            await again.ClickAsync();
        }
    }

    private async Task EraseAsync(IPage page)
    {
        await page.GotoAsync(new Uri(portal.People.Address, PortalUrls.EraseKind("viewing_history")).ToString());
        await page.Locator("main form button").ClickAsync();
        // The database is waited for before the person is.
        await page.WaitForURLAsync(url => new Uri(url).AbsolutePath.StartsWith("/arende/", StringComparison.Ordinal));
    }

    private async Task CircuitsEndAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (portal.People.Circuits > 0)
        {
            await timer.WaitForNextTickAsync(Cancellation);
        }
    }

    private async Task<IBrowserContext> PersonAsync(int subscriber, string language, ColorScheme scheme, int width, bool scripts)
    {
        var person = await browser.PersonAsync(language, scheme, width, scripts);
        await person.SetExtraHTTPHeadersAsync([new(SignedInPortal.AccountHeader, await portal.People.AccountAsync(subscriber)), new(SignedInPortal.AgoHeader, "0")]);
        return person;
    }

    private async Task<SqliteConnection> LockAsync()
    {
        var connection = new SqliteConnection($"Data Source={portal.People.Kalejdo};Pooling=False");
        await connection.OpenAsync(Cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "BEGIN IMMEDIATE";
        await command.ExecuteNonQueryAsync(Cancellation);
        return connection;
    }
}
