using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>An address that its owner wants no more mail to: its keyed hash alone, until it expires or its owner lifts it.</summary>
public sealed class BlockedAddress
{
    /// <summary>By <see cref="MailLink.HashAddress"/>.</summary>
    public required string AddressHash { get; init; }

    public required DateTime BlockedAt { get; init; }

    public required DateTime ExpiresAt { get; init; }

    public static Task<bool> IsBlockedAsync(PortalDbContext db, string addressHash, DateTime now, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(db);
        return db.BlockedAddresses.AnyAsync(row => row.AddressHash == addressHash && row.ExpiresAt > now, cancellation);
    }
}

internal sealed class BlockedAddressConfiguration : IEntityTypeConfiguration<BlockedAddress>
{
    public void Configure(EntityTypeBuilder<BlockedAddress> builder)
    {
        builder.ToTable("blocked_addresses").HasKey(row => row.AddressHash);
        builder.Property(row => row.AddressHash).HasMaxLength(64);
        builder.HasIndex(row => row.ExpiresAt);
    }
}
