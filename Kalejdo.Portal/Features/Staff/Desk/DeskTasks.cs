using System.Globalization;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Staff.Desk;

/// <summary>What a job left for people to look at.</summary>
/// <param name="Place">As the job wrote it; empty where the task has no place.</param>
/// <param name="Words">The place by the map's labels; null where the map does not know it.</param>
internal sealed record DeskTask(StaffTaskKind Kind, string Place, string? Words, string? CaseNumber, long Rows, DateTime CreatedAt);

/// <summary>The tasks that nobody has done, the oldest first.</summary>
internal sealed class DeskTasks(IDbContextFactory<PortalDbContext> databases, LiveMap liveMap)
{
    public const int PageSize = 25;

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
        return ([.. tasks.Select(row => new DeskTask(row.Kind, row.Place, map is null ? null : InWords(map, row), row.CaseNumber, row.Rows, row.CreatedAt))], page, pages);
    }

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
