using System.Globalization;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Staff.Desk;

/// <summary>What a job left for people to look at.</summary>
/// <param name="Place">As the job wrote it; empty where the task has no place.</param>
/// <param name="Words">The place by the map's labels; null where the map does not know it.</param>
internal sealed record DeskTask(long Id, StaffTaskKind Kind, string Place, string? Words, string? CaseNumber, long Rows, DateTime CreatedAt)
{
    /// <summary>Whether staff say that it is done; a reminder goes when what it reminds of is done.</summary>
    public bool IsPutAway => DeskTasks.PutAway.Contains(Kind);
}

/// <summary>The tasks that nobody has done, the oldest first.</summary>
internal sealed class DeskTasks(IDbContextFactory<PortalDbContext> databases, LiveMap liveMap, AuditTrail audit, TimeProvider time)
{
    public const int PageSize = 25;

    public static IReadOnlyList<StaffTaskKind> PutAway { get; } =
    [
        StaffTaskKind.TraceFound, StaffTaskKind.OverwriteLate, StaffTaskKind.MailUndeliverable, StaffTaskKind.AddressBounced, StaffTaskKind.RecipientNotReached,
        StaffTaskKind.RecipientNotTold, StaffTaskKind.ErasureReturned,
    ];

    /// <param name="page">Counted from 1; the last one where it lies beyond.</param>
    public async Task<(IReadOnlyList<DeskTask> Tasks, int Page, int Pages)> ReadAsync(int page, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var open = db.StaffTasks.AsNoTracking().Where(row => row.DoneAt == null);
        var pages = Math.Max(1, (await open.CountAsync(cancellation) + PageSize - 1) / PageSize);
        page = Math.Min(page, pages);
        var tasks = await open.OrderBy(row => row.CreatedAt).ThenBy(row => row.Id).Skip((page - 1) * PageSize).Take(PageSize).ToListAsync(cancellation);
        // While the databases cannot be read there are no labels; the tasks are shown all the same.
        var map = tasks.Count == 0 ? null : (await liveMap.OpenAsync(cancellation)).Databases?.Map;
        return ([.. tasks.Select(row => new DeskTask(row.Id, row.Kind, row.Place, map is null ? null : InWords(map, row), row.CaseNumber, row.Rows, row.CreatedAt))], page, pages);
    }

    /// <summary>Puts a task away, and on record who did. Once: whoever presses the button of a page that stood open changes nothing.</summary>
    public async Task DoneAsync(long id, string actor, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var now = time.GetUtcNow().UtcDateTime;
        if (await db.StaffTasks.Where(row => row.Id == id && row.DoneAt == null && PutAway.Contains(row.Kind)).ExecuteUpdateAsync(set => set.SetProperty(row => row.DoneAt, now), cancellation) == 0)
        {
            return;
        }
        var task = await db.StaffTasks.AsNoTracking().SingleAsync(row => row.Id == id, cancellation);
        var subject = await db.Cases.Where(row => row.Number == task.CaseNumber).Select(row => (long?)row.Subject).SingleOrDefaultAsync(cancellation);
        var who = await audit.NumberOfAsync(db, actor, cancellation);
        await audit.AppendAsync(db, new AuditEvent("task.done") { Subject = subject, Actor = who, CaseNumber = task.CaseNumber, ReasonCode = CodeOf(task.Kind) }, cancellation);
        await transaction.CommitAsync(cancellation);
    }

    private static string CodeOf(StaffTaskKind kind) => kind switch
    {
        StaffTaskKind.TraceFound => "trace-found",
        StaffTaskKind.OverwriteLate => "overwrite-late",
        StaffTaskKind.MailUndeliverable => "mail-undeliverable",
        StaffTaskKind.AddressBounced => "address-bounced",
        StaffTaskKind.RecipientNotReached => "recipient-not-reached",
        StaffTaskKind.RecipientNotTold => "recipient-not-told",
        StaffTaskKind.ErasureReturned => "erasure-returned",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private static string? InWords(Map map, StaffTask task)
    {
        if (task.Kind != StaffTaskKind.TraceFound)
        {
            return In(map.Find("portal", "outbox")?.Find("template")?.Values.FirstOrDefault(letter => letter.Value == task.Place)?.Label);
        }
        if (task.Place.Split('.') is not [var source, var table, var column] || map.Find(source, table) is not { } collection)
        {
            return null;
        }
        var label = In(collection.Label ?? map.Kinds.FirstOrDefault(kind => kind.Key == collection.Kind)?.Label);
        return label is not null && In(collection.Find(column)?.Label) is { } field ? $"{label}: {field}" : label;
    }

    private static string? In(LocalText? text) => text?.In(CultureInfo.CurrentUICulture.TwoLetterISOLanguageName);
}
