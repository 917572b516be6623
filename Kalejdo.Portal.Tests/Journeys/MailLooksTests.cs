using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Journeys;

/// <summary>Mails as a mail program with HTML shows them, on a phone and a desk, by day and by night.</summary>
public class MailLooksTests(PortalFixture portal, Browser browser)
{
    public static TheoryData<ColorScheme, int> Views => new(
        from scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark]
        from width in (int[])[390, 1280]
        where LongForm.IsAsked || (scheme == ColorScheme.Dark) == (width == 390)
        select (scheme, width));

    [Theory]
    [MemberData(nameof(Views))]
    public async Task Every_letter_is_accessible_and_fits(ColorScheme scheme, int width)
    {
        await using var person = await browser.PersonAsync(scheme: scheme, width: width, scripts: true);
        var page = await person.NewPageAsync();
        foreach (var (letter, language) in from letter in SampleLetters.All from language in LongForm.IsAsked ? ["sv", "en", "both"] : (string[])["both"] select (letter, language))
        {
            var printed = await portal.InMemory.Services.GetRequiredService<LetterPrinter>().PrintAsync(letter, language, new Uri("https://exempel.se/inte-min-adress/lank/abc"));
            await page.SetContentAsync(printed.Html);
            await Looks.KeepAsync(page, $"mail-{letter}-{language}-{scheme}-{width}");
            await Looks.FitsAsync(page);
            await Looks.IsAccessibleAsync(page);
        }
    }

    [Theory]
    [MemberData(nameof(Views))]
    public async Task The_gallery_is_accessible_and_fits(ColorScheme scheme, int width)
    {
        await using var person = await browser.PersonAsync(scheme: scheme, width: width, scripts: true);
        var page = await person.NewPageAsync();
        await page.GotoAsync(new Uri(portal.Address, PortalUrls.Letters).ToString());
        // Frames are fetched when they come into sight.
        foreach (var letter in await page.Locator("iframe").AllAsync())
        {
            await letter.ScrollIntoViewIfNeededAsync();
        }
        await page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        await Looks.KeepAsync(page, $"brev-{scheme}-{width}");
        await Looks.FitsAsync(page);
        await Looks.IsAccessibleAsync(page);
    }
}
