using System.Net;
using System.Text.RegularExpressions;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Features.MyCases;

/// <summary>What self-service cannot do: asked for by the person, answered by staff, each seeing what the other did.</summary>
public class RequestTests(AccountPortal portal) : IClassFixture<AccountPortal>
{
    private const string Words = "Jag vill inte att ni använder min tittarhistorik för statistik. <b>Tack!</b>";

    [Fact]
    public async Task An_objection_is_refused_with_ground_reasons_and_where_to_complain()
    {
        var subscriber = new DemoSubscriber(41);
        using var person = await portal.SignedInAsync(subscriber);
        var number = await AskAsync(person, CaseType.Objection, Words);
        var received = Assert.Single(await portal.MailsAsync(subscriber.OwnEmail));
        Assert.Equal(nameof(RequestReceivedLetter), received.Letter);
        Assert.Contains(number, received.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("tittarhistorik", received.Text, StringComparison.Ordinal);

        var shown = await person.PageAsync(PortalUrls.MyCase(number));
        Assert.Equal("Invändning", Html.Heading(shown));
        Assert.All(["Mottaget", "om 3", Words, "Vad som har hänt"], text => Assert.Contains(text, shown, StringComparison.Ordinal));
        Assert.Contains(number, await person.PageAsync(PortalUrls.MyCases), StringComparison.Ordinal);
        Assert.Contains(PortalUrls.MyCase(number), Html.Links(await person.PageAsync(PortalUrls.Overview)));

        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        Assert.Contains(PortalUrls.DeskCase(number), Html.Links(await staff.PageAsync(PortalUrls.Desk)));
        Assert.Contains(Words, await staff.PageAsync(PortalUrls.DeskCase(number)), StringComparison.Ordinal);
        await TakeAsync(staff, number, "begin");
        Assert.Contains($"Handläggare:</strong> {StaffRoles.CaseWorker}@personal.exempel.se", await staff.PageAsync(PortalUrls.DeskCase(number)), StringComparison.Ordinal);
        Assert.Contains("En handläggare arbetar med ärendet", await person.PageAsync(PortalUrls.MyCase(number)), StringComparison.Ordinal);

        var missing = await (await PostAsync(staff, number, "refuse", ("Words", " "))).PageAsync();
        Assert.All(["Välj en grund", "Skriv några ord"], text => Assert.Contains(text, Html.Errors(missing), StringComparison.Ordinal));
        await TakeAsync(staff, number, "refuse", ("Ground", "compelling-grounds"), ("Words", "Statistiken behövs för att felsöka nätet."));

        var refused = await person.PageAsync(PortalUrls.MyCase(number));
        Assert.All(["Avslaget", "Vårt beslut: avslag", "tvingande berättigade skäl", "Statistiken behövs", "tingsrätten", "Integritetsskyddsmyndigheten"], text => Assert.Contains(text, refused, StringComparison.Ordinal));
        var mail = (await portal.MailsAsync(subscriber.OwnEmail))[^1];
        Assert.Equal(nameof(CaseRefusedLetter), mail.Letter);
        Assert.All(["tvingande berättigade skäl", "tingsrätten", "Box 8114"], text => Assert.Contains(text, mail.Text, StringComparison.Ordinal));
        Assert.DoesNotContain("Statistiken behövs", mail.Text, StringComparison.Ordinal);

        // By the letter's link, without a session: the same, and the receipt.
        using var nobody = portal.Browser();
        var byLink = await nobody.PageAsync(LinkIn(mail.Text));
        Assert.Contains("Statistiken behövs", byLink, StringComparison.Ordinal);
        var address = Html.Links(byLink).Single(link => link.StartsWith("/svar/", StringComparison.Ordinal));
        var receipt = await nobody.PageAsync(address);
        Assert.All(["Kvitto på ditt ärende", number, "Avslaget", Words, "Statistiken behövs", "tingsrätten"], text => Assert.Contains(text, receipt, StringComparison.Ordinal));
        using var file = await nobody.SubmitAsync(address + "/fil", receipt);
        var signed = await file.Content.ReadAsByteArrayAsync(Cancellation);
        var keys = ReceiptKeys.Read(await nobody.GetByteArrayAsync(PortalUrls.ReceiptKeys, Cancellation))!;
        var content = Assert.IsType<ReceiptVerdict.Genuine>(SignedReceipt.Verify(signed, keys)).Receipt;
        Assert.Equal((number, "refused", "Statistiken behövs för att felsöka nätet."), (content.GetProperty("case").GetString(), content.GetProperty("outcome").GetString(), content.GetProperty("answer").GetString()));
        Assert.Contains("override your interests", content.GetProperty("ground").GetProperty("en").GetString(), StringComparison.Ordinal);
        signed[^20] ^= 1;
        Assert.IsNotType<ReceiptVerdict.Genuine>(SignedReceipt.Verify(signed, keys));

        Assert.Equal(["case.received", "access.read", "case.assigned", "case.begun", "case.refused"], (await EventsAsync(number)).Distinct());
    }

    [Fact]
    public async Task The_same_asked_for_again_joins_the_case_that_is_open()
    {
        using var person = await portal.SignedInAsync(new DemoSubscriber(61));
        var first = await AskAsync(person, CaseType.Remark, "Mitt namn uttalas Åsa.");
        var other = await AskAsync(person, CaseType.Complaint, "Raderingen gick inte.");
        var again = await AskAsync(person, CaseType.Remark, "Och skrivs med å.", joined: true);
        var twice = await AskAsync(person, CaseType.Remark, "Och skrivs med å.", joined: true);

        Assert.Equal((first, first), (again, twice));
        Assert.NotEqual(first, other);
        var page = await person.PageAsync(PortalUrls.MyCase(first));
        Assert.All(["Mitt namn uttalas Åsa.", "Och skrivs med å."], text => Assert.Equal(2, page.Split(text).Length));
        Assert.Equal(2, await portal.StoreAsync(db => db.CaseEvents.CountAsync(row => row.CaseNumber == first, Cancellation)));
    }

    [Fact]
    public async Task Somebody_elses_case_does_not_exist()
    {
        using var person = await portal.SignedInAsync(new DemoSubscriber(81));
        var number = await AskAsync(person, CaseType.Other, "Vad vet ni om mig?");
        using var other = await portal.SignedInAsync(new DemoSubscriber(101));

        using var answer = await other.GetAsync(PortalUrls.MyCase(number), Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.DoesNotContain("Vad vet ni", await answer.PageAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain(number, await other.PageAsync(PortalUrls.MyCases), StringComparison.Ordinal);
        var token = Html.AntiforgeryToken(await other.PageAsync(PortalUrls.NewRequest));
        using var posted = await other.PostFormAsync(PortalUrls.MyCase(number), "withdraw", token, ("Sure", "ja"));
        Assert.NotEqual(HttpStatusCode.Redirect, posted.StatusCode);
        using var desk = await other.GetAsync(PortalUrls.DeskCase(number), Cancellation);
        Assert.Equal(HttpStatusCode.Forbidden, desk.StatusCode);
        Assert.Equal(CaseStatus.Received, await StatusAsync(number));
    }

    [Theory]
    [InlineData("sv", null, "ord", "Välj vad det gäller")]
    [InlineData("sv", "Objection", "", "Skriv några ord")]
    [InlineData("en", "Erasure", "ord", "Choose what it is about")]
    [InlineData("en", "Objection", "\u0007", "Use ordinary characters only")]
    public async Task Bad_input_is_told_and_opens_nothing(string language, string? kind, string words, string message)
    {
        using var person = await portal.SignedInAsync(new DemoSubscriber(121));
        using var browser = portal.Browser(language);
        using var signed = await browser.SignInAsync(new DemoSubscriber(121).OwnEmail, SignedIn.Password);
        var before = await portal.StoreAsync(db => db.Cases.CountAsync(Cancellation));

        using var answer = await browser.FillInAsync(PortalUrls.NewRequest, "request", ("Kind", kind), ("Words", words));

        Assert.Contains(message, Html.Errors(await answer.PageAsync()), StringComparison.Ordinal);
        Assert.Equal(before, await portal.StoreAsync(db => db.Cases.CountAsync(Cancellation)));
    }

    [Fact]
    public async Task Too_long_is_told_and_so_are_too_many()
    {
        using var person = await portal.SignedInAsync(new DemoSubscriber(141));
        using var tooLong = await person.FillInAsync(PortalUrls.NewRequest, "request", ("Kind", "Other"), ("Words", new string('å', 5001)));
        Assert.Contains("Skriv högst 5\u00a0000 tecken", Html.Errors(await tooLong.PageAsync()), StringComparison.Ordinal);
        for (var i = 0; i < 20; i++)
        {
            using var asked = await person.FillInAsync(PortalUrls.NewRequest, "request", ("Kind", "Other"), ("Words", $"Fråga {i}"));
            Assert.Equal(HttpStatusCode.Redirect, asked.StatusCode);
        }
        using var tooMany = await person.FillInAsync(PortalUrls.NewRequest, "request", ("Kind", "Other"), ("Words", "En till"));
        Assert.Contains("Försök igen i morgon", Html.Errors(await tooMany.PageAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Identification_stops_the_clock_until_the_person_answers()
    {
        var subscriber = new DemoSubscriber(161);
        using var person = await portal.SignedInAsync(subscriber);
        var number = await AskAsync(person, CaseType.Contest, "Adressen är fel.");
        var due = await DueAsync(number);
        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        Assert.Contains("Klockan står still tills", await staff.PageAsync(PortalUrls.DeskCase(number)), StringComparison.Ordinal);
        await TakeAsync(staff, number, "identify", ("Words", "Två kunder har den adressen. Vilken våning bor du på?"));

        var mail = (await portal.MailsAsync(subscriber.OwnEmail))[^1];
        Assert.Equal(nameof(IdentificationAskedLetter), mail.Letter);
        Assert.Contains("står stilla", mail.Text, StringComparison.Ordinal);
        var page = await person.PageAsync(PortalUrls.MyCase(number));
        Assert.All(["Väntar på dig", "Vilken våning bor du på?", "svarstid still"], text => Assert.Contains(text, page, StringComparison.Ordinal));
        Assert.Contains("Klockan står still", await staff.PageAsync(PortalUrls.Desk), StringComparison.Ordinal);

        portal.Time.Advance(TimeSpan.FromDays(10));
        using var nobody = portal.Browser();
        using var answered = await nobody.FillInAsync(LinkIn(mail.Text), "identify", ("Words", "Tredje."));
        Assert.Equal(HttpStatusCode.Redirect, answered.StatusCode);
        Assert.Equal((CaseStatus.InProgress, due.AddDays(10)), (await StatusAsync(number), await DueAsync(number)));
        Assert.Contains("Tack för ditt svar", await nobody.PageAsync(answered.Headers.Location!.PathOf()), StringComparison.Ordinal);

        // Two weeks after receipt, without the days it stood still: not without delay any more.
        using var again = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        Assert.Contains("fortsätter klockan att gå", await again.PageAsync(PortalUrls.DeskCase(number)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_time_to_answer_is_extended_once_and_the_person_reads_why()
    {
        var subscriber = new DemoSubscriber(181);
        using var person = await portal.SignedInAsync(subscriber);
        var number = await AskAsync(person, CaseType.Other, "Allt om allt, tack.");
        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        await TakeAsync(staff, number, "extend", ("Months", "2"), ("Words", "Det är många system att söka i."));

        var mail = (await portal.MailsAsync(subscriber.OwnEmail))[^1];
        Assert.Equal(nameof(CaseExtendedLetter), mail.Letter);
        var page = await person.PageAsync(PortalUrls.MyCase(number));
        Assert.All(["Förlängt från", "Det är många system att söka i."], text => Assert.Contains(text, page, StringComparison.Ordinal));
        Assert.DoesNotContain("value=\"extend\"", await staff.PageAsync(PortalUrls.DeskCase(number)), StringComparison.Ordinal);
        Assert.Equal(DueDate.DayOf(portal.Time.GetUtcNow().UtcDateTime).AddMonths(3), await DueAsync(number));
    }

    [Fact]
    public async Task Withdrawing_takes_a_tick_and_closes_the_case()
    {
        var subscriber = new DemoSubscriber(23);
        using var person = await portal.SignedInAsync(subscriber);
        var number = await AskAsync(person, CaseType.Other, "Glöm det.");
        using var unticked = await person.FillInAsync(PortalUrls.MyCase(number), "withdraw");
        Assert.Contains("Kryssa i", Html.Errors(await unticked.PageAsync()), StringComparison.Ordinal);
        Assert.Equal(CaseStatus.Received, await StatusAsync(number));

        var open = await person.PageAsync(PortalUrls.MyCase(number));
        using var ticked = await person.FillInAsync(PortalUrls.MyCase(number), "withdraw", ("Sure", "ja"));
        Assert.Contains("Din begäran är återtagen", await person.PageAsync(ticked.Headers.Location!.PathOf()), StringComparison.Ordinal);
        Assert.Equal(CaseStatus.Withdrawn, await StatusAsync(number));
        Assert.Equal(nameof(CaseWithdrawnLetter), (await portal.MailsAsync(subscriber.OwnEmail))[^1].Letter);

        // A page that stood open meanwhile: its form is there no more.
        using var late = await person.PostFormAsync(PortalUrls.MyCase(number), "add", Html.AntiforgeryToken(open), ("Words", "Vänta!"));
        Assert.NotEqual(HttpStatusCode.Redirect, late.StatusCode);
        Assert.Equal(2, await portal.StoreAsync(db => db.CaseEvents.CountAsync(row => row.CaseNumber == number, Cancellation)));
    }

    [Fact]
    public async Task Of_two_staff_who_act_at_once_the_second_is_told_and_nothing_is_overwritten()
    {
        using var person = await portal.SignedInAsync(new DemoSubscriber(21));
        var number = await AskAsync(person, CaseType.Other, "Hej!");
        using var one = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        using var other = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        var stale = await other.PageAsync(PortalUrls.DeskCase(number));
        await TakeAsync(one, number, "begin");

        using var late = await other.PostFormAsync(
            PortalUrls.DeskCase(number), "answer", Html.AntiforgeryToken(stale), ("Version", VersionOn(stale)), ("Words", "Hej själv, du."));
        var told = await late.PageAsync();
        Assert.Contains("Någon annan har ändrat ärendet", told, StringComparison.Ordinal);
        Assert.Contains("Hej själv, du.", told, StringComparison.Ordinal);
        Assert.Equal(CaseStatus.InProgress, await StatusAsync(number));
        // Sent again from the page that was shown: still not before the case was opened anew.
        using var again = await other.PostFormAsync(
            PortalUrls.DeskCase(number), "answer", Html.AntiforgeryToken(told), ("Version", VersionOn(told)), ("Words", "Hej själv, du."));
        Assert.Contains("Någon annan har ändrat ärendet", await again.PageAsync(), StringComparison.Ordinal);

        // What the person adds is a change too.
        stale = await other.PageAsync(PortalUrls.DeskCase(number));
        using var added = await person.FillInAsync(PortalUrls.MyCase(number), "add", ("Words", "Och en sak till."));
        Assert.Equal(HttpStatusCode.Redirect, added.StatusCode);
        using var beforeReading = await other.PostFormAsync(PortalUrls.DeskCase(number), "answer", Html.AntiforgeryToken(stale), ("Version", VersionOn(stale)), ("Words", "Hej."));
        Assert.Contains("Någon annan har ändrat ärendet", await beforeReading.PageAsync(), StringComparison.Ordinal);
        await TakeAsync(other, number, "answer", ("Words", "Hej själv, och svar på allt."));
        Assert.Equal(CaseStatus.Done, await StatusAsync(number));
        Assert.Contains("Hej själv, och svar på allt.", await person.PageAsync(PortalUrls.MyCase(number)), StringComparison.Ordinal);
        Assert.Equal(3, (await EventsAsync(number)).Count(name => name == "case.step-refused"));
    }

    [Fact]
    public async Task Of_two_who_close_a_case_the_second_is_told_keeps_what_was_written_and_is_on_record()
    {
        using var person = await portal.SignedInAsync(new DemoSubscriber(43));
        var number = await AskAsync(person, CaseType.Other, "Hej!");
        using var one = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        using var other = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        var stale = await other.PageAsync(PortalUrls.DeskCase(number));
        await TakeAsync(one, number, "answer", ("Words", "Det första svaret."));

        using var late = await other.PostFormAsync(
            PortalUrls.DeskCase(number), "refuse", Html.AntiforgeryToken(stale), ("Version", VersionOn(stale)), ("Ground", "compelling-grounds"), ("Words", "Det andra svaret."));
        Assert.Equal(HttpStatusCode.OK, late.StatusCode);
        var page = await late.PageAsync();
        Assert.All(["Någon annan har ändrat ärendet", "Det andra svaret."], text => Assert.Contains(text, page, StringComparison.Ordinal));
        Assert.Equal(["overtaken"], await RefusedAsync(number));

        // Opened anew, the case says that it is closed, and a form made up by hand takes no step from there.
        var closed = await other.PageAsync(PortalUrls.DeskCase(number));
        Assert.DoesNotContain("name=\"Version\"", closed, StringComparison.Ordinal);
        var version = await portal.StoreAsync(db => db.Cases.Where(row => row.Number == number).Select(row => row.Version).SingleAsync(Cancellation));
        foreach (var form in (string[])["begin", "identified", "answer", "refuse", "identify", "extend"])
        {
            using var forced = await other.PostFormAsync(
                PortalUrls.DeskCase(number), form, Html.AntiforgeryToken(stale), ("Version", $"{version}"), ("Ground", "compelling-grounds"), ("Words", "Ändå."), ("Months", "1"));
            Assert.Contains("Det går inte i det här läget", await forced.PageAsync(), StringComparison.Ordinal);
        }
        Assert.Equal(["overtaken", .. Enumerable.Repeat("out-of-order", 6)], await RefusedAsync(number));
        var told = await person.PageAsync(PortalUrls.MyCase(number));
        Assert.Contains("Det första svaret.", told, StringComparison.Ordinal);
        Assert.DoesNotContain("Det andra svaret.", told, StringComparison.Ordinal);
        Assert.DoesNotContain("Ändå.", told, StringComparison.Ordinal);
        using var given = await other.PostFormAsync(PortalUrls.DeskCase(number), "assign", Html.AntiforgeryToken(stale), ("Seen", ""), ("To", ""));
        Assert.NotEqual(HttpStatusCode.BadRequest, given.StatusCode);
    }

    [Fact]
    public async Task Of_two_who_close_a_case_at_the_same_moment_one_does()
    {
        using var person = await portal.SignedInAsync(new DemoSubscriber(63));
        var number = await AskAsync(person, CaseType.Other, "Hej!");
        var version = await portal.StoreAsync(db => db.Cases.Where(row => row.Number == number).Select(row => row.Version).SingleAsync(Cancellation));
        var handling = portal.Services.GetRequiredService<CaseHandling>();
        Task<StepResult>? other = null;
        var first = await CloseAsync("staff:one", async () =>
        {
            // While this one stands between reading the case and saving it, the other begins.
            other ??= Task.Run(() => CloseAsync("staff:other", () => Task.CompletedTask), Cancellation);
            await Task.WhenAny(other, Task.Delay(TimeSpan.FromMilliseconds(200), Cancellation));
        });

        StepResult[] both = [first, await other!];
        Assert.Single(both.OfType<StepResult.Taken>());
        Assert.Equal(CaseStatus.Done, Assert.Single(both.OfType<StepResult.Overtaken>()).Status);
        Assert.Equal(1, await portal.StoreAsync(db => db.CaseEvents.CountAsync(row => row.CaseNumber == number && row.Step == CaseStep.Done, Cancellation)));
        Assert.Equal(["overtaken"], await RefusedAsync(number));

        Task<StepResult> CloseAsync(string who, Func<Task> meanwhile) =>
            handling.TakeAsync(new WantedStep(number, CaseStep.Done, CaseParty.Staff, who, version) { Words = "Hej själv." }, (_, _) => meanwhile(), Cancellation);
    }

    [Fact]
    public async Task A_ready_text_is_in_the_persons_language_and_sends_nothing_before_its_gaps_are_filled()
    {
        var subscriber = new DemoSubscriber(83);
        await SignedIn.CreateAccountAsync(portal.Services, subscriber, "en");
        using var person = await portal.SignedInAsync(subscriber);
        var number = await AskAsync(person, CaseType.Objection, "Not for statistics.");
        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        var page = await staff.PageAsync(PortalUrls.DeskCase(number));
        Assert.All(["Invändningen godtas", "Uppenbart ogrundad eller orimlig", "Många system att söka i"], text => Assert.Contains(text, page, StringComparison.Ordinal));
        Assert.DoesNotContain("Registerutdraget är lämnat", page, StringComparison.Ordinal);
        var mails = (await portal.MailsAsync(subscriber.OwnEmail)).Count;

        using var nothing = await PostAsync(staff, number, "answer", ("Use", "text-svar"), ("Ready", "AccessGiven"), ("Words", "Hi."));
        Assert.Contains("Välj en text", Html.Errors(await nothing.PageAsync()), StringComparison.Ordinal);
        using var begun = await PostAsync(staff, number, "answer", ("Use", "text-svar"), ("Ready", "ObjectionAccepted"), ("Words", "Hi Åsa."));
        page = await begun.PageAsync();
        Assert.All(["Hi Åsa.", "We accept your objection", "[fill in: which data"], text => Assert.Contains(text, page, StringComparison.Ordinal));
        Assert.Empty(Html.Errors(page));
        using var gaps = await PostAsync(staff, number, "answer", ("Words", "We accept it. [fill in: which data]"));
        Assert.Contains("hakparentes", Html.Errors(await gaps.PageAsync()), StringComparison.Ordinal);
        // A text that gives reasons for a ground brings it along.
        using var refusing = await PostAsync(staff, number, "refuse", ("Use", "text-motivering"), ("Ready", "RefusedUnfounded"), ("Ground", ""));
        page = await refusing.PageAsync();
        Assert.Matches("value=\"excessive\" selected", page);
        Assert.Contains("manifestly unfounded", page, StringComparison.Ordinal);

        Assert.Equal(CaseStatus.Received, await StatusAsync(number));
        Assert.Equal(["access.read", "case.received"], (await EventsAsync(number)).Distinct().Order());
        Assert.Equal(mails, (await portal.MailsAsync(subscriber.OwnEmail)).Count);
        await TakeAsync(staff, number, "answer", ("Words", "We accept your objection. The viewing history is no longer used for statistics."));
    }

    [Fact]
    public async Task Auditors_read_and_do_nothing_and_the_reading_is_on_record()
    {
        using var person = await portal.SignedInAsync(new DemoSubscriber(3));
        var number = await AskAsync(person, CaseType.Other, "Hej!");
        using var auditor = await SignedIn.StaffAsync(portal, StaffRoles.Auditor);
        var page = await auditor.PageAsync(PortalUrls.DeskCase(number));

        Assert.DoesNotContain("name=\"Version\"", page, StringComparison.Ordinal);
        using var posted = await auditor.PostFormAsync(PortalUrls.DeskCase(number), "answer", Html.AntiforgeryToken(page), ("Version", "0"), ("Words", "Nej."));
        Assert.NotEqual(HttpStatusCode.Redirect, posted.StatusCode);
        Assert.Equal(CaseStatus.Received, await StatusAsync(number));
        Assert.Contains("access.read", await portal.StoreAsync(db => db.AuditEntries.Where(row => row.ReasonCode == "case").Select(row => row.Event).ToListAsync(Cancellation)));
        using var none = await auditor.GetAsync(PortalUrls.DeskCase("K-2026-FINNSX"), Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
    }

    private static async Task<string> AskAsync(HttpClient person, CaseType kind, string words, bool joined = false)
    {
        using var asked = await person.FillInAsync(PortalUrls.NewRequest, "request", ("Kind", kind.ToString()), ("Words", words));
        Assert.Equal(HttpStatusCode.Redirect, asked.StatusCode);
        var page = await person.PageAsync(asked.Headers.Location!.PathOf());
        Assert.Contains(joined ? "Vi la till det du skrev" : "Vi har tagit emot din begäran", page, StringComparison.Ordinal);
        return Regex.Match(page, @"K-\d{4}-[0-9A-Z]{6}").Value;
    }

    private static async Task TakeAsync(HttpClient staff, string number, string form, params (string, string?)[] fields)
    {
        using var taken = await PostAsync(staff, number, form, fields);
        Assert.Equal(PortalUrls.DeskCase(number) + "?gjort=1", taken.Headers.Location?.PathOf());
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpClient staff, string number, string form, params (string, string?)[] fields)
    {
        var page = await staff.PageAsync(PortalUrls.DeskCase(number));
        return await staff.PostFormAsync(PortalUrls.DeskCase(number), form, Html.AntiforgeryToken(page), [.. fields, ("Version", VersionOn(page))]);
    }

    private Task<List<string?>> RefusedAsync(string number) => portal.StoreAsync(db => db.AuditEntries
        .Where(row => row.CaseNumber == number && row.Event == "case.step-refused").OrderBy(row => row.Sequence).Select(row => row.ReasonCode).ToListAsync(Cancellation));

    private static string VersionOn(string page) => Regex.Match(page, "name=\"Version\" value=\"(\\d+)\"").Groups[1].Value;

    private static string LinkIn(string mail) => new Uri(mail.Split().First(word => word.Contains("/arende/", StringComparison.Ordinal))).PathAndQuery;

    private Task<CaseStatus> StatusAsync(string number) => portal.StoreAsync(db => db.Cases.Where(row => row.Number == number).Select(row => row.Status).SingleAsync(Cancellation));

    private Task<DateOnly> DueAsync(string number) => portal.StoreAsync(db => db.Cases.Where(row => row.Number == number).Select(row => row.DueOn).SingleAsync(Cancellation));

    private Task<List<string>> EventsAsync(string number) => portal.StoreAsync(async db =>
    {
        var subject = await db.Cases.Where(row => row.Number == number).Select(row => row.Subject).SingleAsync(Cancellation);
        return await db.AuditEntries.Where(row => row.CaseNumber == number || (row.Subject == subject && row.ReasonCode == "case")).OrderBy(row => row.Sequence).Select(row => row.Event).ToListAsync(Cancellation);
    });
}

[OnPostgres]
public sealed class RequestOnPostgresTests(AccountPortal portal) : RequestTests(portal);
