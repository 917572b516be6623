using System.Net;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Tests.Support;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests;

/// <summary>The host that a request names opens nothing but the portal's own, and stands in no link.</summary>
public sealed class HostTests(AccountPortal portal) : IClassFixture<AccountPortal>
{
    public static TheoryData<string, string, string> Mailing => new()
    {
        { PortalUrls.Register, "register", "Posted.Address" },
        { PortalUrls.ForgottenPassword, "forgotten", "Posted.Address" },
        { PortalUrls.NotMyAddress, "address", "address" },
        { PortalUrls.Guest, "address", "address" },
    };

    [Fact]
    public async Task Is_that_of_the_public_address()
    {
        Assert.Equal(
            [("localhost", HttpStatusCode.OK), ("127.0.0.1:5080", HttpStatusCode.OK), ("ond.exempel", HttpStatusCode.BadRequest), ("localhost.ond.exempel", HttpStatusCode.BadRequest)],
            await StatusesAsync(portal, "localhost", "127.0.0.1:5080", "ond.exempel", "localhost.ond.exempel"));
        await using var open = portal.WithWebHostBuilder(host => host.UseSetting("Portal:PublicAddress", "https://portalen.exempel/").UseSetting("AllowedHosts", "halsa.exempel"));
        Assert.Equal(
            [("portalen.exempel", HttpStatusCode.OK), ("halsa.exempel", HttpStatusCode.OK), ("localhost", HttpStatusCode.BadRequest), ("www.portalen.exempel", HttpStatusCode.BadRequest)],
            await StatusesAsync(open, "portalen.exempel", "halsa.exempel", "localhost", "www.portalen.exempel"));
    }

    [Theory]
    [MemberData(nameof(Mailing))]
    public async Task Stands_in_no_mail(string page, string form, string field)
    {
        var subscriber = new DemoSubscriber(50 + page.Length);
        await SignedIn.CreateAccountAsync(portal.Services, subscriber);
        var address = subscriber.OwnEmail;
        using var forged = portal.Browser();
        var token = Html.AntiforgeryToken(await forged.PageAsync(page));
        forged.DefaultRequestHeaders.Host = "ond.exempel";
        using var refused = await forged.PostFormAsync(page, form, token, (field, address));
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Empty(await portal.AllMailsAsync(address));

        forged.DefaultRequestHeaders.Host = "127.0.0.1";
        forged.DefaultRequestHeaders.Add("X-Forwarded-Host", "ond.exempel");
        forged.DefaultRequestHeaders.Add("X-Forwarded-Proto", "ftp");
        forged.DefaultRequestHeaders.Add("Forwarded", "host=ond.exempel");
        using var taken = await forged.PostFormAsync(page, form, token, (field, address));
        Assert.Equal(HttpStatusCode.Redirect, taken.StatusCode);
        var (_, text) = Assert.Single(await portal.AllMailsAsync(address));
        Assert.DoesNotContain("ond.exempel", text + taken.Headers.Location, StringComparison.Ordinal);
        Assert.DoesNotContain("127.0.0.1", text, StringComparison.Ordinal);
    }

    private static async Task<List<(string, HttpStatusCode)>> StatusesAsync(Microsoft.AspNetCore.Mvc.Testing.WebApplicationFactory<Program> portal, params string[] hosts)
    {
        var statuses = new List<(string, HttpStatusCode)>();
        foreach (var host in hosts)
        {
            using var browser = PortalFixture.Client(portal);
            browser.DefaultRequestHeaders.Host = host;
            using var answer = await browser.GetAsync(PortalUrls.About, Cancellation);
            statuses.Add((host, answer.StatusCode));
        }

        return statuses;
    }
}
