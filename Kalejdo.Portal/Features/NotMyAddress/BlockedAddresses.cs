using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Features.NotMyAddress;

/// <summary>Addresses that their owners want no mail to: put on the list with a disavowal, taken off by a code to the mailbox. Off until it is switched on.</summary>
internal sealed class BlockedAddresses(IDbContextFactory<PortalDbContext> databases, AuditTrail audit, Outbox outbox, IOptions<DisavowalOptions> options, TimeProvider time)
{
    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>Until when a block made now would last; null where addresses cannot be blocked.</summary>
    public DateTime? WouldEnd => options.Value.Blocking ? Now + TimeSpan.FromDays(options.Value.BlockDays) : null;

    /// <summary>Until when the address is blocked; null where it is not.</summary>
    public async Task<DateTime?> UntilAsync(PortalDbContext db, string addressHash, CancellationToken cancellation)
    {
        var now = Now;
        return await db.BlockedAddresses.Where(row => row.AddressHash == addressHash && row.ExpiresAt > now).Select(row => (DateTime?)row.ExpiresAt).SingleOrDefaultAsync(cancellation);
    }

    /// <summary>Within the caller's transaction, which saves.</summary>
    public async Task BlockAsync(PortalDbContext db, string addressHash, Case reason, CancellationToken cancellation)
    {
        if (WouldEnd is not { } until)
        {
            return;
        }

        var now = Now;
        await db.BlockedAddresses.Where(row => row.AddressHash == addressHash).ExecuteDeleteAsync(cancellation);
        db.BlockedAddresses.Add(new BlockedAddress { AddressHash = addressHash, BlockedAt = now, ExpiresAt = until });
        await audit.AppendAsync(db, new AuditEvent("disavowal.blocked") { Subject = reason.Subject, Actor = reason.Subject, CaseNumber = reason.Number }, cancellation);
    }

    /// <summary>For who has just shown that the mailbox is theirs.</summary>
    public async Task LiftAsync(string addressHash, string address, string language, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (await db.BlockedAddresses.Where(row => row.AddressHash == addressHash).ExecuteDeleteAsync(cancellation) == 1)
        {
            var subject = await audit.NumberOfAsync(db, Disavowals.Subject(addressHash), cancellation);
            await audit.AppendAsync(db, new AuditEvent("disavowal.unblocked") { Subject = subject, Actor = subject }, cancellation);
            await outbox.AddAsync(db, new AddressUnblockedLetter(), address, language, null, cancellation);
            await db.SaveChangesAsync(cancellation);
        }

        await transaction.CommitAsync(cancellation);
    }
}
