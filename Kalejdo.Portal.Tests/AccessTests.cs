using System.Globalization;
using System.Net;
using System.Security.Claims;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Kalejdo.Portal.Tests.Support.AccountPortal;
using static Kalejdo.Portal.Tests.Support.SignedIn;

namespace Kalejdo.Portal.Tests;

/// <summary>Who may reach what: every route is named here, and a new one fails until it is.</summary>
public class AccessTests(AccountPortal portal) : IClassFixture<AccountPortal>
{
    private const string SignedInAlone = "";

    private static readonly string[] Anyone =
    [
        PortalUrls.Home, PortalUrls.About, PortalUrls.CollectedAutomatically, PortalUrls.Partners, PortalUrls.Accessibility, PortalUrls.Language, PortalUrls.ErrorRoute,
        PortalUrls.Register, PortalUrls.RegisterCode, PortalUrls.RegisterPassword, PortalUrls.SignIn, PortalUrls.SignInCode, PortalUrls.PasskeySignIn, PortalUrls.SignOut,
        PortalUrls.ForgottenPassword, PortalUrls.ForgottenPasswordCode, PortalUrls.NewPassword, PortalUrls.ContactUs, PortalUrls.SelfServiceClosed,
        PortalUrls.ElectronicIdAnswer, PortalUrls.OpenIdCallbackRoute,
        PortalUrls.InvitationRoute,
        PortalUrls.NotMyAddress, PortalUrls.NotMyAddressCode, PortalUrls.NotMyAddressLinkRoute, PortalUrls.UndoDisavowalRoute,
        PortalUrls.Mailbox, PortalUrls.MailRoute, PortalUrls.MailFrameRoute, PortalUrls.Letters, PortalUrls.LetterFrameRoute,
        PortalUrls.Guest, PortalUrls.GuestCode, PortalUrls.GuestWrite, PortalUrls.GuestOnPaper,
        PortalUrls.AnswerRoute, PortalUrls.AnswerFileRoute, PortalUrls.CaseRoute, PortalUrls.ReceiptRoute, PortalUrls.ReceiptFileRoute, PortalUrls.UndoErasureRoute, PortalUrls.UndoErasureSignedIn, PortalUrls.UndoAddressChangeRoute,
        PortalUrls.AcknowledgeRoute, PortalUrls.RecipientCallback,
    ];

    private static readonly Dictionary<string, string> Others = new()
    {
        [PortalUrls.MyAccount] = SignedInAlone,
        [PortalUrls.ChangePassword] = SignedInAlone,
        [PortalUrls.Sessions] = SignedInAlone,
        [PortalUrls.Confirm] = AccessCondition.SignedIn,
        [PortalUrls.SecondFactor] = AccessCondition.FactorChange,
        [PortalUrls.Passkeys] = AccessCondition.PasskeyChange,
        [PortalUrls.ElectronicIds] = AccessCondition.PasskeyChange,
        [PortalUrls.PasskeyOffer] = AccessCondition.PasskeyChange,
        [PortalUrls.PasskeyConfirm] = AccessCondition.SignedIn,
        [PortalUrls.Link] = CurrentSubject.FreshSubscriber,
        [PortalUrls.LinkDone] = CurrentSubject.Linked,
        [PortalUrls.Overview] = CurrentSubject.Linked,
        [PortalUrls.MyData] = CurrentSubject.Linked,
        [PortalUrls.KindRoute] = CurrentSubject.Linked,
        [PortalUrls.Consents] = CurrentSubject.Linked,
        [PortalUrls.PauseRoute] = CurrentSubject.Linked,
        [PortalUrls.WhoHasSeen] = CurrentSubject.Linked,
        [PortalUrls.Freeze] = CurrentSubject.FreshToAct,
        [PortalUrls.Download] = CurrentSubject.Fresh,
        [PortalUrls.DownloadEverything] = CurrentSubject.Fresh,
        [PortalUrls.DownloadToMove] = CurrentSubject.Fresh,
        [PortalUrls.CorrectRoute] = CurrentSubject.Linked,
        [PortalUrls.ConfirmNewAddressRoute] = CurrentSubject.FreshToAct,
        [PortalUrls.Erase] = CurrentSubject.Linked,
        [PortalUrls.EraseSelected] = CurrentSubject.FreshToAct,
        [PortalUrls.EraseKindRoute] = CurrentSubject.FreshToAct,
        [PortalUrls.EraseRowRoute] = CurrentSubject.FreshToAct,
        [PortalUrls.EraseEverything] = CurrentSubject.FreshToAct,
        [PortalUrls.MyCases] = CurrentSubject.Linked,
        [PortalUrls.MyCaseRoute] = CurrentSubject.Linked,
        [PortalUrls.NewRequest] = CurrentSubject.Linked,
        [PortalUrls.Desk] = StaffRoles.Look,
        [PortalUrls.DeskCaseRoute] = StaffRoles.Look,
        [PortalUrls.DeskLetterRoute] = StaffRoles.Look,
        [PortalUrls.RegisterRequest] = StaffRoles.Work,
        [PortalUrls.EndPauseRoute] = StaffRoles.Look,
        [PortalUrls.FindSubscriber] = StaffRoles.Work,
        [PortalUrls.SubscriberRoute] = StaffRoles.Work,
        [PortalUrls.SubscriberKindRoute] = StaffRoles.Work,
        [PortalUrls.SubscriberEraseRoute] = StaffRoles.Work,
        [PortalUrls.SubscriberPauseRoute] = StaffRoles.Work,
        [PortalUrls.SubscriberProtectRoute] = StaffRoles.Work,
        [PortalUrls.SubscriberCorrectRoute] = StaffRoles.Work,
        [PortalUrls.ErasureAnswerRoute] = StaffRoles.Look,
        [PortalUrls.StaffAddresses] = StaffRoles.Look,
        [PortalUrls.Incidents] = StaffRoles.Look,
        [PortalUrls.IncidentRoute] = StaffRoles.Look,
        [PortalUrls.Record] = StaffRoles.Look,
        [PortalUrls.RecordFile] = StaffRoles.Any,
        [PortalUrls.DataMap] = StaffRoles.Look,
        [PortalUrls.Outbox] = StaffRoles.Look,
        [PortalUrls.PartnerDesk] = StaffRoles.Look,
        [PortalUrls.PartnerRoute] = StaffRoles.Look,
        [PortalUrls.NewPartner] = StaffRoles.Administer,
        [PortalUrls.ChangePartnerRoute] = StaffRoles.Administer,
        [PortalUrls.AccessLog] = StaffRoles.Oversight,
        [PortalUrls.AccessLogFile] = StaffRoles.Oversight,
        [PortalUrls.Personnel] = StaffRoles.Oversight,
        [PortalUrls.Invite] = StaffRoles.Administer,
        [PortalUrls.PersonRoute] = StaffRoles.Administer,
    };

    private static readonly string[] Downloads = [PortalUrls.DownloadEverything, PortalUrls.DownloadToMove];

    // Files of ours are anybody's, and what a build that is not published adds for files serves none.
    private IEnumerable<RouteEndpoint> Routes => portal.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        .Where(route => route.RoutePattern.RawText is { } pattern
            && !Path.HasExtension(pattern) && !pattern.EndsWith(":file}", StringComparison.Ordinal) && !pattern.StartsWith("/_", StringComparison.Ordinal));

    [Fact]
    public void Every_route_says_who_may_reach_it()
    {
        var found = Routes.ToDictionary(route => "/" + route.RoutePattern.RawText!.Trim('/'), Demanded);
        var expected = Anyone.ToDictionary(address => address, _ => "anyone").Concat(Others);
        Assert.Equal(expected.OrderBy(route => route.Key, StringComparer.Ordinal), found.OrderBy(route => route.Key, StringComparer.Ordinal));
    }

    [Fact]
    public async Task Who_is_not_signed_in_is_led_to_the_sign_in_and_back()
    {
        using var browser = portal.Browser();
        foreach (var address in Others.Keys.Where(CanBeOpened))
        {
            using var answer = await browser.GetAsync(Opened(address), Cancellation);
            Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
            Assert.Equal(PortalUrls.SignInFrom(Opened(address)), answer.Headers.Location?.PathOf());
        }
    }

    [Fact]
    public async Task Who_is_not_linked_reaches_nobodys_data()
    {
        using var browser = portal.Browser();
        await portal.RegisterAsync(browser, "olankad@exempel.se");
        foreach (var (address, demanded) in Others.Where(other => CanBeOpened(other.Key)))
        {
            using var answer = await browser.GetAsync(Opened(address), Cancellation);
            Assert.Equal(demanded is CurrentSubject.Linked or CurrentSubject.Fresh or CurrentSubject.FreshToAct ? PortalUrls.LinkFrom(Opened(address)) : null, answer.Headers.Location?.PathOf());
        }

        var token = Html.AntiforgeryToken(await browser.PageAsync(PortalUrls.MyAccount));
        foreach (var download in Downloads)
        {
            using var answer = await browser.PostFormAsync(download, "", token);
            Assert.Equal(PortalUrls.LinkFrom(PortalUrls.Download), answer.Headers.Location?.PathOf());
        }
    }

    [Fact]
    public async Task Whom_staff_alone_serve_reaches_nobodys_data()
    {
        var subscriber = new DemoSubscriber(38);
        using var browser = await portal.SignedInAsync(subscriber);
        var token = Html.AntiforgeryToken(await browser.PageAsync(PortalUrls.Download));
        await portal.StoreAsync(async db =>
        {
            var keys = portal.Services.GetRequiredService<PortalKeys>();
            db.ClosedSelfServices.Add(new ClosedSelfService
            {
                CustomerHash = AccountLink.Hash(keys, CurrentSubject.CustomerNumber, subscriber.CustomerNumber),
                SealedNumber = ClosedSelfService.Seal(keys, subscriber.CustomerNumber),
                Subject = 1,
                Reason = ClosedReason.Frozen,
                Since = portal.Time.GetUtcNow().UtcDateTime,
            });
            return await db.SaveChangesAsync(Cancellation);
        });
        foreach (var (address, demanded) in Others.Where(other => CanBeOpened(other.Key) && !IsStaffs(other.Value)))
        {
            using var answer = await browser.GetAsync(Opened(address), Cancellation);
            Assert.Equal(demanded is CurrentSubject.Linked or CurrentSubject.Fresh or CurrentSubject.FreshToAct ? PortalUrls.SelfServiceClosed : null, answer.Headers.Location?.PathOf());
        }

        foreach (var download in Downloads)
        {
            using var answer = await browser.PostFormAsync(download, "", token);
            Assert.Equal(PortalUrls.SelfServiceClosed, answer.Headers.Location?.PathOf());
        }
    }

    [Fact]
    public async Task Staff_are_nobodys_subscriber_and_led_to_their_own_work()
    {
        using var browser = await StaffAsync(portal, StaffRoles.Administrator);
        foreach (var (address, demanded) in Others.Where(other => CanBeOpened(other.Key) && !IsStaffs(other.Value)))
        {
            using var answer = await browser.GetAsync(Opened(address), Cancellation);
            Assert.Equal(demanded is SignedInAlone or AccessCondition.SignedIn or AccessCondition.FactorChange or AccessCondition.PasskeyChange ? null : PortalUrls.Desk, answer.Headers.Location?.PathOf());
        }

        var page = await browser.PageAsync(PortalUrls.MyAccount);
        Assert.DoesNotContain(PortalUrls.Link, Html.Links(page));
        foreach (var download in Downloads)
        {
            using var answer = await browser.PostFormAsync(download, "", Html.AntiforgeryToken(page));
            Assert.Equal(PortalUrls.Desk, answer.Headers.Location?.PathOf());
        }
    }

    [Fact]
    public async Task Staff_by_a_password_alone_are_led_to_the_second_factor()
    {
        foreach (var role in StaffRoles.All)
        {
            var address = $"ensamt.losenord.{role}@personal.exempel.se";
            await CreateStaffAsync(portal.Services, address, role);
            using var browser = portal.Browser();
            using var password = await browser.SignInAsync(address, Password);
            foreach (var (page, demanded) in Others.Where(other => CanBeOpened(other.Key)))
            {
                using var answer = await browser.GetAsync(Opened(page), Cancellation);
                Assert.Equal(demanded is AccessCondition.SignedIn or AccessCondition.FactorChange ? null : PortalUrls.SecondFactorFrom(Opened(page)), answer.Headers.Location?.PathOf());
            }

            using var shown = await browser.GetAsync(PortalUrls.SecondFactor, Cancellation);
            foreach (var download in Downloads)
            {
                using var answer = await browser.PostFormAsync(download, "", Html.AntiforgeryToken(await shown.PageAsync()));
                Assert.Equal(PortalUrls.SecondFactorFrom(PortalUrls.Download), answer.Headers.Location?.PathOf());
            }
        }
    }

    [Theory]
    [InlineData(StaffRoles.CaseWorker, StaffRoles.Any, StaffRoles.Look, StaffRoles.Work)]
    [InlineData(StaffRoles.Auditor, StaffRoles.Any, StaffRoles.Look, StaffRoles.Oversight)]
    [InlineData(StaffRoles.Administrator, StaffRoles.Any, StaffRoles.Look, StaffRoles.Work, StaffRoles.Oversight, StaffRoles.Administer)]
    public async Task Each_role_opens_the_pages_of_its_work(string role, params string[] opened)
    {
        using var browser = await StaffAsync(portal, role);
        foreach (var (address, demanded) in Others.Where(other => CanBeOpened(other.Key) && IsStaffs(other.Value)))
        {
            using var answer = await browser.GetAsync(Opened(address), Cancellation);
            // Of a page of something the address names nothing that there is.
            Assert.Equal(!opened.Contains(demanded) ? HttpStatusCode.Forbidden : address.Contains('{', StringComparison.Ordinal) ? HttpStatusCode.NotFound : HttpStatusCode.OK, answer.StatusCode);
        }
    }

    /// <summary>Whatever their pages show: what changes something is refused before it is looked at.</summary>
    [Fact]
    public async Task Auditors_post_nothing_but_what_fetches_and_checks()
    {
        using var browser = await StaffAsync(portal, StaffRoles.Auditor);
        var token = Html.AntiforgeryToken(await browser.PageAsync(PortalUrls.Record));
        foreach (var (address, demanded) in Others.Where(other => IsStaffs(other.Value)))
        {
            using var answer = await browser.PostFormAsync(Opened(address), "", token);
            Assert.Equal(demanded is not (StaffRoles.Any or StaffRoles.Oversight), answer.StatusCode == HttpStatusCode.Forbidden);
        }
    }

    [Fact]
    public async Task Who_administers_does_so_freshly_authenticated()
    {
        using var browser = await StaffAsync(portal, StaffRoles.Administrator);
        portal.Time.Advance(TimeSpan.FromMinutes(6));
        using var stale = await browser.GetAsync(PortalUrls.Invite, Cancellation);
        Assert.Equal(PortalUrls.ConfirmFrom(PortalUrls.Invite), stale.Headers.Location?.PathOf());
        Assert.Equal("Personal", Html.Heading(await browser.PageAsync(PortalUrls.Personnel)));
    }

    [Fact]
    public async Task The_pages_of_staff_are_theirs_alone()
    {
        using var browser = await portal.SignedInAsync(new DemoSubscriber(34));
        foreach (var address in Others.Where(other => CanBeOpened(other.Key) && IsStaffs(other.Value)).Select(other => Opened(other.Key)))
        {
            using var refused = await browser.GetAsync(address, Cancellation);
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
            Assert.Equal("Du kommer inte åt den här sidan", Html.Heading(await refused.PageAsync()));
        }

        Assert.DoesNotContain(PortalUrls.Desk, Html.Links(await browser.PageAsync(PortalUrls.Overview)));
        // On record, once however many they were.
        var number = await portal.StoreAsync(async db => await portal.Services.GetRequiredService<AuditTrail>().FindNumberAsync(
            db, $"account:{await db.Users.Where(row => row.Email == new DemoSubscriber(34).OwnEmail).Select(row => row.Id).SingleAsync(Cancellation)}", Cancellation));
        Assert.Equal("role-missing", Assert.Single(await portal.StoreAsync(db => db.AuditEntries.Where(entry => entry.Event == "page.refused" && entry.Subject == number).ToListAsync(Cancellation))).ReasonCode);
    }

    [Fact]
    public async Task A_session_that_was_ended_elsewhere_downloads_nothing()
    {
        var subscriber = new DemoSubscriber(36);
        using var here = await portal.SignedInAsync(subscriber);
        using var there = await portal.SignedInAsync(subscriber);
        var token = Html.AntiforgeryToken(await there.PageAsync(PortalUrls.Download));
        using var ended = await here.FillInAsync(PortalUrls.Sessions, "everywhere");

        foreach (var download in Downloads)
        {
            using var answer = await there.PostFormAsync(download, "", token);
            Assert.Equal(PortalUrls.SignInFrom(PortalUrls.Download), answer.Headers.Location?.PathOf());
        }
    }

    [Fact]
    public async Task No_answer_may_be_kept_framed_or_scripted_whoever_asks()
    {
        using var anybody = portal.Browser();
        using var subscriber = await portal.SignedInAsync(new DemoSubscriber(38));
        using var staff = await StaffAsync(portal, StaffRoles.Administrator);
        foreach (var (address, live) in Routes.Select(route => (Opened("/" + route.RoutePattern.RawText!.Trim('/')), route.Metadata.GetMetadata<HasLivePartAttribute>() is not null)).Distinct())
        {
            foreach (var browser in new[] { anybody, subscriber, staff })
            {
                using var shown = await browser.GetAsync(address, Cancellation);
                StrictHeaders.Assert(shown, hasLivePart: live);
                using var posted = await browser.PostAsync(address, new FormUrlEncodedContent([]), Cancellation);
                StrictHeaders.Assert(posted, hasLivePart: live);
                Assert.False(posted.IsSuccessStatusCode, address);
            }
        }
    }

    [Fact]
    public async Task What_does_not_exist_is_missing_for_everybody()
    {
        using var browser = portal.Browser();
        using var answer = await browser.GetAsync(Pages.Missing, Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(300, true)]
    [InlineData(301, false)]
    [InlineData(null, false)]
    public async Task Fresh_is_five_minutes(int? secondsAgo, bool fresh)
    {
        var subscriber = new DemoSubscriber(21);
        await SignedIn.CreateAccountAsync(portal.Services, subscriber);
        var id = await portal.StoreAsync(db => db.Users.Where(row => row.Email == subscriber.OwnEmail).Select(row => row.Id).SingleAsync(Cancellation));
        var claims = new List<Claim> { new(ClaimTypes.NameIdentifier, id) };
        if (secondsAgo is { } seconds)
        {
            // Whole seconds, as in the cookie.
            var then = DateTimeOffset.FromUnixTimeSeconds(portal.Time.GetUtcNow().ToUnixTimeSeconds());
            portal.Time.Advance(then - portal.Time.GetUtcNow());
            claims.Add(new(CurrentSubject.AuthenticatedAtClaim, then.AddSeconds(-seconds).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)));
        }

        await using var scope = portal.Services.CreateAsyncScope();
        var person = new ClaimsPrincipal(new ClaimsIdentity(claims, "test"));
        scope.ServiceProvider.GetRequiredService<IHttpContextAccessor>().HttpContext = new DefaultHttpContext { User = person, RequestServices = scope.ServiceProvider };
        var answer = await scope.ServiceProvider.GetRequiredService<IAuthorizationService>().AuthorizeAsync(person, null, CurrentSubject.Fresh);
        Assert.Equal(fresh, answer.Succeeded);

        var subject = await scope.ServiceProvider.GetRequiredService<CurrentSubject>().FindAsync(Cancellation);
        Assert.Equal([CurrentSubject.CustomerNumber, CurrentSubject.Email], subject!.Identities.Select(identity => identity.Name));
        Assert.Equal(subscriber.OwnEmail, subject.ConfirmedAddress);
    }

    [Fact]
    public async Task Authenticating_anew_is_for_the_same_account_and_its_password()
    {
        var subscriber = new DemoSubscriber(24);
        using var browser = await portal.SignedInAsync(subscriber);
        using var wrong = await browser.FillInAsync(PortalUrls.ConfirmFrom(PortalUrls.MyAccount), "confirm", ("Posted.Password", "norrsken över fjället"));
        Assert.Contains("stämmer inte", Html.Errors(await wrong.PageAsync()), StringComparison.Ordinal);
        using var right = await browser.FillInAsync(PortalUrls.ConfirmFrom(PortalUrls.MyAccount), "confirm", ("Posted.Password", SignedIn.Password));
        Assert.Equal(PortalUrls.MyAccount, right.Headers.Location?.PathOf());
        Assert.Contains(subscriber.OwnEmail, await browser.PageAsync(PortalUrls.MyAccount), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_that_is_no_longer_the_accounts_finds_nothing()
    {
        var subscriber = new DemoSubscriber(26);
        await SignedIn.CreateAccountAsync(portal.Services, subscriber);
        var id = await portal.StoreAsync(db => db.Users.Where(row => row.Email == subscriber.OwnEmail).Select(row => row.Id).SingleAsync(Cancellation));
        await portal.StoreAsync(db => db.Users.Where(row => row.Id == id).ExecuteUpdateAsync(set => set.SetProperty(row => row.Email, "ny@exempel.se"), Cancellation));

        await using var scope = portal.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<IHttpContextAccessor>().HttpContext = new DefaultHttpContext
        {
            User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, id)], "test")),
        };
        var subject = await scope.ServiceProvider.GetRequiredService<CurrentSubject>().FindAsync(Cancellation);
        Assert.Equal([CurrentSubject.CustomerNumber], subject!.Identities.Select(identity => identity.Name));
    }

    [Fact]
    public async Task What_asks_for_freshness_leads_to_the_password_and_back()
    {
        using var browser = await portal.SignedInAsync(new DemoSubscriber(28));
        using var fresh = await browser.GetAsync(PortalUrls.Download, Cancellation);
        Assert.Equal(HttpStatusCode.OK, fresh.StatusCode);

        portal.Time.Advance(TimeSpan.FromMinutes(6));
        using var stale = await browser.GetAsync(PortalUrls.Download + "?a=1", Cancellation);
        Assert.Equal(PortalUrls.ConfirmFrom(PortalUrls.Download + "?a=1"), stale.Headers.Location?.PathOf());
        using var confirmed = await browser.FillInAsync(PortalUrls.ConfirmFrom(PortalUrls.Download), "confirm", ("Posted.Password", SignedIn.Password));
        using var again = await browser.GetAsync(confirmed.Headers.Location, Cancellation);
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
    }

    private static bool IsStaffs(string policy) => policy is StaffRoles.Any or StaffRoles.Look or StaffRoles.Work or StaffRoles.Oversight or StaffRoles.Administer;

    private bool CanBeOpened(string address) => Routes.Any(route => "/" + route.RoutePattern.RawText!.Trim('/') == address
        && route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods.Contains(HttpMethods.Get) != false);

    private static string Opened(string address) =>
        new[] { "{Token}", "{Row}", "{Field}", "{Id}", "{Number}" }.Aggregate(address.Replace("{Kind}", "contact_details", StringComparison.Ordinal), (opened, part) => opened.Replace(part, "x", StringComparison.Ordinal));

    private static string Demanded(RouteEndpoint route) =>
        route.Metadata.GetMetadata<IAllowAnonymous>() is not null ? "anyone" : route.Metadata.GetMetadata<IAuthorizeData>()?.Policy ?? SignedInAlone;
}
