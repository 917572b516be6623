using Kalejdo.Portal.Tests.Support;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Journeys;

/// <summary>The pages of somebody who is signed in: accessible, healthy and never wider than the window.</summary>
public sealed class MyDataLooksTests(MyDataLooksTests.Listening portal, Browser browser) : IClassFixture<MyDataLooksTests.Listening>
{
    // The demo's complete subscriber has something of nearly every kind.
    private const int Complete = 1;
    private const int SharesAnAddress = 3;

    public static TheoryData<string, int> Addresses => new()
    {
        { PortalUrls.Overview, Complete },
        { PortalUrls.MyData, Complete },
        { PortalUrls.Kind("contact_details"), Complete },
        { PortalUrls.Kind("addresses"), SharesAnAddress },
        { PortalUrls.Kind("agreements"), Complete },
        { PortalUrls.Kind("tv_profiles"), Complete },
        { PortalUrls.Kind("viewing_history"), Complete },
        { PortalUrls.Kind("devices"), Complete },
        { PortalUrls.Kind("device_events"), Complete },
        { PortalUrls.Kind("support_tickets"), Complete },
        { PortalUrls.Kind("invoices"), Complete },
        { PortalUrls.Consents, Complete },
        { PortalUrls.Download, Complete },
    };

    [Theory]
    [MemberData(nameof(Addresses))]
    public async Task Are_accessible_healthy_and_fit(string address, int subscriber)
    {
        var account = await portal.People.AccountAsync(subscriber);
        var target = new Uri(portal.People.Address, address).ToString();
        foreach (var (language, scheme, width) in ((string, ColorScheme, int)[])
            [("sv", ColorScheme.Light, 1280), ("sv", ColorScheme.Dark, 390), ("en", ColorScheme.Light, 390), ("en", ColorScheme.Dark, 1280)])
        {
            await using var person = await browser.PersonAsync(language, scheme, width);
            await person.SetExtraHTTPHeadersAsync([new(SignedInPortal.AccountHeader, account)]);
            var page = await person.NewPageAsync();
            var health = new PageHealth(page, portal.People.Address);

            await page.GotoAsync(target);
            await Looks.KeepAsync(page, $"{address.Trim('/').Replace('/', '-')}-{language}-{scheme}-{width}");

            await Looks.FitsAsync(page);
            await Looks.IsAccessibleAsync(page);
            health.AssertGood();
        }
    }

    public sealed class Listening : IAsyncDisposable
    {
        internal SignedInPortal People { get; } = new(listens: true);

        public ValueTask DisposeAsync() => People.DisposeAsync();
    }
}
