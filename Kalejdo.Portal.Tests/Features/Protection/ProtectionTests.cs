using System.Globalization;
using System.Net;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Protection;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Features.Protection;

/// <summary>Staff protect a subscriber's identity: from then on people serve, until staff open self-service again.</summary>
public class ProtectionTests(AccountPortal portal) : IClassFixture<AccountPortal>
{
    private string InAYear => portal.Time.GetUtcNow().AddYears(1).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Who_is_protected_is_served_by_people_until_staff_open_it_again()
    {
        var subscriber = new DemoSubscriber(33);
        using var here = await portal.SignedInAsync(subscriber);
        using var there = await portal.SignedInAsync(subscriber);
        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        var found = await FoundAsync(staff, subscriber);
        Assert.Contains($"{found}/skydda", Html.Links(await staff.PageAsync(found)));

        using var empty = await staff.FillInAsync($"{found}/skydda", "protect", ("Reason", "Frozen"), ("Review", portal.Time.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)));
        var errors = Html.Errors(await empty.PageAsync());
        Assert.All(["Välj skäl", "efter i dag"], text => Assert.Contains(text, errors, StringComparison.Ordinal));
        Assert.True(await IsSignedInAsync(there));
        using var marked = await staff.FillInAsync($"{found}/skydda", "protect", ("Reason", "SecrecyMarking"), ("Review", InAYear));
        Assert.Contains("alla inloggningar är avslutade", await staff.PageAsync(marked.Headers.Location!.PathOf()), StringComparison.Ordinal);

        // Both sessions are over; signing in goes on, and leads to people.
        Assert.False(await IsSignedInAsync(here));
        Assert.False(await IsSignedInAsync(there));
        using var again = await portal.SignedInAsync(subscriber);
        foreach (var address in (string[])[PortalUrls.Overview, PortalUrls.MyData, PortalUrls.Download, PortalUrls.EraseEverything, PortalUrls.WhoHasSeen])
        {
            using var closed = await again.GetAsync(address, Cancellation);
            Assert.Equal(PortalUrls.SelfServiceClosed, closed.Headers.Location?.PathOf());
        }
        var page = await again.PageAsync(PortalUrls.SelfServiceClosed);
        Assert.Equal("Självbetjäningen är stängd", Html.Heading(page));
        Assert.DoesNotContain("skydd", page, StringComparison.OrdinalIgnoreCase);

        // Staff see neither town nor telephone before they ask for it.
        var hits = await SearchAsync(staff, subscriber);
        Assert.Contains("Skyddade personuppgifter", hits, StringComparison.Ordinal);
        var data = await staff.PageAsync(found);
        Assert.Contains("Lämna aldrig ut var personen finns", data, StringComparison.Ordinal);
        Assert.DoesNotContain(Html.Links(data), link => link.EndsWith("/contact_details", StringComparison.Ordinal));
        using var hidden = await staff.GetAsync($"{found}/contact_details", Cancellation);
        Assert.Equal(found, hidden.Headers.Location?.PathOf());
        using var opened = await staff.FillInAsync(found, "open-protected");
        var shown = Html.Links(await staff.PageAsync(opened.Headers.Location!.PathOf())).Single(link => link.EndsWith("/contact_details", StringComparison.Ordinal));
        Assert.Contains(subscriber.Phone!, await staff.PageAsync(shown), StringComparison.Ordinal);

        using var wrong = await staff.FillInAsync($"{found}/skydda", "lift", ("Ended", "person-identified"));
        Assert.Contains("Välj varför", Html.Errors(await wrong.PageAsync()), StringComparison.Ordinal);
        using var stillClosed = await again.GetAsync(PortalUrls.Overview, Cancellation);
        Assert.Equal(PortalUrls.SelfServiceClosed, stillClosed.Headers.Location?.PathOf());
        using var lifted = await staff.FillInAsync($"{found}/skydda", "lift", ("Ended", "protection-ended"));
        Assert.Equal(HttpStatusCode.Redirect, lifted.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await again.GetAsync(PortalUrls.Overview, Cancellation)).StatusCode);
        Assert.Equal(
            [("service.closed", "secrecy-marking"), ("service.opened", "protection-ended")],
            await portal.StoreAsync(async db => (await db.AuditEntries.Where(row => row.Event.StartsWith("service.") && row.ReasonCode != "threat" && row.ReasonCode != "frozen" && row.ReasonCode != "person-identified").OrderBy(row => row.Sequence).ToListAsync(Cancellation)).Select(row => (row.Event, row.ReasonCode))));
    }

    [Fact]
    public async Task Nobody_links_the_agreement_and_the_answer_is_that_of_a_wrong_number_after_as_many_questions()
    {
        var (subscriber, other) = (new DemoSubscriber(68), new DemoSubscriber(88));
        await MarkAsync(subscriber);
        using var known = portal.Browser();
        using var unknown = portal.Browser();
        await portal.RegisterAsync(known, subscriber.OwnEmail);
        await portal.RegisterAsync(unknown, other.OwnEmail);

        var wrong = await AnswerAsync(unknown, "99999999");
        var right = await AnswerAsync(known, subscriber.CustomerNumber);
        Assert.Equal((wrong.Statements, HttpStatusCode.OK), (right.Statements, right.Status));
        Assert.Equal(wrong.Errors, right.Errors);
        Assert.Equal(0, await portal.StoreAsync(db => db.AccountLinks.CountAsync(link => db.Users.Any(row => row.Id == link.AccountId && row.Email == subscriber.OwnEmail), Cancellation)));

        // As after any tries in vain, staff hear of it.
        for (var i = 0; i < 5; i++)
        {
            await AnswerAsync(known, subscriber.BoxCode);
        }
        var number = await portal.StoreAsync(db => db.Cases.Where(row => row.Type == CaseType.Linking).Select(row => row.Number).SingleAsync(Cancellation));
        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        Assert.Contains(number, await staff.PageAsync(PortalUrls.DeskCase(number)), StringComparison.Ordinal);
        Assert.Contains("self-service-closed", await portal.StoreAsync(db => db.AuditEntries.Where(row => row.Event == "account.link-refused").Select(row => row.ReasonCode).ToListAsync(Cancellation)));
    }

    [Fact]
    public async Task When_the_day_of_review_comes_staff_have_a_task_until_there_is_a_later_day()
    {
        var subscriber = new DemoSubscriber(56);
        await MarkAsync(subscriber, days: 2);
        var reviews = portal.Services.GetRequiredService<ProtectionReviews>();
        await reviews.LookAsync(Cancellation);
        Assert.Equal(0, await OpenTasksAsync());
        portal.Time.Advance(TimeSpan.FromDays(3));
        await reviews.LookAsync(Cancellation);
        await reviews.LookAsync(Cancellation);
        Assert.Equal(1, await OpenTasksAsync());

        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        var desk = await staff.PageAsync(PortalUrls.Desk);
        Assert.DoesNotContain(subscriber.CustomerNumber, desk, StringComparison.Ordinal);
        var search = Html.Links(desk).Single(link => link.StartsWith(PortalUrls.FindSubscriberForReview(""), StringComparison.Ordinal));
        Assert.Contains($"value=\"{subscriber.CustomerNumber}\"", await staff.PageAsync(search), StringComparison.Ordinal);
        using var prolonged = await staff.FillInAsync($"{await FoundAsync(staff, subscriber)}/skydda", "protect", ("Reason", "Threat"), ("Review", InAYear));
        Assert.Equal(HttpStatusCode.Redirect, prolonged.StatusCode);
        await reviews.LookAsync(Cancellation);
        Assert.Equal(0, await OpenTasksAsync());
    }

    [Fact]
    public async Task The_case_of_a_protected_person_says_so_at_the_desk()
    {
        var subscriber = new DemoSubscriber(64);
        using var person = await portal.SignedInAsync(subscriber);
        using var asked = await person.FillInAsync(PortalUrls.NewRequest, "request", ("Kind", "Other"), ("Words", "Vad har ni om mig?"));
        var number = await portal.StoreAsync(db => db.Cases.Where(row => row.Type == CaseType.Other).Select(row => row.Number).SingleAsync(Cancellation));
        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.Auditor);
        Assert.DoesNotContain("Skyddad identitet", await staff.PageAsync(PortalUrls.DeskCase(number)), StringComparison.Ordinal);
        await MarkAsync(subscriber);
        Assert.Contains("Skyddad identitet", await staff.PageAsync(PortalUrls.DeskCase(number)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_closes_their_self_service_is_told_everywhere_and_staff_open_it_after_identification()
    {
        var subscriber = new DemoSubscriber(76);
        using var here = await portal.SignedInAsync(subscriber);
        using var there = await portal.SignedInAsync(subscriber);
        var id = await portal.StoreAsync(db => db.Users.Where(row => row.Email == subscriber.OwnEmail).Select(row => row.Id).SingleAsync(Cancellation));
        await portal.StoreAsync(async db =>
        {
            db.MailLinks.Add(MailLink.New(portal.Services.GetRequiredService<PortalKeys>(), MailLinkPurpose.UndoAddressChange, "forra@exempel.se", portal.Time.GetUtcNow().UtcDateTime, TimeSpan.FromDays(30), out _, null, id));
            return await db.SaveChangesAsync(Cancellation);
        });
        Assert.Contains(PortalUrls.Freeze, Html.Links(await here.PageAsync(PortalUrls.MyAccount)));

        // Whoever sits down at somebody's open browser closes nothing.
        portal.Time.Advance(TimeSpan.FromMinutes(6));
        using var stale = await here.FillInAsync(PortalUrls.Freeze, "freeze");
        Assert.Equal(PortalUrls.ConfirmFrom(PortalUrls.Freeze), stale.Headers.Location?.PathOf());
        Assert.False(await portal.StoreAsync(db => db.ClosedSelfServices.AnyAsync(row => row.Reason == ClosedReason.Frozen, Cancellation)));
        using var confirmed = await here.FillInAsync(PortalUrls.ConfirmFrom(PortalUrls.Freeze), "confirm", ("Posted.Password", SignedIn.Password));
        using var frozen = await here.FillInAsync(PortalUrls.Freeze, "freeze");
        Assert.Equal(PortalUrls.SelfServiceClosed, frozen.Headers.Location?.PathOf());

        Assert.True(await IsSignedInAsync(here));
        Assert.False(await IsSignedInAsync(there));
        using var closed = await here.GetAsync(PortalUrls.MyData, Cancellation);
        Assert.Equal(PortalUrls.SelfServiceClosed, closed.Headers.Location?.PathOf());
        foreach (var address in (string[])[subscriber.OwnEmail, "forra@exempel.se"])
        {
            var (letter, text) = (await portal.MailsAsync(address))[^1];
            Assert.Equal(nameof(FrozenLetter), letter);
            Assert.DoesNotContain(subscriber.CustomerNumber, text, StringComparison.Ordinal);
        }

        // It is no protected identity: staff see what they look up, and open it when they know who asks.
        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        var found = await FoundAsync(staff, subscriber);
        Assert.DoesNotContain("Lämna aldrig ut", await staff.PageAsync(found), StringComparison.Ordinal);
        Assert.Contains("Stängd av abonnenten", await staff.PageAsync($"{found}/skydda"), StringComparison.Ordinal);
        using var opened = await staff.FillInAsync($"{found}/skydda", "lift", ("Ended", "person-identified"));
        Assert.Equal(HttpStatusCode.Redirect, opened.StatusCode);
        using var open = await here.GetAsync(PortalUrls.MyData, Cancellation);
        Assert.Equal(HttpStatusCode.OK, open.StatusCode);
    }

    private Task MarkAsync(DemoSubscriber subscriber, int days = 365) => portal.Services.GetRequiredService<Protections>().MarkAsync(
        new SubscriberPass(subscriber.CustomerNumber, "purpose-contact", null), ClosedReason.Threat, DateOnly.FromDateTime(portal.Time.GetUtcNow().UtcDateTime).AddDays(days), "staff:test", Cancellation);

    private Task<int> OpenTasksAsync() => portal.StoreAsync(db => db.StaffTasks.CountAsync(row => row.Kind == StaffTaskKind.ProtectionReview && row.DoneAt == null, Cancellation));

    private async Task<(int Statements, HttpStatusCode Status, string Errors)> AnswerAsync(HttpClient browser, string proof)
    {
        using var form = await browser.GetAsync(PortalUrls.Link, Cancellation);
        var token = Html.AntiforgeryToken(await form.PageAsync());
        var before = portal.Statements;
        using var answer = await browser.PostFormAsync(PortalUrls.Link, "link", token, ("Posted.Proof", proof));
        var statements = portal.Statements - before;
        return (statements, answer.StatusCode, answer.StatusCode == HttpStatusCode.OK ? Html.Errors(await answer.PageAsync()) : "");
    }

    private static async Task<string> SearchAsync(HttpClient staff, DemoSubscriber subscriber)
    {
        using var answer = await staff.FillInAsync(
            PortalUrls.FindSubscriber, "find-subscriber", ("Posted.Purpose", "purpose-contact"), ("Posted.Case", ""), ("Posted.By", "CustomerNumber"), ("Posted.Value", subscriber.CustomerNumber));
        return await answer.PageAsync();
    }

    private static async Task<string> FoundAsync(HttpClient staff, DemoSubscriber subscriber) =>
        Html.Links(await SearchAsync(staff, subscriber)).Single(link => link.StartsWith(PortalUrls.FindSubscriber + "/", StringComparison.Ordinal));
}

[OnPostgres]
public sealed class ProtectionOnPostgresTests(AccountPortal portal) : ProtectionTests(portal);
