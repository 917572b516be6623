using System.Net;
using System.Net.WebSockets;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests;

public class RateLimitsTests(RateLimitsTests.NarrowPortal portal) : IClassFixture<RateLimitsTests.NarrowPortal>
{
    private const int Few = 2;
    private const int Pages = 40;

    private static readonly Dictionary<string, string[]> Limited = new()
    {
        [RateLimits.SignIn] = [PortalUrls.SignIn, PortalUrls.SignInCode, PortalUrls.PasskeySignIn, PortalUrls.Confirm, PortalUrls.PasskeyConfirm],
        [RateLimits.Codes] =
        [
            PortalUrls.Register, PortalUrls.RegisterCode, PortalUrls.RegisterPassword, PortalUrls.ForgottenPassword, PortalUrls.ForgottenPasswordCode, PortalUrls.NewPassword,
            PortalUrls.Link, PortalUrls.NotMyAddress, PortalUrls.NotMyAddressCode, PortalUrls.Guest, PortalUrls.GuestCode, PortalUrls.ConfirmNewAddressRoute,
        ],
        [RateLimits.MailLinks] =
        [
            PortalUrls.NotMyAddressLinkRoute, PortalUrls.UndoDisavowalRoute, PortalUrls.UndoAddressChangeRoute, PortalUrls.CaseRoute, PortalUrls.AnswerRoute, PortalUrls.AnswerFileRoute,
            PortalUrls.ReceiptRoute, PortalUrls.ReceiptFileRoute, PortalUrls.UndoErasureRoute, PortalUrls.UndoErasureSignedIn, PortalUrls.AcknowledgeRoute, PortalUrls.InvitationRoute,
        ],
        [RateLimits.Requests] = [PortalUrls.GuestWrite, PortalUrls.GuestOnPaper, PortalUrls.NewRequest],
        [RateLimits.Downloads] = [PortalUrls.DownloadEverything, PortalUrls.DownloadToMove, PortalUrls.RecordFile, PortalUrls.AccessLogFile],
        [RateLimits.Plans] = [PortalUrls.EraseSelected, PortalUrls.EraseKindRoute, PortalUrls.EraseRowRoute, PortalUrls.EraseEverything],
        [RateLimits.Looks] = [PortalUrls.FindSubscriber],
        [RateLimits.Callbacks] = [PortalUrls.RecipientCallback],
        [RateLimits.LiveConnections] = ["/_blazor"],
    };

    [Fact]
    public void Each_stands_where_it_belongs()
    {
        var found = portal.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Select(route => (Address: "/" + route.RoutePattern.RawText!.Trim('/'), Policy: route.Metadata.GetMetadata<EnableRateLimitingAttribute>()?.PolicyName))
            .Where(route => route.Policy is not null).Select(route => $"{route.Policy} {route.Address}").Distinct();
        Assert.Equal(Limited.SelectMany(limit => limit.Value.Select(address => $"{limit.Key} {address}")).Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Too_many_are_told_in_words_and_when_to_try_again_and_are_on_record_once()
    {
        using var browser = portal.Browser("sv");
        for (var i = 0; i < Few; i++)
        {
            using var taken = await browser.SignInAsync("nagon@exempel.se", "fel lösenord helt");
            Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
        }

        foreach (var (language, heading, lead) in new[] { ("sv", "För många försök", "Vänta en minut och försök igen. Inget har ändrats."), ("en", "Too many attempts", "Wait a minute and try again. Nothing has been changed.") })
        {
            using var other = portal.Browser(language);
            // Looking at the form counts for nothing.
            using var refused = await other.SignInAsync("nagon@exempel.se", "fel lösenord helt");
            var page = await refused.PageAsync();
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
            Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
            Assert.Equal(heading, Html.Heading(page));
            Assert.Contains(lead, page, StringComparison.Ordinal);
            Assert.Single(refused.Headers.GetValues("Content-Security-Policy"));
        }

        var entry = Assert.Single(await portal.ReachedAsync(RateLimits.SignIn));
        Assert.Null(entry.Subject);
    }

    [Fact]
    public async Task Who_is_signed_in_counts_alone_wherever_they_come_from()
    {
        await DownloadsAsync(new DemoSubscriber(41));
        await DownloadsAsync(new DemoSubscriber(42));
        var entries = await portal.ReachedAsync(RateLimits.Downloads);
        Assert.Equal(2, entries.Select(entry => entry.Subject!.Value).Distinct().Count());
        Assert.All(entries, entry => Assert.Equal(entry.Subject, entry.Actor));

        async Task DownloadsAsync(DemoSubscriber subscriber)
        {
            using var browser = await portal.SignedInAsync(subscriber);
            var token = Html.AntiforgeryToken(await browser.PageAsync(PortalUrls.Download));
            for (var i = 0; i < Few; i++)
            {
                using var taken = await browser.PostFormAsync(PortalUrls.DownloadToMove, "", token);
                Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
            }

            using var refused = await browser.PostFormAsync(PortalUrls.DownloadToMove, "", token);
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
            Assert.Contains("Vänta 60 minuter", await refused.PageAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Programs_are_told_without_a_page()
    {
        using var recipient = portal.Browser("sv");
        for (var i = 0; i <= Few; i++)
        {
            using var content = new StringContent("{}");
            using var answer = await recipient.PostAsync(PortalUrls.RecipientCallback, content, Cancellation);
            Assert.Equal(i < Few ? HttpStatusCode.Unauthorized : HttpStatusCode.TooManyRequests, answer.StatusCode);
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
            Assert.Equal(i == Few, answer.Headers.RetryAfter is not null);
        }
    }

    [Theory]
    [InlineData("198.51.100.7", "198.51.100.7", true)]
    [InlineData("198.51.100.8", "::ffff:198.51.100.8", true)]
    [InlineData("198.51.100.9", "198.51.100.10", false)]
    [InlineData("2001:db8:0:100::1", "2001:db8:0:1ff:9::9", true)]
    [InlineData("2001:db8:1:100::1", "2001:db8:1:200::1", false)]
    public async Task A_network_is_an_address_or_a_whole_56(string first, string second, bool same)
    {
        await ReachAsync(portal.Server, first);
        Assert.Equal(same, await IsRefusedAsync(portal.Server, second));
    }

    [Fact]
    public async Task Everything_has_a_limit_but_files()
    {
        const string from = "198.51.100.20";
        for (var i = 0; i < Pages; i++)
        {
            Assert.Equal(StatusCodes.Status404NotFound, await StatusAsync(portal.Server, from, Support.Pages.Missing));
        }

        Assert.Equal(StatusCodes.Status429TooManyRequests, await StatusAsync(portal.Server, from, PortalUrls.About));
        Assert.Equal(StatusCodes.Status200OK, await StatusAsync(portal.Server, from, "/portal.css"));
    }

    [Fact]
    public async Task Where_somebody_comes_from_is_what_the_connection_says()
    {
        await ReachAsync(portal.Server, "198.51.100.30", "203.0.113.1");
        Assert.True(await IsRefusedAsync(portal.Server, "198.51.100.30", "203.0.113.2"));
        Assert.True(await IsRefusedAsync(portal.Server, "198.51.100.30"));
    }

    [Fact]
    public async Task Or_what_the_proxies_say_that_the_settings_name()
    {
        await using var behind = portal.With(host => host.UseSetting("Portal:Proxies:0", "10.0.0.0/8").UseSetting("Portal:Proxies:1", "192.0.2.9"));
        await ReachAsync(behind.Server, "10.0.0.1", "203.0.113.1");
        Assert.False(await IsRefusedAsync(behind.Server, "10.0.0.1", "203.0.113.2"));
        // By way of two proxies; what somebody wrote before them is not believed.
        Assert.True(await IsRefusedAsync(behind.Server, "192.0.2.9", "198.51.100.99, 203.0.113.1, 10.7.7.7"));
        // Past the proxies.
        await ReachAsync(behind.Server, "198.51.100.31", "203.0.113.3");
        Assert.True(await IsRefusedAsync(behind.Server, "198.51.100.31", "203.0.113.4"));
        Assert.False(await IsRefusedAsync(behind.Server, "10.0.0.1", "203.0.113.3"));
    }

    [Fact]
    public async Task Live_parts_are_open_so_many_at_once()
    {
        var connecting = portal.Server.CreateWebSocketClient();
        var address = new Uri("ws://localhost/_blazor");
        var open = new List<WebSocket>();
        for (var i = 0; i < Few; i++)
        {
            open.Add(await connecting.ConnectAsync(address, Cancellation));
        }

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => connecting.ConnectAsync(address, Cancellation));
        Assert.Contains("429", refused.Message, StringComparison.Ordinal);
        foreach (var connection in open)
        {
            connection.Dispose();
        }
    }

    [Theory]
    [InlineData(null, HttpStatusCode.OK)]
    [InlineData("http://localhost", HttpStatusCode.OK)]
    [InlineData("https://localhost", HttpStatusCode.Forbidden)]
    [InlineData("http://localhost:5081", HttpStatusCode.Forbidden)]
    [InlineData("http://ond.exempel", HttpStatusCode.Forbidden)]
    [InlineData("null", HttpStatusCode.Forbidden)]
    public async Task Live_parts_are_for_pages_of_ours(string? origin, HttpStatusCode expected)
    {
        using var page = portal.Browser("sv");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/_blazor/negotiate?negotiateVersion=1");
        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
        }

        using var answer = await page.SendAsync(request, Cancellation);
        Assert.Equal(expected, answer.StatusCode);
    }

    private static async Task ReachAsync(TestServer server, string from, string? forwarded = null)
    {
        for (var i = 0; i < Few; i++)
        {
            Assert.False(await IsRefusedAsync(server, from, forwarded));
        }
    }

    private static async Task<bool> IsRefusedAsync(TestServer server, string from, string? forwarded = null) =>
        await StatusAsync(server, from, PortalUrls.Receipt("x"), forwarded) == StatusCodes.Status429TooManyRequests;

    private static async Task<int> StatusAsync(TestServer server, string from, string address, string? forwarded = null)
    {
        var answered = await server.SendAsync(
            context =>
            {
                (context.Request.Method, context.Request.Path, context.Request.Host) = (HttpMethods.Get, address, new HostString("localhost"));
                context.Connection.RemoteIpAddress = IPAddress.Parse(from);
                if (forwarded is not null)
                {
                    context.Request.Headers["X-Forwarded-For"] = forwarded;
                }
            },
            Cancellation);
        return answered.Response.StatusCode;
    }

    /// <summary>A portal whose limits are reached at once; each test reaches another.</summary>
    public sealed class NarrowPortal : IDisposable
    {
        private readonly AccountPortal wide = new();
        private readonly WebApplicationFactory<Program> narrow;

        public NarrowPortal() => narrow = With(_ => { });

        public IServiceProvider Services => narrow.Services;

        public TestServer Server => narrow.Server;

        public HttpClient Browser(string language) => PortalFixture.Client(narrow, language);

        public WebApplicationFactory<Program> With(Action<Microsoft.AspNetCore.Hosting.IWebHostBuilder> settings) => wide.WithWebHostBuilder(host => settings(host
            .WithRate(nameof(LimitOptions.SignInsAMinute), Few).WithRate(nameof(LimitOptions.DownloadsAnHour), Few).WithRate(nameof(LimitOptions.CallbacksAMinute), Few)
            .WithRate(nameof(LimitOptions.MailLinksAMinute), Few).WithRate(nameof(LimitOptions.LiveConnections), Few).WithRate(nameof(LimitOptions.AnythingAMinute), Pages)));

        /// <summary>Signed in where nothing is limited; both portals share keys and database.</summary>
        public async Task<HttpClient> SignedInAsync(DemoSubscriber subscriber)
        {
            await SignedIn.CreateAccountAsync(Services, subscriber);
            using var elsewhere = wide.Browser();
            using var signedIn = await elsewhere.SignInAsync(subscriber.OwnEmail, SignedIn.Password);
            Assert.Equal(PortalUrls.Overview, signedIn.Headers.Location?.PathOf());
            var browser = Browser("sv");
            browser.DefaultRequestHeaders.Add("Cookie", string.Join("; ", signedIn.Headers.GetValues("Set-Cookie").Select(cookie => cookie.Split(';')[0])));
            return browser;
        }

        public Task<List<Kalejdo.Portal.Store.AuditEntry>> ReachedAsync(string limit) =>
            wide.StoreAsync(db => db.AuditEntries.AsNoTracking().Where(entry => entry.Event == "limit.reached" && entry.ReasonCode == limit).ToListAsync(Cancellation));

        public void Dispose()
        {
            narrow.Dispose();
            wide.Dispose();
        }
    }
}
