using Kalejdo.Portal.Tests.Support;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Journeys;

public class EveryPageTests(PortalFixture portal, Browser browser)
{
    public static TheoryData<string, string, ColorScheme, int> Views =>
    [
        .. from address in (string[])[.. Pages.Open, .. Pages.Trial, Pages.Missing]
           from language in Pages.Languages
           from scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark]
           from width in (int[])[390, 1280]
           // Each language by day and by night, on a phone and at a desk.
           where LongForm.IsAsked || (language == "sv") == (scheme == ColorScheme.Light) == (width == 1280)
           select new TheoryDataRow<string, string, ColorScheme, int>(address, language, scheme, width),
    ];

    [Theory]
    [MemberData(nameof(Views))]
    public async Task Is_accessible_healthy_and_fits(string address, string language, ColorScheme scheme, int width)
    {
        await using var person = await browser.PersonAsync(language, scheme, width);
        var page = await person.NewPageAsync();
        var target = new Uri(portal.Address, address);
        var health = new PageHealth(page, portal.Address, address == Pages.Missing ? target : null);

        await page.GotoAsync(target.ToString());
        await Looks.KeepAsync(page, $"{address.Trim('/').Replace('/', '-')}-{language}-{scheme}-{width}");

        Assert.Equal(language, await page.GetAttributeAsync("html", "lang"));
        await Looks.FitsAsync(page);
        await Looks.IsAccessibleAsync(page);
        health.AssertGood();
    }

    [Theory]
    [InlineData(320)]
    [InlineData(360)]
    [InlineData(1440)]
    public async Task Fits_other_widths(int width)
    {
        await using var person = await browser.PersonAsync(width: width);
        var page = await person.NewPageAsync();
        foreach (var address in Pages.Open.Concat(Pages.Trial))
        {
            await page.GotoAsync(new Uri(portal.Address, address).ToString());
            await Looks.FitsAsync(page);
        }
    }
}
