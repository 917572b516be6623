using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>
/// An address whose mail server said that there is no such mailbox. It is known by its keyed hash alone, and forgotten when a mail
/// reaches it or when the mark has grown old.
/// </summary>
public sealed class BouncedAddress
{
    /// <summary>Addresses are given to new people and mailboxes are mended: a mark says nothing for ever.</summary>
    public static readonly TimeSpan Validity = TimeSpan.FromDays(180);

    /// <summary>By <see cref="MailLink.HashAddress"/>.</summary>
    public required string AddressHash { get; init; }

    public required string ReasonCode { get; set; }

    public required DateTime BouncedAt { get; set; }

    public required DateTime ExpiresAt { get; set; }

    /// <summary>Whether mail to the address is known to come back; for mail that people may decline, and for pages that ask for a new address.</summary>
    public static Task<bool> IsMarkedAsync(PortalDbContext db, PortalKeys keys, string address, DateTime now, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(db);
        var hash = MailLink.HashAddress(keys, address);
        return db.BouncedAddresses.AnyAsync(row => row.AddressHash == hash && row.ExpiresAt > now, cancellation);
    }
}

internal sealed class BouncedAddressConfiguration : IEntityTypeConfiguration<BouncedAddress>
{
    public void Configure(EntityTypeBuilder<BouncedAddress> builder)
    {
        builder.ToTable("bounced_addresses").HasKey(row => row.AddressHash);
        builder.Property(row => row.AddressHash).HasMaxLength(64);
        builder.Property(row => row.ReasonCode).HasMaxLength(64);
        builder.HasIndex(row => row.ExpiresAt);
    }
}
