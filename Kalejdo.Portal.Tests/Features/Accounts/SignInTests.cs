using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Tests.Support;

namespace Kalejdo.Portal.Tests.Features.Accounts;

public class SignInTests(PortalFixture portal)
{
    private static readonly DemoSubscriber Anna = new(21);

    [Fact]
    public async Task A_subscriber_signs_in_and_out()
    {
        using var client = await portal.SignedInAsync(Anna);
        var page = await client.PageAsync(PortalUrls.MyAccount);
        Assert.Contains(Anna.OwnEmail, page, StringComparison.Ordinal);
        Assert.Contains(Anna.CustomerNumber, page, StringComparison.Ordinal);

        using var left = await client.PostFormAsync(PortalUrls.SignOut, "", Html.AntiforgeryToken(page));
        Assert.Equal(PortalUrls.Home, left.Headers.Location?.PathOf());
        using var again = await client.GetAsync(PortalUrls.MyAccount, TestContext.Current.CancellationToken);
        Assert.Equal(PortalUrls.SignInFrom(PortalUrls.MyAccount), again.Headers.Location?.PathOf());
    }
}
