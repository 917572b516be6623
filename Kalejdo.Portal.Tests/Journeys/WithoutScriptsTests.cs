using System.Text.RegularExpressions;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Journeys;

public class WithoutScriptsTests(PortalFixture portal, Browser browser)
{
    [Fact]
    public async Task The_language_is_changed_in_place_and_back_again()
    {
        await using var person = await browser.PersonAsync(scripts: false);
        var page = await person.NewPageAsync();
        await page.GotoAsync(new Uri(portal.Address, PortalUrls.Partners).ToString());

        await page.GetByRole(AriaRole.Button, new() { Name = "English" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("Storage and partners");
        await Assertions.Expect(page).ToHaveURLAsync(new Regex(PortalUrls.Partners + "$"));

        await page.GetByRole(AriaRole.Button, new() { Name = "Svenska" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("Lagring och partner");
    }

    [Fact]
    public async Task The_keyboard_reaches_the_content_first()
    {
        await using var person = await browser.PersonAsync(scripts: false);
        var page = await person.NewPageAsync();
        await page.GotoAsync(new Uri(portal.Address, PortalUrls.About).ToString());

        await page.Keyboard.PressAsync("Tab");
        var skip = page.GetByRole(AriaRole.Link, new() { Name = "Hoppa till innehållet" });
        await Assertions.Expect(skip).ToBeFocusedAsync();
        await Assertions.Expect(skip).ToBeInViewportAsync();

        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page).ToHaveURLAsync(new Regex(PortalUrls.About + "#innehall$"));
        await page.Keyboard.PressAsync("Tab");
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Till startsidan" })).ToBeFocusedAsync();
    }
}
