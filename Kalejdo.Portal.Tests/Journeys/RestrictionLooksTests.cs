using System.Globalization;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Restriction;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Journeys;

/// <summary>Pausing the use of data, and who has seen it, as they look.</summary>
public sealed class RestrictionLooksTests(ActsLooksTests.Listening portal, Browser browser) : IClassFixture<ActsLooksTests.Listening>
{
    private const string Kind = "viewing_history";

    [Theory]
    [InlineData("sv", ColorScheme.Light, 390, 21)]
    [InlineData("en", ColorScheme.Dark, 1280, 24)]
    public async Task A_pause_looks_right_at_each_step(string language, ColorScheme scheme, int width, int subscriber)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var (people, view) = (portal.People, $"{language}-{scheme}-{width}");
        var account = await people.AccountAsync(subscriber);
        await using var person = await browser.PersonAsync(language, scheme, width);
        await person.SetExtraHTTPHeadersAsync([new(SignedInPortal.AccountHeader, account), new(SignedInPortal.AgoHeader, "0")]);
        var page = await person.NewPageAsync();
        var health = new PageHealth(page, people.Address);

        await OpenAsync(PortalUrls.Pause(Kind), "pausa");
        await page.Locator("main form button").ClickAsync();
        await Assertions.Expect(page.Locator(".error-summary")).ToHaveCountAsync(1);
        await LookAsync("pausa-fel");
        await page.Locator("#skal-3").CheckAsync();
        await page.Locator("main form:not([hidden]) button").ClickAsync();
        await Assertions.Expect(page.Locator(".confirmation")).ToHaveCountAsync(1);
        await LookAsync("pausa-klart");
        await OpenAsync(PortalUrls.Kind(Kind), "pausa-slag");
        await OpenAsync(PortalUrls.Overview, "pausa-oversikt");
        await OpenAsync(PortalUrls.MyData, "pausa-uppgifter");
        await OpenAsync(PortalUrls.EraseKind(Kind), "pausa-radera");
        await OpenAsync(PortalUrls.Pause(Kind), "pausa-pagar");

        await using var db = people.Store();
        var paused = await db.RestrictedKinds.OrderBy(row => row.Id).LastAsync(cancellation);
        Assert.IsType<PauseEnd.Decided>(await people.Services.GetRequiredService<PauseEnds>().DecideAsync(paused.CaseNumber, "claims-settled", null, "staff:1", cancellation));
        await OpenAsync(PortalUrls.Pause(Kind), "pausa-beslutad");
        await people.Services.GetRequiredService<Subjects>().RecordReadAsync([new("customer_number", new DemoSubscriber(subscriber).CustomerNumber)], "operator:command-line", null, cancellation);
        await OpenAsync(PortalUrls.WhoHasSeen, "vem-har-sett");
        await OpenAsync(PortalUrls.WhoHasSeenBy(othersOnly: true), "vem-har-sett-andra");
        await OpenAsync(PortalUrls.Pause(Kind), "pausa-aterstart");
        await page.Locator("main form:not([hidden]) button").ClickAsync();
        await Assertions.Expect(page.Locator(".confirmation")).ToHaveCountAsync(1);
        await LookAsync("pausa-slut");
        health.AssertGood();

        async Task OpenAsync(string address, string name)
        {
            await page.GotoAsync(new Uri(people.Address, address).ToString());
            await LookAsync(name);
        }

        async Task LookAsync(string name)
        {
            await Looks.KeepAsync(page, string.Create(CultureInfo.InvariantCulture, $"{name}-{view}"));
            await Assertions.Expect(page.Locator("main h1")).ToBeVisibleAsync();
            await Looks.FitsAsync(page);
            await Looks.IsAccessibleAsync(page);
        }
    }
}
