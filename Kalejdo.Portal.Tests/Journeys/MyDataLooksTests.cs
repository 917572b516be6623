using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Journeys;

/// <summary>The pages of somebody who is signed in: accessible, healthy and never wider than the window.</summary>
public sealed class MyDataLooksTests(PortalFixture portal, Browser browser)
{
    // The demo's complete subscribers have something of nearly every kind; nobody else's tests change these two.
    private static readonly DemoSubscriber Complete = new(41);
    private static readonly DemoSubscriber SharesAnAddress = new(43);
    private static readonly DemoSubscriber Unreachable = new(61);

    private static readonly string[] Addresses =
    [
        PortalUrls.Overview, PortalUrls.MyData, PortalUrls.Consents, PortalUrls.WhoHasSeen, PortalUrls.Download, PortalUrls.Kind("contact_details"), PortalUrls.Kind("agreements"),
        PortalUrls.Kind("tv_profiles"), PortalUrls.Kind("viewing_history"), PortalUrls.Kind("devices"), PortalUrls.Kind("device_events"),
        PortalUrls.Kind("support_tickets"), PortalUrls.Kind("invoices"), PortalUrls.Kind("internet_addresses"), PortalUrls.Kind("game_scores"),
    ];

    [Theory]
    [ClassData(typeof(PageViews))]
    public async Task Are_accessible_healthy_and_fit(string language, ColorScheme scheme, int width)
    {
        await using var person = await browser.PersonAsync(language, scheme, width);
        var page = await person.SignedInAsync(portal, Complete);
        var health = new PageHealth(page, portal.Address);
        foreach (var address in Addresses)
        {
            await LookAsync(page, address, $"{language}-{scheme}-{width}");
            Assert.Equal(language, await page.GetAttributeAsync("html", "lang"));
        }

        health.AssertGood();
    }

    [Fact]
    public async Task Rows_that_concern_others_too_are_marked()
    {
        await using var person = await browser.PersonAsync(width: 390);
        var page = await person.SignedInAsync(portal, SharesAnAddress);
        await LookAsync(page, PortalUrls.Kind("addresses"), "sv-Light-390");
    }

    [Theory]
    [InlineData("sv", ColorScheme.Light, 390)]
    [InlineData("en", ColorScheme.Dark, 1280)]
    public async Task Whose_mail_comes_back_is_told_on_the_overview(string language, ColorScheme scheme, int width)
    {
        await using var person = await browser.PersonAsync(language, scheme, width);
        var page = await person.SignedInAsync(portal, Unreachable);
        // A mail tells of the new browser; that it arrives would take the mark away.
        await SentAsync();
        await MarkAsync(Unreachable.OwnEmail);
        await LookAsync(page, PortalUrls.Overview, $"{language}-{scheme}-{width}-unreachable");
        await page.GetByRole(AriaRole.Link, new() { Name = language == "sv" ? "Rätta din e-postadress" : "Correct your e-mail address" }).ClickAsync();
        await page.WaitForURLAsync(new Uri(portal.Address, PortalUrls.Kind("contact_details")).ToString());
    }

    private async Task SentAsync()
    {
        await using var db = await portal.ListeningServices.GetRequiredService<IDbContextFactory<PortalDbContext>>().CreateDbContextAsync(TestContext.Current.CancellationToken);
        while (await db.Outbox.AnyAsync(row => row.Template == nameof(NewDeviceLetter) && row.SentAt == null && row.FailedAt == null, TestContext.Current.CancellationToken))
        {
            await portal.ListeningServices.GetRequiredService<OutboxSender>().SendDueAsync(TestContext.Current.CancellationToken);
        }
    }

    private async Task MarkAsync(string address)
    {
        var services = portal.ListeningServices;
        await using var db = await services.GetRequiredService<IDbContextFactory<PortalDbContext>>().CreateDbContextAsync(TestContext.Current.CancellationToken);
        await Undeliverable.MarkAsync(
            db, MailLink.HashAddress(services.GetRequiredService<PortalKeys>(), address), "smtp-550", services.GetRequiredService<TimeProvider>().GetUtcNow().UtcDateTime);
    }

    private async Task LookAsync(IPage page, string address, string view)
    {
        await page.GotoAsync(new Uri(portal.Address, address).ToString());
        await Looks.KeepAsync(page, $"{address.Trim('/').Replace('/', '-')}-{view}");
        await Looks.FitsAsync(page);
        await Looks.IsAccessibleAsync(page);
    }
}
