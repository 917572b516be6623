using System.Globalization;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Features.MyData;
using Kalejdo.Portal.Layout;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Journeys;

/// <summary>A passkey in Chromium, with its virtual authenticator: made, signed in with, confirmed by, and removed.</summary>
public sealed class PasskeyJourneyTests(JourneyPortal portal, Browser browser) : IClassFixture<JourneyPortal>
{
    [Fact]
    public async Task From_the_password_to_the_passkey_and_back()
    {
        var subscriber = new DemoSubscriber(28);
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = Languages.Swedish;
        await SignedIn.CreateAccountAsync(portal.Services, subscriber);
        await using var person = await browser.PersonAsync("sv", width: 390);
        var page = await person.NewPageAsync();
        var devices = await person.NewCDPSessionAsync(page);
        await devices.SendAsync("WebAuthn.enable");
        var added = await devices.SendAsync("WebAuthn.addVirtualAuthenticator", new()
        {
            ["options"] = new Dictionary<string, object>
            {
                ["protocol"] = "ctap2",
                ["transport"] = "internal",
                ["hasResidentKey"] = true,
                ["hasUserVerification"] = true,
                ["isUserVerified"] = true,
                ["automaticPresenceSimulation"] = true,
            },
        });
        var phone = added!.Value.GetProperty("authenticatorId").GetString()!;
        var walk = new Walk(page, portal.Address, "nyckel", scripts: true);

        await walk.OpenAsync(PortalUrls.SignInFrom(PortalUrls.Passkeys));
        await walk.SeesAsync(AccountsText.SignInTitle);
        await walk.WriteAsync(AccountsText.Name, subscriber.OwnEmail);
        await walk.WriteAsync(AccountsText.Password, SignedIn.Password);
        await walk.PressAsync(AccountsText.PasswordShow);
        Assert.Equal("text", await page.Locator("#losenord").GetAttributeAsync("type"));
        await walk.PressAsync(AccountsText.PasswordHide);
        Assert.Equal("password", await page.Locator("#losenord").GetAttributeAsync("type"));
        await walk.PressAsync(AccountsText.SignInTitle);

        await walk.SeesAsync(AccountsText.PasskeysTitle);
        await walk.PressAsync(AccountsText.PasskeyNewAct);
        await walk.IsToldAsync(AccountsText.PasskeyNameMissing);
        await walk.OpenAsync(PortalUrls.Passkeys);
        await walk.WriteAsync(AccountsText.PasskeyName, "Min telefon");
        await walk.PressAsync(AccountsText.PasskeyNewAct);
        await walk.ComesToAsync(AccountsText.PasskeyAdded);
        await walk.ReadsAsync("Min telefon");

        await person.ClearCookiesAsync();
        await VerifiesAsync(false);
        await walk.OpenAsync(PortalUrls.SignInFrom(PortalUrls.MyAccount));
        await walk.PressAsync(AccountsText.PasskeySignIn);
        await Assertions.Expect(page.Locator("[data-failed]")).ToBeVisibleAsync();
        await VerifiesAsync(true);
        await walk.PressAsync(AccountsText.PasskeySignIn);
        await walk.SeesAsync(AccountsText.AccountTitle);
        await walk.ReadsAsync(subscriber.OwnEmail);

        portal.Time.Advance(CurrentSubject.Freshness + TimeSpan.FromMinutes(1));
        await walk.OpenAsync(PortalUrls.Download);
        await walk.SeesAsync(AccountsText.ConfirmTitle);
        await walk.PressAsync(AccountsText.PasskeyConfirm);
        await walk.SeesAsync(MyDataText.DownloadPageTitle);

        await walk.OpenAsync(PortalUrls.Passkeys);
        await page.Locator(".summary .button-quiet").ClickAsync();
        await walk.ComesToAsync(AccountsText.PasskeyRemoved);
        await person.ClearCookiesAsync();
        await walk.OpenAsync(PortalUrls.SignIn);
        await walk.PressAsync(AccountsText.PasskeySignIn);
        await walk.IsToldAsync(AccountsText.PasskeyWrong);
        walk.AssertGood();

        Task VerifiesAsync(bool verifies) => devices.SendAsync("WebAuthn.setUserVerified", new() { ["authenticatorId"] = phone, ["isUserVerified"] = verifies });
    }
}
