using Kalejdo.Portal.Tests.Support;
using Microsoft.AspNetCore.Mvc.Testing.Handlers;

namespace Kalejdo.Portal.Tests;

public sealed class SecurityHeadersTests(PortalFixture portal, AccountPortal accounts) : IClassFixture<AccountPortal>
{
    public static TheoryData<string> Addresses => [.. Pages.Open, .. Pages.Trial, Pages.Missing, "/portal.css", PortalUrls.ReceiptKeys];

    [Theory]
    [MemberData(nameof(Addresses))]
    public async Task Stand_on_every_answer(string address)
    {
        using var client = portal.Client();
        using var response = await client.GetAsync(address, TestContext.Current.CancellationToken);
        StrictHeaders.Assert(response, isFile: address == "/portal.css");
    }

    [Fact]
    public async Task Cookies_belong_to_this_host_alone_where_people_come_over_https()
    {
        const string address = "kakor@personal.exempel.se";
        await using var secure = accounts.WithWebHostBuilder(host => host.UseSetting("Portal:PublicAddress", "https://portalen.exempel/"));
        var set = new SetCookies();
        using var client = secure.CreateDefaultClient(new Uri("https://portalen.exempel/"), new CookieContainerHandler(), set);

        // Everybody who has a cookie to give.
        using var home = await client.GetAsync(PortalUrls.Home, AccountPortal.Cancellation);
        Assert.Equal("max-age=31536000; includeSubDomains", Assert.Single(home.Headers.GetValues("Strict-Transport-Security")));
        var token = Html.AntiforgeryToken(await home.PageAsync());
        using var language = await client.PostFormAsync(PortalUrls.Language, "", token, ("language", "sv"), ("returnUrl", PortalUrls.Home));
        using var challenge = await client.PostFormAsync(PortalUrls.PasskeySignIn, "", token);
        await accounts.RegisterAsync(client, "kakor@exempel.se");
        await SignedIn.CreateStaffAsync(secure.Services, address, StaffRoles.Auditor);
        await SignedIn.FactorCodeAsync(secure.Services, address);
        using var half = await client.SignInAsync(address, SignedIn.Password);
        Assert.Equal(PortalUrls.SignInCode, half.Headers.Location?.PathOf());

        Assert.Equal(["__Host-enhet", "__Host-formular", "__Host-inloggning", "__Host-kod-registration", "__Host-nyckel", "__Host-session", "__Host-sprak"], set.All.Select(cookie => cookie.Split('=')[0]).Distinct().Order(StringComparer.Ordinal));
        Assert.All(set.All, cookie =>
        {
            Assert.Contains("; secure", cookie, StringComparison.Ordinal);
            Assert.Contains("; path=/;", cookie, StringComparison.Ordinal);
            Assert.Contains(cookie.StartsWith("__Host-nyckel", StringComparison.Ordinal) ? "; samesite=strict" : "; samesite=lax", cookie, StringComparison.Ordinal);
            Assert.Contains("; httponly", cookie, StringComparison.Ordinal);
            Assert.DoesNotContain("domain=", cookie, StringComparison.Ordinal);
        });
    }

    private sealed class SetCookies : DelegatingHandler
    {
        public List<string> All { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            All.AddRange(response.Headers.TryGetValues("Set-Cookie", out var cookies) ? cookies : []);
            return response;
        }
    }
}
