using System.Text.RegularExpressions;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Journeys;

/// <summary>From an address to a linked account and out again, in Chromium, without scripts; every page is looked at on the way.</summary>
public sealed class AccountJourneyTests(AccountPortal portal, Browser browser) : IClassFixture<AccountPortal>
{
    [Theory]
    [InlineData("sv", 390)]
    [InlineData("en", 1280)]
    public async Task Register_link_confirm_and_sign_out(string language, int width)
    {
        var subscriber = new DemoSubscriber(language == "sv" ? 4 : 24);
        var address = portal.Listen();
        await using var person = await browser.PersonAsync(language, width: width, scripts: false);
        var page = await person.NewPageAsync();
        var health = new PageHealth(page, address);

        await page.GotoAsync(new Uri(address, PortalUrls.Register).ToString());
        await SubmitAsync(page);
        await LookAsync("skapa-konto-fel");
        await page.Locator("#epost").FillAsync(subscriber.OwnEmail);
        await SubmitAsync(page);
        await IsAtAsync(PortalUrls.RegisterCode);
        await LookAsync("kod");
        await page.Locator("#kod").FillAsync("12");
        await SubmitAsync(page);
        await LookAsync("kod-fel");
        await page.Locator("#kod").FillAsync(await portal.CodeMailedToAsync(subscriber.OwnEmail));
        await SubmitAsync(page);
        await IsAtAsync(PortalUrls.RegisterPassword);
        await LookAsync("losenord");
        await page.Locator("#losenord").FillAsync("kort");
        await SubmitAsync(page);
        await LookAsync("losenord-fel");
        await page.Locator("#losenord").FillAsync(SignedIn.Password);
        await SubmitAsync(page);
        await IsAtAsync(PortalUrls.Link);
        await LookAsync("koppla");
        await page.Locator("#bevis").FillAsync("12345678");
        await SubmitAsync(page);
        await LookAsync("koppla-fel");
        await page.Locator("#bevis").FillAsync(subscriber.BoxCode);
        await SubmitAsync(page);
        await IsAtAsync(PortalUrls.LinkDone);
        await LookAsync("koppla-klart");

        await page.GotoAsync(new Uri(address, PortalUrls.MyAccount).ToString());
        await LookAsync("konto");
        await page.GotoAsync(new Uri(address, PortalUrls.ChangePassword).ToString());
        await LookAsync("byt-losenord");
        await page.GotoAsync(new Uri(address, PortalUrls.ConfirmFrom(PortalUrls.MyAccount)).ToString());
        await LookAsync("bekrafta");
        await page.Locator("#losenord").FillAsync(SignedIn.Password);
        await SubmitAsync(page);
        await IsAtAsync(PortalUrls.MyAccount);
        await page.Locator(".account-menu button").ClickAsync();
        await IsAtAsync(PortalUrls.Home);
        await LookAsync("start");
        health.AssertGood();

        async Task LookAsync(string name)
        {
            await Looks.KeepAsync(page, $"konto-{name}-{language}-{width}");
            Assert.Equal(language, await page.GetAttributeAsync("html", "lang"));
            await Looks.FitsAsync(page);
        }

        Task IsAtAsync(string path) => Assertions.Expect(page).ToHaveURLAsync(new Regex(Regex.Escape(new Uri(address, path).ToString()) + "$"));
    }

    /// <summary>axe needs scripts, so the same pages once more with them.</summary>
    [Theory]
    [InlineData("sv", ColorScheme.Light, 390)]
    [InlineData("sv", ColorScheme.Dark, 1280)]
    [InlineData("en", ColorScheme.Dark, 390)]
    [InlineData("en", ColorScheme.Light, 1280)]
    public async Task The_pages_of_an_account_are_accessible(string language, ColorScheme scheme, int width)
    {
        var subscriber = new DemoSubscriber(28);
        var address = portal.Listen();
        await SignedIn.CreateAccountAsync(portal.Services, subscriber);
        await using var person = await browser.PersonAsync(language, scheme, width);
        var page = await person.NewPageAsync();
        await page.GotoAsync(new Uri(address, PortalUrls.SignInFrom(PortalUrls.MyAccount)).ToString());
        await SubmitAsync(page);
        await Looks.IsAccessibleAsync(page);
        await page.Locator("#namn").FillAsync(subscriber.OwnEmail);
        await page.Locator("#losenord").FillAsync(SignedIn.Password);
        await SubmitAsync(page);
        foreach (var path in new[] { PortalUrls.MyAccount, PortalUrls.ChangePassword, PortalUrls.Link, PortalUrls.LinkDone, PortalUrls.Confirm })
        {
            var health = new PageHealth(page, address);
            await page.GotoAsync(new Uri(address, path).ToString());
            Assert.Equal(new Uri(address, path).ToString(), page.Url);
            await Looks.KeepAsync(page, $"inloggad{path.Replace('/', '-')}-{language}-{scheme}-{width}");
            await Looks.FitsAsync(page);
            await Looks.IsAccessibleAsync(page);
            health.AssertGood();
            if (path is PortalUrls.ChangePassword or PortalUrls.Link or PortalUrls.Confirm)
            {
                await SubmitAsync(page);
                Assert.NotEqual(0, await page.Locator(".error-summary").CountAsync());
                await Looks.IsAccessibleAsync(page);
            }
        }
    }

    private static Task SubmitAsync(IPage page) => page.Locator("main form:not([hidden]) button").First.ClickAsync();
}
