using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Protection;

/// <summary>What is closed, and when staff look at it again.</summary>
internal sealed record ClosedNow(ClosedReason Reason, DateTime Since, DateOnly? ReviewOn)
{
    public bool IsFrozen => Reason == ClosedReason.Frozen;
}

/// <summary>Staff protect a subscriber's identity and open self-service again. What holds while it is closed: <see cref="SelfService"/>.</summary>
internal sealed class Protections(IDbContextFactory<PortalDbContext> databases, SelfService selfService, Subjects subjects, AuditTrail audit, PortalKeys keys, TimeProvider time)
{
    public static readonly ClosedReason[] Reasons = [ClosedReason.SecrecyMarking, ClosedReason.ProtectedRegistration, ClosedReason.Threat];

    /// <summary>Codes; which of them fit says <see cref="LiftReasons"/>.</summary>
    private static readonly string[] OfProtection = ["protection-ended", "marked-by-mistake"], OfFreeze = ["person-identified"];

    public static string[] LiftReasons(ClosedNow closed) => closed.IsFrozen ? OfFreeze : OfProtection;

    /// <returns>Null where self-service is open, as far as the portal knows.</returns>
    public async Task<ClosedNow?> FindAsync(string customerNumber, CancellationToken cancellation)
    {
        var hash = selfService.HashOf(customerNumber);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.ClosedSelfServices.Where(row => row.CustomerHash == hash).Select(row => new ClosedNow(row.Reason, row.Since, row.ReviewOn)).SingleOrDefaultAsync(cancellation);
    }

    /// <summary>Closes self-service at once, and ends the sessions of every account of the agreement; marked already it has a new reason and day.</summary>
    /// <param name="actor">Who does it, by the audit's names.</param>
    public async Task MarkAsync(SubscriberPass pass, ClosedReason reason, DateOnly reviewOn, string actor, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        // On record first: whoever does the same at the same moment waits here.
        var subject = await RecordAsync(db, "service.closed", pass, CodeOf(reason), actor, cancellation);
        var hash = selfService.HashOf(pass.CustomerNumber);
        if (await db.ClosedSelfServices.SingleOrDefaultAsync(row => row.CustomerHash == hash, cancellation) is { } already)
        {
            (already.Reason, already.ReviewOn) = (reason, reviewOn);
        }
        else
        {
            db.ClosedSelfServices.Add(new ClosedSelfService
            {
                CustomerHash = hash,
                SealedNumber = ClosedSelfService.Seal(keys, pass.CustomerNumber),
                Subject = subject,
                Reason = reason,
                Since = time.GetUtcNow().UtcDateTime,
                ReviewOn = reviewOn,
            });
        }
        await db.SignInSessions.Where(row => db.AccountLinks.Any(link => link.AccountId == row.AccountId && link.ValueHash == hash)).ExecuteDeleteAsync(cancellation);
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <param name="reason">Of <see cref="LiftReasons"/>.</param>
    /// <returns>False where nothing was closed (any more), or the reason does not fit what is.</returns>
    public async Task<bool> LiftAsync(SubscriberPass pass, string? reason, string actor, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var hash = selfService.HashOf(pass.CustomerNumber);
        if (reason is null
            || await FindAsync(pass.CustomerNumber, cancellation) is not { } closed || !LiftReasons(closed).Contains(reason)
            || await db.ClosedSelfServices.Where(row => row.CustomerHash == hash && row.Reason == closed.Reason).ExecuteDeleteAsync(cancellation) == 0)
        {
            return false;
        }
        await RecordAsync(db, "service.opened", pass, reason, actor, cancellation);
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return true;
    }

    private async Task<long> RecordAsync(PortalDbContext db, string what, SubscriberPass pass, string reason, string actor, CancellationToken cancellation)
    {
        var subject = await subjects.NumberOfAsync(db, pass.Identities, cancellation);
        var who = await audit.NumberOfAsync(db, actor, cancellation);
        await audit.AppendAsync(db, new AuditEvent(what) { Subject = subject, Actor = who, CaseNumber = pass.CaseNumber, ReasonCode = reason }, cancellation);
        return subject;
    }

    private static string CodeOf(ClosedReason reason) => reason switch
    {
        ClosedReason.SecrecyMarking => "secrecy-marking",
        ClosedReason.ProtectedRegistration => "protected-registration",
        ClosedReason.Threat => "threat",
        ClosedReason.Frozen => "frozen",
        _ => throw new ArgumentOutOfRangeException(nameof(reason)),
    };
}
