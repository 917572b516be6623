using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Tests.Support;

namespace Kalejdo.Portal.Tests.Journeys;

public class SignOutTests(PortalFixture portal, Browser browser)
{
    [Fact]
    public async Task Whoever_goes_back_after_it_sees_nothing()
    {
        var subscriber = new DemoSubscriber(61);
        await using var person = await browser.PersonAsync();
        var page = await person.SignedInAsync(portal, subscriber);
        await page.GotoAsync(new Uri(portal.Address, PortalUrls.MyAccount).ToString());
        Assert.Contains(subscriber.OwnEmail, await page.ContentAsync(), StringComparison.Ordinal);

        await page.Locator($"form[action='{PortalUrls.SignOut}'] button").First.ClickAsync();
        await page.WaitForURLAsync(new Uri(portal.Address, PortalUrls.Home).ToString());
        await page.GoBackAsync();
        Assert.StartsWith(PortalUrls.SignIn, new Uri(page.Url).AbsolutePath, StringComparison.Ordinal);
        Assert.DoesNotContain(subscriber.OwnEmail, await page.ContentAsync(), StringComparison.Ordinal);
        // The language and the known browser stay; the session does not.
        var cookies = (await person.CookiesAsync()).Select(cookie => cookie.Name).ToList();
        Assert.Contains("enhet", cookies);
        Assert.DoesNotContain(CookieSettings.Session, cookies);
    }
}
