using System.Net;
using System.Security.Claims;
using System.Text.RegularExpressions;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Features.Accounts;

[OnPostgres]
public sealed class SessionsOnPostgresTests(AccountPortal portal) : SessionsTests(portal);

public class SessionsTests(AccountPortal portal) : IClassFixture<AccountPortal>
{
    private const string Firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:139.0) Gecko/20100101 Firefox/139.0";
    private const string Phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";

    [Fact]
    public async Task Each_is_listed_and_ends_where_its_button_is_pressed()
    {
        var subscriber = new DemoSubscriber(21);
        using var here = await SignedInAsync(subscriber, Firefox);
        using var there = await SignedInAsync(subscriber, Phone);
        using var third = await SignedInAsync(subscriber, "");
        var page = await here.PageAsync(PortalUrls.Sessions);
        Assert.Equal(["Firefox, Windows", "Okänd enhet", "Safari, iPhone"], Regex.Matches(page, "<dt>([^<]*)</dt>").Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal));
        Assert.StartsWith("Firefox", Regex.Match(page, "<dt>([^<]*)</dt>").Groups[1].Value, StringComparison.Ordinal);
        Assert.Contains("Inloggningar: 3", await here.PageAsync(PortalUrls.MyAccount), StringComparison.Ordinal);
        Assert.Equal(3, Ids(page).Length);

        using var ended = await here.FillInAsync(PortalUrls.Sessions, "end", ("Chosen", await IdOfAsync(subscriber, "Safari, iPhone")));
        Assert.Contains("Utloggningen är gjord", await here.PageAsync(ended.Headers.Location!.PathOf()), StringComparison.Ordinal);
        Assert.False(await IsSignedInAsync(there));
        Assert.True(await IsSignedInAsync(third));
        using var others = await here.FillInAsync(PortalUrls.Sessions, "end", ("Chosen", "andra"));
        Assert.False(await IsSignedInAsync(third));
        Assert.True(await IsSignedInAsync(here));
        Assert.Empty(Ids(await here.PageAsync(PortalUrls.Sessions)));
    }

    [Fact]
    public async Task Nobody_ends_or_sees_anothers()
    {
        using var mine = await SignedInAsync(new DemoSubscriber(24), Firefox);
        using var theirs = await SignedInAsync(new DemoSubscriber(25), Phone);
        var id = await IdOfAsync(new DemoSubscriber(25), "Safari, iPhone");
        Assert.DoesNotContain("iPhone", await mine.PageAsync(PortalUrls.Sessions), StringComparison.Ordinal);
        foreach (var chosen in new[] { id, "", "finns-inte", "' OR 1=1 --" })
        {
            using var answer = await mine.FillInAsync(PortalUrls.Sessions, "end", ("Chosen", chosen));
            Assert.True((int)answer.StatusCode < 400);
        }

        Assert.True(await IsSignedInAsync(theirs));
        Assert.True(await IsSignedInAsync(mine));
    }

    [Fact]
    public async Task Looking_writes_nothing_and_signing_out_takes_the_row_along()
    {
        var subscriber = new DemoSubscriber(26);
        using var browser = await SignedInAsync(subscriber, Firefox);
        var before = await RowsAsync(subscriber);
        var audited = await portal.StoreAsync(db => db.AuditEntries.CountAsync(Cancellation));
        portal.Time.Advance(TimeSpan.FromMinutes(20));
        var page = await browser.PageAsync(PortalUrls.Sessions);
        Assert.Equal(before, await RowsAsync(subscriber));
        Assert.Equal(audited, await portal.StoreAsync(db => db.AuditEntries.CountAsync(Cancellation)));
        using var left = await browser.PostFormAsync(PortalUrls.SignOut, "", Html.AntiforgeryToken(page));
        Assert.Empty(await RowsAsync(subscriber));
    }

    [Fact]
    public async Task A_copy_of_the_cookie_is_worth_nothing_once_its_session_ended_or_the_password_changed()
    {
        var subscriber = new DemoSubscriber(28);
        await SignedIn.CreateAccountAsync(portal.Services, subscriber);
        using var browser = portal.Browser();
        using var thief = portal.Browser();
        var cookie = await CookieAsync(subscriber);
        browser.DefaultRequestHeaders.Add("Cookie", cookie);
        thief.DefaultRequestHeaders.Add("Cookie", cookie);
        Assert.True(await IsSignedInAsync(thief));
        using var changed = await browser.FillInAsync(PortalUrls.ChangePassword, "change-password", ("Posted.Current", SignedIn.Password), ("Posted.Password", "fem glada bockar på bron"));
        Assert.Equal(PortalUrls.MyAccount + "?bytt=1", changed.Headers.Location?.PathOf());
        // The session goes on in the browser that changed it, under a new stamp: the copy has the old one.
        Assert.Single(await SessionsAsync(subscriber));
        Assert.False(await IsSignedInAsync(thief));
    }

    [Fact]
    public async Task A_browser_that_the_account_was_never_used_in_is_told_of_once()
    {
        const string Address = "ny.enhet@exempel.se";
        using var first = portal.Browser();
        await portal.RegisterAsync(first, Address);
        await SignInAgainAsync(first);
        Assert.Empty(await NoticesAsync(Address));

        using var other = portal.Browser();
        other.DefaultRequestHeaders.UserAgent.ParseAdd(Phone);
        await SignInAgainAsync(other);
        await SignInAgainAsync(other);
        var told = Assert.Single(await NoticesAsync(Address));
        Assert.Contains("Safari, iPhone", told, StringComparison.Ordinal);
        Assert.Contains(PortalUrls.Sessions, told, StringComparison.Ordinal);

        // Somebody else's sign-in there, or a cookie that is not ours, makes nobody known.
        using var stranger = portal.Browser();
        stranger.DefaultRequestHeaders.Add("Cookie", "enhet=" + new string('x', 200));
        await SignInAgainAsync(stranger);
        Assert.Equal(2, (await NoticesAsync(Address)).Count);

        async Task SignInAgainAsync(HttpClient browser)
        {
            using var answer = await browser.SignInAsync(Address, SignedIn.Password);
            Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        }
    }

    [Fact]
    public async Task What_is_live_ends_with_its_session_and_what_nobody_is_signed_in_for_goes_on()
    {
        var subscriber = new DemoSubscriber(31);
        using var browser = await SignedInAsync(subscriber, Firefox);
        var session = Assert.Single(await SessionsAsync(subscriber));
        var person = new Person(
            new(ClaimTypes.NameIdentifier, session.AccountId), new(CurrentSubject.SessionClaim, session.Id), new(new ClaimsIdentityOptions().SecurityStampClaimType, session.Stamp));
        var page = new Page();
        using var live = new SessionCircuits(person, page, portal.Services.GetRequiredService<IServiceScopeFactory>(), portal.Time);
        using var anybody = new SessionCircuits(new Person(), page, portal.Services.GetRequiredService<IServiceScopeFactory>(), portal.Time);
        var done = 0;
        var act = live.CreateInboundActivityHandler(_ =>
        {
            done++;
            return Task.CompletedTask;
        });
        await CheckAsync();
        Assert.Equal((1, 0), (done, page.Reloads));

        using var ended = await browser.FillInAsync(PortalUrls.Sessions, "everywhere");
        await CheckAsync();
        Assert.Equal((1, 1), (done, page.Reloads));

        async Task CheckAsync()
        {
            await anybody.CheckAsync();
            await live.CheckAsync();
            await act(null!);
        }
    }

    [Fact]
    public async Task Half_a_day_is_enough_however_busy_one_is()
    {
        var subscriber = new DemoSubscriber(29);
        using var browser = await SignedInAsync(subscriber, Firefox);
        for (var minutes = 0; minutes < SignInSession.Longest.TotalMinutes - 20; minutes += 20)
        {
            portal.Time.Advance(TimeSpan.FromMinutes(20));
            Assert.True(await IsSignedInAsync(browser));
        }

        portal.Time.Advance(TimeSpan.FromMinutes(20));
        Assert.False(await IsSignedInAsync(browser));
        await portal.Services.GetRequiredService<ExpiredRows>().RemoveAsync(Cancellation);
        Assert.Empty(await RowsAsync(subscriber));
    }

    private async Task<List<string>> NoticesAsync(string address) =>
        [.. (await portal.AllMailsAsync(address)).Where(mail => mail.Letter == nameof(NewDeviceLetter)).Select(mail => mail.Text)];

    private async Task<HttpClient> SignedInAsync(DemoSubscriber subscriber, string userAgent)
    {
        await SignedIn.CreateAccountAsync(portal.Services, subscriber);
        var browser = portal.Browser();
        if (userAgent.Length > 0)
        {
            browser.DefaultRequestHeaders.UserAgent.ParseAdd(userAgent);
        }

        using var answer = await browser.SignInAsync(subscriber.OwnEmail, SignedIn.Password);
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        return browser;
    }

    /// <summary>A session cookie of the account, straight from a sign-in.</summary>
    private async Task<string> CookieAsync(DemoSubscriber subscriber)
    {
        using var plain = portal.CreateDefaultClient();
        using var shown = await plain.GetAsync(new Uri(PortalUrls.SignIn, UriKind.Relative), Cancellation);
        var antiforgery = shown.Headers.GetValues("Set-Cookie").Select(cookie => cookie.Split(';')[0]);
        using var request = new HttpRequestMessage(HttpMethod.Post, PortalUrls.SignIn);
        request.Headers.Add("Cookie", string.Join("; ", antiforgery));
        request.Content = new FormUrlEncodedContent([new("Posted.Name", subscriber.OwnEmail), new("Posted.Password", SignedIn.Password), new("_handler", "sign-in"), new("__RequestVerificationToken", Html.AntiforgeryToken(await shown.PageAsync()))]);
        using var signedIn = await plain.SendAsync(request, Cancellation);
        return signedIn.Headers.GetValues("Set-Cookie").Select(cookie => cookie.Split(';')[0]).Single(cookie => cookie.StartsWith("session=", StringComparison.Ordinal));
    }

    private static string[] Ids(string page) => [.. Regex.Matches(page, "name=\"Chosen\" value=\"([^\"]*)\"").Select(match => match.Groups[1].Value)];

    private async Task<string> IdOfAsync(DemoSubscriber subscriber, string device) => (await SessionsAsync(subscriber)).Single(row => row.Device == device).Id;

    private async Task<List<string>> RowsAsync(DemoSubscriber subscriber) => [.. (await SessionsAsync(subscriber)).Select(row => $"{row.Id} {row.Stamp} {row.StartedAt:O}")];

    private Task<List<SignInSession>> SessionsAsync(DemoSubscriber subscriber) =>
        portal.StoreAsync(db => db.SignInSessions.AsNoTracking().Where(row => db.Users.Any(user => user.Id == row.AccountId && user.Email == subscriber.OwnEmail)).OrderBy(row => row.Id).ToListAsync(Cancellation));

    private sealed class Person(params Claim[] claims) : AuthenticationStateProvider
    {
        public override Task<AuthenticationState> GetAuthenticationStateAsync() => Task.FromResult(new AuthenticationState(new(new ClaimsIdentity(claims, claims.Length == 0 ? null : "test"))));
    }

    private sealed class Page : NavigationManager
    {
        public int Reloads { get; private set; }

        public override void Refresh(bool forceReload = false) => Reloads += forceReload ? 1 : 0;
    }
}
