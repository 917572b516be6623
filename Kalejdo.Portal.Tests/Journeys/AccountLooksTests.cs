using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Journeys;

/// <summary>The pages of an account by day and by night, with what they complain of.</summary>
public sealed class AccountLooksTests(AccountPortal portal, Browser browser) : IClassFixture<AccountPortal>
{
    [Theory]
    [ClassData(typeof(PageViews))]
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
        foreach (var path in new[] { PortalUrls.MyAccount, PortalUrls.Sessions, PortalUrls.Passkeys, PortalUrls.ChangePassword, PortalUrls.SecondFactor, PortalUrls.Link, PortalUrls.LinkDone, PortalUrls.Confirm })
        {
            var health = new PageHealth(page, address);
            await page.GotoAsync(new Uri(address, path).ToString());
            Assert.Equal(new Uri(address, path).ToString(), page.Url);
            await Looks.KeepAsync(page, $"inloggad{path.Replace('/', '-')}-{language}-{scheme}-{width}");
            await Looks.FitsAsync(page);
            await Looks.IsAccessibleAsync(page);
            health.AssertGood();
            if (path is PortalUrls.ChangePassword or PortalUrls.SecondFactor or PortalUrls.Link or PortalUrls.Confirm)
            {
                await SubmitAsync(page);
                Assert.NotEqual(0, await page.Locator(".error-summary").CountAsync());
                await Looks.IsAccessibleAsync(page);
            }
        }

        // On, with its codes; and off again, as the next view begins anew.
        await page.GotoAsync(new Uri(address, PortalUrls.SecondFactor).ToString());
        await page.Locator("#kod").FillAsync(AuthenticatorCodes.Of(SignedIn.FactorKey(await page.Locator(".reference").InnerTextAsync()), AuthenticatorCodes.StepOf(portal.Time.GetUtcNow())));
        await SubmitAsync(page);
        await Assertions.Expect(page.Locator(".recovery-codes li")).ToHaveCountAsync(10);
        await LookAsync("tvasteg-koder");
        await page.GotoAsync(new Uri(address, PortalUrls.SecondFactor).ToString());
        await Assertions.Expect(page.Locator(".summary")).ToBeVisibleAsync();
        await LookAsync("tvasteg-pa");
        await page.GotoAsync(new Uri(address, PortalUrls.Confirm).ToString());
        await Assertions.Expect(page.Locator("#kod")).ToBeVisibleAsync();
        await LookAsync("bekrafta-med-kod");
        await page.GotoAsync(new Uri(address, PortalUrls.SecondFactor).ToString());
        await page.Locator(".button-danger").ClickAsync();
        await Assertions.Expect(page.Locator(".notice-success")).ToBeVisibleAsync();

        async Task LookAsync(string name)
        {
            await Looks.KeepAsync(page, $"inloggad-{name}-{language}-{scheme}-{width}");
            await Looks.FitsAsync(page);
            await Looks.IsAccessibleAsync(page);
        }
    }

    private static Task SubmitAsync(IPage page) => page.Locator("main form:not([hidden]) button:not([type=button])").First.ClickAsync();
}
