using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Protection;

/// <summary>What is closed, and when staff look at it again.</summary>
internal sealed record ClosedNow(ClosedReason Reason, DateTime Since, DateOnly? ReviewOn)
{
    public bool IsFrozen => Reason == ClosedReason.Frozen;
}

/// <summary>Staff protect a subscriber's identity, subscribers close their self-service, and staff open it again. What holds while it is closed: <see cref="SelfService"/>.</summary>
internal sealed class Protections(
    IDbContextFactory<PortalDbContext> databases, SelfService selfService, Subjects subjects, StandingAddresses standing, Outbox outbox,
    AuditTrail audit, PortalKeys keys, TimeProvider time)
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
        var subject = await RecordAsync(db, "service.closed", pass.Identities, CodeOf(reason), actor, pass.CaseNumber, cancellation);
        var hash = selfService.HashOf(pass.CustomerNumber);
        if (await db.ClosedSelfServices.SingleOrDefaultAsync(row => row.CustomerHash == hash, cancellation) is { } already)
        {
            (already.Reason, already.ReviewOn) = (reason, reviewOn);
        }
        else
        {
            Add(db, pass.CustomerNumber, subject, reason, reviewOn);
        }
        await EndSessionsAsync(db, hash, null, cancellation);
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>The subscriber closes every agreement of the account, and ends all sessions but this one, which reads on what to do.</summary>
    /// <param name="session">The one that goes on.</param>
    public async Task FreezeAsync(LinkedSubject person, string? session, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var told = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var agreement in person.Identities.Where(identity => identity.Name == CurrentSubject.CustomerNumber))
        {
            var subject = await RecordAsync(db, "service.closed", [agreement], CodeOf(ClosedReason.Frozen), $"account:{person.AccountId}", null, cancellation);
            var hash = selfService.HashOf(agreement.Value);
            if (await db.ClosedSelfServices.AnyAsync(row => row.CustomerHash == hash, cancellation))
            {
                continue;
            }
            Add(db, agreement.Value, subject, ClosedReason.Frozen, null);
            await EndSessionsAsync(db, hash, session, cancellation);
            foreach (var (address, language) in await AddressesAsync(db, agreement.Value, cancellation))
            {
                if (told.Add(address))
                {
                    await outbox.AddAsync(db, new FrozenLetter(), address, language, null, cancellation);
                }
            }
        }
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
        await RecordAsync(db, "service.opened", pass.Identities, reason, actor, pass.CaseNumber, cancellation);
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return true;
    }

    private void Add(PortalDbContext db, string customerNumber, long subject, ClosedReason reason, DateOnly? reviewOn) => db.ClosedSelfServices.Add(new ClosedSelfService
    {
        CustomerHash = selfService.HashOf(customerNumber),
        SealedNumber = ClosedSelfService.Seal(keys, customerNumber),
        Subject = subject,
        Reason = reason,
        Since = time.GetUtcNow().UtcDateTime,
        ReviewOn = reviewOn,
    });

    private static Task<int> EndSessionsAsync(PortalDbContext db, string customerHash, string? but, CancellationToken cancellation) => db.SignInSessions
        .Where(row => row.Id != but && db.AccountLinks.Any(link => link.AccountId == row.AccountId && link.ValueHash == customerHash)).ExecuteDeleteAsync(cancellation);

    /// <summary>Those that the accounts of the agreement have, those that were replaced and whose owners may still object, and Kalejdo's own.</summary>
    private async Task<List<(string Address, string Language)>> AddressesAsync(PortalDbContext db, string customerNumber, CancellationToken cancellation)
    {
        var (hash, now) = (selfService.HashOf(customerNumber), time.GetUtcNow().UtcDateTime);
        var accounts = await db.Users.AsNoTracking().Where(row => db.AccountLinks.Any(link => link.AccountId == row.Id && link.ValueHash == hash)).ToListAsync(cancellation);
        var ids = accounts.Select(account => account.Id).ToList();
        var replaced = await db.MailLinks.AsNoTracking()
            .Where(row => row.Purpose == MailLinkPurpose.UndoAddressChange && row.ExpiresAt > now && row.AccountId != null && ids.Contains(row.AccountId)).ToListAsync(cancellation);
        return
        [
            .. accounts.Where(account => account.EmailConfirmed).Select(account => (account.Email!, account.Language)),
            .. replaced.Select(row => (row.Address(keys), accounts.First(account => account.Id == row.AccountId).Language)),
            .. await standing.FindAsync(customerNumber, cancellation) is { } known ? new[] { known } : [],
        ];
    }

    private async Task<long> RecordAsync(PortalDbContext db, string what, IReadOnlyList<Identity> identities, string reason, string actor, string? caseNumber, CancellationToken cancellation)
    {
        var subject = await subjects.NumberOfAsync(db, identities, cancellation);
        var who = await audit.NumberOfAsync(db, actor, cancellation);
        await audit.AppendAsync(db, new AuditEvent(what) { Subject = subject, Actor = who, CaseNumber = caseNumber, ReasonCode = reason }, cancellation);
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
