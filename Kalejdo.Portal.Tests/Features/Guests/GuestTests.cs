using System.Net;
using System.Text.RegularExpressions;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Guests;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Features.Guests;

/// <summary>Who cannot sign in asks all the same, by mail or on paper, and learns nothing about anybody.</summary>
public class GuestTests : IAsyncDisposable
{
    private const string Words = "Jag var kund till 2024, Åsa Öberg på Storgatan. Vilka fakturor har ni kvar?";

    // Its own for each test: what a network may ask for counts.
    private readonly AccountPortal portal = new();

    [Fact]
    public async Task By_mail_the_request_is_answered_through_the_link()
    {
        using var guest = portal.Browser();
        Assert.Contains(PortalUrls.Guest, Html.Links(await guest.PageAsync(PortalUrls.ContactUs)));
        await ProveAsync(guest, "asa@exempel.se");
        using var asked = await guest.FillInAsync(PortalUrls.GuestWrite, "request", ("Who", "ended"), ("Kind", "Access"), ("Words", Words));
        var page = await guest.PageAsync(asked.Headers.Location!.PathOf());
        Assert.All(["Vi har tagit emot din begäran", "Registerutdrag", Words], text => Assert.Contains(text, page, StringComparison.Ordinal));
        var number = Regex.Match(page, @"K-\d{4}-[0-9A-Z]{6}").Value;

        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        var desk = await staff.PageAsync(PortalUrls.DeskCase(number));
        Assert.All(["Har inte längre något abonnemang", Words, "Med e-post"], text => Assert.Contains(text, desk, StringComparison.Ordinal));
        Assert.DoesNotContain("asa@exempel.se", desk, StringComparison.Ordinal);
        using var answered = await staff.PostFormAsync(PortalUrls.DeskCase(number), "answer", Html.AntiforgeryToken(desk), ("Version", "0"), ("Words", "Fakturorna från 2024 sparas till 2031."));
        Assert.Equal(HttpStatusCode.Redirect, answered.StatusCode);

        var mail = (await portal.MailsAsync("asa@exempel.se"))[^1];
        Assert.Equal(nameof(CaseAnsweredLetter), mail.Letter);
        using var elsewhere = portal.Browser("en");
        var followed = await elsewhere.PageAsync(new Uri(mail.Text.Split().First(word => word.Contains("/arende/", StringComparison.Ordinal))).PathAndQuery);
        Assert.All(["Our answer", "Fakturorna från 2024 sparas till 2031.", "Show the receipt"], text => Assert.Contains(text, followed, StringComparison.Ordinal));
    }

    [Fact]
    public async Task On_paper_staff_print_the_letter_in_the_language_of_its_reader()
    {
        using var guest = portal.Browser("en");
        using var missing = await guest.FillInAsync(PortalUrls.GuestOnPaper, "request", ("Words", "Hello"));
        var errors = Html.Errors(await missing.PageAsync());
        Assert.All(["Choose why", "Choose what", "Write a name", "Write a postal address"], text => Assert.Contains(text, errors, StringComparison.Ordinal));
        Assert.Equal(0, await portal.StoreAsync(db => db.Cases.CountAsync(Cancellation)));
        using var asked = await guest.FillInAsync(
            PortalUrls.GuestOnPaper, "request", ("Who", "estate"), ("Kind", "Erasure"), ("Words", "My mother has died."), ("ReaderName", "Bo Öberg"), ("ReaderAddress", "Storgatan 1\n111 11 Exempelstad"));
        var number = Regex.Match(await guest.PageAsync(asked.Headers.Location!.PathOf()), @"K-\d{4}-[0-9A-Z]{6}").Value;
        Assert.Empty(await portal.StoreAsync(db => db.Outbox.Where(row => row.CaseNumber == number).ToListAsync(Cancellation)));

        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker, "sv");
        var letter = await staff.PageAsync(PortalUrls.DeskLetter(number));
        Assert.All(["Bo Öberg", "Storgatan 1", number, "We have received your request", "Erasure", "lang=\"en\""], text => Assert.Contains(text, letter, StringComparison.Ordinal));
        Assert.Contains("Brev att skriva ut", letter, StringComparison.Ordinal);
        var desk = await staff.PageAsync(PortalUrls.DeskCase(number));
        using var refused = await staff.PostFormAsync(
            PortalUrls.DeskCase(number), "refuse", Html.AntiforgeryToken(desk), ("Version", "0"), ("Ground", RefusalGrounds.LegalObligation), ("Words", "The invoices stay until 2031."));
        Assert.Contains("Skriv ut brevet och posta det", await staff.PageAsync(refused.Headers.Location!.PathOf()), StringComparison.Ordinal);
        letter = await staff.PageAsync(PortalUrls.DeskLetter(number));
        Assert.All(["We have refused your request", "The law obliges us", "The invoices stay until 2031.", "district court"], text => Assert.Contains(text, letter, StringComparison.Ordinal));
        Assert.Empty(await portal.StoreAsync(db => db.Outbox.Where(row => row.CaseNumber == number).ToListAsync(Cancellation)));
    }

    [Fact]
    public async Task Whether_somebody_is_known_is_told_to_nobody()
    {
        var subscriber = new DemoSubscriber(4);
        await SignedIn.CreateAccountAsync(portal.Services, subscriber);
        var pages = new List<string>();
        foreach (var address in (string[])[subscriber.OwnEmail, "okand@exempel.se"])
        {
            using var guest = portal.Browser();
            await ProveAsync(guest, address);
            using var asked = await guest.FillInAsync(PortalUrls.GuestWrite, "request", ("Who", "no-account"), ("Kind", "Access"), ("Words", "Vad vet ni?"));
            var page = await guest.PageAsync(asked.Headers.Location!.PathOf());
            Assert.DoesNotContain(address, page, StringComparison.Ordinal);
            Assert.Equal([nameof(GuestCodeLetter), nameof(RequestReceivedLetter)], (await portal.MailsAsync(address)).Select(mail => mail.Letter));
            pages.Add(Regex.Replace(Regex.Replace(Html.WithoutTokens(page), @"K-\d{4}-[0-9A-Z]{6}", "K"), @"/arende/[\w-]+", "/arende/x"));
        }
        Assert.Equal(pages[0], pages[1]);
        // The mailbox is no identity: the subscriber's own pages do not have it.
        using var person = await portal.SignedInAsync(subscriber);
        Assert.Contains("Du har inga ärenden", await person.PageAsync(PortalUrls.MyCases), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_code_nothing_is_asked_and_a_code_is_good_for_one_request()
    {
        using var guest = portal.Browser();
        using var unproven = await guest.GetAsync(PortalUrls.GuestWrite, Cancellation);
        Assert.Equal(PortalUrls.Guest, unproven.Headers.Location?.PathOf());
        using var noAddress = await guest.FillInAsync(PortalUrls.Guest, "address", ("address", "asa@exempel"));
        Assert.Contains("Skriv hela adressen", Html.Errors(await noAddress.PageAsync()), StringComparison.Ordinal);
        await ProveAsync(guest, "asa@exempel.se");
        var form = await guest.PageAsync(PortalUrls.GuestWrite);
        (string, string?)[] fields = [("Who", "ended"), ("Kind", "Access"), ("Words", Words)];
        using var first = await guest.PostFormAsync(PortalUrls.GuestWrite, "request", Html.AntiforgeryToken(form), fields);
        Assert.Equal(HttpStatusCode.Redirect, first.StatusCode);
        using var second = await guest.PostFormAsync(PortalUrls.GuestWrite, "request", Html.AntiforgeryToken(form), fields);
        var told = await second.PageAsync();
        Assert.Contains("Koden du skrev gäller inte längre", Html.Errors(told), StringComparison.Ordinal);
        Assert.Contains(Words, told, StringComparison.Ordinal);

        // The same mailbox asks for the same once more: it is the same case.
        await ProveAsync(guest, "Asa@exempel.se");
        using var again = await guest.FillInAsync(PortalUrls.GuestWrite, "request", ("Who", "ended"), ("Kind", "Access"), ("Words", "Och vilka samtal?"));
        Assert.Contains("Vi la till det du skrev", await guest.PageAsync(again.Headers.Location!.PathOf()), StringComparison.Ordinal);
        Assert.Equal(1, await portal.StoreAsync(db => db.Cases.CountAsync(Cancellation)));
    }

    [Fact]
    public async Task A_network_asks_only_so_often()
    {
        using var guest = portal.Browser();
        (string, string?)[] fields = [("Who", "no-email"), ("Kind", "Other"), ("Words", "Hej"), ("ReaderName", "Bo"), ("ReaderAddress", "Storgatan 1")];
        var form = await guest.PageAsync(PortalUrls.GuestOnPaper);
        for (var i = 0; i < 20; i++)
        {
            using var asked = await guest.PostFormAsync(PortalUrls.GuestOnPaper, "request", Html.AntiforgeryToken(form), fields);
            Assert.Equal(HttpStatusCode.Redirect, asked.StatusCode);
        }
        using var tooMany = await guest.PostFormAsync(PortalUrls.GuestOnPaper, "request", Html.AntiforgeryToken(form), fields);
        Assert.Contains("Försök igen om en timme", Html.Errors(await tooMany.PageAsync()), StringComparison.Ordinal);
        portal.Time.Advance(TimeSpan.FromHours(1));
        using var later = await guest.FillInAsync(PortalUrls.GuestOnPaper, "request", fields);
        Assert.Equal(HttpStatusCode.Redirect, later.StatusCode);
    }

    public async ValueTask DisposeAsync()
    {
        await portal.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private async Task ProveAsync(HttpClient guest, string address)
    {
        using var sent = await guest.FillInAsync(PortalUrls.Guest, "address", ("address", address));
        Assert.Equal(PortalUrls.GuestCode, sent.Headers.Location?.PathOf());
        using var typed = await guest.FillInAsync(PortalUrls.GuestCode, "code", ("code", await portal.CodeMailedToAsync(address)));
        Assert.Equal(PortalUrls.GuestWrite, typed.Headers.Location?.PathOf());
    }
}

[OnPostgres]
public sealed class GuestOnPostgresTests : GuestTests;
