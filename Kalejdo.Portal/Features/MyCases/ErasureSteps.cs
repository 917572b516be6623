using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.MyCases;

/// <summary>How far an erasure has come.</summary>
/// <param name="Waits">Whether a database does not answer, and it is tried again.</param>
internal sealed record StepsTaken(int Done, int Total, bool Waits);

/// <summary>The progress of an erasure, for whoever holds its case's link.</summary>
internal sealed class ErasureSteps(CaseLinks links, IDbContextFactory<PortalDbContext> databases)
{
    /// <returns>Null where it is over, or the link opens nothing (any more).</returns>
    public async Task<StepsTaken?> FindAsync(string token, CancellationToken cancellationToken)
    {
        if (links.Read(token) is not { } number)
        {
            return null;
        }
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.WorkingSets.Where(w => w.CaseNumber == number)
            .Select(w => new StepsTaken(w.StepsDone, w.StepsTotal, w.ClaimedUntil == null)).SingleOrDefaultAsync(cancellationToken);
    }
}
