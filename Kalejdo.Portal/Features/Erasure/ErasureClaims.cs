using System.Text.Json;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>Working sets of erasures that are under way: each is held by one process at a time, whatever node it runs on.</summary>
internal sealed class ErasureClaims(IDbContextFactory<PortalDbContext> databases, IDataProtectionProvider protection, TimeProvider time)
{
    private static readonly TimeSpan Claim = TimeSpan.FromMinutes(10);

    // The intent is the first step, the new look at the end the last.
    private const int StepsBesidesDatabases = 2;

    // The last part is this life's: a container's process has the same number in every life.
    private readonly string me = $"{Environment.MachineName}/{Environment.ProcessId}/{Guid.NewGuid():N}";

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>A new one, held by this process.</summary>
    public WorkingSet New(string number, ErasureWork work) => new()
    {
        CaseNumber = number,
        CreatedAt = Now,
        ClaimedBy = me,
        ClaimedUntil = Now + Claim,
        Payload = Protect(number, work),
        StepsDone = StepsDone(work),
        StepsTotal = work.Plan.Count + StepsBesidesDatabases,
    };

    /// <summary>Encrypts as <see cref="New"/> does.</summary>
    public byte[] Protect(string number, ErasureWork work) => WorkingSet.Protector(protection, number).Protect(work.ToBytes());

    public async Task SaveAsync(string number, ErasureWork work, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var (payload, until, done) = (Protect(number, work), Now + Claim, StepsDone(work));
        await db.WorkingSets.Where(w => w.CaseNumber == number).ExecuteUpdateAsync(
            set => set.SetProperty(w => w.Payload, payload).SetProperty(w => w.StepsDone, done).SetProperty(w => w.ClaimedBy, me).SetProperty(w => w.ClaimedUntil, until), cancellationToken);
    }

    /// <param name="reasons">Why it could not go on: for staff, who see it at the case.</param>
    public async Task ReleaseAsync(string number, IReadOnlyList<Refusal> reasons, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var why = JsonSerializer.Serialize(reasons);
        await db.Cases.Where(c => c.Number == number && c.Status == CaseStatus.InProgress).ExecuteUpdateAsync(set => set.SetProperty(c => c.OutcomeJson, why), cancellationToken);
        await db.WorkingSets.Where(w => w.CaseNumber == number)
            .ExecuteUpdateAsync(set => set.SetProperty(w => w.ClaimedBy, (string?)null).SetProperty(w => w.ClaimedUntil, (DateTime?)null), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Takes a working set that nobody works on; null where somebody does.</summary>
    public async Task<ErasureWork?> TakeAsync(string number, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var working = await db.WorkingSets.AsNoTracking().SingleOrDefaultAsync(w => w.CaseNumber == number, cancellationToken);
        if (working is null || (working.ClaimedUntil > Now && !IsDead(working.ClaimedBy)))
        {
            return null;
        }
        var until = Now + Claim;
        var claimed = await db.WorkingSets.Where(w => w.CaseNumber == number && w.ClaimedBy == working.ClaimedBy && w.ClaimedUntil == working.ClaimedUntil)
            .ExecuteUpdateAsync(set => set.SetProperty(w => w.ClaimedBy, me).SetProperty(w => w.ClaimedUntil, until).SetProperty(w => w.Attempts, w => w.Attempts + 1), cancellationToken);
        return claimed == 1 ? ErasureWork.FromBytes(WorkingSet.Protector(protection, number).Unprotect(working.Payload)) : null;
    }

    private static int StepsDone(ErasureWork work) => 1 + work.Done.Count;

    /// <summary>A claim of this machine whose process is gone need not run out first.</summary>
    private bool IsDead(string? claimedBy)
    {
        if (claimedBy?.Split('/') is not [var machine, var id, ..] || machine != Environment.MachineName || !int.TryParse(id, out var process))
        {
            return claimedBy is null;
        }
        if (process == Environment.ProcessId)
        {
            return claimedBy != me;
        }
        try
        {
            using var alive = System.Diagnostics.Process.GetProcessById(process);
            return alive.HasExited;
        }
        catch (ArgumentException)
        {
            return true;
        }
    }
}
