using System.Net;
using Kalejdo.Portal.Tests.Support;

namespace Kalejdo.Portal.Tests;

public class SecurityHeadersTests(PortalFixture portal)
{
    public static TheoryData<string> Addresses => [.. Pages.Open, .. Pages.Trial, Pages.Missing, "/portal.css"];

    [Theory]
    [MemberData(nameof(Addresses))]
    public async Task Stand_on_every_answer(string address)
    {
        using var client = portal.Client();
        using var response = await client.GetAsync(address, TestContext.Current.CancellationToken);

        string Header(string name) => Assert.Single(response.Headers.GetValues(name));
        var policy = Header("Content-Security-Policy");
        Assert.Contains("default-src 'self'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", Header("X-Content-Type-Options"));
        Assert.Equal("no-referrer", Header("Referrer-Policy"));
        Assert.Equal("same-origin", Header("Cross-Origin-Opener-Policy"));
        Assert.Equal("same-origin", Header("Cross-Origin-Resource-Policy"));
        Assert.Contains("camera=()", Header("Permissions-Policy"), StringComparison.Ordinal);
        Assert.False(response.Headers.Contains("Server"));
    }

    [Fact]
    public async Task Cookies_belong_to_this_host_alone_where_people_come_over_https()
    {
        await using var secure = portal.InMemory.WithWebHostBuilder(host => host.UseSetting("Portal:PublicAddress", "https://portalen.exempel/"));
        using var client = PortalFixture.Client(secure);
        using var response = await client.GetAsync(PortalUrls.Home, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var cookie = Assert.Single(response.Headers.GetValues("Set-Cookie"));
        Assert.StartsWith("__Host-", cookie, StringComparison.Ordinal);
        Assert.Contains("; secure", cookie, StringComparison.Ordinal);
        Assert.Contains("; path=/;", cookie, StringComparison.Ordinal);
        Assert.Contains("; samesite=lax", cookie, StringComparison.Ordinal);
        Assert.Contains("; httponly", cookie, StringComparison.Ordinal);
    }
}
