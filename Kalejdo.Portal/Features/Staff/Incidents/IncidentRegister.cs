using System.Globalization;
using System.Text.Json;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Staff.Incidents;

/// <summary>An incident in the list of them all.</summary>
internal sealed record IncidentLine(string CaseNumber, DateTime AwareAt, DateTime ReportBy, IncidentState State);

/// <summary>What staff need to answer whether data reached a stranger.</summary>
/// <param name="Mails">How many of our mails to the address are still known of, and when the first and the last was written.</param>
/// <param name="Places">Where the address stood, in the map's words.</param>
internal sealed record IncidentView(
    IncidentLine Line, IncidentMails Mails, IReadOnlyList<string> Places, IReadOnlyList<IncidentEntry> Notes);

internal sealed record IncidentMails(int Count, DateTime? First, DateTime? Last);

/// <summary>A note, opened.</summary>
internal sealed record IncidentEntry(DateTime RecordedAt, IncidentRisk Risk, IncidentReport Report, IncidentTold Told, IncidentWords Words);

/// <summary>Disavowals that ask whether somebody's data reached a stranger (GDPR Art. 33), and what staff say of them.</summary>
internal sealed class IncidentRegister(IDbContextFactory<PortalDbContext> databases, AuditTrail audit, LiveMap liveMap, PortalKeys keys, TimeProvider time)
{
    public const int PageSize = 25;

    /// <summary>Those that nobody has answered first, the most urgent on top; then the others, the newest on top.</summary>
    /// <param name="page">Counted from 1; the last one where it lies beyond.</param>
    public async Task<(IReadOnlyList<IncidentLine> Incidents, int Page, int Pages)> ListAsync(int page, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var pages = Math.Max(1, (await db.Incidents.CountAsync(cancellation) + PageSize - 1) / PageSize);
        page = Math.Min(page, pages);
        var open = await db.Incidents.CountAsync(row => row.State == IncidentState.Open, cancellation);
        var skip = (page - 1) * PageSize;
        var first = await Lines(db.Incidents.Where(row => row.State == IncidentState.Open).OrderBy(row => row.ReportBy).ThenBy(row => row.CaseNumber).Skip(skip).Take(PageSize)).ToListAsync(cancellation);
        var rest = await Lines(db.Incidents.Where(row => row.State != IncidentState.Open).OrderByDescending(row => row.AwareAt).ThenBy(row => row.CaseNumber)
            .Skip(Math.Max(0, skip - open)).Take(PageSize - first.Count)).ToListAsync(cancellation);
        return ([.. first, .. rest], page, pages);
    }

    /// <summary>Reads an incident with its documentation; that it was read is on record first.</summary>
    /// <param name="actor">Who reads, by the audit's names.</param>
    /// <returns>Null where there is none of that number.</returns>
    public async Task<IncidentView?> ReadAsync(string caseNumber, string actor, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (await Lines(db.Incidents.Where(row => row.CaseNumber == caseNumber)).SingleOrDefaultAsync(cancellation) is not { } line)
        {
            return null;
        }
        var about = await db.Cases.AsNoTracking().SingleAsync(row => row.Number == caseNumber, cancellation);
        await using (var transaction = await db.Database.BeginTransactionAsync(cancellation))
        {
            var reader = await audit.NumberOfAsync(db, actor, cancellation);
            await audit.AppendAsync(db, new AuditEvent("incident.read") { Subject = about.Subject, Actor = reader, CaseNumber = caseNumber }, cancellation);
            await transaction.CommitAsync(cancellation);
        }
        var notes = await db.IncidentNotes.AsNoTracking().Where(row => row.CaseNumber == caseNumber).OrderByDescending(row => row.Id).ToListAsync(cancellation);
        return new IncidentView(line, await MailsAsync(db, about, cancellation), await PlacesAsync(about, cancellation),
            [.. notes.Select(note => new IncidentEntry(note.RecordedAt, note.Risk, note.Report, note.Told, note.Words(keys)))]);
    }

    /// <summary>Adds to the documentation; the newest answer is the one that counts.</summary>
    /// <param name="actor">Who writes, by the audit's names.</param>
    /// <returns>False where there is no such incident.</returns>
    public async Task<bool> DocumentAsync(string caseNumber, IncidentAnswer answer, string actor, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (await db.Incidents.SingleOrDefaultAsync(row => row.CaseNumber == caseNumber, cancellation) is not { } incident)
        {
            return false;
        }
        var (now, author) = (time.GetUtcNow().UtcDateTime, await audit.NumberOfAsync(db, actor, cancellation));
        db.IncidentNotes.Add(new IncidentNote
        {
            CaseNumber = caseNumber,
            RecordedAt = now,
            RecordedBy = author,
            Risk = answer.Risk,
            Report = answer.Report,
            Told = answer.Told,
            SealedWords = IncidentNote.Seal(keys, caseNumber, answer.Words),
        });
        incident.State = answer.Report switch
        {
            IncidentReport.Reported => IncidentState.Reported,
            IncidentReport.NotNeeded => IncidentState.NoRisk,
            _ => IncidentState.Open,
        };
        incident.DecidedAt = incident.State == IncidentState.Open ? null : now;
        var subject = await db.Cases.Where(row => row.Number == caseNumber).Select(row => row.Subject).SingleAsync(cancellation);
        await audit.AppendAsync(db, new AuditEvent("incident.documented") { Subject = subject, Actor = author, CaseNumber = caseNumber, ReasonCode = CodeOf(answer.Report) }, cancellation);
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return true;
    }

    private static IQueryable<IncidentLine> Lines(IQueryable<Incident> incidents) =>
        incidents.AsNoTracking().Select(row => new IncidentLine(row.CaseNumber, row.AwareAt, row.ReportBy, row.State));

    /// <summary>Each mail to the address carried a link of its own, which is known of for as long as it was good.</summary>
    private async Task<IncidentMails> MailsAsync(PortalDbContext db, Case about, CancellationToken cancellation)
    {
        if (await db.AuditPeople.AsNoTracking().SingleOrDefaultAsync(row => row.Number == about.Subject, cancellation) is not { } person
            || audit.WhoIs(person).Split("address:") is not ["", var hash])
        {
            return new IncidentMails(0, null, null);
        }
        var links = await db.MailLinks.AsNoTracking().Where(row => row.AddressHash == hash && row.Purpose == MailLinkPurpose.Disavowal)
            .Select(row => new { row.CreatedAt, row.ExpiresAt }).ToListAsync(cancellation);
        // The page without a link makes one too, for an hour.
        var mails = links.Where(link => link.ExpiresAt - link.CreatedAt >= Outbox.LinkValidity).Select(link => link.CreatedAt).Order().ToList();
        return new IncidentMails(mails.Count, mails.Count > 0 ? mails[0] : null, mails.Count > 0 ? mails[^1] : null);
    }

    private async Task<IReadOnlyList<string>> PlacesAsync(Case about, CancellationToken cancellation)
    {
        var steps = about.OutcomeJson is { } json && JsonDocument.Parse(json) is { RootElement: { ValueKind: JsonValueKind.Array } outcome } ? outcome.Deserialize<DisavowalStep[]>()! : [];
        var map = steps.Length == 0 ? null : (await liveMap.OpenAsync(cancellation)).Databases?.Map;
        var language = CultureInfo.CurrentUICulture.TwoLetterISOLanguageName;
        return [.. steps.Select(step => step.Field.Split('.') is [var dataset, var collection, var field] && map?.Find(dataset, collection) is { } found
            ? string.Join(": ", new[] { (found.Label ?? map.Kinds.FirstOrDefault(kind => kind.Key == found.KindKey)?.Label)?.In(language) ?? collection, found.Find(field)?.Label?.In(language) ?? field })
            : step.Field).Distinct()];
    }

    private static string CodeOf(IncidentReport report) => report switch
    {
        IncidentReport.NotYet => "report-open",
        IncidentReport.Reported => "reported",
        IncidentReport.NotNeeded => "report-not-needed",
        _ => throw new ArgumentOutOfRangeException(nameof(report)),
    };
}
