using System.Net;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Features.Accounts;

public class RegistrationTests(AccountPortal portal) : IClassFixture<AccountPortal>
{
    [Fact]
    public async Task From_an_address_to_ones_data()
    {
        var subscriber = new DemoSubscriber(4);
        using var browser = portal.Browser();
        await portal.RegisterAsync(browser, subscriber.OwnEmail);

        // Not linked yet: signed in, and nobody's data is open.
        using var early = await browser.GetAsync(PortalUrls.LinkDone, Cancellation);
        Assert.Equal(PortalUrls.LinkFrom(PortalUrls.LinkDone), early.Headers.Location?.PathOf());

        using var linked = await LinkAsync(browser, $" {subscriber.CustomerNumber} ");
        Assert.Equal(PortalUrls.LinkDone, linked.Headers.Location?.PathOf());
        Assert.Equal("Kontot är kopplat", Html.Heading(await browser.PageAsync(PortalUrls.LinkDone)));
        Assert.Contains(subscriber.CustomerNumber, await browser.PageAsync(PortalUrls.MyAccount), StringComparison.Ordinal);

        var mails = await portal.MailsAsync(subscriber.OwnEmail);
        Assert.Equal(["RegistrationCodeLetter", "LinkedLetter"], mails.Select(mail => mail.Letter));
        Assert.DoesNotContain(mails, mail => mail.Text.Contains(subscriber.CustomerNumber, StringComparison.Ordinal));
        var told = await portal.StoreAsync(db => db.AuditEntries.Where(row => row.Event.StartsWith("account.")).Select(row => row.Event).ToListAsync(Cancellation));
        Assert.Contains("account.created", told);
        Assert.Contains("account.linked", told);
    }

    [Fact]
    public async Task English_speaks_english()
    {
        using var browser = portal.Browser("en");
        using var asked = await browser.FillInAsync(PortalUrls.Register, "register", ("Posted.Address", "jane@exempel.se"));
        Assert.Equal("Enter the code from the mail", Html.Heading(await browser.PageAsync(PortalUrls.RegisterCode)));
        Assert.Contains("Your code", (await portal.MailsAsync("jane@exempel.se"))[^1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_known_address_gets_the_same_answer_and_no_code()
    {
        var known = new DemoSubscriber(1);
        using var ofOne = portal.Browser();
        using var ofOther = portal.Browser();
        using var knownAnswer = await ofOne.FillInAsync(PortalUrls.Register, "register", ("Posted.Address", known.OwnEmail));
        using var unknownAnswer = await ofOther.FillInAsync(PortalUrls.Register, "register", ("Posted.Address", "ingen@exempel.se"));

        Assert.Equal(unknownAnswer.StatusCode, knownAnswer.StatusCode);
        Assert.Equal(unknownAnswer.Headers.Location, knownAnswer.Headers.Location);
        Assert.Equal(
            Html.WithoutTokens(await ofOther.PageAsync(PortalUrls.RegisterCode)).Replace("ingen@exempel.se", known.OwnEmail, StringComparison.Ordinal),
            Html.WithoutTokens(await ofOne.PageAsync(PortalUrls.RegisterCode)));
        Assert.Equal(await TypeAsync(ofOther, "000000"), await TypeAsync(ofOne, "000000"));

        var mail = Assert.Single(await portal.MailsAsync(known.OwnEmail));
        Assert.Equal("AlreadyRegisteredLetter", mail.Letter);
        Assert.DoesNotMatch(@"(?m)^\d{6}$", mail.Text);
        Assert.Equal(1, await portal.AccountsOfAsync(known.OwnEmail));
    }

    [Fact]
    public async Task Five_wrong_codes_end_it()
    {
        using var browser = portal.Browser();
        var code = await AskAsync(browser, "fem.fel@exempel.se");
        var wrong = code == "000000" ? "000001" : "000000";
        for (var i = 0; i < 4; i++)
        {
            Assert.Contains("Koden stämmer inte", await TypeAsync(browser, wrong), StringComparison.Ordinal);
        }

        Assert.Contains("Koden gäller inte längre", await TypeAsync(browser, wrong), StringComparison.Ordinal);
        Assert.Contains("Koden gäller inte längre", await TypeAsync(browser, code), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_expired_code_is_refused()
    {
        using var browser = portal.Browser();
        var code = await AskAsync(browser, "for.sent@exempel.se");
        portal.Time.Advance(TimeSpan.FromMinutes(10));
        Assert.Contains("Koden gäller inte längre", await TypeAsync(browser, code), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_used_code_is_refused()
    {
        using var browser = portal.Browser();
        var code = await AskAsync(browser, "en.gang@exempel.se");
        Assert.Equal("", await TypeAsync(browser, code));
        Assert.Contains("Koden gäller inte längre", await TypeAsync(browser, code), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_code_counts_in_its_own_browser_alone()
    {
        using var browser = portal.Browser();
        using var thief = portal.Browser();
        using var another = portal.Browser();
        var code = await AskAsync(browser, "min.egen@exempel.se");
        await AskAsync(thief, "tjuv@exempel.se");

        Assert.Contains("Koden gäller inte längre", await TypeAsync(another, code), StringComparison.Ordinal);
        Assert.Contains("Koden stämmer inte", await TypeAsync(thief, code), StringComparison.Ordinal);
        Assert.Equal("", await TypeAsync(browser, code));
    }

    [Fact]
    public async Task No_password_is_chosen_without_a_code()
    {
        using var browser = portal.Browser();
        await AskAsync(browser, "ingen.kod@exempel.se");
        using var chosen = await browser.FillInAsync(PortalUrls.RegisterPassword, "register-password", ("Posted.Password", SignedIn.Password));

        Assert.Equal(HttpStatusCode.OK, chosen.StatusCode);
        Assert.Contains("redan gjort eller har tagit för lång tid", await chosen.PageAsync(), StringComparison.Ordinal);
        Assert.Equal(0, await portal.AccountsOfAsync("ingen.kod@exempel.se"));
    }

    [Fact]
    public async Task A_password_posted_twice_makes_one_account()
    {
        const string Address = "tva.ganger@exempel.se";
        using var browser = portal.Browser();
        await TypeAsync(browser, await AskAsync(browser, Address));
        using var shown = await browser.GetAsync(PortalUrls.RegisterPassword, Cancellation);
        var token = Html.AntiforgeryToken(await shown.PageAsync());

        Task<HttpResponseMessage> PostAsync() => browser.PostFormAsync(PortalUrls.RegisterPassword, "register-password", token, ("Posted.Password", SignedIn.Password));
        var both = await Task.WhenAll(PostAsync(), PostAsync());

        Assert.Equal(1, await portal.AccountsOfAsync(Address));
        Assert.Equal(HttpStatusCode.Redirect, both.Min(response => response.StatusCode) == HttpStatusCode.OK ? both.Max(response => response.StatusCode) : HttpStatusCode.Unused);
        Assert.True(await IsSignedInAsync(browser));
    }

    [Fact]
    public async Task Three_codes_an_hour_for_an_address()
    {
        using var browser = portal.Browser();
        for (var i = 0; i < 3; i++)
        {
            await AskAsync(browser, "ofta@exempel.se");
        }

        using var fourth = await browser.FillInAsync(PortalUrls.Register, "register", ("Posted.Address", " OFTA@exempel.se"));
        Assert.Contains("vänta en timme", await fourth.PageAsync(), StringComparison.Ordinal);
        Assert.Equal(3, (await portal.MailsAsync("ofta@exempel.se")).Count);

        portal.Time.Advance(TimeSpan.FromHours(1));
        await AskAsync(browser, "ofta@exempel.se");
    }

    [Fact]
    public async Task A_network_asks_for_so_many_codes()
    {
        await using var narrow = portal.WithWebHostBuilder(host => host.UseSetting("Limits:CodesPerNetworkAnHour", "1"));
        portal.Time.Advance(TimeSpan.FromHours(1));
        using var browser = PortalFixture.Client(narrow);
        using var first = await browser.FillInAsync(PortalUrls.Register, "register", ("Posted.Address", "ett@exempel.se"));
        using var second = await browser.FillInAsync(PortalUrls.Register, "register", ("Posted.Address", "tva@exempel.se"));

        Assert.Equal(PortalUrls.RegisterCode, first.Headers.Location?.PathOf());
        Assert.Contains("vänta en timme", await second.PageAsync(), StringComparison.Ordinal);
        Assert.Empty(await portal.MailsAsync("tva@exempel.se"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("anna")]
    [InlineData("anna@exempel")]
    [InlineData("anna@@exempel.se")]
    [InlineData("anna lind@exempel.se")]
    [InlineData("anna@exempel.se\r\nBcc: alla@exempel.se")]
    [InlineData("anna\u0007@exempel.se")]
    [InlineData("anna\u200b@exempel.se")]
    [InlineData("Anna <anna@exempel.se>")]
    [InlineData("anna@exempel.se,eva@exempel.se")]
    public async Task What_is_no_address_is_refused(string? address)
    {
        using var browser = portal.Browser();
        using var answer = await browser.FillInAsync(PortalUrls.Register, "register", ("Posted.Address", address));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains("Skriv hela e-postadressen", await answer.PageAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_without_end_is_refused()
    {
        using var browser = portal.Browser();
        using var answer = await browser.FillInAsync(PortalUrls.Register, "register", ("Posted.Address", new string('a', 100_000) + "@exempel.se"));
        Assert.Contains("Skriv hela e-postadressen", await answer.PageAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "Skriv ett lösenord")]
    [InlineData("elva tecken", "minst 12 tecken")]
    [InlineData("lösenord1234", "lätt att gissa")]
    [InlineData("Password12345!", "lätt att gissa")]
    [InlineData("P@ssw0rd!2026", "lätt att gissa")]
    [InlineData("Sommar 2026 !!", "lätt att gissa")]
    [InlineData("dragonmonkey", "lätt att gissa")]
    [InlineData("qwerty-qwerty", "lätt att gissa")]
    [InlineData("1qaz2wsx3edc", "lätt att gissa")]
    [InlineData("198503121234", "lätt att gissa")]
    [InlineData("Kalejdo-2026-kod", "lätt att gissa")]
    [InlineData("123456789012", "lätt att gissa")]
    [InlineData("aaaaaaaaaaaaaa", "lätt att gissa")]
    [InlineData("val.av@exempel.se", "lätt att gissa")]
    [InlineData("exempel-val.av-7", "lätt att gissa")]
    [InlineData("tre små\u0007 grisar", "inte går att använda")]
    public async Task A_weak_password_is_refused(string? password, string because)
    {
        portal.Time.Advance(TimeSpan.FromHours(1));
        using var browser = portal.Browser();
        await TypeAsync(browser, await AskAsync(browser, "val.av@exempel.se"));
        using var answer = await browser.FillInAsync(PortalUrls.RegisterPassword, "register-password", ("Posted.Password", password));

        Assert.Contains(because, await answer.PageAsync(), StringComparison.Ordinal);
        Assert.Equal(0, await portal.AccountsOfAsync("val.av@exempel.se"));
    }

    [Theory]
    [InlineData(PortalUrls.Register, "register")]
    [InlineData(PortalUrls.RegisterCode, "register-code")]
    [InlineData(PortalUrls.RegisterPassword, "register-password")]
    [InlineData(PortalUrls.SignIn, "sign-in")]
    [InlineData(PortalUrls.SignOut, "")]
    [InlineData(PortalUrls.ForgottenPassword, "forgotten")]
    [InlineData(PortalUrls.ForgottenPasswordCode, "forgotten-code")]
    [InlineData(PortalUrls.NewPassword, "new-password")]
    public async Task A_forged_form_is_refused(string address, string form)
    {
        using var browser = portal.Browser();
        using var shown = await browser.GetAsync(PortalUrls.Register, Cancellation);
        foreach (var token in new[] { null, "forged" })
        {
            using var answer = await browser.PostFormAsync(address, form, token, ("Posted.Address", "forfalskad@exempel.se"));
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            Assert.Equal("Vi kunde inte ta emot formuläret", Html.Heading(await answer.PageAsync()));
        }

        Assert.Empty(await portal.MailsAsync("forfalskad@exempel.se"));
    }

    private async Task<string> AskAsync(HttpClient browser, string address)
    {
        using var asked = await browser.FillInAsync(PortalUrls.Register, "register", ("Posted.Address", address));
        Assert.Equal(PortalUrls.RegisterCode, asked.Headers.Location?.PathOf());
        return await portal.CodeMailedToAsync(address);
    }

    /// <returns>What the page complains of; nothing where it went on.</returns>
    private static async Task<string> TypeAsync(HttpClient browser, string code)
    {
        using var typed = await browser.FillInAsync(PortalUrls.RegisterCode, "register-code", ("Posted.Code", code));
        return typed.StatusCode == HttpStatusCode.OK ? Html.Errors(await typed.PageAsync()) : "";
    }
}
