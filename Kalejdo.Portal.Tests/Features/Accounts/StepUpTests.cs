using System.Net;
using System.Text.RegularExpressions;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Features.Accounts;

/// <summary>What cannot be undone, or opens much, asks who one is: within five minutes, and of the same account.</summary>
public class StepUpTests(AccountPortal portal) : IClassFixture<AccountPortal>
{
    private const string Wanted = "steg.upp@exempel.se";

    [Fact]
    public async Task Stale_is_asked_anothers_password_is_refused_and_ones_own_passes()
    {
        var subscriber = new DemoSubscriber(24);
        const string AnothersPassword = "fyra stora vargar i skogen";
        await using (var scope = portal.Services.CreateAsyncScope())
        {
            await DemoAccounts.CreateAsync(scope.ServiceProvider, new DemoSubscriber(29), AnothersPassword, Cancellation);
        }

        using var browser = await portal.SignedInAsync(subscriber);
        var contact = await browser.PageAsync(PortalUrls.Kind("contact_details"));
        var correct = Html.Links(contact).First(link => link.StartsWith("/ratta/", StringComparison.Ordinal) && link.EndsWith("/email", StringComparison.Ordinal));
        var old = Regex.Match(await browser.PageAsync(correct), "name=\"Old\" value=\"([^\"]*)\"").Groups[1].Value;
        (string Address, string Form, (string, string?)[] Fields, string? Back)[] posts =
        [
            (PortalUrls.Link, "link", [("Posted.Proof", " ")], null),
            (correct, "correct", [("Old", old), ("New", Wanted)], null),
            (PortalUrls.ConfirmNewAddress("x"), "confirm", [("Code", "123456")], null),
            (PortalUrls.DownloadEverything, "", [], PortalUrls.Download),
            (PortalUrls.DownloadToMove, "", [], PortalUrls.Download),
            (PortalUrls.EraseEverything, "erase", [("When", "paus")], null),
            (PortalUrls.EraseKind("contact_details"), "erase", [], null),
            (PortalUrls.EraseSelected + "?slag=contact_details", "erase", [], null),
            (PortalUrls.EraseRow("x"), "erase", [], null),
            (PortalUrls.SecondFactor, "factor-on", [("Posted.Code", "")], null),
            (PortalUrls.SecondFactor, "factor-off", [], null),
            (PortalUrls.SecondFactor, "renew-codes", [], null),
            (PortalUrls.Passkeys, "passkey", [("Key.Name", "Nyckel"), ("Key.Credential", "{}")], null),
            (PortalUrls.Passkeys, "remove", [("Chosen", "x")], null),
            (PortalUrls.PasskeyOffer, "", [], PortalUrls.Passkeys),
        ];

        portal.Time.Advance(TimeSpan.FromSeconds(301));
        var token = Html.AntiforgeryToken(contact);
        var (audited, mails) = await CountAsync();
        await AreAskedAsync();
        foreach (var password in new[] { SignedIn.Password + "x", AnothersPassword })
        {
            using var refused = await browser.FillInAsync(PortalUrls.ConfirmFrom(PortalUrls.Erase), "confirm", ("Posted.Password", password));
            Assert.Contains("stämmer inte", Html.Errors(await refused.PageAsync()), StringComparison.Ordinal);
        }

        await AreAskedAsync();
        Assert.Equal((audited, mails), await CountAsync());

        using var confirmed = await browser.FillInAsync(PortalUrls.ConfirmFrom(PortalUrls.Erase), "confirm", ("Posted.Password", SignedIn.Password));
        Assert.Equal(PortalUrls.Erase, confirmed.Headers.Location?.PathOf());
        foreach (var (address, form, fields, _) in posts)
        {
            using var answer = await browser.PostFormAsync(address, form, token, fields);
            Assert.False(IsConfirm(answer), $"{address} {form} asked who one is, though one had just said so.");
            Assert.True((int)answer.StatusCode < 500, $"{address} {form}: {answer.StatusCode}");
        }

        // The new address alone was really asked for: a code is on its way.
        Assert.Equal("ConfirmAddressLetter", Assert.Single(await portal.MailsAsync(Wanted)).Letter);

        async Task AreAskedAsync()
        {
            foreach (var (address, form, fields, back) in posts)
            {
                using var answer = await browser.PostFormAsync(address, form, token, fields);
                Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
                Assert.Equal(PortalUrls.ConfirmFrom(back ?? address), answer.Headers.Location?.PathOf());
            }
        }
    }

    [Fact]
    public async Task What_one_account_was_shown_another_freshly_signed_in_cannot_carry_out()
    {
        var (mine, other) = (new DemoSubscriber(25), new DemoSubscriber(26));
        using var browser = await portal.SignedInAsync(mine);
        var shown = await browser.PageAsync(PortalUrls.EraseEverything);
        var act = Regex.Match(shown, "name=\"Act\" value=\"([^\"]+)\"").Groups[1].Value;
        Assert.NotEqual("", act);

        await SignedIn.CreateAccountAsync(portal.Services, other);
        using var signedIn = await browser.SignInAsync(other.OwnEmail, SignedIn.Password);
        Assert.Equal(PortalUrls.Overview, signedIn.Headers.Location?.PathOf());
        using var formOfMine = await browser.PostFormAsync(PortalUrls.EraseEverything, "erase", Html.AntiforgeryToken(shown), ("Act", act), ("When", "paus"));
        Assert.Equal(HttpStatusCode.BadRequest, formOfMine.StatusCode);
        using var actOfMine = await browser.FillInAsync(PortalUrls.EraseEverything, "erase", ("Act", act), ("When", "paus"));
        Assert.Equal(HttpStatusCode.OK, actOfMine.StatusCode);
        Assert.Equal(0, await portal.StoreAsync(db => db.ScheduledErasures.CountAsync(Cancellation)));
    }

    [Fact]
    public async Task A_new_password_asks_for_all_that_signing_in_asks_for()
    {
        const string Chosen = "fem glada bockar på bron";
        var subscriber = new DemoSubscriber(28);
        using var browser = await portal.SignedInAsync(subscriber);
        var code = await SignedIn.FactorCodeAsync(portal.Services, subscriber.OwnEmail);
        foreach (var (typed, error) in new[] { ("", "Skriv koden"), (code == "000000" ? "000001" : "000000", "Koden stämmer inte") })
        {
            using var refused = await browser.FillInAsync(PortalUrls.ChangePassword, "change-password", ("Posted.Current", SignedIn.Password), ("Posted.Code", typed), ("Posted.Password", Chosen));
            Assert.Contains(error, Html.Errors(await refused.PageAsync()), StringComparison.Ordinal);
        }

        using var right = await browser.FillInAsync(PortalUrls.ChangePassword, "change-password", ("Posted.Current", SignedIn.Password), ("Posted.Code", code), ("Posted.Password", Chosen));
        Assert.Equal(PortalUrls.MyAccount + "?bytt=1", right.Headers.Location?.PathOf());
    }

    private static bool IsConfirm(HttpResponseMessage answer) => answer.Headers.Location?.PathOf().StartsWith(PortalUrls.Confirm + "?", StringComparison.Ordinal) == true;

    // That a password was refused is on record; what it was asked for is not done.
    private Task<(int Audited, int Mails)> CountAsync() => portal.StoreAsync(async db => (await db.AuditEntries.CountAsync(entry => entry.Event != "account.sign-in-refused", Cancellation), await db.Outbox.CountAsync(Cancellation)));
}
