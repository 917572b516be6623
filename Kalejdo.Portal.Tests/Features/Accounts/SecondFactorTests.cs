using System.Net;
using System.Text.RegularExpressions;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Features.Accounts;

public class SecondFactorTests(AccountPortal portal) : IClassFixture<AccountPortal>
{
    [Fact]
    public async Task A_subscriber_turns_it_on_and_is_then_asked_for_a_code()
    {
        var subscriber = new DemoSubscriber(21);
        using var elsewhere = await portal.SignedInAsync(subscriber);
        using var browser = await portal.SignedInAsync(subscriber);
        Assert.Contains("Tvåstegsinloggning", await browser.PageAsync(PortalUrls.MyAccount), StringComparison.Ordinal);

        var key = KeyOn(await browser.PageAsync(PortalUrls.SecondFactor));
        Assert.Equal(key, KeyOn(await browser.PageAsync(PortalUrls.SecondFactor)));
        Assert.NotEqual(key, KeyOn(await elsewhere.PageAsync(PortalUrls.SecondFactor)));
        using var wrong = await browser.FillInAsync(PortalUrls.SecondFactor, "factor-on", ("Posted.Code", WrongCode()));
        Assert.Contains("stämmer inte", Html.Errors(await wrong.PageAsync()), StringComparison.Ordinal);
        using var empty = await browser.FillInAsync(PortalUrls.SecondFactor, "factor-on", ("Posted.Code", " "));
        Assert.Contains("Skriv koden", Html.Errors(await empty.PageAsync()), StringComparison.Ordinal);
        Assert.False(await HasFactorAsync(subscriber));

        using var right = await browser.FillInAsync(PortalUrls.SecondFactor, "factor-on", ("Posted.Code", Code(key)));
        Assert.Equal(10, CodesOn(await right.PageAsync()).Distinct().Count());
        Assert.True(await IsSignedInAsync(browser));
        Assert.False(await IsSignedInAsync(elsewhere));
        var mail = Assert.Single(await portal.MailsAsync(subscriber.OwnEmail));
        Assert.Equal(nameof(FactorChangedLetter), mail.Letter);
        Assert.Contains("Var det inte du?", mail.Text, StringComparison.Ordinal);

        // Its first code is used up by having turned it on.
        using var again = portal.Browser();
        using var password = await again.SignInAsync(subscriber.OwnEmail, SignedIn.Password, PortalUrls.SignInFrom(PortalUrls.Erase));
        Assert.Equal(PortalUrls.SignInCodeFrom(PortalUrls.Erase), password.Headers.Location?.PathOf());
        Assert.False(await IsSignedInAsync(again));
        using var replayed = await again.EnterAsync(Code(key));
        Assert.Contains("redan använd", Html.Errors(await replayed.PageAsync()), StringComparison.Ordinal);
        portal.Time.Advance(TimeSpan.FromSeconds(30));
        using var signedIn = await again.EnterAsync(Code(key), PortalUrls.SignInCodeFrom(PortalUrls.Erase));
        Assert.Equal(PortalUrls.Erase, signedIn.Headers.Location?.PathOf());
        Assert.True(await IsSignedInAsync(again));
    }

    [Fact]
    public async Task Looking_at_the_page_writes_nothing()
    {
        var subscriber = new DemoSubscriber(22);
        using var browser = await portal.SignedInAsync(subscriber);
        var before = await portal.StoreAsync(db => db.AuditEntries.CountAsync(Cancellation));
        await browser.PageAsync(PortalUrls.SecondFactor);
        Assert.False(await HasFactorAsync(subscriber));
        Assert.Equal(before, await portal.StoreAsync(db => db.AuditEntries.CountAsync(Cancellation)));
    }

    [Fact]
    public async Task Neither_key_nor_codes_stand_in_the_store()
    {
        var subscriber = new DemoSubscriber(24);
        using var browser = await portal.SignedInAsync(subscriber);
        var (key, codes) = await TurnOnAsync(browser);
        var factor = await portal.StoreAsync(db => db.SecondFactors.SingleAsync(row => db.Users.Any(user => user.Id == row.AccountId && user.Email == subscriber.OwnEmail), Cancellation));
        Assert.True(factor.SealedKey.AsSpan().IndexOf(key) < 0);
        Assert.Equal(key, factor.Key(portal.Services.GetRequiredService<PortalKeys>()));
        var hashes = await portal.StoreAsync(db => db.RecoveryCodes.Where(row => row.AccountId == factor.AccountId).Select(row => row.CodeHash).ToListAsync(Cancellation));
        Assert.Equal(10, hashes.Count);
        Assert.DoesNotContain(hashes, hash => codes.Any(code => hash.Contains(code.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_recovery_code_signs_in_once_and_new_ones_end_the_old()
    {
        var subscriber = new DemoSubscriber(25);
        using var browser = await portal.SignedInAsync(subscriber);
        var (_, codes) = await TurnOnAsync(browser);

        using var first = await SignInWithAsync(subscriber, codes[3]);
        Assert.Equal(PortalUrls.Overview, first.Headers.Location?.PathOf());
        using var second = await SignInWithAsync(subscriber, codes[3]);
        Assert.Contains("redan använd", Html.Errors(await second.PageAsync()), StringComparison.Ordinal);
        Assert.Contains("9 av 10", await browser.PageAsync(PortalUrls.SecondFactor), StringComparison.Ordinal);

        using var renewed = await browser.FillInAsync(PortalUrls.SecondFactor, "renew-codes");
        var others = CodesOn(await renewed.PageAsync());
        Assert.Empty(others.Intersect(codes));
        using var old = await SignInWithAsync(subscriber, codes[4]);
        Assert.NotEmpty(Html.Errors(await old.PageAsync()));
        using var @new = await SignInWithAsync(subscriber, others[0].Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal(PortalUrls.Overview, @new.Headers.Location?.PathOf());
        Assert.Equal(4, (await portal.MailsAsync(subscriber.OwnEmail)).Count(mail => mail.Letter == nameof(FactorChangedLetter)));
    }

    [Fact]
    public async Task The_code_follows_a_right_password_of_this_browser_and_of_a_moment_ago()
    {
        var subscriber = new DemoSubscriber(26);
        using var browser = await portal.SignedInAsync(subscriber);
        var (_, codes) = await TurnOnAsync(browser);

        using var nobody = portal.Browser();
        Assert.Contains("för lång tid", await nobody.PageAsync(PortalUrls.SignInCode), StringComparison.Ordinal);
        using var refused = await nobody.EnterAsync(codes[0]);
        Assert.Equal(HttpStatusCode.OK, refused.StatusCode);

        using var late = await SignInWithAsync(subscriber, codes[0], between: () =>
        {
            portal.Time.Advance(PendingSignIn.Validity + TimeSpan.FromSeconds(1));
            return Task.CompletedTask;
        });
        Assert.Equal(HttpStatusCode.OK, late.StatusCode);

        using var overtaken = await SignInWithAsync(subscriber, codes[0], between: async () =>
        {
            using var signedIn = await SignInWithAsync(subscriber, codes[1]);
            await portal.StoreAsync(db => db.Users.Where(row => row.Email == subscriber.OwnEmail)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.SecurityStamp, "ANOTHER"), Cancellation));
        });
        Assert.Equal(HttpStatusCode.OK, overtaken.StatusCode);
        using var good = await SignInWithAsync(subscriber, codes[0]);
        Assert.Equal(PortalUrls.Overview, good.Headers.Location?.PathOf());
    }

    [Fact]
    public async Task Wrong_codes_make_one_wait()
    {
        var subscriber = new DemoSubscriber(28);
        using var session = await portal.SignedInAsync(subscriber);
        var (key, _) = await TurnOnAsync(session);
        using var browser = portal.Browser();
        using var password = await browser.SignInAsync(subscriber.OwnEmail, SignedIn.Password);
        for (var i = 0; i < 5; i++)
        {
            using var wrong = await browser.EnterAsync(WrongCode());
            Assert.Contains("stämmer inte", Html.Errors(await wrong.PageAsync()), StringComparison.Ordinal);
        }

        portal.Time.Advance(TimeSpan.FromSeconds(30));
        using var tooMany = await browser.EnterAsync(Code(key));
        Assert.Contains("för många försök", Html.Errors(await tooMany.PageAsync()), StringComparison.Ordinal);
        portal.Time.Advance(TimeSpan.FromMinutes(5));
        using var right = await browser.EnterAsync(Code(key));
        Assert.Equal(PortalUrls.Overview, right.Headers.Location?.PathOf());
        Assert.Equal([null, null, null, null, null, "too_many_tries"], await portal.StoreAsync(async db =>
        {
            var id = await db.Users.Where(row => row.Email == subscriber.OwnEmail).Select(row => row.Id).SingleAsync(Cancellation);
            var number = await portal.Services.GetRequiredService<AuditTrail>().FindNumberAsync(db, $"account:{id}", Cancellation);
            return await db.AuditEntries.Where(row => row.Subject == number && row.Event == "account.factor-refused").OrderBy(row => row.Sequence).Select(row => row.ReasonCode).ToListAsync(Cancellation);
        }));
    }

    [Fact]
    public async Task Authenticating_anew_asks_for_both()
    {
        var subscriber = new DemoSubscriber(29);
        using var browser = await portal.SignedInAsync(subscriber);
        var (key, codes) = await TurnOnAsync(browser);
        portal.Time.Advance(TimeSpan.FromMinutes(6));
        using var stale = await browser.GetAsync(PortalUrls.SecondFactor, Cancellation);
        Assert.Equal(PortalUrls.ConfirmFrom(PortalUrls.SecondFactor), stale.Headers.Location?.PathOf());

        var address = PortalUrls.ConfirmFrom(PortalUrls.SecondFactor);
        using var alone = await browser.FillInAsync(address, "confirm", ("Posted.Password", SignedIn.Password));
        Assert.Contains("Skriv koden", Html.Errors(await alone.PageAsync()), StringComparison.Ordinal);
        using var wrong = await browser.FillInAsync(address, "confirm", ("Posted.Password", SignedIn.Password), ("Posted.Code", WrongCode()));
        Assert.Contains("stämmer inte", Html.Errors(await wrong.PageAsync()), StringComparison.Ordinal);
        // A wrong password uses no code up.
        using var other = await browser.FillInAsync(address, "confirm", ("Posted.Password", "fyra stora vargar i skogen"), ("Posted.Code", codes[0]));
        Assert.Contains("Lösenordet stämmer inte", Html.Errors(await other.PageAsync()), StringComparison.Ordinal);
        using var right = await browser.FillInAsync(address, "confirm", ("Posted.Password", SignedIn.Password), ("Posted.Code", Code(key)));
        Assert.Equal(PortalUrls.SecondFactor, right.Headers.Location?.PathOf());
        Assert.Contains("10 av 10", await browser.PageAsync(PortalUrls.SecondFactor), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_app_takes_its_place_and_turned_off_the_password_is_enough()
    {
        var subscriber = new DemoSubscriber(31);
        using var browser = await portal.SignedInAsync(subscriber);
        var (old, codes) = await TurnOnAsync(browser);
        var key = KeyOn(await browser.PageAsync(PortalUrls.SecondFactorReplace));
        Assert.NotEqual(old, key);
        using var replaced = await browser.FillInAsync(PortalUrls.SecondFactorReplace, "factor-on", ("Posted.Code", Code(key)));
        Assert.Empty(CodesOn(await replaced.PageAsync()).Intersect(codes));
        portal.Time.Advance(TimeSpan.FromSeconds(30));
        using var before = await SignInWithAsync(subscriber, Code(old));
        Assert.NotEmpty(Html.Errors(await before.PageAsync()));
        using var after = await SignInWithAsync(subscriber, Code(key));
        Assert.Equal(PortalUrls.Overview, after.Headers.Location?.PathOf());

        using var off = await browser.FillInAsync(PortalUrls.SecondFactor, "factor-off");
        Assert.Equal(PortalUrls.MyAccount, off.Headers.Location?.PathOf().Split('?')[0]);
        Assert.False(await HasFactorAsync(subscriber));
        Assert.Equal(0, await portal.StoreAsync(db => db.RecoveryCodes.CountAsync(row => db.Users.Any(user => user.Id == row.AccountId && user.Email == subscriber.OwnEmail), Cancellation)));
        using var again = portal.Browser();
        using var signedIn = await again.SignInAsync(subscriber.OwnEmail, SignedIn.Password);
        Assert.Equal(PortalUrls.Overview, signedIn.Headers.Location?.PathOf());
        Assert.Equal(3, (await portal.MailsAsync(subscriber.OwnEmail)).Count);
    }

    [Fact]
    public async Task Staff_reach_nothing_before_they_have_set_it_up_and_cannot_turn_it_off()
    {
        const string Address = "ny.handlaggare@personal.exempel.se";
        await SignedIn.CreateStaffAsync(portal.Services, Address, StaffRoles.CaseWorker);
        using var browser = portal.Browser();
        using var password = await browser.SignInAsync(Address, SignedIn.Password, PortalUrls.SignInFrom(PortalUrls.Desk));
        Assert.Equal(PortalUrls.Desk, password.Headers.Location?.PathOf());
        foreach (var page in new[] { PortalUrls.Desk, PortalUrls.MyAccount, PortalUrls.ChangePassword, PortalUrls.Overview, PortalUrls.Link })
        {
            using var led = await browser.GetAsync(page, Cancellation);
            Assert.Equal(PortalUrls.SecondFactorFrom(page), led.Headers.Location?.PathOf());
        }

        var setUp = PortalUrls.SecondFactorFrom(PortalUrls.Desk);
        using var done = await browser.FillInAsync(setUp, "factor-on", ("Posted.Code", Code(KeyOn(await browser.PageAsync(setUp)))));
        Assert.Contains(PortalUrls.Desk, Html.Links(await done.PageAsync()));
        Assert.Equal("Ärenden", Html.Heading(await browser.PageAsync(PortalUrls.Desk)));

        var page2 = await browser.PageAsync(PortalUrls.SecondFactor);
        Assert.DoesNotContain("Slå av", page2, StringComparison.Ordinal);
        using var refused = await browser.PostFormAsync(PortalUrls.SecondFactor, "factor-off", Html.AntiforgeryToken(page2));
        Assert.True(await portal.StoreAsync(db => db.SecondFactors.AnyAsync(row => db.Users.Any(user => user.Id == row.AccountId && user.Email == Address), Cancellation)));
        Assert.True(await IsSignedInAsync(browser));
    }

    private async Task<(byte[] Key, string[] Codes)> TurnOnAsync(HttpClient browser)
    {
        var key = KeyOn(await browser.PageAsync(PortalUrls.SecondFactor));
        using var done = await browser.FillInAsync(PortalUrls.SecondFactor, "factor-on", ("Posted.Code", Code(key)));
        return (key, CodesOn(await done.PageAsync()));
    }

    /// <summary>In a browser of its own, from the password on.</summary>
    private async Task<HttpResponseMessage> SignInWithAsync(DemoSubscriber subscriber, string code, Func<Task>? between = null)
    {
        using var browser = portal.Browser();
        using var password = await browser.SignInAsync(subscriber.OwnEmail, SignedIn.Password);
        Assert.Equal(PortalUrls.SignInCode, password.Headers.Location?.PathOf());
        await (between?.Invoke() ?? Task.CompletedTask);
        return await browser.EnterAsync(code);
    }

    private Task<bool> HasFactorAsync(DemoSubscriber subscriber) =>
        portal.StoreAsync(db => db.SecondFactors.AnyAsync(row => db.Users.Any(user => user.Id == row.AccountId && user.Email == subscriber.OwnEmail), Cancellation));

    private string Code(byte[] key) => AuthenticatorCodes.Of(key, AuthenticatorCodes.StepOf(portal.Time.GetUtcNow()));

    // Of a key that nobody has.
    private string WrongCode() => Code(new byte[AuthenticatorCodes.KeyBytes]);

    private static byte[] KeyOn(string page) => SignedIn.FactorKey(Regex.Match(page, "<span class=\"reference\">([A-Z2-7 ]{39})</span>").Groups[1].Value);

    private static string[] CodesOn(string page) => [.. Regex.Matches(page, @"<li>(\d{4} \d{4} \d{4})</li>").Select(match => match.Groups[1].Value)];
}
