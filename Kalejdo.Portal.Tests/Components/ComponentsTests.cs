using Kalejdo.Portal.Tests.Journeys;
using Kalejdo.Portal.Tests.Support;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Components;

public class ComponentsTests(PortalFixture portal, Browser browser)
{
    [Theory]
    [InlineData(ColorScheme.Light, 390)]
    [InlineData(ColorScheme.Light, 1280)]
    [InlineData(ColorScheme.Dark, 390)]
    [InlineData(ColorScheme.Dark, 1280)]
    public async Task Are_accessible_and_fit(ColorScheme scheme, int width)
    {
        await using var person = await browser.PersonAsync(scheme: scheme, width: width);
        var page = await person.NewPageAsync();
        await ShowAsync(page);

        await Looks.KeepAsync(page, $"gallery-{scheme}-{width}");
        await Looks.FitsAsync(page);
        await Looks.IsAccessibleAsync(page);
    }

    [Fact]
    public async Task The_error_summary_has_the_focus_and_leads_to_the_fields()
    {
        await using var person = await browser.PersonAsync();
        var page = await person.NewPageAsync();
        await ShowAsync(page);

        await Assertions.Expect(page.GetByRole(AriaRole.Alert).First).ToBeFocusedAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Skriv hela adressen" }).ClickAsync();
        var field = page.GetByLabel("E-postadress");
        await Assertions.Expect(field).ToBeFocusedAsync();
        await Assertions.Expect(field).ToHaveAccessibleDescriptionAsync("Vi skickar en kod dit. Fel: Skriv hela adressen, som namn@exempel.se");
        await Assertions.Expect(page.GetByLabel("Kod")).ToHaveAccessibleDescriptionAsync("");
    }

    [Fact]
    public async Task A_word_of_a_letter_and_a_hyphen_is_kept_together_and_reads_the_same()
    {
        await using var person = await browser.PersonAsync();
        var page = await person.NewPageAsync();
        await ShowAsync(page);

        Assert.Equal("Skriv den e-postadress som ska stå i stället.", await page.Locator(".lead").TextContentAsync());
        Assert.Equal("e-postadress", await page.Locator(".lead .unbroken").InnerTextAsync());
    }

    // At an address of the portal, so that its own stylesheet applies.
    private async Task ShowAsync(IPage page)
    {
        var address = new Uri(portal.Address, "/galleri").ToString();
        var html = await RenderAsync();
        await page.RouteAsync(address, route => route.FulfillAsync(new()
        {
            ContentType = "text/html; charset=utf-8",
            Body = $"<!DOCTYPE html><html lang=\"sv\"><head><title>Galleri</title><link rel=\"stylesheet\" href=\"/portal.css\"></head><body>{html}</body></html>",
        }));
        await page.GotoAsync(address);
    }

    private static async Task<string> RenderAsync()
    {
        await using var services = new ServiceCollection().AddLogging().BuildServiceProvider();
        await using var renderer = new HtmlRenderer(services, services.GetRequiredService<ILoggerFactory>());
        return await renderer.Dispatcher.InvokeAsync(async () => (await renderer.RenderComponentAsync<Gallery>()).ToHtmlString());
    }
}
