using System.Net;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Features.Accounts;

public class NewPasswordTests(AccountPortal portal) : IClassFixture<AccountPortal>
{
    private const string Chosen = "sju små dvärgar i gruvan";

    [Fact]
    public async Task A_linked_account_asks_for_the_customer_number_too()
    {
        var subscriber = new DemoSubscriber(21);
        using var session = await portal.SignedInAsync(subscriber);
        using var browser = portal.Browser();
        await ProveAsync(browser, subscriber.OwnEmail);

        foreach (var number in new[] { "", new DemoSubscriber(22).CustomerNumber })
        {
            using var wrong = await ChooseAsync(browser, number);
            Assert.Contains("hör inte till kontot", Html.Errors(await wrong.PageAsync()), StringComparison.Ordinal);
        }

        Assert.True(await IsSignedInAsync(session));
        using var right = await ChooseAsync(browser, subscriber.CustomerNumber);
        Assert.Equal(PortalUrls.SignIn + "?bytt=1", right.Headers.Location?.PathOf());
        Assert.False(await IsSignedInAsync(session));
        Assert.False(await IsSignedInAsync(browser));
        Assert.Equal(["ResetCodeLetter", "PasswordChangedLetter"], (await portal.MailsAsync(subscriber.OwnEmail)).Select(mail => mail.Letter));

        using var old = await browser.SignInAsync(subscriber.OwnEmail, SignedIn.Password);
        Assert.Equal(HttpStatusCode.OK, old.StatusCode);
        using var now = await browser.SignInAsync(subscriber.OwnEmail, Chosen);
        Assert.Equal(PortalUrls.Overview, now.Headers.Location?.PathOf());
    }

    [Fact]
    public async Task The_step_is_taken_once()
    {
        const string Address = "bara.konto@exempel.se";
        using (var first = portal.Browser())
        {
            await portal.RegisterAsync(first, Address);
        }

        using var browser = portal.Browser();
        await ProveAsync(browser, Address);
        using var right = await ChooseAsync(browser, null);
        Assert.Equal(HttpStatusCode.Redirect, right.StatusCode);
        using var again = await ChooseAsync(browser, null);
        Assert.Contains("redan gjort eller har tagit för lång tid", await again.PageAsync(), StringComparison.Ordinal);

        // The account is not linked, so the new password opens nobody's data.
        using var signedIn = await browser.SignInAsync(Address, Chosen);
        using var data = await browser.GetAsync(PortalUrls.LinkDone, Cancellation);
        Assert.Equal(PortalUrls.LinkFrom(PortalUrls.LinkDone), data.Headers.Location?.PathOf());
    }

    [Fact]
    public async Task Five_wrong_numbers_a_day_and_no_more()
    {
        var subscriber = new DemoSubscriber(24);
        await SignedIn.CreateAccountAsync(portal.Services, subscriber);
        using var browser = portal.Browser();
        await ProveAsync(browser, subscriber.OwnEmail);
        for (var i = 0; i < 5; i++)
        {
            using var wrong = await ChooseAsync(browser, "12345678");
        }

        using var right = await ChooseAsync(browser, subscriber.CustomerNumber);
        Assert.Contains("för många försök i dag", Html.Errors(await right.PageAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_blocked_address_gets_the_same_answer_and_no_mail()
    {
        const string Address = "sparrad@exempel.se";
        var (keys, now) = (portal.Services.GetRequiredService<PortalKeys>(), portal.Time.GetUtcNow().UtcDateTime);
        await portal.StoreAsync(async db =>
        {
            db.BlockedAddresses.Add(new BlockedAddress { AddressHash = MailLink.HashAddress(keys, Address), BlockedAt = now, ExpiresAt = now.AddDays(1) });
            return await db.SaveChangesAsync(Cancellation);
        });
        using var browser = portal.Browser();
        using var asked = await browser.FillInAsync(PortalUrls.ForgottenPassword, "forgotten", ("Posted.Address", Address));

        Assert.Equal(PortalUrls.ForgottenPasswordCode, asked.Headers.Location?.PathOf());
        Assert.Empty(await portal.MailsAsync(Address));
    }

    [Fact]
    public async Task An_unknown_address_gets_the_same_answer_and_no_mail()
    {
        var subscriber = new DemoSubscriber(26);
        await SignedIn.CreateAccountAsync(portal.Services, subscriber);
        using var ofOne = portal.Browser();
        using var ofOther = portal.Browser();
        using var known = await ofOne.FillInAsync(PortalUrls.ForgottenPassword, "forgotten", ("Posted.Address", subscriber.OwnEmail));
        using var unknown = await ofOther.FillInAsync(PortalUrls.ForgottenPassword, "forgotten", ("Posted.Address", "ingen@exempel.se"));

        Assert.Equal((unknown.StatusCode, unknown.Headers.Location), (known.StatusCode, known.Headers.Location));
        Assert.Equal(
            Html.WithoutTokens(await ofOther.PageAsync(PortalUrls.ForgottenPasswordCode)).Replace("ingen@exempel.se", subscriber.OwnEmail, StringComparison.Ordinal),
            Html.WithoutTokens(await ofOne.PageAsync(PortalUrls.ForgottenPasswordCode)));
        foreach (var browser in new[] { ofOne, ofOther })
        {
            using var typed = await browser.FillInAsync(PortalUrls.ForgottenPasswordCode, "forgotten-code", ("Posted.Code", "x"));
            Assert.Contains("Koden stämmer inte", Html.Errors(await typed.PageAsync()), StringComparison.Ordinal);
        }

        Assert.Single(await portal.MailsAsync(subscriber.OwnEmail));
        Assert.Empty(await portal.MailsAsync("ingen@exempel.se"));
    }

    [Fact]
    public async Task A_code_for_registering_sets_no_password()
    {
        using var browser = portal.Browser();
        using var asked = await browser.FillInAsync(PortalUrls.Register, "register", ("Posted.Address", "annat.syfte@exempel.se"));
        var code = await portal.CodeMailedToAsync("annat.syfte@exempel.se");
        using var typed = await browser.FillInAsync(PortalUrls.ForgottenPasswordCode, "forgotten-code", ("Posted.Code", code));
        Assert.Contains("Koden gäller inte längre", Html.Errors(await typed.PageAsync()), StringComparison.Ordinal);
    }

    private async Task ProveAsync(HttpClient browser, string address)
    {
        using var asked = await browser.FillInAsync(PortalUrls.ForgottenPassword, "forgotten", ("Posted.Address", address));
        Assert.Equal(PortalUrls.ForgottenPasswordCode, asked.Headers.Location?.PathOf());
        using var typed = await browser.FillInAsync(PortalUrls.ForgottenPasswordCode, "forgotten-code", ("Posted.Code", await portal.CodeMailedToAsync(address)));
        Assert.Equal(PortalUrls.NewPassword, typed.Headers.Location?.PathOf());
    }

    private static Task<HttpResponseMessage> ChooseAsync(HttpClient browser, string? number) =>
        browser.FillInAsync(PortalUrls.NewPassword, "new-password", ("Posted.Password", Chosen), ("Posted.Number", number));
}
