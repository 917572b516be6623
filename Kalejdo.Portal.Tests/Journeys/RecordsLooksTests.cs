using System.Globalization;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Features.Staff.DataMap;
using Kalejdo.Portal.Features.Staff.Desk;
using Kalejdo.Portal.Features.Staff.Record;
using Kalejdo.Portal.Layout;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Journeys;

/// <summary>The rooms in which staff read what there is and what was done, as they look.</summary>
public sealed class RecordsLooksTests(JourneyPortal portal, Browser browser) : IClassFixture<JourneyPortal>
{
    [Theory]
    [InlineData("sv", ColorScheme.Light, 1280)]
    [InlineData("sv", ColorScheme.Dark, 390)]
    [InlineData("en", ColorScheme.Light, 390)]
    [InlineData("en", ColorScheme.Dark, 1280)]
    public async Task The_rooms_are_accessible_healthy_and_fit(string language, ColorScheme scheme, int width)
    {
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = language == "sv" ? Languages.Swedish : Languages.English;
        await using var person = await browser.PersonAsync(language, scheme, width);
        var walk = new Walk(await person.NewPageAsync(), portal.Address, $"rum-{language}-{scheme}-{width}", scripts: true);
        await walk.SignInAsStaffAsync(portal.Services, DemoAccounts.Administrator);
        await walk.SeesAsync(DeskText.Title);

        await walk.FollowAddressAsync(PortalUrls.Record);
        await walk.SeesAsync(RecordText.Title);
        await walk.OpenAsync(PortalUrls.DataMap);
        await walk.Page.Locator("main details").First.EvaluateAsync("one => one.open = true");
        await walk.SeesAsync(DataMapText.Title);
        walk.AssertGood();
    }
}
