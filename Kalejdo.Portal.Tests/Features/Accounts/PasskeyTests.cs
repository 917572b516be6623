using System.Net;
using System.Text.RegularExpressions;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Features.Accounts;

[OnPostgres]
public sealed class PasskeyOnPostgresTests(AccountPortal portal) : PasskeyTests(portal);

public class PasskeyTests(AccountPortal portal) : IClassFixture<AccountPortal>
{
    [Fact]
    public async Task It_is_made_signs_in_without_a_password_and_is_removed()
    {
        var subscriber = new DemoSubscriber(21);
        using var key = new SoftPasskey();
        using var browser = await portal.SignedInAsync(subscriber);
        await AddAsync(browser, key, "Min telefon");
        Assert.Contains("Min telefon", await browser.PageAsync(PortalUrls.Passkeys), StringComparison.Ordinal);
        Assert.Contains("Antal: 1", await browser.PageAsync(PortalUrls.MyAccount), StringComparison.Ordinal);

        using var other = portal.Browser();
        using var signedIn = await SignInAsync(other, key, PortalUrls.SignInFrom(PortalUrls.Erase));
        Assert.Equal(PortalUrls.Erase, signedIn.Headers.Location?.PathOf());
        Assert.Contains(subscriber.OwnEmail, await other.PageAsync(PortalUrls.MyAccount), StringComparison.Ordinal);
        using var fresh = await other.GetAsync(PortalUrls.Download, Cancellation);
        Assert.Equal(HttpStatusCode.OK, fresh.StatusCode);

        using var removed = await browser.FillInAsync(PortalUrls.Passkeys, "remove", ("Chosen", key.Id));
        Assert.Equal(PortalUrls.Passkeys + "?klart=borta", removed.Headers.Location?.PathOf());
        Assert.True(await IsSignedInAsync(browser));
        Assert.False(await IsSignedInAsync(other));
        using var refused = await SignInAsync(other, key);
        Assert.Contains("gick inte att använda", Html.Errors(await refused.PageAsync()), StringComparison.Ordinal);
        Assert.Equal(["En nyckel är skapad", "En nyckel är borttagen"], (await portal.MailsAsync(subscriber.OwnEmail)).Select(mail => Regex.Match(mail.Text, "En nyckel är [a-zå]+").Value));
        Assert.Equal(["account.passkey-added", "account.passkey-removed"], await EventsAsync(subscriber.OwnEmail));
    }

    [Fact]
    public async Task It_is_fresh_authentication_of_its_own_account_alone()
    {
        var (mine, others) = (new DemoSubscriber(24), new DemoSubscriber(25));
        using var key = new SoftPasskey();
        using var anothers = new SoftPasskey();
        using var browser = await portal.SignedInAsync(mine);
        await AddAsync(browser, key, "Min");
        using (var other = await portal.SignedInAsync(others))
        {
            await AddAsync(other, anothers, "Hennes");
        }

        portal.Time.Advance(TimeSpan.FromMinutes(6));
        foreach (var wrong in new[] { anothers, new SoftPasskey() })
        {
            using (wrong)
            {
                using var refused = await ConfirmAsync(wrong);
                Assert.Contains("gick inte att använda", Html.Errors(await refused.PageAsync()), StringComparison.Ordinal);
                using var stale = await browser.GetAsync(PortalUrls.Download, Cancellation);
                Assert.Equal(PortalUrls.ConfirmFrom(PortalUrls.Download), stale.Headers.Location?.PathOf());
            }
        }

        using var right = await ConfirmAsync(key);
        Assert.Equal(PortalUrls.Download, right.Headers.Location?.PathOf());
        using var fresh = await browser.GetAsync(PortalUrls.Download, Cancellation);
        Assert.Equal(HttpStatusCode.OK, fresh.StatusCode);

        async Task<HttpResponseMessage> ConfirmAsync(SoftPasskey used)
        {
            var page = PortalUrls.ConfirmFrom(PortalUrls.Download);
            var options = await OptionsAsync(browser, page, PortalUrls.PasskeyConfirm);
            return await browser.FillInAsync(page, "passkey", ("Key.Credential", used.Prove(options)));
        }
    }

    [Fact]
    public async Task What_was_signed_elsewhere_for_another_or_before_is_refused()
    {
        using var key = new SoftPasskey();
        using var browser = await portal.SignedInAsync(new DemoSubscriber(26));
        await AddAsync(browser, key, "Min");
        using var other = portal.Browser();
        var first = await OptionsAsync(other, PortalUrls.SignIn, PortalUrls.PasskeySignIn);
        var answer = key.Prove(first);

        // Another challenge has taken its place.
        await OptionsAsync(other, PortalUrls.SignIn, PortalUrls.PasskeySignIn);
        await IsRefusedAsync(answer);
        // None was asked for in this browser any more.
        await IsRefusedAsync(key.Prove(first));
        // Too long ago.
        var late = await OptionsAsync(other, PortalUrls.SignIn, PortalUrls.PasskeySignIn);
        portal.Time.Advance(PasskeyChallenge.Validity + TimeSpan.FromSeconds(1));
        await IsRefusedAsync(key.Prove(late));
        key.Verifies = false;
        await IsRefusedAsync(key.Prove(await OptionsAsync(other, PortalUrls.SignIn, PortalUrls.PasskeySignIn)));
        (key.Verifies, key.RelyingParty) = (true, "ond.exempel");
        await IsRefusedAsync(key.Prove(await OptionsAsync(other, PortalUrls.SignIn, PortalUrls.PasskeySignIn)));
        key.RelyingParty = "localhost";
        var right = key.Prove(await OptionsAsync(other, PortalUrls.SignIn, PortalUrls.PasskeySignIn));
        await IsRefusedAsync(right.Replace("\"signature\":\"", "\"signature\":\"AAAA", StringComparison.Ordinal));
        using var good = await SignInAsync(other, key);
        Assert.Equal(PortalUrls.Overview, good.Headers.Location?.PathOf());

        async Task IsRefusedAsync(string credential)
        {
            using var refused = await other.FillInAsync(PortalUrls.SignIn, "passkey", ("Key.Credential", credential));
            Assert.Contains("gick inte att använda", Html.Errors(await refused.PageAsync()), StringComparison.Ordinal);
            Assert.False(await IsSignedInAsync(other));
        }
    }

    [Fact]
    public async Task A_page_elsewhere_gets_neither_a_new_one_nor_an_answer()
    {
        using var key = new SoftPasskey { Origin = "https://ond.exempel" };
        using var unverified = new SoftPasskey { Verifies = false };
        using var browser = await portal.SignedInAsync(new DemoSubscriber(28));
        foreach (var wrong in new[] { key, unverified })
        {
            var made = wrong.Create(await OptionsAsync(browser, PortalUrls.Passkeys, PortalUrls.PasskeyOffer));
            using var refused = await browser.FillInAsync(PortalUrls.Passkeys, "passkey", ("Key.Name", "Ond"), ("Key.Credential", made));
            Assert.Contains("kunde inte skapas", Html.Errors(await refused.PageAsync()), StringComparison.Ordinal);
        }

        Assert.DoesNotContain("Ond", Regex.Replace(await browser.PageAsync(PortalUrls.Passkeys), "value=\"[^\"]*\"", ""), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"id\":1}")]
    [InlineData("{\"id\":\"AA\",\"rawId\":\"!!\",\"type\":\"public-key\",\"response\":{},\"clientExtensionResults\":{}}")]
    [InlineData("{\"id\":\"AA\",\"rawId\":\"AA\",\"type\":\"public-key\",\"response\":{\"clientDataJSON\":\"AA\",\"authenticatorData\":\"AA\",\"signature\":\"AA\",\"attestationObject\":\"AA\"},\"clientExtensionResults\":{}}")]
    [InlineData("<script>alert(1)</script>")]
    public async Task Malformed_answers_are_refused_in_words(string credential)
    {
        using var browser = await portal.SignedInAsync(new DemoSubscriber(29));
        await OptionsAsync(browser, PortalUrls.Passkeys, PortalUrls.PasskeyOffer);
        using var made = await browser.FillInAsync(PortalUrls.Passkeys, "passkey", ("Key.Name", "Min"), ("Key.Credential", credential));
        Assert.Contains("kunde inte skapas", Html.Errors(await made.PageAsync()), StringComparison.Ordinal);
        foreach (var text in new[] { credential, credential + new string(' ', 100_000) })
        {
            using var other = portal.Browser();
            await OptionsAsync(other, PortalUrls.SignIn, PortalUrls.PasskeySignIn);
            using var signedIn = await other.FillInAsync(PortalUrls.SignIn, "passkey", ("Key.Credential", text));
            Assert.Equal(HttpStatusCode.OK, signedIn.StatusCode);
            Assert.DoesNotContain("<script>alert", await signedIn.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("ett namn som är alldeles för långt för en nyckel")]
    [InlineData("a\u0007b")]
    public async Task A_name_is_asked_for(string name)
    {
        using var key = new SoftPasskey();
        using var browser = await portal.SignedInAsync(new DemoSubscriber(31));
        var made = key.Create(await OptionsAsync(browser, PortalUrls.Passkeys, PortalUrls.PasskeyOffer));
        using var answer = await browser.FillInAsync(PortalUrls.Passkeys, "passkey", ("Key.Name", name), ("Key.Credential", made));
        Assert.Contains("Skriv ett namn på nyckeln", Html.Errors(await answer.PageAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_removes_anothers()
    {
        using var key = new SoftPasskey();
        using var mine = await portal.SignedInAsync(new DemoSubscriber(34));
        await AddAsync(mine, key, "Min");
        using var other = await portal.SignedInAsync(new DemoSubscriber(35));
        foreach (var id in new[] { key.Id, "", "!!", "AA" })
        {
            using var answer = await other.FillInAsync(PortalUrls.Passkeys, "remove", ("Chosen", id));
            Assert.Null(answer.Headers.Location);
        }

        using var browser = portal.Browser();
        using var signedIn = await SignInAsync(browser, key);
        Assert.Equal(PortalUrls.Overview, signedIn.Headers.Location?.PathOf());
    }

    [Fact]
    public async Task For_staff_it_is_both_factors_and_goes_with_a_new_invitation()
    {
        using var key = new SoftPasskey();
        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        await AddAsync(staff, key, "Jobbet");
        using var browser = portal.Browser();
        using var signedIn = await SignInAsync(browser, key, PortalUrls.SignInFrom(PortalUrls.Desk));
        Assert.Equal(PortalUrls.Desk, signedIn.Headers.Location?.PathOf());
        Assert.Equal("Ärenden", Html.Heading(await browser.PageAsync(PortalUrls.Desk)));

        var id = await portal.StoreAsync(db => db.Users.Where(row => row.Email == $"{StaffRoles.CaseWorker}@personal.exempel.se").Select(row => row.Id).SingleAsync(Cancellation));
        await portal.Services.GetRequiredService<Kalejdo.Portal.Features.Staff.Personnel.Personnel>().InviteAgainAsync(id, "staff:prov", Cancellation);
        using var refused = await SignInAsync(browser, key);
        Assert.Contains("gick inte att använda", Html.Errors(await refused.PageAsync()), StringComparison.Ordinal);
    }

    private static async Task AddAsync(HttpClient browser, SoftPasskey key, string name)
    {
        var made = key.Create(await OptionsAsync(browser, PortalUrls.Passkeys, PortalUrls.PasskeyOffer));
        using var added = await browser.FillInAsync(PortalUrls.Passkeys, "passkey", ("Key.Name", name), ("Key.Credential", made));
        Assert.Equal(PortalUrls.Passkeys + "?klart=ny", added.Headers.Location?.PathOf());
    }

    private static async Task<HttpResponseMessage> SignInAsync(HttpClient browser, SoftPasskey key, string page = PortalUrls.SignIn) =>
        await browser.FillInAsync(page, "passkey", ("Key.Credential", key.Prove(await OptionsAsync(browser, page, PortalUrls.PasskeySignIn))));

    /// <summary>What passkeys.js asks for: from the page, with its form's token.</summary>
    private static async Task<string> OptionsAsync(HttpClient browser, string page, string options)
    {
        using var answer = await browser.PostFormAsync(options, "passkey", Html.AntiforgeryToken(await browser.PageAsync(page)));
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.MediaType);
        return await answer.Content.ReadAsStringAsync(Cancellation);
    }

    private Task<List<string>> EventsAsync(string address) => portal.StoreAsync(async db =>
    {
        var id = await db.Users.Where(row => row.Email == address).Select(row => row.Id).SingleAsync(Cancellation);
        var number = await portal.Services.GetRequiredService<AuditTrail>().FindNumberAsync(db, $"account:{id}", Cancellation);
        return await db.AuditEntries.Where(row => row.Subject == number && row.Event.StartsWith("account.passkey")).OrderBy(row => row.Sequence).Select(row => row.Event).ToListAsync(Cancellation);
    });
}
