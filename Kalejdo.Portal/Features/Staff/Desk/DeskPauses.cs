using System.Globalization;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Staff.Desk;

/// <summary>A kind of somebody's data that is kept and not used (GDPR Art. 18); nothing about whose it is.</summary>
/// <param name="Words">The kind by the map's label; null where the map does not know it.</param>
public sealed record DeskPause(string CaseNumber, string Kind, string? Words, RestrictionGround Ground, DateTime Since, bool EndDecided);

/// <summary>The pauses in force, the oldest first, as those have waited longest for somebody to look at them.</summary>
internal sealed class DeskPauses(IDbContextFactory<PortalDbContext> databases, LiveMap liveMap)
{
    public const int Most = 25;

    /// <returns>And how many more there are.</returns>
    public async Task<(IReadOnlyList<DeskPause> Pauses, int More)> ReadAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var inForce = db.RestrictedKinds.AsNoTracking().Where(row => row.EndedAt == null);
        var rows = await inForce.OrderBy(row => row.Since).ThenBy(row => row.Id).Take(Most).ToListAsync(cancellation);
        var map = rows.Count == 0 ? null : (await liveMap.OpenAsync(cancellation)).Databases?.Map;
        return (
            [.. rows.Select(row => new DeskPause(
                row.CaseNumber, row.Kind, map?.Kinds.FirstOrDefault(kind => kind.Key == row.Kind)?.Label?.In(CultureInfo.CurrentUICulture.TwoLetterISOLanguageName), row.Ground, row.Since, row.EndDecidedAt is not null))],
            await inForce.CountAsync(cancellation) - rows.Count);
    }

    /// <returns>What is paused in that case now; null where nothing is.</returns>
    public async Task<RestrictedKind?> OfCaseAsync(string caseNumber, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.RestrictedKinds.AsNoTracking().SingleOrDefaultAsync(row => row.CaseNumber == caseNumber && row.EndedAt == null, cancellation);
    }
}
