using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Erasure;
using Kalejdo.Portal.Features.Restriction;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Features.Erasure;

/// <summary>What staff erase, one asks for and another one approves.</summary>
public class StaffErasureTests : IAsyncDisposable
{
    private const string Mailbox = "handlaggare@kalejdo.example";
    private const string History = "viewing_history";

    private readonly AccountPortal portal = new();

    [Fact]
    public async Task One_asks_another_approves_and_the_person_is_told()
    {
        var subscriber = new DemoSubscriber(4);
        await SignedIn.CreateAccountAsync(portal.Services, subscriber);
        using var asker = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        using var second = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        var rows = await HistoryAsync(subscriber);
        Assert.NotEqual(0, rows);

        var number = await AskAsync(asker, subscriber);
        var due = await CaseAsync(number);
        Assert.Equal(CaseStatus.Received, due.Status);
        Assert.Equal(rows, await HistoryAsync(subscriber));
        Assert.Contains(PortalUrls.ErasureAnswer(number), Html.Links(await second.PageAsync(PortalUrls.DeskCase(number))));
        var page = await second.PageAsync(PortalUrls.ErasureAnswer(number));
        Assert.All(["Personen bad om det per telefon.", "Godkänn och radera", "Det här raderas"], text => Assert.Contains(text, page, StringComparison.Ordinal));

        using var approved = await ApproveAsync(second, number);
        Assert.Equal(PortalUrls.ErasureAnswer(number, answered: true), approved.Headers.Location?.PathOf());
        await DoneAsync(number);
        Assert.Equal(0, await HistoryAsync(subscriber));
        var done = await CaseAsync(number);
        Assert.Equal((due.DueOn, true), (done.DueOn, done.Status is CaseStatus.Done or CaseStatus.WaitingForRecipients));
        Assert.Equal(nameof(ErasedByStaffLetter), (await portal.MailsAsync(subscriber.OwnEmail))[^1].Letter);
        Assert.Equal(["erasure.asked", "erasure.approved", "erasure.intended", "erasure.done"], await EventsAsync(number));
        var proposal = await ProposalAsync(number);
        Assert.Equal((0, true), (proposal.SealedPayload.Length, proposal.EndedAt is not null));
        Assert.NotEqual(proposal.AskedBy, proposal.AnsweredBy);
        var (letter, text) = (await portal.MailsAsync(Address(StaffRoles.CaseWorker)))[^1];
        Assert.Equal(nameof(ErasureAnsweredLetter), letter);
        Assert.Contains("har godkänt", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_has_no_account_is_told_where_Kalejdo_reaches_them()
    {
        var subscriber = new DemoSubscriber(4);
        using var asker = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        using var second = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        var number = await AskAsync(asker, subscriber);
        using var approved = await ApproveAsync(second, number);
        await DoneAsync(number);
        Assert.Equal(0, await HistoryAsync(subscriber));
        var (letter, text) = Assert.Single(await portal.MailsAsync(subscriber.OwnEmail));
        Assert.Equal(nameof(ErasedByStaffLetter), letter);
        Assert.DoesNotContain("konto", text, StringComparison.Ordinal);

        // Whom no mail reaches is told by nobody here; it is done all the same.
        var silent = new DemoSubscriber((int)DemoCase.NoEmail);
        var another = await AskAsync(asker, silent, "?slag=contact_details&slag=viewing_history");
        using var too = await ApproveAsync(second, another);
        await DoneAsync(another);
        Assert.Equal(0, await HistoryAsync(silent));
    }

    [Fact]
    public async Task Everything_goes_with_the_account_that_holds_it_alone()
    {
        var subscriber = new DemoSubscriber(6);
        await SignedIn.CreateAccountAsync(portal.Services, subscriber);
        using var asker = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        using var second = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        var number = await AskAsync(asker, subscriber, "?allt=ja");
        using var approved = await ApproveAsync(second, number);
        await DoneAsync(number);
        Assert.Equal(0, await portal.AccountsOfAsync(subscriber.OwnEmail));
        var (letter, text) = (await portal.MailsAsync(subscriber.OwnEmail))[^1];
        Assert.Equal(nameof(ErasedByStaffLetter), letter);
        Assert.Contains("Ditt konto i Mina uppgifter finns inte längre.", text, StringComparison.Ordinal);
        // They read why without an account.
        using var anybody = portal.Browser();
        Assert.Contains("Personen bad om det per telefon.", await anybody.PageAsync(Regex.Match(text, "/arende/[^\\s]+").Value), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_approves_what_they_asked_for_and_auditors_answer_nothing()
    {
        var subscriber = new DemoSubscriber(8);
        using var asker = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        using var second = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        using var auditor = await SignedIn.StaffAsync(portal, StaffRoles.Auditor);
        var number = await AskAsync(asker, subscriber);

        // Whatever the page offers, and with a token as good as any.
        var (proposals, tokens, shown) = (portal.Services.GetRequiredService<ErasureProposals>(), portal.Services.GetRequiredService<ActTokens>(), await ShownAsync(number));
        using var elsewhere = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        foreach (var (browser, role, form) in ((HttpClient, string, string)[])[
            (asker, StaffRoles.CaseWorker, "approve-erasure"), (elsewhere, StaffRoles.CaseWorker, "approve-erasure"), (asker, StaffRoles.CaseWorker, "decline-erasure"),
            (second, StaffRoles.Administrator, "withdraw-erasure")])
        {
            var token = Html.AntiforgeryToken(await browser.PageAsync(PortalUrls.Desk));
            using var refused = await browser.PostFormAsync(PortalUrls.ErasureAnswer(number), form, token, ("Act", tokens.New(await AccountAsync(role), PortalUrls.ErasureAnswer(number), shown)), ("Why", "Nej."));
            Assert.Contains("Någon annan än den som bad om raderingen", await refused.PageAsync(), StringComparison.Ordinal);
            Assert.Null((await ProposalAsync(number)).Answer);
        }
        foreach (var form in (string[])["approve-erasure", "decline-erasure", "withdraw-erasure"])
        {
            var token = Html.AntiforgeryToken(await auditor.PageAsync(PortalUrls.Record));
            using var refused = await auditor.PostFormAsync(
                PortalUrls.ErasureAnswer(number), form, token, ("Act", tokens.New(await AccountAsync(StaffRoles.Auditor), PortalUrls.ErasureAnswer(number), shown)), ("Why", "Nej."));
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        }
        Assert.Equal(AnswerResult.NotTheirs, await proposals.ApproveAsync(number, await AccountAsync(StaffRoles.CaseWorker), shown, Cancellation));
        Assert.Equal(AnswerResult.NotTheirs, await proposals.ApproveAsync(number, await AccountAsync(StaffRoles.Auditor), shown, Cancellation));
        Assert.Null((await ProposalAsync(number)).Answer);
        Assert.Contains("erasure.answer-refused", await EventsAsync(number));
        Assert.DoesNotContain("Godkänn och radera", await asker.PageAsync(PortalUrls.ErasureAnswer(number)), StringComparison.Ordinal);
        Assert.DoesNotContain("Godkänn och radera", await auditor.PageAsync(PortalUrls.ErasureAnswer(number)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_role_that_was_taken_away_in_between_answers_nothing()
    {
        using var asker = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        using var second = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        var number = await AskAsync(asker, new DemoSubscriber(10));
        var page = await second.PageAsync(PortalUrls.ErasureAnswer(number));
        await TakeRoleAwayAsync(StaffRoles.Administrator);
        using var refused = await second.PostFormAsync(PortalUrls.ErasureAnswer(number), "approve-erasure", Html.AntiforgeryToken(page), ("Act", Act(page)));
        Assert.Null((await ProposalAsync(number)).Answer);
        Assert.Equal(CaseStatus.Received, (await CaseAsync(number)).Status);
    }

    [Fact]
    public async Task Two_people_stand_behind_it_when_it_is_approved()
    {
        var subscriber = new DemoSubscriber(10);
        using var asker = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        using var second = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        var number = await AskAsync(asker, subscriber);
        await TakeRoleAwayAsync(StaffRoles.CaseWorker);
        using var refused = await ApproveAsync(second, number);
        Assert.Contains("handlägger inte längre ärenden", await refused.PageAsync(), StringComparison.Ordinal);
        Assert.Null((await ProposalAsync(number)).Answer);
        using var declined = await second.FillInAsync(PortalUrls.ErasureAnswer(number), "decline-erasure", ("Why", "Kollegan har slutat."));
        Assert.Equal((CaseStatus.Withdrawn, "erasure-declined"), Status(await CaseAsync(number)));
        Assert.NotEqual(0, await HistoryAsync(subscriber));
    }

    [Fact]
    public async Task Approving_asks_for_a_fresh_sign_in_and_declining_does_not()
    {
        var subscriber = new DemoSubscriber(12);
        using var asker = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        using var second = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        var number = await AskAsync(asker, subscriber);
        var page = await second.PageAsync(PortalUrls.ErasureAnswer(number));
        portal.Time.Advance(TimeSpan.FromMinutes(6));
        using var stale = await second.PostFormAsync(PortalUrls.ErasureAnswer(number), "approve-erasure", Html.AntiforgeryToken(page), ("Act", Act(page)));
        Assert.Equal(PortalUrls.ConfirmFrom(PortalUrls.ErasureAnswer(number)), stale.Headers.Location?.PathOf());
        Assert.Null((await ProposalAsync(number)).Answer);
        var later = await second.PageAsync(PortalUrls.ErasureAnswer(number));
        Assert.DoesNotContain("Godkänn och radera", later, StringComparison.Ordinal);
        Assert.Contains(PortalUrls.ConfirmFrom(PortalUrls.ErasureAnswer(number)), Html.Links(later));
        using var declined = await second.PostFormAsync(PortalUrls.ErasureAnswer(number), "decline-erasure", Html.AntiforgeryToken(later), ("Why", "Fel abonnent."));
        Assert.Equal((CaseStatus.Withdrawn, "erasure-declined"), Status(await CaseAsync(number)));
        var (letter, text) = (await portal.MailsAsync(Address(StaffRoles.CaseWorker)))[^1];
        Assert.Equal(nameof(ErasureAnsweredLetter), letter);
        Assert.Contains("blev inte av", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Fel abonnent", text, StringComparison.Ordinal);
        Assert.NotEqual(0, await HistoryAsync(subscriber));
    }

    [Fact]
    public async Task Of_two_who_answer_at_once_one_does()
    {
        using var asker = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        await SignedIn.CreateStaffAsync(portal.Services, "tredje@personal.exempel.se", StaffRoles.CaseWorker);
        using var second = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        var third = await portal.StoreAsync(db => db.Users.Where(row => row.Email == "tredje@personal.exempel.se").Select(row => row.Id).SingleAsync(Cancellation));
        var number = await AskAsync(asker, new DemoSubscriber(12));
        var (proposals, shown) = (portal.Services.GetRequiredService<ErasureProposals>(), await ShownAsync(number));
        var answers = await Task.WhenAll(
            proposals.ApproveAsync(number, await AccountAsync(StaffRoles.Administrator), shown, Cancellation), proposals.ApproveAsync(number, third, shown, Cancellation));
        Assert.Single(answers, AnswerResult.Taken);
        await DoneAsync(number);
        Assert.Single(await EventsAsync(number), "erasure.approved");
        Assert.Single(await EventsAsync(number), "erasure.done");
    }

    [Fact]
    public async Task Declined_with_a_reason_or_withdrawn_nothing_is_erased()
    {
        var subscriber = new DemoSubscriber(14);
        using var asker = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        using var second = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        var rows = await HistoryAsync(subscriber);
        var declined = await AskAsync(asker, subscriber);
        using var empty = await second.FillInAsync(PortalUrls.ErasureAnswer(declined), "decline-erasure", ("Why", " "));
        Assert.Contains("Skriv varför", Html.Errors(await empty.PageAsync()), StringComparison.Ordinal);
        using var answered = await second.FillInAsync(PortalUrls.ErasureAnswer(declined), "decline-erasure", ("Why", "Fel abonnent."));
        Assert.Equal(PortalUrls.ErasureAnswer(declined, answered: true), answered.Headers.Location?.PathOf());
        Assert.Equal((CaseStatus.Withdrawn, "erasure-declined"), Status(await CaseAsync(declined)));
        Assert.Contains("Fel abonnent.", await asker.PageAsync(PortalUrls.DeskCase(declined)), StringComparison.Ordinal);
        Assert.Contains("En planerad radering blev inte av", await asker.PageAsync(PortalUrls.Desk), StringComparison.Ordinal);

        var withdrawn = await AskAsync(asker, subscriber);
        using var back = await asker.FillInAsync(PortalUrls.ErasureAnswer(withdrawn), "withdraw-erasure");
        Assert.Equal((CaseStatus.Withdrawn, "asker-withdrew"), Status(await CaseAsync(withdrawn)));
        var page = await second.PageAsync(PortalUrls.DeskCase(declined));
        using var late = await second.PostFormAsync(PortalUrls.ErasureAnswer(withdrawn), "decline-erasure", Html.AntiforgeryToken(page), ("Why", "För sent."));
        Assert.Contains("Någon har redan svarat", await late.PageAsync(), StringComparison.Ordinal);
        Assert.Equal(rows, await HistoryAsync(subscriber));
    }

    [Fact]
    public async Task A_case_that_was_closed_meanwhile_takes_no_answer_and_is_forgotten()
    {
        var subscriber = new DemoSubscriber(16);
        using var asker = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        using var second = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        var number = await AskAsync(asker, subscriber);
        var page = await second.PageAsync(PortalUrls.ErasureAnswer(number));
        Assert.IsType<StepResult.Taken>(await portal.Services.GetRequiredService<CaseHandling>().TakeAsync(
            new WantedStep(number, CaseStep.Withdrawn, CaseParty.Person, "account:x"), (_, _) => Task.CompletedTask, Cancellation));
        using var late = await second.PostFormAsync(PortalUrls.ErasureAnswer(number), "approve-erasure", Html.AntiforgeryToken(page), ("Act", Act(page)));
        Assert.Contains("Någon har redan svarat", await late.PageAsync(), StringComparison.Ordinal);
        await portal.Services.GetRequiredService<ProposalClock>().RunAsync(Cancellation);
        var proposal = await ProposalAsync(number);
        Assert.Equal((0, true), (proposal.SealedPayload.Length, proposal.EndedAt is not null));
        Assert.NotEqual(0, await HistoryAsync(subscriber));
    }

    [Fact]
    public async Task What_nobody_answers_in_three_days_staff_hear_of_once_and_the_day_stays()
    {
        await using var configured = portal.WithWebHostBuilder(builder => builder.UseSetting("Cases:DeskMailbox", Mailbox));
        using var asker = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        var number = await AskAsync(asker, new DemoSubscriber(18));
        var due = (await CaseAsync(number)).DueOn;
        var clock = configured.Services.GetRequiredService<ProposalClock>();
        portal.Time.Advance(ProposalClock.Patience - TimeSpan.FromMinutes(5));
        await clock.RunAsync(Cancellation);
        Assert.Empty(await TasksAsync(number));
        portal.Time.Advance(TimeSpan.FromMinutes(10));
        // Two nodes at once, and again.
        await Task.WhenAll(clock.RunAsync(Cancellation), clock.RunAsync(Cancellation));
        portal.Time.Advance(ProposalClock.Patience);
        await clock.RunAsync(Cancellation);
        Assert.Equal(["ErasureUnanswered open"], await TasksAsync(number));
        Assert.Single(await EventsAsync(number), "erasure.escalated");
        var (letter, text) = Assert.Single(await portal.MailsAsync(Mailbox));
        Assert.Equal(nameof(ErasureUnansweredLetter), letter);
        Assert.Contains(number, text, StringComparison.Ordinal);
        Assert.Equal(due, (await CaseAsync(number)).DueOn);

        using var second = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        using var answered = await second.FillInAsync(PortalUrls.ErasureAnswer(number), "decline-erasure", ("Why", "Vi väntar på svar från personen."));
        Assert.Equal(["ErasureReturned open", "ErasureUnanswered done"], await TasksAsync(number));
    }

    [Fact]
    public async Task What_grew_after_the_approval_is_not_erased_and_comes_back()
    {
        var subscriber = new DemoSubscriber(22);
        using var asker = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        using var second = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        var number = await AskAsync(asker, subscriber);
        var page = await second.PageAsync(PortalUrls.ErasureAnswer(number));
        // What comes in between page and answer is seen first.
        await GrowAsync(subscriber);
        using var changed = await second.PostFormAsync(PortalUrls.ErasureAnswer(number), "approve-erasure", Html.AntiforgeryToken(page), ("Act", Act(page)));
        Assert.Contains("har ändrats sedan du såg planen", await changed.PageAsync(), StringComparison.Ordinal);
        Assert.Null((await ProposalAsync(number)).Answer);

        var rows = await HistoryAsync(subscriber);
        await ApprovedAndKilledAsync(number);
        await portal.Services.GetRequiredService<ProposalClock>().RunAsync(Cancellation);
        Assert.Equal((CaseStatus.Withdrawn, "plan-outgrown"), Status(await CaseAsync(number)));
        Assert.Equal(rows, await HistoryAsync(subscriber));
        Assert.Equal(["ErasureReturned open"], await TasksAsync(number));
        Assert.Equal("erasure.returned", (await EventsAsync(number))[^1]);
    }

    [Fact]
    public async Task What_is_paused_after_the_approval_is_left_alone()
    {
        var subscriber = new DemoSubscriber(24);
        using var asker = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        var number = await AskAsync(asker, subscriber);
        await ApprovedAndKilledAsync(number);
        var pausing = portal.Services.GetRequiredService<Pausing>();
        var kind = (await pausing.FindKindAsync(History, Cancellation))!;
        await pausing.BeginAsync(
            new PauseRequest([new("customer_number", subscriber.CustomerNumber)], History, "staff:x", null, null, "sv"), kind.Label!, RestrictionGround.LegalClaims, Cancellation);
        await portal.Services.GetRequiredService<ProposalClock>().RunAsync(Cancellation);
        Assert.Equal((CaseStatus.Withdrawn, "person-paused"), Status(await CaseAsync(number)));
        Assert.NotEqual(0, await HistoryAsync(subscriber));
        Assert.Equal(["ErasureReturned open"], await TasksAsync(number));
        Assert.Equal(nameof(ErasureAnsweredLetter), (await portal.MailsAsync(Address(StaffRoles.CaseWorker)))[^1].Letter);
    }

    [Fact]
    public async Task While_the_database_is_away_nothing_is_lost_and_it_goes_on_afterwards()
    {
        var subscriber = new DemoSubscriber(28);
        using var asker = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        using var second = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        var address = $"{await PassAsync(asker, subscriber)}/radera?slag={History}";
        var number = await AskAsync(asker, subscriber);
        var page = await second.PageAsync(PortalUrls.ErasureAnswer(number));

        await portal.KalejdoAsync("ALTER TABLE viewing_history RENAME TO gone; SELECT count(*) FROM gone");
        Assert.Contains("Det går inte att radera just nu", await asker.PageAsync(address), StringComparison.Ordinal);
        var away = await second.PageAsync(PortalUrls.ErasureAnswer(number));
        Assert.Contains("Planen kan inte visas just nu", away, StringComparison.Ordinal);
        Assert.DoesNotContain("Godkänn och radera", away, StringComparison.Ordinal);
        Assert.Contains("Säg nej till raderingen", away, StringComparison.Ordinal);
        using var tried = await second.PostFormAsync(PortalUrls.ErasureAnswer(number), "approve-erasure", Html.AntiforgeryToken(page), ("Act", Act(page)));
        Assert.Contains("Svaret togs inte emot", await tried.PageAsync(), StringComparison.Ordinal);
        Assert.Null((await ProposalAsync(number)).Answer);

        var clock = portal.Services.GetRequiredService<ProposalClock>();
        await ApprovedAndKilledAsync(number);
        await clock.RunAsync(Cancellation);
        Assert.Equal((CaseStatus.Received, null), ((await CaseAsync(number)).Status, (await ProposalAsync(number)).EndedAt));

        await portal.KalejdoAsync("ALTER TABLE gone RENAME TO viewing_history; SELECT count(*) FROM viewing_history");
        await clock.RunAsync(Cancellation);
        await DoneAsync(number);
        Assert.Equal(0, await HistoryAsync(subscriber));
    }

    [Fact]
    public async Task What_the_plan_refuses_after_the_approval_is_staff_s_to_decide_and_the_person_hears_nothing_false()
    {
        var subscriber = new DemoSubscriber(30);
        using var asker = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        var number = await AskAsync(asker, subscriber);
        await ApprovedAndKilledAsync(number);
        var open = (await portal.Services.GetRequiredService<ErasureProposals>().FindAsync(number, Cancellation))!.Value.Open!;
        Assert.Equal(number, await portal.Services.GetRequiredService<ErasureRecords>().RefuseAsync(
            open.Request with { CaseNumber = number }, [new Refusal("the column must be unique", "kalejdo.viewing_history.programme")], Cancellation));
        await portal.Services.GetRequiredService<ProposalClock>().RunAsync(Cancellation);
        Assert.Equal(CaseStatus.Received, (await CaseAsync(number)).Status);
        var proposal = await ProposalAsync(number);
        Assert.Equal((0, true), (proposal.SealedPayload.Length, proposal.EndedAt is not null));
        var page = await asker.PageAsync(PortalUrls.DeskCase(number));
        Assert.All(["Raderingen gick inte att genomföra", "kalejdo.viewing_history.programme", "Besvara"], text => Assert.Contains(text, page, StringComparison.Ordinal));
        // They asked for nothing here, so nothing is acknowledged.
        Assert.Empty(await portal.MailsAsync(subscriber.OwnEmail));
        Assert.NotEqual(0, await HistoryAsync(subscriber));
    }

    [Fact]
    public async Task Bad_input_asks_for_nothing_and_the_request_s_day_is_the_erasure_s()
    {
        var subscriber = new DemoSubscriber(24);
        using var asker = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        var address = $"{await PassAsync(asker, subscriber)}/radera?slag={History}";
        foreach (var (why, forCase, error) in ((string, string, string)[])[(" ", "", "Skriv varför"), ("Bra skäl.", "K-2026-XXXXXX", "Skriv numret på ett öppet ärende")])
        {
            using var wrong = await asker.FillInAsync(address, "propose-erasure", ("Act", Act(await asker.PageAsync(address))), ("Why", why), ("ForCase", forCase));
            Assert.Contains(error, Html.Errors(await wrong.PageAsync()), StringComparison.Ordinal);
        }
        Assert.Equal(0, await portal.StoreAsync(db => db.ErasureProposals.CountAsync(Cancellation)));

        var request = await portal.StoreAsync(async db =>
        {
            var opened = await CaseRegister.OpenAsync(db, CaseType.Erasure, 1, portal.Time.GetUtcNow().UtcDateTime.AddDays(-20), Cancellation, CaseParty.Person, "by-letter");
            await db.SaveChangesAsync(Cancellation);
            return opened;
        });
        using var asked = await asker.FillInAsync(address, "propose-erasure", ("Act", Act(await asker.PageAsync(address))), ("Why", "Bad om det per brev."), ("ForCase", request.Number));
        var number = Number(asked);
        // As the store keeps it: PostgreSQL knows no hundred nanoseconds.
        var (kept, erasure) = (await CaseAsync(request.Number), await CaseAsync(number));
        Assert.Equal((kept.DueOn, kept.ReceivedAt), (erasure.DueOn, erasure.ReceivedAt));
        using var again = await asker.FillInAsync(address, "propose-erasure", ("Act", Act(await asker.PageAsync(address))), ("Why", "En gång till."), ("ForCase", ""));
        Assert.Contains("väntar redan på svar", await again.PageAsync(), StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await portal.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private static string Address(string role) => $"{role}@personal.exempel.se";

    private async Task TakeRoleAwayAsync(string role)
    {
        await using var scope = portal.Services.CreateAsyncScope();
        var users = scope.ServiceProvider.GetRequiredService<UserManager<Account>>();
        Assert.True((await users.RemoveFromRoleAsync((await users.FindByEmailAsync(Address(role)))!, role)).Succeeded);
    }

    /// <summary>Approved on a node that was killed at once.</summary>
    private async Task ApprovedAndKilledAsync(string number)
    {
        var answered = portal.Time.GetUtcNow().UtcDateTime;
        var open = (await portal.Services.GetRequiredService<ErasureProposals>().FindAsync(number, Cancellation))!.Value.Open!;
        var payload = portal.Services.GetRequiredService<PortalKeys>().Seal(
            $"erasure proposal {number}", JsonSerializer.SerializeToUtf8Bytes(new { Request = open.Request with { Approved = open.Asked }, open.Asked }));
        await portal.StoreAsync(db => db.ErasureProposals.Where(row => row.CaseNumber == number).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.AnsweredAt, answered).SetProperty(row => row.Answer, ProposalAnswer.Approved).SetProperty(row => row.SealedPayload, payload), Cancellation));
    }

    private static async Task<string> AskAsync(HttpClient staff, DemoSubscriber subscriber, string what = $"?slag={History}")
    {
        var address = $"{await PassAsync(staff, subscriber)}/radera{what}";
        using var asked = await staff.FillInAsync(address, "propose-erasure", ("Act", Act(await staff.PageAsync(address))), ("Why", "Personen bad om det per telefon."), ("ForCase", ""));
        return Number(asked);
    }

    private static string Number(HttpResponseMessage asked)
    {
        Assert.Equal(HttpStatusCode.Redirect, asked.StatusCode);
        return Regex.Match(asked.Headers.Location!.PathOf(), "K-[0-9]{4}-[0-9A-Z]{6}").Value;
    }

    private static async Task<string> PassAsync(HttpClient staff, DemoSubscriber subscriber)
    {
        using var found = await staff.FillInAsync(
            PortalUrls.FindSubscriber, "find-subscriber", ("Posted.Purpose", "purpose-contact"), ("Posted.Case", ""), ("Posted.By", "CustomerNumber"), ("Posted.Value", subscriber.CustomerNumber));
        return Html.Links(await found.PageAsync()).Single(link => link.StartsWith(PortalUrls.FindSubscriber + "/", StringComparison.Ordinal));
    }

    private static async Task<HttpResponseMessage> ApproveAsync(HttpClient staff, string number) =>
        await staff.FillInAsync(PortalUrls.ErasureAnswer(number), "approve-erasure", ("Act", await ActAsync(staff, number)));

    private static async Task<string> ActAsync(HttpClient staff, string number) => Act(await staff.PageAsync(PortalUrls.ErasureAnswer(number)));

    private static string Act(string page) => Regex.Match(page, "name=\"Act\" value=\"([^\"]*)\"").Groups[1].Value;

    private async Task<string> ShownAsync(string number)
    {
        var open = (await portal.Services.GetRequiredService<ErasureProposals>().FindAsync(number, Cancellation))!.Value.Open!;
        return ErasureRequest.Fingerprint(open.Asked);
    }

    private Task<string> AccountAsync(string role) =>
        portal.StoreAsync(db => db.Users.Where(row => row.Email == $"{role}@personal.exempel.se").Select(row => row.Id).SingleAsync(Cancellation));

    private Task<Case> CaseAsync(string number) => portal.StoreAsync(db => db.Cases.AsNoTracking().SingleAsync(row => row.Number == number, Cancellation));

    private static (CaseStatus, string?) Status(Case one) => (one.Status, one.ReasonCode);

    private Task<ErasureProposal> ProposalAsync(string number) => portal.StoreAsync(db => db.ErasureProposals.AsNoTracking().SingleAsync(row => row.CaseNumber == number, Cancellation));

    private Task<List<string>> EventsAsync(string number) => portal.StoreAsync(db =>
        db.AuditEntries.Where(row => row.CaseNumber == number && row.Event.StartsWith("erasure.")).OrderBy(row => row.Sequence).Select(row => row.Event).ToListAsync(Cancellation));

    private async Task<List<string>> TasksAsync(string number) =>
        [.. (await portal.StoreAsync(db => db.StaffTasks.AsNoTracking().Where(row => row.CaseNumber == number).ToListAsync(Cancellation)))
            .Select(row => $"{row.Kind} {(row.DoneAt is null ? "open" : "done")}").Order(StringComparer.Ordinal)];

    private Task<long> HistoryAsync(DemoSubscriber subscriber) => portal.KalejdoAsync($"SELECT count(*) FROM viewing_history WHERE profile_id IN ({Profiles(subscriber)})");

    private Task<long> GrowAsync(DemoSubscriber subscriber) => portal.KalejdoAsync(
        "INSERT INTO viewing_history (id, profile_id, channel_id, programme, watched_at, seconds) SELECT (SELECT max(id) + 1 FROM viewing_history), profile_id, channel_id, programme, watched_at, seconds "
        + $"FROM viewing_history WHERE id = (SELECT max(id) FROM viewing_history WHERE profile_id IN ({Profiles(subscriber)})); SELECT count(*) FROM viewing_history");

    private static string Profiles(DemoSubscriber subscriber) =>
        $"SELECT p.id FROM tv_profile p JOIN subscriber s ON s.id = p.subscriber_id WHERE s.customer_number = '{subscriber.CustomerNumber}'";

    /// <summary>An erasure goes on after its page has answered; whoever starts it once more waits for the one under way.</summary>
    private async Task DoneAsync(string number)
    {
        while ((await CaseAsync(number)).OutcomeJson is null)
        {
            await portal.Services.GetRequiredService<ErasureProposals>().RunAsync(number, Cancellation);
        }
    }
}
