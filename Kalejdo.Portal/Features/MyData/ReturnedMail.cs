using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.MyData;

/// <summary>Whether the person's mails come back: nobody else can tell them.</summary>
internal sealed class ReturnedMail(IDbContextFactory<PortalDbContext> databases, PortalKeys keys, TimeProvider time)
{
    /// <returns>The account's address where its mailbox is known to be none; else null.</returns>
    public async Task<string?> AddressOfAsync(LinkedSubject subject, CancellationToken cancellationToken)
    {
        if (subject.ConfirmedAddress is not { } address)
        {
            return null;
        }

        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await BouncedAddress.IsMarkedAsync(db, keys, address, time.GetUtcNow().UtcDateTime, cancellationToken) ? address : null;
    }
}
