using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Features.Staff.Incidents;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Staff.AddressDesk;

/// <summary>A row of one of the lists; what its list does not have is null.</summary>
/// <param name="Hash">The address's keyed hash.</param>
/// <param name="Masked">Null where the address stands sealed nowhere any more.</param>
/// <param name="Until">When it ends, by itself or done.</param>
internal sealed record AddressLine(string? CaseNumber, string? Hash, string? Masked, DateTime Since, DateTime? Until, CaseStatus? Status = null, AddressHold? Hold = null, IncidentLine? Incident = null);

/// <summary>What is known of addresses that were disowned, held or blocked, and of the breaches that this may have been; never an address in full.</summary>
internal sealed class AddressRegister(IDbContextFactory<PortalDbContext> databases, AuditTrail audit, PortalKeys keys, TimeProvider time)
{
    public const int PageSize = 25;

    /// <summary>By what the audit knows whoever reads a mailbox, before the address's hash (Features/NotMyAddress).</summary>
    private const string Reader = "address:";

    /// <param name="page">Counted from 1; the last one where it lies beyond.</param>
    public async Task<(IReadOnlyList<AddressLine> Lines, int Page, int Pages)> ListAsync(AddressFilter filter, int page, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var now = time.GetUtcNow().UtcDateTime;
        switch (filter.Part)
        {
            case AddressPart.Quarantine:
                var (holds, heldPage, heldPages) = await PageAsync(
                    db.AddressHolds.AsNoTracking().Where(row => filter.All || (row.EndsAt > now && row.UndoneAt == null)).OrderBy(row => row.EndsAt).ThenBy(row => row.CaseNumber), page, cancellation);
                return (await MaskedAsync(db, [.. holds.Select(row => new AddressLine(row.CaseNumber, row.AddressHash, null, row.CreatedAt, row.EndsAt, Hold: row))], cancellation), heldPage, heldPages);
            case AddressPart.Blocked:
                var (blocked, blockedPage, blockedPages) = await PageAsync(
                    db.BlockedAddresses.AsNoTracking().Where(row => filter.All || row.ExpiresAt > now).OrderByDescending(row => row.BlockedAt).ThenBy(row => row.AddressHash), page, cancellation);
                return (await MaskedAsync(db, [.. blocked.Select(row => new AddressLine(null, row.AddressHash, null, row.BlockedAt, row.ExpiresAt))], cancellation), blockedPage, blockedPages);
            case AddressPart.Incidents:
                var incidents = db.Incidents.AsNoTracking().Where(row => filter.All || row.State == IncidentState.Open);
                var (shown, incidentPage, incidentPages) = await PageAsync(
                    filter.All ? incidents.OrderByDescending(row => row.AwareAt).ThenBy(row => row.CaseNumber) : incidents.OrderBy(row => row.ReportBy).ThenBy(row => row.CaseNumber), page, cancellation);
                return ([.. shown.Select(row => new AddressLine(row.CaseNumber, null, null, row.AwareAt, row.DecidedAt, Incident: new(row.CaseNumber, row.AwareAt, row.ReportBy, row.State)))], incidentPage, incidentPages);
            default:
                var (cases, casePage, casePages) = await PageAsync(
                    db.Cases.AsNoTracking().Where(row => row.Type == CaseType.Disavowal && (filter.All || row.ClosedAt == null)).OrderByDescending(row => row.ReceivedAt).ThenBy(row => row.Number), page, cancellation);
                return (await MaskedAsync(db, await DisavowalsAsync(db, cases, cancellation), cancellation), casePage, casePages);
        }
    }

    /// <summary>How many there are of each that go on.</summary>
    public async Task<IReadOnlyDictionary<AddressPart, int>> CountAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var now = time.GetUtcNow().UtcDateTime;
        return new Dictionary<AddressPart, int>
        {
            [AddressPart.Disavowals] = await db.Cases.CountAsync(row => row.Type == CaseType.Disavowal && row.ClosedAt == null, cancellation),
            [AddressPart.Quarantine] = await db.AddressHolds.CountAsync(row => row.EndsAt > now && row.UndoneAt == null, cancellation),
            [AddressPart.Blocked] = await db.BlockedAddresses.CountAsync(row => row.ExpiresAt > now, cancellation),
            [AddressPart.Incidents] = await db.Incidents.CountAsync(row => row.State == IncidentState.Open, cancellation),
        };
    }

    /// <summary>Lifts a block whose owner asked staff for it.</summary>
    /// <returns>False where it is lifted already, or over.</returns>
    public async Task<bool> LiftAsync(string addressHash, string actor, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (await db.BlockedAddresses.Where(row => row.AddressHash == addressHash).ExecuteDeleteAsync(cancellation) == 0)
        {
            return false;
        }
        var (subject, who) = (await audit.NumberOfAsync(db, Reader + addressHash, cancellation), await audit.NumberOfAsync(db, actor, cancellation));
        await audit.AppendAsync(db, new AuditEvent("disavowal.unblocked") { Subject = subject, Actor = who, ReasonCode = "owner-asked" }, cancellation);
        await transaction.CommitAsync(cancellation);
        return true;
    }

    private async Task<List<AddressLine>> DisavowalsAsync(PortalDbContext db, IReadOnlyList<Case> cases, CancellationToken cancellation)
    {
        var (numbers, subjects) = (cases.Select(row => row.Number).ToList(), cases.Select(row => row.Subject).ToList());
        var incidents = await db.Incidents.AsNoTracking().Where(row => numbers.Contains(row.CaseNumber))
            .ToDictionaryAsync(row => row.CaseNumber, row => new IncidentLine(row.CaseNumber, row.AwareAt, row.ReportBy, row.State), cancellation);
        var people = await db.AuditPeople.AsNoTracking().Where(row => subjects.Contains(row.Number)).ToDictionaryAsync(row => row.Number, audit.WhoIs, cancellation);
        return [.. cases.Select(row => new AddressLine(
            row.Number, people.GetValueOrDefault(row.Subject) is { } who && who.StartsWith(Reader, StringComparison.Ordinal) ? who[Reader.Length..] : null, null,
            row.ReceivedAt, row.ClosedAt, row.Status, Incident: incidents.GetValueOrDefault(row.Number)))];
    }

    /// <summary>By any link that was mailed there and still stands: one each.</summary>
    private async Task<IReadOnlyList<AddressLine>> MaskedAsync(PortalDbContext db, IReadOnlyList<AddressLine> lines, CancellationToken cancellation)
    {
        var hashes = lines.Select(line => line.Hash).OfType<string>().ToList();
        var one = db.MailLinks.Where(row => hashes.Contains(row.AddressHash)).GroupBy(row => row.AddressHash).Select(links => links.Min(row => row.TokenHash));
        var known = await db.MailLinks.AsNoTracking().Where(row => one.Contains(row.TokenHash)).ToDictionaryAsync(row => row.AddressHash, row => MaskedAddress.Of(row.Address(keys)), cancellation);
        return [.. lines.Select(line => line with { Masked = line.Hash is { } hash ? known.GetValueOrDefault(hash) : null })];
    }

    private static async Task<(IReadOnlyList<T> Rows, int Page, int Pages)> PageAsync<T>(IOrderedQueryable<T> rows, int page, CancellationToken cancellation)
    {
        var pages = Math.Max(1, (await rows.CountAsync(cancellation) + PageSize - 1) / PageSize);
        page = Math.Min(page, pages);
        return (await rows.Skip((page - 1) * PageSize).Take(PageSize).ToListAsync(cancellation), page, pages);
    }
}
