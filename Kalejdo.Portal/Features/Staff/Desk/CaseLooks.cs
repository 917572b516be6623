using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Staff.Desk;

/// <summary>Who has a case open at this moment, on whichever node.</summary>
internal sealed class CaseLooks(IDbContextFactory<PortalDbContext> databases, TimeProvider time)
{
    /// <summary>Two looks may be lost before somebody counts as gone.</summary>
    public static readonly TimeSpan Validity = TimeSpan.FromSeconds(30);

    /// <summary>Says that somebody still has it open.</summary>
    /// <returns>Who else has, and the version that the case has now.</returns>
    public async Task<(IReadOnlyList<Colleague> Others, int Version)> RenewAsync(string caseNumber, string accountId, CancellationToken cancellation)
    {
        var now = time.GetUtcNow().UtcDateTime;
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using (var transaction = await db.Database.BeginTransactionAsync(cancellation))
        {
            if (await db.CaseLooks.Where(row => row.CaseNumber == caseNumber && row.AccountId == accountId)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.ExpiresAt, now + Validity), cancellation) == 0)
            {
                db.CaseLooks.Add(new CaseLook { CaseNumber = caseNumber, AccountId = accountId, ExpiresAt = now + Validity });
                await db.SaveChangesAsync(cancellation);
            }
            await transaction.CommitAsync(cancellation);
        }
        var others = await db.CaseLooks.AsNoTracking().Where(row => row.CaseNumber == caseNumber && row.AccountId != accountId && row.ExpiresAt > now)
            .Select(row => row.AccountId).ToListAsync(cancellation);
        var version = await db.Cases.AsNoTracking().Where(row => row.Number == caseNumber).Select(row => row.Version).SingleAsync(cancellation);
        return (others.Count == 0 ? [] : await Assignments.NamesAsync(db, others, cancellation), version);
    }

    public async Task EndAsync(string caseNumber, string accountId, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await db.CaseLooks.Where(row => row.CaseNumber == caseNumber && row.AccountId == accountId).ExecuteDeleteAsync(cancellation);
    }
}
