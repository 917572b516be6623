using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.MyData;

/// <summary>Whether an address of the person's was removed because its mailbox's reader disowned it.</summary>
internal sealed class AddressNotices(IDbContextFactory<PortalDbContext> databases, TimeProvider time)
{
    /// <returns>When it was, the latest time; null where there is nothing to tell.</returns>
    public async Task<DateTime?> OfAsync(LinkedSubject subject, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var now = time.GetUtcNow().UtcDateTime;
        return await db.AddressNotices.Where(row => row.AccountId == subject.AccountId && row.ExpiresAt > now).MaxAsync(row => (DateTime?)row.CreatedAt, cancellationToken);
    }
}
