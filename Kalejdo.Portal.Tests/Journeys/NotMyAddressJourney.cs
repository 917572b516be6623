using Kalejdo.Portal.Tests.Support;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Journeys;

/// <summary>From the page without a link through the code in the trial mailbox to the receipt.</summary>
public class NotMyAddressJourney(PortalFixture portal, Browser browser)
{
    [Theory]
    [InlineData(ColorScheme.Light, 1280)]
    [InlineData(ColorScheme.Dark, 390)]
    public async Task An_address_is_removed_by_code(ColorScheme scheme, int width)
    {
        var address = $"vilse.{width}@exempel.se";
        await using var person = await browser.PersonAsync(scheme: scheme, width: width);
        var page = await person.NewPageAsync();
        var health = new PageHealth(page, portal.Address);

        await page.GotoAsync(new Uri(portal.Address, PortalUrls.NotMyAddress).ToString());
        await LookAsync(page, "adress", scheme, width);
        await page.GetByRole(AriaRole.Button, new() { Name = "Skicka kod" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Skriv hela adressen");
        await page.GetByLabel("E-postadress").FillAsync(address);
        await page.GetByRole(AriaRole.Button, new() { Name = "Skicka kod" }).ClickAsync();
        await LookAsync(page, "kod", scheme, width);

        var post = await person.NewPageAsync();
        await post.GotoAsync(new Uri(portal.Address, PortalUrls.Mailbox).ToString());
        for (var looks = 0; looks < 100 && !await post.GetByText(address).IsVisibleAsync(); looks++)
        {
            await post.ReloadAsync();
        }

        await LookAsync(post, "post", scheme, width);
        await post.GetByRole(AriaRole.Link, new() { Name = "Din kod från Kalejdo" }).First.ClickAsync();
        var code = await post.FrameLocator("iframe").Locator(".code").InnerTextAsync();
        // Nothing runs in the frame, axe neither; MailLooksTests looks at what is in it.
        await Looks.KeepAsync(post, $"inte-min-adress-brev-{scheme}-{width}");
        await Looks.FitsAsync(post);

        await page.GetByLabel("Kod", new() { Exact = true }).FillAsync(code);
        await page.GetByRole(AriaRole.Button, new() { Name = "Fortsätt" }).ClickAsync();
        await LookAsync(page, "val", scheme, width);
        await page.GetByRole(AriaRole.Button, new() { Name = "Fortsätt" }).ClickAsync();
        await LookAsync(page, "val-fel", scheme, width);
        await page.GetByLabel("Ta bort min adress").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Fortsätt" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("Din adress är borttagen");
        await LookAsync(page, "borttagen", scheme, width);
        health.AssertGood();
    }

    private static async Task LookAsync(IPage page, string name, ColorScheme scheme, int width)
    {
        await Looks.KeepAsync(page, $"inte-min-adress-{name}-{scheme}-{width}");
        await Looks.FitsAsync(page);
        await Looks.IsAccessibleAsync(page);
    }
}
