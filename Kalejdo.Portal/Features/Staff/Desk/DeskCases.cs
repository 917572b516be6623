using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Staff.Desk;

/// <summary>What staff need to choose what to do next; nothing about whose case it is.</summary>
/// <param name="Version">Changes with whatever somebody does to it.</param>
internal sealed record DeskCase(string Number, CaseType Type, CaseStatus Status, DateTime ReceivedAt, DateOnly DueOn, bool Stopped, bool Closed, int Version);

internal enum DeskOrder
{
    /// <summary>The overdue first.</summary>
    Due,
    Received,
    Number,
}

/// <summary>A disavowal that asks whether data reached a stranger (GDPR Art. 33).</summary>
internal sealed record DeskIncident(string CaseNumber, DateTime AwareAt, DateTime ReportBy);

/// <summary>Cases by what is looked for, a page at a time; of many, the database counts and sorts and hands over only those.</summary>
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

    /// <summary>How many open cases should have been answered already.</summary>
    public async Task<int> OverdueAsync(DateOnly today, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Cases.CountAsync(row => row.ClosedAt == null && row.DueOn < today && row.StoppedAt == null, cancellation);
    }

    /// <returns>The page, or the last one where it lies beyond; its number; how many cases there are.</returns>
    public async Task<(IReadOnlyList<DeskCase> Cases, int Page, int Count)> ReadAsync(
        DeskFilter filter, DeskOrder order, bool descending, DateOnly today, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var sought = Sought(db, filter, today);
        var count = await sought.CountAsync(cancellation);
        var page = Math.Min(filter.Page, PagesOf(count));
        var cases = await Ordered(sought, order, descending)
            .Skip((page - 1) * PageSize).Take(PageSize)
            .Select(row => new DeskCase(row.Number, row.Type, row.Status, row.ReceivedAt, row.DueOn, row.StoppedAt != null, row.ClosedAt != null, row.Version))
            .ToListAsync(cancellation);
        return (cases, page, count);
    }

    /// <summary>Moves on with everything that is put on record, and so with whatever anybody does to a case, on whichever node.</summary>
    public async Task<long> NewestAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.AuditHeads.AsNoTracking().Select(row => row.Sequence).SingleAsync(cancellation);
    }

    public static int PagesOf(int count) => Math.Max(1, (count + PageSize - 1) / PageSize);

    private static IQueryable<Case> Sought(PortalDbContext db, DeskFilter filter, DateOnly today)
    {
        var cases = db.Cases.AsNoTracking();
        if (filter.Number.Length > 0)
        {
            cases = cases.Where(row => row.Number.Contains(filter.Number));
        }
        else if (filter.Status is null or not (CaseStatus.Done or CaseStatus.Refused or CaseStatus.Withdrawn or CaseStatus.Expired))
        {
            cases = cases.Where(row => row.ClosedAt == null);
        }
        if (filter.Status is { } status)
        {
            cases = cases.Where(row => row.Status == status);
        }
        if (filter.Type is { } type)
        {
            cases = cases.Where(row => row.Type == type);
        }
        return filter.Overdue ? cases.Where(row => row.ClosedAt == null && row.DueOn < today && row.StoppedAt == null) : cases;
    }

    private static IOrderedQueryable<Case> Ordered(IQueryable<Case> cases, DeskOrder order, bool descending) => (order, descending) switch
    {
        (DeskOrder.Received, false) => cases.OrderBy(row => row.ReceivedAt).ThenBy(row => row.Number),
        (DeskOrder.Received, true) => cases.OrderByDescending(row => row.ReceivedAt).ThenBy(row => row.Number),
        (DeskOrder.Number, false) => cases.OrderBy(row => row.Number),
        (DeskOrder.Number, true) => cases.OrderByDescending(row => row.Number),
        (_, true) => cases.OrderByDescending(row => row.DueOn).ThenBy(row => row.ReceivedAt).ThenBy(row => row.Number),
        _ => cases.OrderBy(row => row.DueOn).ThenBy(row => row.ReceivedAt).ThenBy(row => row.Number),
    };
}
