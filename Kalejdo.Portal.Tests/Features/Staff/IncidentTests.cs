using System.Net;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Features.Staff;

/// <summary>Whether data reached a stranger is answered in words that stay (GDPR Art. 33(5)).</summary>
public class IncidentTests(AccountPortal portal) : IClassFixture<AccountPortal>
{
    private static readonly (string Name, string? Value)[] NoRisk =
    [
        ("what", "Ett välkomstmejl gick till fel adress."), ("whose", "Kund 10031676, inget namn i mejlet"),
        ("risk", nameof(IncidentRisk.Unlikely)), ("report", nameof(IncidentReport.NotNeeded)), ("told", nameof(IncidentTold.NotNeeded)), ("reason", "Mejlet nämnde ingen."),
    ];

    [Fact]
    public async Task What_staff_write_is_kept_sealed_and_answers_it()
    {
        // Not on the hour: PostgreSQL keeps microseconds.
        var number = await AddAsync(hoursAgo: 2.9);
        using var browser = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        var address = PortalUrls.Incident(number);
        var page = await browser.PageAsync(address);
        Assert.Equal("Har uppgifter nått fel person?", Html.Heading(page));
        Assert.Contains("69 timmar kvar", page, StringComparison.Ordinal);
        Assert.Contains("Ingen har skrivit något än", page, StringComparison.Ordinal);
        Assert.DoesNotContain(" checked", page, StringComparison.Ordinal);

        using var saved = await browser.FillInAsync(address, "document", NoRisk);
        Assert.Equal(PortalUrls.Incident(number, saved: true), saved.Headers.Location?.PathOf());

        page = await browser.PageAsync(saved.Headers.Location!.PathOf());
        Assert.Contains("Dokumentationen är sparad", page, StringComparison.Ordinal);
        Assert.Contains("Ett välkomstmejl gick till fel adress.", page, StringComparison.Ordinal);
        Assert.Contains("Behöver inte anmälas", page, StringComparison.Ordinal);
        Assert.DoesNotContain(number, await browser.PageAsync(PortalUrls.Desk), StringComparison.Ordinal);
        Assert.Contains(number, await browser.PageAsync(PortalUrls.Incidents), StringComparison.Ordinal);
        var (note, incident, events) = await portal.StoreAsync(async db => (
            await db.IncidentNotes.SingleAsync(row => row.CaseNumber == number, Cancellation),
            await db.Incidents.SingleAsync(row => row.CaseNumber == number, Cancellation),
            await db.AuditEntries.Where(row => row.CaseNumber == number).OrderBy(row => row.Sequence).Select(row => $"{row.Event} {row.ReasonCode}").ToListAsync(Cancellation)));
        Assert.Equal(IncidentState.NoRisk, incident.State);
        Assert.Equal(portal.Time.GetUtcNow().UtcDateTime, incident.DecidedAt!.Value, TimeSpan.FromMilliseconds(1));
        Assert.DoesNotContain("välkomstmejl", System.Text.Encoding.UTF8.GetString(note.SealedWords), StringComparison.Ordinal);
        Assert.Equal("Mejlet nämnde ingen.", note.Words(portal.Services.GetRequiredService<PortalKeys>()).Reason);
        // Each look is on record before it, the one of the post too.
        Assert.Equal(["incident.read ", "incident.read ", "incident.read ", "incident.documented report-not-needed", "incident.read "], events);
        await portal.StoreAsync(async db => Assert.IsType<AuditVerdict.Intact>(await portal.Services.GetRequiredService<AuditTrail>().VerifyAsync(db, Cancellation)));
    }

    [Fact]
    public async Task Later_notes_complete_the_earlier_ones_and_the_latest_answer_counts()
    {
        var number = await AddAsync(hoursAgo: 3);
        using var browser = await SignedIn.StaffAsync(portal, StaffRoles.Administrator, "en");
        using var first = await browser.FillInAsync(PortalUrls.Incident(number), "document", NoRisk);
        using var second = await browser.FillInAsync(PortalUrls.Incident(number), "document",
            ("what", "An invoice went there too."), ("whose", "Customer 10031676"), ("risk", nameof(IncidentRisk.High)), ("report", nameof(IncidentReport.Reported)), ("told", nameof(IncidentTold.Told)));
        Assert.Equal(HttpStatusCode.Found, second.StatusCode);

        var page = await browser.PageAsync(PortalUrls.Incident(number));
        Assert.Contains("Reported to IMY", page, StringComparison.Ordinal);
        Assert.True(page.IndexOf("An invoice went there too.", StringComparison.Ordinal) < page.IndexOf("Ett välkomstmejl", StringComparison.Ordinal));
        Assert.Equal(IncidentState.Reported, await portal.StoreAsync(db => db.Incidents.Where(row => row.CaseNumber == number).Select(row => row.State).SingleAsync(Cancellation)));

        using var reopened = await browser.FillInAsync(PortalUrls.Incident(number), "document",
            ("what", "More came up."), ("whose", "Customer 10031676"), ("risk", nameof(IncidentRisk.High)), ("report", nameof(IncidentReport.NotYet)), ("told", nameof(IncidentTold.NotYet)));
        Assert.Contains(number, await browser.PageAsync(PortalUrls.Desk), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("what", "", "what", "Skriv vad som har hänt")]
    [InlineData("whose", "  ", "whose", "Skriv vems uppgifter")]
    [InlineData("risk", null, "risk", "Välj hur stor risken är")]
    [InlineData("risk", "1", "risk", "Välj hur stor risken är")]
    [InlineData("report", "Kanske", "report", "Välj om incidenten är anmäld")]
    [InlineData("told", null, "told", "Välj om personen har fått veta")]
    [InlineData("risk", nameof(IncidentRisk.Likely), "report", "Finns det en risk ska incidenten anmälas")]
    [InlineData("reason", "", "reason", "Skriv varför incidenten inte behöver anmälas")]
    public async Task What_is_missing_is_said_beside_its_field_and_nothing_is_saved(string field, string? value, string beside, string told)
    {
        var number = await AddAsync(hoursAgo: 3);
        using var browser = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        using var answer = await browser.FillInAsync(PortalUrls.Incident(number), "document", [.. NoRisk.Where(posted => posted.Name != field), (field, value)]);

        var page = await answer.PageAsync();
        Assert.Contains($"href=\"#{beside}\"", page, StringComparison.Ordinal);
        Assert.Contains($"id=\"{beside}-error\"", page, StringComparison.Ordinal);
        Assert.Contains(told, page, StringComparison.Ordinal);
        // What was typed is not lost.
        Assert.Equal(field != "what", page.Contains("Ett välkomstmejl gick till fel adress.", StringComparison.Ordinal));
        Assert.False(await portal.StoreAsync(db => db.IncidentNotes.AnyAsync(row => row.CaseNumber == number, Cancellation)));
        Assert.Equal(IncidentState.Open, await portal.StoreAsync(db => db.Incidents.Where(row => row.CaseNumber == number).Select(row => row.State).SingleAsync(Cancellation)));
    }

    [Fact]
    public async Task Who_reports_after_the_72_hours_says_why()
    {
        var number = await AddAsync(hoursAgo: 73);
        using var browser = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        (string, string?)[] reported = [.. NoRisk.Where(posted => posted.Name is not ("report" or "reason")), ("report", nameof(IncidentReport.Reported))];
        using var refused = await browser.FillInAsync(PortalUrls.Incident(number), "document", reported);
        var page = await refused.PageAsync();
        Assert.Contains("Tiden är ute", page, StringComparison.Ordinal);
        Assert.Contains("Skriv varför anmälan kommer efter 72 timmar", page, StringComparison.Ordinal);

        using var saved = await browser.FillInAsync(PortalUrls.Incident(number), "document", [.. reported, ("reason", "Semester. IMY-2026-1.")]);
        Assert.Equal(HttpStatusCode.Found, saved.StatusCode);
        // Said once, it is not asked for again.
        using var more = await browser.FillInAsync(PortalUrls.Incident(number), "document", reported);
        Assert.Equal(HttpStatusCode.Found, more.StatusCode);
    }

    [Fact]
    public async Task An_auditor_reads_and_writes_nothing()
    {
        var number = await AddAsync(hoursAgo: 3);
        using var auditor = await SignedIn.StaffAsync(portal, StaffRoles.Auditor);
        var page = await auditor.PageAsync(PortalUrls.Incident(number));
        Assert.DoesNotContain("<textarea", page, StringComparison.Ordinal);

        using var posted = await auditor.PostFormAsync(PortalUrls.Incident(number), "document", Html.AntiforgeryToken(page), NoRisk);
        Assert.Equal(HttpStatusCode.Forbidden, posted.StatusCode);
        Assert.False(await portal.StoreAsync(db => db.IncidentNotes.AnyAsync(row => row.CaseNumber == number, Cancellation)));
    }

    [Theory]
    [InlineData("K-2026-AAAAAA")]
    [InlineData("x y")]
    public async Task A_number_that_is_none_does_not_exist(string number)
    {
        using var browser = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        using var answer = await browser.GetAsync(PortalUrls.Incident(number), Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    private Task<string> AddAsync(double hoursAgo) => portal.StoreAsync(async db =>
    {
        var aware = portal.Time.GetUtcNow().UtcDateTime.AddHours(-hoursAgo);
        var about = await CaseRegister.OpenAsync(db, CaseType.Disavowal, 1, aware, Cancellation);
        about.ClosedAt = aware;
        db.Incidents.Add(Incident.Of(about.Number, aware));
        await db.SaveChangesAsync(Cancellation);
        return about.Number;
    });
}

[OnPostgres]
public sealed class IncidentOnPostgresTests(AccountPortal portal) : IncidentTests(portal);
