using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Staff.Desk;

/// <summary>What staff need to choose what to do next; nothing about whose case it is.</summary>
internal sealed record DeskCase(string Number, CaseType Type, CaseStatus Status, DateTime ReceivedAt, DateOnly DueOn, bool Stopped);

/// <summary>A disavowal that asks whether data reached a stranger (GDPR Art. 33).</summary>
internal sealed record DeskIncident(string CaseNumber, DateTime AwareAt, DateTime ReportBy);

/// <summary>The cases that are not closed, those that should have been answered already first.</summary>
internal sealed class DeskCases(IDbContextFactory<PortalDbContext> databases)
{
    public const int PageSize = 25;

    /// <summary>Those that nobody has answered yet, the most urgent first.</summary>
    public async Task<IReadOnlyList<DeskIncident>> IncidentsAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Incidents.AsNoTracking().Where(row => row.State == IncidentState.Open)
            .OrderBy(row => row.ReportBy).ThenBy(row => row.CaseNumber).Take(PageSize)
            .Select(row => new DeskIncident(row.CaseNumber, row.AwareAt, row.ReportBy)).ToListAsync(cancellation);
    }

    /// <param name="page">Counted from 1; the last one where it lies beyond.</param>
    public async Task<(IReadOnlyList<DeskCase> Cases, int Page, int Pages, int Overdue)> ReadAsync(int page, DateOnly today, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var open = db.Cases.AsNoTracking().Where(row => row.ClosedAt == null);
        var count = await open.CountAsync(cancellation);
        var overdue = await open.CountAsync(row => row.DueOn < today && row.StoppedAt == null, cancellation);
        var pages = Math.Max(1, (count + PageSize - 1) / PageSize);
        page = Math.Min(page, pages);
        var cases = await open
            .OrderBy(row => row.DueOn).ThenBy(row => row.ReceivedAt).ThenBy(row => row.Number)
            .Skip((page - 1) * PageSize).Take(PageSize)
            .Select(row => new DeskCase(row.Number, row.Type, row.Status, row.ReceivedAt, row.DueOn, row.StoppedAt != null))
            .ToListAsync(cancellation);
        return (cases, page, pages, overdue);
    }
}
