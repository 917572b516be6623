using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Features.Staff;

/// <summary>The first page of staff: which cases are open, and which of them should have been answered.</summary>
public class DeskTests(AccountPortal portal) : IClassFixture<AccountPortal>
{
    [Theory]
    [InlineData("sv", StaffRoles.CaseWorker, "Ärenden", "handläggare")]
    [InlineData("en", StaffRoles.Administrator, "Cases", "administrator")]
    [InlineData("en", StaffRoles.Auditor, "Cases", "auditor")]
    public async Task Staff_land_on_it(string language, string role, string heading, string word)
    {
        using var browser = await SignedIn.StaffAsync(portal, role, language);
        using var landed = await browser.GetAsync(PortalUrls.Overview, Cancellation);
        Assert.Equal(PortalUrls.Desk, landed.Headers.Location?.PathOf());

        var page = await browser.PageAsync(PortalUrls.Desk);
        Assert.Equal(heading, Html.Heading(page));
        Assert.Contains(word, page, StringComparison.Ordinal);
        Assert.DoesNotContain(PortalUrls.Overview, Html.Links(page));
    }

    [Fact]
    public async Task Open_cases_stand_by_their_day_the_overdue_first_and_in_pages()
    {
        await EmptyAsync();
        var today = SwedishDays.Today(portal.Time);
        var now = portal.Time.GetUtcNow().UtcDateTime;
        var (late, due, closed) = (await AddAsync(today.AddDays(-1), now.AddDays(-32)), await AddAsync(today, now.AddDays(-31)), await AddAsync(today.AddDays(-9), now.AddDays(-40), now));
        for (var i = 0; i < 30; i++)
        {
            await AddAsync(today.AddDays(20 + i), now);
        }

        using var browser = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        var first = await browser.PageAsync(PortalUrls.Desk);
        var rows = Rows(first, "arenden");
        Assert.Equal(25, rows.Length);
        Assert.Contains(late, rows[0], StringComparison.Ordinal);
        Assert.Contains("Försenat", rows[0], StringComparison.Ordinal);
        Assert.Contains("Ett ärende har passerat sin svarstid", first, StringComparison.Ordinal);
        Assert.Contains(due, rows[1], StringComparison.Ordinal);
        Assert.Contains("i dag", rows[1], StringComparison.Ordinal);
        Assert.Single(rows, row => row.Contains("Försenat", StringComparison.Ordinal));
        Assert.DoesNotContain(closed, first, StringComparison.Ordinal);

        var second = await browser.PageAsync(PortalUrls.DeskPage(2));
        Assert.Contains("Sida 2 av 2", second, StringComparison.Ordinal);
        Assert.Equal(7, Rows(second, "arenden").Length);
        Assert.Equal(Html.WithoutTokens(second).Replace("/personal?sida=2", "", StringComparison.Ordinal),
            Html.WithoutTokens(await browser.PageAsync(PortalUrls.DeskPage(99))).Replace("/personal?sida=99", "", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Cases_are_looked_for_by_number_status_kind_and_whether_they_are_late()
    {
        await EmptyAsync();
        var (today, now) = (SwedishDays.Today(portal.Time), portal.Time.GetUtcNow().UtcDateTime);
        var (late, due, closed) = (await AddAsync(today.AddDays(-1), now.AddDays(-32)), await AddAsync(today.AddDays(9), now), await AddAsync(today.AddDays(2), now.AddDays(-40), now));
        await portal.StoreAsync(db => db.Cases.Where(row => row.Number == closed).ExecuteUpdateAsync(set => set.SetProperty(row => row.Status, CaseStatus.Done), Cancellation));
        using var browser = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);

        await FindsAsync("?nummer=&status=&galler=", late, due);
        await FindsAsync("?forsenade=ja", late);
        await FindsAsync("?status=Done", closed);
        // A number finds what is closed too, and a piece of it does, however it is written.
        await FindsAsync($"?nummer=%20{closed[^4..].ToLowerInvariant()}", closed);
        await FindsAsync("?galler=Access");
        await FindsAsync("?nummer=%25");
        foreach (var none in (string[])["?status=1", "?galler=Nothing", "?sida=-1"])
        {
            using var answer = await browser.GetAsync(PortalUrls.Desk + none, Cancellation);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
        using var nul = await browser.GetAsync(PortalUrls.Desk + "?nummer=%00", Cancellation);
        Assert.Equal(HttpStatusCode.BadRequest, nul.StatusCode);

        async Task FindsAsync(string query, params string[] numbers)
        {
            var page = await browser.PageAsync(PortalUrls.Desk + query);
            Assert.Equal(numbers, numbers.Length == 0 ? [] : Rows(page, "arenden").Select(row => Regex.Match(row, "K-[0-9]{4}-[0-9A-Z]{6}").Value));
            Assert.Equal(numbers.Length == 0, page.Contains("Inga ärenden stämmer", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Views_are_kept_for_oneself()
    {
        using var mine = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        using var others = await SignedIn.StaffAsync(portal, StaffRoles.Auditor);
        var late = PortalUrls.DeskPage("?forsenade=ja", 1);
        using var saved = await mine.FillInAsync(late, "save-view", ("Name", "Försenade"));
        Assert.Equal(late, saved.Headers.Location?.PathOf());
        var page = await mine.PageAsync(PortalUrls.Desk);
        Assert.Contains($"<a href=\"{late}\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("Försenade</a>", await others.PageAsync(PortalUrls.Desk), StringComparison.Ordinal);
        using var again = await mine.FillInAsync(late, "save-view", ("Name", " försenade "));
        Assert.Contains("redan en vy", await again.PageAsync(), StringComparison.Ordinal);
        using var nameless = await mine.FillInAsync(late, "save-view", ("Name", " "));
        Assert.Contains("Skriv ett namn", await nameless.PageAsync(), StringComparison.Ordinal);

        var id = Regex.Match(page, "remove-view-([0-9]+)").Groups[1].Value;
        Assert.NotEmpty(id);
        using var removed = await mine.FillInAsync(PortalUrls.Desk, $"remove-view-{id}");
        Assert.DoesNotContain("Försenade</a>", await mine.PageAsync(PortalUrls.Desk), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hundred_thousand_cases_are_paged_in_the_database()
    {
        await EmptyAsync();
        var (today, now) = (SwedishDays.Today(portal.Time), portal.Time.GetUtcNow().UtcDateTime);
        await portal.StoreAsync(async db =>
        {
            const string Into = "INSERT INTO cases (number, type, status, received_at, due_on, extended_by, stopped_days, subject, version) ";
            return db.Database.IsSqlite()
                ? await db.Database.ExecuteSqlRawAsync(
                    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99999) " + Into
                    + "SELECT 'K-2026-' || printf('%06d', i), 'Access', 'Received', {0}, date({1}, '+' || (i / 1000) || ' days'), 0, 0, 1, 0 FROM n",
                    [now.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), today.ToString("O", CultureInfo.InvariantCulture)], Cancellation)
                : await db.Database.ExecuteSqlRawAsync(
                    Into + "SELECT 'K-2026-' || lpad(i::text, 6, '0'), 'Access', 'Received', {0}, {1} + i / 1000, 0, 0, 1, 0 FROM generate_series(0, 99999) AS i", [now, today], Cancellation);
        });
        using var browser = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        _ = await browser.PageAsync(PortalUrls.Desk);
        var (before, rows) = (portal.Statements, portal.RowsRead);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        var page = await browser.PageAsync(PortalUrls.DeskPage(3000));
        TestContext.Current.TestOutputHelper?.WriteLine($"Page 3,000 of 100,000 cases: {watch.ElapsedMilliseconds} ms, {portal.Statements - before} statements, {portal.RowsRead - rows} rows");
        Assert.Equal(25, Rows(page, "arenden").Length);
        Assert.Contains("Sida 3000 av 4000", page, StringComparison.Ordinal);
        Assert.InRange(portal.Statements - before, 1, 40);
        // The page and what stands around it; the other cases stay in the database.
        Assert.InRange(portal.RowsRead - rows, 25, 100);
        await EmptyAsync();
    }

    [Theory]
    [InlineData("sv", "Det finns inget att titta på.", "Spår av en raderad person", "Meddelanden i supportärenden: Meddelande", "Mejl som inte kunde levereras", "Allt är raderat", "E-postadress som inte finns", "inte överskrivna")]
    [InlineData("en", "There is nothing to look at.", "Traces of an erased person", "Messages of support tickets: Message", "Mail that could not be delivered", "All is erased", "E-mail address that does not exist", "not overwritten")]
    public async Task What_jobs_have_found_stands_there_in_words_until_it_is_done(string language, string nothing, params string[] words)
    {
        await EmptyAsync();
        using var browser = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker, language);
        Assert.Contains(nothing, await browser.PageAsync(PortalUrls.Desk), StringComparison.Ordinal);

        var (today, now) = (SwedishDays.Today(portal.Time), portal.Time.GetUtcNow().UtcDateTime);
        var closed = await AddAsync(today, now.AddDays(-3), now);
        await TellAsync(
            Task(StaffTaskKind.TraceFound, "kalejdo.support_message.body", 1234, now.AddDays(-3), closed),
            Task(StaffTaskKind.TraceFound, "kalejdo.old_import.payload", 2, now.AddDays(-2), closed),
            Task(StaffTaskKind.OverwriteLate, "", 0, now.AddDays(-2).AddHours(1), closed),
            Task(StaffTaskKind.MailUndeliverable, "ErasedLetter", 3, now.AddDays(-1), closed),
            Task(StaffTaskKind.AddressBounced, "ErasedLetter", 1, now, null),
            Task(StaffTaskKind.AddressBounced, "LinkedLetter", 1, now.AddDays(-5), null, done: now));

        var page = await browser.PageAsync(PortalUrls.Desk);
        Assert.DoesNotContain(nothing, page, StringComparison.Ordinal);
        var rows = Rows(page, "uppgifter");
        Assert.Equal(5, rows.Length);
        Assert.All([words[0], words[1], "kalejdo.support_message.body", language == "sv" ? "1\u00a0234" : "1,234", closed, Day(today.AddDays(-3))], word => Assert.Contains(word, rows[0], StringComparison.Ordinal));
        Assert.Contains("kalejdo.old_import.payload", rows[1], StringComparison.Ordinal);
        Assert.Contains(words[5], rows[2], StringComparison.Ordinal);
        Assert.All([words[2], words[3], closed], word => Assert.Contains(word, rows[3], StringComparison.Ordinal));
        Assert.All([words[4], words[3], Day(today)], word => Assert.Contains(word, rows[4], StringComparison.Ordinal));
        Assert.DoesNotContain(closed, rows[4], StringComparison.Ordinal);

        string Day(DateOnly day) => day.ToString("d MMMM yyyy", CultureInfo.GetCultureInfo(language == "sv" ? "sv-SE" : "en-GB"));
    }

    [Fact]
    public async Task A_task_is_put_away_once_and_who_did_it_is_on_record()
    {
        await EmptyAsync();
        var (today, now) = (SwedishDays.Today(portal.Time), portal.Time.GetUtcNow().UtcDateTime);
        var (closed, due) = (await AddAsync(today, now.AddDays(-3), now), await AddAsync(today.AddDays(5), now));
        await TellAsync(Task(StaffTaskKind.TraceFound, "kalejdo.old_import.payload", 2, now, closed), Task(StaffTaskKind.CaseDueInAWeek, today.AddDays(5).ToString("O", CultureInfo.InvariantCulture), 0, now, due));
        using var auditor = await SignedIn.StaffAsync(portal, StaffRoles.Auditor);
        var read = await auditor.PageAsync(PortalUrls.Desk);
        Assert.DoesNotContain("PutAway", read, StringComparison.Ordinal);

        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        var page = await staff.PageAsync(PortalUrls.Desk);
        // What the clock reminds of goes when the case is answered, and not before.
        var id = Assert.Single(Regex.Matches(page, "name=\"PutAway\" value=\"(\\d+)\"")).Groups[1].Value;
        var token = Html.AntiforgeryToken(page);
        var reminder = await portal.StoreAsync(db => db.StaffTasks.Where(row => row.Kind == StaffTaskKind.CaseDueInAWeek).Select(row => row.Id).SingleAsync(Cancellation));
        foreach (var pressed in (string[])[id, id, reminder.ToString(CultureInfo.InvariantCulture), "x"])
        {
            using var done = await staff.PostFormAsync(PortalUrls.Desk, "task", token, ("PutAway", pressed));
            page = await staff.PageAsync(done.Headers.Location!.PathOf());
            Assert.Contains("Uppgiften är klar", page, StringComparison.Ordinal);
        }

        Assert.Contains("Ärende att besvara inom en vecka", Assert.Single(Rows(page, "uppgifter")), StringComparison.Ordinal);
        var entry = await portal.StoreAsync(db => db.AuditEntries.SingleAsync(row => row.Event == "task.done", Cancellation));
        Assert.Equal((closed, "trace-found", 1L), (entry.CaseNumber, entry.ReasonCode, entry.Subject));
        var actor = await portal.StoreAsync(db => db.AuditPeople.SingleAsync(row => row.Number == entry.Actor, Cancellation));
        var worker = await portal.StoreAsync(db => db.Users.Where(row => row.Email == $"{StaffRoles.CaseWorker}@personal.exempel.se").Select(row => row.Id).SingleAsync(Cancellation));
        Assert.Equal($"staff:{worker}", portal.Services.GetRequiredService<AuditTrail>().WhoIs(actor));
        using var forged = await auditor.PostFormAsync(PortalUrls.Desk, "task", Html.AntiforgeryToken(read), ("PutAway", id));
        Assert.Equal(HttpStatusCode.Forbidden, forged.StatusCode);
    }

    [Fact]
    public async Task Tasks_have_pages_of_their_own_beside_those_of_the_cases()
    {
        await EmptyAsync();
        var (today, now) = (SwedishDays.Today(portal.Time), portal.Time.GetUtcNow().UtcDateTime);
        for (var i = 0; i < 30; i++)
        {
            await AddAsync(today.AddDays(20 + i), now);
        }
        await TellAsync([.. Enumerable.Range(0, 30).Select(i => Task(StaffTaskKind.TraceFound, $"kalejdo.old_import.c{i}", 1, now.AddMinutes(i), null))]);
        using var browser = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);

        Assert.Equal(25, Rows(await browser.PageAsync(PortalUrls.Desk), "uppgifter").Length);
        var both = await browser.PageAsync(PortalUrls.DeskPage(2, tasks: 2));
        Assert.Equal(5, Rows(both, "uppgifter").Length);
        Assert.Contains("kalejdo.old_import.c29", Rows(both, "uppgifter")[4], StringComparison.Ordinal);
        // Each list turns its own pages.
        Assert.Contains(PortalUrls.DeskPage(1, tasks: 2), Html.Links(both));
        Assert.Contains(PortalUrls.DeskPage(2), Html.Links(both));
        Assert.Equal(Rows(both, "uppgifter"), Rows(await browser.PageAsync(PortalUrls.DeskPage(2, tasks: 99)), "uppgifter"));
    }

    [Theory]
    [InlineData("?sida=0")]
    [InlineData("?sida=x")]
    [InlineData("?uppgifter=0")]
    [InlineData("?uppgifter=x")]
    public async Task A_page_that_is_none_does_not_exist(string query)
    {
        using var browser = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        using var answer = await browser.GetAsync(PortalUrls.Desk + query, Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task A_mailbox_alone_opens_no_account_of_staff()
    {
        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        using var browser = portal.Browser();
        using var asked = await browser.FillInAsync(PortalUrls.ForgottenPassword, "forgotten", ("Posted.Address", $"{StaffRoles.CaseWorker}@personal.exempel.se"));
        Assert.Equal(PortalUrls.ForgottenPasswordCode, asked.Headers.Location?.PathOf());
        Assert.Empty(await portal.MailsAsync($"{StaffRoles.CaseWorker}@personal.exempel.se"));
    }

    /// <summary>The tests share the portal; each begins with an empty desk.</summary>
    private Task<int> EmptyAsync() => portal.StoreAsync(async db => await db.StaffTasks.ExecuteDeleteAsync(Cancellation) + await db.Incidents.ExecuteDeleteAsync(Cancellation) + await db.Cases.ExecuteDeleteAsync(Cancellation));

    /// <summary>What stands in each row of the table.</summary>
    private static string[] Rows(string page, string table) =>
        page.Split($"aria-labelledby=\"{table}\"")[1].Split("</table>")[0].Split("role=\"rowheader\"")[1..];

    private static StaffTask Task(StaffTaskKind kind, string place, long rows, DateTime since, string? caseNumber, DateTime? done = null) =>
        new() { CaseNumber = caseNumber, Kind = kind, Place = place, Rows = rows, CreatedAt = since, DoneAt = done };

    private Task<int> TellAsync(params StaffTask[] tasks) => portal.StoreAsync(db =>
    {
        db.StaffTasks.AddRange(tasks);
        return db.SaveChangesAsync(Cancellation);
    });

    [Theory]
    [InlineData("sv", "Har uppgifter nått fel person?", "Anmälan till IMY senast", "51 timmar kvar", "Tiden är ute")]
    [InlineData("en", "Has data reached the wrong person?", "Report to IMY by", "51 hours left", "The time is over")]
    public async Task Whether_data_reached_a_stranger_stands_first_with_the_hours_that_are_left(string language, string heading, string by, string left, string over)
    {
        var now = portal.Time.GetUtcNow().UtcDateTime;
        var numbers = new List<string>();
        foreach (var (hours, state) in new[] { (80, IncidentState.Open), (20.5, IncidentState.Open), (1, IncidentState.NoRisk) })
        {
            var number = await AddAsync(SwedishDays.Today(portal.Time), now, closedAt: now);
            numbers.Add(number);
            await portal.StoreAsync(async db =>
            {
                var incident = Incident.Of(number, now.AddHours(-hours));
                incident.State = state;
                db.Incidents.Add(incident);
                return await db.SaveChangesAsync(Cancellation);
            });
        }

        using var browser = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker, language);
        var page = await browser.PageAsync(PortalUrls.Desk);
        var panel = Regex.Match(page, $"{Regex.Escape(heading)}.*?</ul>", RegexOptions.Singleline).Value;
        var lines = panel.Split("<li>")[1..];
        var (late, soon) = (lines.Single(line => line.Contains(numbers[0], StringComparison.Ordinal)), lines.Single(line => line.Contains(numbers[1], StringComparison.Ordinal)));
        Assert.Contains(by, late, StringComparison.Ordinal);
        Assert.Contains(over, late, StringComparison.Ordinal);
        Assert.Contains(left, soon, StringComparison.Ordinal);
        Assert.True(Array.IndexOf(lines, late) < Array.IndexOf(lines, soon));
        Assert.DoesNotContain(numbers[2], panel, StringComparison.Ordinal);
    }

    private Task<string> AddAsync(DateOnly dueOn, DateTime receivedAt, DateTime? closedAt = null) => portal.StoreAsync(async db =>
    {
        var added = await CaseRegister.OpenAsync(db, CaseType.Erasure, 1, receivedAt, Cancellation);
        (added.DueOn, added.ClosedAt) = (dueOn, closedAt);
        await db.SaveChangesAsync(Cancellation);
        return added.Number;
    });
}

[OnPostgres]
public sealed class DeskOnPostgresTests(AccountPortal portal) : DeskTests(portal);
