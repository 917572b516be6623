using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal;

/// <summary>Counts tries of whatever is limited, on all nodes alike; who tries is kept as a keyed hash alone.</summary>
internal sealed class AttemptLimits(PortalKeys keys, TimeProvider time)
{
    // Longer than any window.
    private static readonly TimeSpan Kept = TimeSpan.FromDays(2);

    /// <summary>Counts one more try, within the caller's transaction. Count before trying, so that tries at once do not slip through.</summary>
    /// <returns>How many there have been since the window began, this one included.</returns>
    public async Task<int> CountAsync(PortalDbContext db, string what, string who, TimeSpan window, CancellationToken cancellation)
    {
        var (hash, now) = (Hash(what, who), time.GetUtcNow().UtcDateTime);
        await db.AttemptCounts.Where(row => row.WindowStart < now - Kept).ExecuteDeleteAsync(cancellation);
        var row = await db.AttemptCounts.SingleOrDefaultAsync(row => row.KeyHash == hash, cancellation);
        if (row is null)
        {
            row = new AttemptCount { KeyHash = hash, WindowStart = now, Count = 0 };
            db.AttemptCounts.Add(row);
        }
        else if (row.WindowStart <= now - window)
        {
            (row.WindowStart, row.Count) = (now, 0);
        }

        row.Count++;
        await db.SaveChangesAsync(cancellation);
        return row.Count;
    }

    public async Task ForgetAsync(PortalDbContext db, string what, string who, CancellationToken cancellation)
    {
        var hash = Hash(what, who);
        await db.AttemptCounts.Where(row => row.KeyHash == hash).ExecuteDeleteAsync(cancellation);
    }

    /// <summary>Where somebody comes from, widely enough that one household or one provider's customer counts as one.</summary>
    public static string NetworkOf(HttpContext context)
    {
        if (context.Connection.RemoteIpAddress is not { } address)
        {
            return "";
        }

        var bytes = (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).GetAddressBytes();
        return Convert.ToHexString(bytes.AsSpan(0, bytes.Length == 4 ? 4 : 7));
    }

    private string Hash(string what, string who) => keys.Hash($"attempts {what}", who);
}
