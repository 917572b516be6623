using System.Globalization;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Layout;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Journeys;

/// <summary>A portal whose one provider is to be at <see cref="Issuer"/>.</summary>
public sealed class OpenIdJourneyPortal : JourneyPortal
{
    public OpenIdJourneyPortal()
        : this(OpenIdPeer.FreeIssuer())
    {
    }

    private OpenIdJourneyPortal(Uri issuer)
        : base(new Dictionary<string, string>
        {
            ["OpenIdConnect:Providers:0:Key"] = "e-leg",
            ["OpenIdConnect:Providers:0:Name:Sv"] = "E-leg Test",
            ["OpenIdConnect:Providers:0:Name:En"] = "E-ID Test",
            ["OpenIdConnect:Providers:0:Authority"] = issuer.ToString(),
            ["OpenIdConnect:Providers:0:ClientId"] = OpenIdPeer.ClientId,
            ["OpenIdConnect:Providers:0:ClientSecret"] = OpenIdPeer.Secret,
        }) => Issuer = issuer;

    public Uri Issuer { get; }
}

/// <summary>An electronic ID in Chromium with a real provider: added, signed in with, confirmed by, and removed; with scripts and without.</summary>
public sealed class ElectronicIdJourneyTests(OpenIdJourneyPortal portal, Browser browser) : IClassFixture<OpenIdJourneyPortal>
{
    private const string Provider = "E-leg Test";

    [Fact]
    public async Task From_the_password_to_the_electronic_ID_and_back()
    {
        var subscriber = new DemoSubscriber(28);
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = Languages.Swedish;
        await using var provider = await OpenIdPeer.StartAsync(portal.Issuer, new Uri(portal.Address, PortalUrls.OpenIdCallback("e-leg")));
        await SignedIn.CreateAccountAsync(portal.Services, subscriber);
        await using var person = await browser.PersonAsync("sv", width: 390);
        var page = await person.NewPageAsync();
        var walk = new Walk(page, portal.Address, "e-leg", scripts: true, portal.Issuer);

        await walk.OpenAsync(PortalUrls.SignInFrom(PortalUrls.MyAccount));
        await walk.SeesAsync(AccountsText.SignInTitle);
        await walk.WriteAsync(AccountsText.Name, subscriber.OwnEmail);
        await walk.WriteAsync(AccountsText.Password, SignedIn.Password);
        await walk.PressAsync(AccountsText.SignInTitle);
        await walk.SeesAsync(AccountsText.AccountTitle);
        await walk.FollowAddressAsync(PortalUrls.ElectronicIds);
        await walk.SeesAsync(AccountsText.ElectronicIdTitle);

        // The page between goes on by itself; here it stays, to be looked at, and its button leads on.
        await page.RouteAsync(address => new Uri(address).AbsolutePath == PortalUrls.ElectronicIds, async route =>
        {
            var answer = await route.FetchAsync();
            var shown = (await answer.TextAsync()).Replace("http-equiv=\"refresh\"", "name=\"stays\"", StringComparison.Ordinal);
            await route.FulfillAsync(new() { Response = answer, Body = shown });
        });
        await walk.PressAsync(Words(AccountsText.ElectronicIdAdd));
        await walk.SeesAsync(Words(AccountsText.ElectronicIdLeaving));
        await page.UnrouteAllAsync();
        await walk.FollowAsync(Words(AccountsText.ElectronicIdLeave));
        await ProveAsync(page, "Anna");
        await walk.ComesToAsync(AccountsText.ElectronicIdAdded);
        await walk.ReadsAsync(Provider);

        await person.ClearCookiesAsync();
        await walk.OpenAsync(PortalUrls.SignIn);
        await walk.PressAsync(Words(AccountsText.ElectronicIdSignIn));
        await ProveAsync(page, "Avbryt");
        await walk.SeesAsync(AccountsText.ElectronicIdCancelledTitle);
        await walk.FollowAsync(AccountsText.ElectronicIdBack);
        await walk.PressAsync(Words(AccountsText.ElectronicIdSignIn));
        await ProveAsync(page, "Bo");
        await walk.SeesAsync(AccountsText.ElectronicIdUnlinkedTitle);

        await using (var careful = await browser.PersonAsync("sv", width: 390, scripts: false))
        {
            var plain = await careful.NewPageAsync();
            var without = new Walk(plain, portal.Address, "e-leg-utan", scripts: false, portal.Issuer);
            await without.OpenAsync(PortalUrls.SignInFrom(PortalUrls.MyAccount));
            await without.PressAsync(Words(AccountsText.ElectronicIdSignIn));
            await ProveAsync(plain, "Anna");
            await without.SeesAsync(AccountsText.AccountTitle);
            without.AssertGood();
        }

        await person.ClearCookiesAsync();
        await walk.OpenAsync(PortalUrls.SignInFrom(PortalUrls.MyAccount));
        await walk.PressAsync(Words(AccountsText.ElectronicIdSignIn));
        await ProveAsync(page, "Anna");
        await walk.SeesAsync(AccountsText.AccountTitle);
        await walk.ReadsAsync(subscriber.OwnEmail);

        // The provider knows the person still, and asks all the same.
        await walk.OpenAsync(PortalUrls.ConfirmFrom(PortalUrls.ElectronicIds));
        await walk.SeesAsync(AccountsText.ConfirmTitle);
        await walk.PressAsync(Words(AccountsText.ElectronicIdConfirm));
        await ProveAsync(page, "Anna");
        await walk.SeesAsync(AccountsText.ElectronicIdTitle);
        await page.Locator(".summary .button-quiet").ClickAsync();
        await walk.ComesToAsync(AccountsText.ElectronicIdRemoved);
        walk.AssertGood();
    }

    private static string Words(string text) => string.Format(CultureInfo.CurrentCulture, text, Provider);

    // The provider's clock is the machine's; the portal's catches up with it.
    private async Task ProveAsync(IPage page, string button)
    {
        var who = page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true });
        await Assertions.Expect(page).ToHaveTitleAsync(Provider);
        portal.Time.Advance(TimeProvider.System.GetUtcNow() - portal.Time.GetUtcNow());
        await who.ClickAsync();
    }
}
