using System.Buffers.Binary;
using System.Net;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Features.Accounts;

public class SignInTests(AccountPortal portal) : IClassFixture<AccountPortal>
{
    private const string Wrong = "fyra stora vargar i skogen";

    [Fact]
    public async Task A_subscriber_signs_in_and_out()
    {
        var subscriber = new DemoSubscriber(21);
        using var browser = await portal.SignedInAsync(subscriber);
        var page = await browser.PageAsync(PortalUrls.MyAccount);
        Assert.Contains(subscriber.OwnEmail, page, StringComparison.Ordinal);
        Assert.Contains(subscriber.CustomerNumber, page, StringComparison.Ordinal);

        using var left = await browser.PostFormAsync(PortalUrls.SignOut, "", Html.AntiforgeryToken(page));
        Assert.Equal(PortalUrls.Home, left.Headers.Location?.PathOf());
        Assert.Equal("\"cache\", \"storage\"", Assert.Single(left.Headers.GetValues("Clear-Site-Data")));
        using var again = await browser.GetAsync(PortalUrls.MyAccount, Cancellation);
        Assert.Equal(PortalUrls.SignInFrom(PortalUrls.MyAccount), again.Headers.Location?.PathOf());
    }

    [Fact]
    public async Task The_demonstration_can_be_signed_in_to()
    {
        using var browser = portal.Browser();
        using var answer = await browser.SignInAsync(new DemoSubscriber(1).OwnEmail, "norrsken över fjället");
        Assert.Equal(PortalUrls.Overview, answer.Headers.Location?.PathOf());
    }

    [Fact]
    public async Task An_address_is_found_in_any_case_and_a_password_however_its_letters_are_composed()
    {
        var subscriber = new DemoSubscriber(24);
        await SignedIn.CreateAccountAsync(portal.Services, subscriber);
        using var browser = portal.Browser();
        using var answer = await browser.SignInAsync(
            $" {subscriber.OwnEmail.ToUpperInvariant()} ", SignedIn.Password.Normalize(System.Text.NormalizationForm.FormD));
        Assert.Equal(PortalUrls.Overview, answer.Headers.Location?.PathOf());
    }

    [Fact]
    public async Task Nothing_tells_an_unknown_address_from_a_wrong_password()
    {
        var subscriber = new DemoSubscriber(25);
        await SignedIn.CreateAccountAsync(portal.Services, subscriber);
        using var ofOne = portal.Browser();
        using var ofOther = portal.Browser();
        for (var attempt = 1; attempt <= 7; attempt++)
        {
            using var known = await ofOne.SignInAsync(subscriber.OwnEmail, Wrong);
            using var unknown = await ofOther.SignInAsync("ingen@exempel.se", Wrong);
            Assert.Equal(unknown.StatusCode, known.StatusCode);
            var page = Html.WithoutTokens(await unknown.PageAsync());
            Assert.Equal(page.Replace("ingen@exempel.se", subscriber.OwnEmail, StringComparison.Ordinal), Html.WithoutTokens(await known.PageAsync()));
            Assert.Contains(attempt <= 5 ? "stämmer inte" : "för många försök", Html.Errors(page), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Five_wrong_passwords_make_one_wait_and_no_longer()
    {
        var subscriber = new DemoSubscriber(26);
        await SignedIn.CreateAccountAsync(portal.Services, subscriber);
        using var browser = portal.Browser();
        for (var i = 0; i < 5; i++)
        {
            using var wrong = await browser.SignInAsync(subscriber.OwnEmail, Wrong);
        }

        using var right = await browser.SignInAsync(subscriber.OwnEmail, SignedIn.Password);
        Assert.Contains("för många försök", Html.Errors(await right.PageAsync()), StringComparison.Ordinal);

        portal.Time.Advance(TimeSpan.FromMinutes(5));
        using var later = await browser.SignInAsync(subscriber.OwnEmail, SignedIn.Password);
        Assert.Equal(PortalUrls.Overview, later.Headers.Location?.PathOf());
    }

    [Fact]
    public async Task An_account_without_address_is_found_by_its_customer_number()
    {
        var subscriber = new DemoSubscriber(31);
        await using (var scope = portal.Services.CreateAsyncScope())
        {
            var (users, db) = (scope.ServiceProvider.GetRequiredService<UserManager<Account>>(), scope.ServiceProvider.GetRequiredService<PortalDbContext>());
            var now = portal.Time.GetUtcNow().UtcDateTime;
            var account = new Account("sv", now);
            account.PasswordHash = users.PasswordHasher.HashPassword(account, SignedIn.Password);
            Assert.True((await users.CreateAsync(account)).Succeeded);
            db.AccountLinks.Add(AccountLink.Of(scope.ServiceProvider.GetRequiredService<PortalKeys>(), account.Id, CurrentSubject.CustomerNumber, subscriber.CustomerNumber, LinkProof.Code, now));
            await db.SaveChangesAsync(Cancellation);
        }

        using var browser = portal.Browser();
        using var answer = await browser.SignInAsync(subscriber.CustomerNumber, SignedIn.Password);
        Assert.Equal(PortalUrls.Overview, answer.Headers.Location?.PathOf());

        // Where there is an address, the number on the invoice is not a name to sign in with.
        var other = new DemoSubscriber(33);
        await SignedIn.CreateAccountAsync(portal.Services, other);
        using var refused = await browser.FillInAsync(PortalUrls.SignIn, "sign-in", ("Posted.Name", other.CustomerNumber), ("Posted.Password", SignedIn.Password));
        Assert.Contains("stämmer inte", Html.Errors(await refused.PageAsync()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/samtycken?x=1", "/samtycken?x=1")]
    [InlineData("https://ond.exempel/", PortalUrls.Overview)]
    [InlineData("//ond.exempel/", PortalUrls.Overview)]
    [InlineData("/\\ond.exempel/", PortalUrls.Overview)]
    [InlineData("javascript:alert(1)", PortalUrls.Overview)]
    [InlineData("/\tx", PortalUrls.Overview)]
    [InlineData("///ond.exempel/", PortalUrls.Overview)]
    [InlineData("%2F%2Fond.exempel/", PortalUrls.Overview)]
    [InlineData("~//ond.exempel/", PortalUrls.Overview)]
    [InlineData("/%2Fond.exempel/", "/%2Fond.exempel/")]
    [InlineData("/%5Cond.exempel/", "/%5Cond.exempel/")]
    [InlineData("", PortalUrls.Overview)]
    public async Task Nobody_is_led_elsewhere(string asked, string led)
    {
        var subscriber = new DemoSubscriber(28);
        await SignedIn.CreateAccountAsync(portal.Services, subscriber);
        using var browser = portal.Browser();
        using var answer = await browser.SignInAsync(subscriber.OwnEmail, SignedIn.Password, PortalUrls.SignInFrom(asked));
        Assert.Equal(led, answer.Headers.Location?.PathOf());
        using var confirmed = await browser.FillInAsync(PortalUrls.ConfirmFrom(asked), "confirm", ("Posted.Password", SignedIn.Password));
        Assert.Equal(led, confirmed.Headers.Location?.PathOf());
    }

    [Fact]
    public async Task Who_gets_in_and_who_is_refused_is_on_record_by_a_number_alone()
    {
        var subscriber = new DemoSubscriber(37);
        await SignedIn.CreateAccountAsync(portal.Services, subscriber);
        var before = await portal.StoreAsync(db => db.AuditEntries.MaxAsync(entry => (long?)entry.Sequence, Cancellation)) ?? 0;
        using var browser = portal.Browser();
        foreach (var (name, password) in new[] { (subscriber.OwnEmail, "inte det rätta lösenordet"), ("okand.nittio@exempel.se", "inte det rätta lösenordet"), (subscriber.OwnEmail, SignedIn.Password) })
        {
            using var answer = await browser.SignInAsync(name, password);
        }

        using var stepUp = await browser.FillInAsync(PortalUrls.Confirm, "confirm", ("Posted.Password", "inte det rätta lösenordet"));
        var entries = await portal.StoreAsync(db => db.AuditEntries.AsNoTracking().Where(entry => entry.Sequence > before).OrderBy(entry => entry.Sequence).ToListAsync(Cancellation));
        var number = entries[0].Subject;
        Assert.NotNull(number);
        Assert.Equal(
            [("account.sign-in-refused", "password", number, null), ("account.sign-in-refused", "password", null, null), ("account.signed-in", "one-factor", number, number), ("account.sign-in-refused", "password", number, null)],
            entries.Select(entry => (entry.Event, entry.ReasonCode!, entry.Subject, entry.Actor)));
    }

    [Fact]
    public async Task A_password_that_was_hashed_with_fewer_rounds_is_hashed_anew_when_its_person_signs_in()
    {
        await using var people = Portal.Build(["--Logging:LogLevel:Default=None"]);
        Assert.Equal(210_000, people.Services.GetRequiredService<IOptions<PasswordHasherOptions>>().Value.IterationCount);

        var subscriber = new DemoSubscriber(38);
        using var elsewhere = await portal.SignedInAsync(subscriber);
        var old = new PasswordHasher<Account>(Options.Create(new PasswordHasherOptions { IterationCount = 500 })).HashPassword(null!, SignedIn.Password);
        await portal.StoreAsync(db => db.Users.Where(row => row.Email == subscriber.OwnEmail).ExecuteUpdateAsync(set => set.SetProperty(row => row.PasswordHash, old), Cancellation));
        using var browser = portal.Browser();
        using var answer = await browser.SignInAsync(subscriber.OwnEmail, SignedIn.Password);
        Assert.True(await IsSignedInAsync(browser));
        Assert.Equal(1000u, Rounds(await portal.StoreAsync(db => db.Users.Where(row => row.Email == subscriber.OwnEmail).Select(row => row.PasswordHash!).SingleAsync(Cancellation))));

        // Version, algorithm, rounds: so the framework writes them.
        static uint Rounds(string hash) => BinaryPrimitives.ReadUInt32BigEndian(Convert.FromBase64String(hash).AsSpan(5));
    }

    [Fact]
    public async Task Malformed_and_endless_input_is_refused()
    {
        using var browser = portal.Browser();
        foreach (var (name, password) in new (string?, string?)[] { (null, null), ("", ""), (new string('a', 100_000), "x"), ("a@b.se", new string('x', 100_000)), ("\u0007\u0001@\ud800.se", "\ud800\u0007"), ("' OR 1=1 --", "' OR 1=1 --") })
        {
            using var answer = await browser.FillInAsync(PortalUrls.SignIn, "sign-in", ("Posted.Name", name), ("Posted.Password", password));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.NotEqual("", Html.Errors(await answer.PageAsync()));
        }

        using var nul = await browser.FillInAsync(PortalUrls.SignIn, "sign-in", ("Posted.Name", "\u0000@b.se"), ("Posted.Password", "x"));
        Assert.Equal(HttpStatusCode.BadRequest, nul.StatusCode);
        Assert.Equal("Vi kunde inte ta emot formuläret", Html.Heading(await nul.PageAsync()));
    }

    [Fact]
    public async Task A_new_password_ends_the_other_sessions_and_is_told()
    {
        var subscriber = new DemoSubscriber(29);
        using var here = await portal.SignedInAsync(subscriber);
        using var there = await portal.SignedInAsync(subscriber);

        using var wrong = await here.FillInAsync(PortalUrls.ChangePassword, "change-password", ("Posted.Current", Wrong), ("Posted.Password", "fem glada bockar på bron"));
        Assert.Contains("stämmer inte", Html.Errors(await wrong.PageAsync()), StringComparison.Ordinal);
        using var right = await here.FillInAsync(PortalUrls.ChangePassword, "change-password", ("Posted.Current", SignedIn.Password), ("Posted.Password", "fem glada bockar på bron"));
        Assert.Equal(PortalUrls.MyAccount + "?bytt=1", right.Headers.Location?.PathOf());

        Assert.True(await IsSignedInAsync(here));
        Assert.False(await IsSignedInAsync(there));
        Assert.Equal("PasswordChangedLetter", Assert.Single(await portal.MailsAsync(subscriber.OwnEmail)).Letter);
        using var old = await there.SignInAsync(subscriber.OwnEmail, SignedIn.Password);
        Assert.Equal(HttpStatusCode.OK, old.StatusCode);
    }

    [Fact]
    public async Task Signing_out_everywhere_ends_every_session()
    {
        var subscriber = new DemoSubscriber(30);
        using var here = await portal.SignedInAsync(subscriber);
        using var there = await portal.SignedInAsync(subscriber);
        using var answer = await here.FillInAsync(PortalUrls.Sessions, "everywhere");

        Assert.Equal(PortalUrls.Home, answer.Headers.Location?.PathOf());
        Assert.False(await IsSignedInAsync(here));
        Assert.False(await IsSignedInAsync(there));
    }

    [Fact]
    public async Task A_session_ends_when_nobody_uses_it()
    {
        using var browser = await portal.SignedInAsync(new DemoSubscriber(34));
        portal.Time.Advance(TimeSpan.FromMinutes(31));
        Assert.False(await IsSignedInAsync(browser));
    }

    [Fact]
    public async Task Passwords_and_addresses_are_nowhere_in_the_database_in_clear_but_where_they_must_be()
    {
        var subscriber = new DemoSubscriber(36);
        await SignedIn.CreateAccountAsync(portal.Services, subscriber);
        var account = await portal.StoreAsync(db => db.Users.SingleAsync(row => row.Email == subscriber.OwnEmail, Cancellation));
        var links = await portal.StoreAsync(db => db.AccountLinks.Where(row => row.AccountId == account.Id).ToListAsync(Cancellation));

        Assert.DoesNotContain(SignedIn.Password, account.PasswordHash, StringComparison.Ordinal);
        Assert.NotEmpty(links);
        Assert.DoesNotContain(links, link => System.Text.Encoding.UTF8.GetString(link.SealedValue).Contains(subscriber.CustomerNumber, StringComparison.Ordinal));
        Assert.DoesNotContain("@", account.UserName, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(PortalUrls.SignOut)]
    [InlineData(PortalUrls.Sessions + "?_handler=everywhere")]
    public async Task Get_changes_nothing(string address)
    {
        using var browser = await portal.SignedInAsync(new DemoSubscriber(38));
        using var answer = await browser.GetAsync(address, Cancellation);
        Assert.True(await IsSignedInAsync(browser));
    }
}
