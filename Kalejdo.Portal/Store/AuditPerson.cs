using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>Who a number of the audit is. Outside the chain: when it expires, the chain still verifies and names nobody.</summary>
public sealed class AuditPerson
{
    /// <summary>Random, so that it tells nothing of who or since when.</summary>
    public required long Number { get; init; }

    public required string WhoHash { get; init; }

    /// <summary>Sealed under the portal's key.</summary>
    public required byte[] Who { get; init; }

    public required DateTime ExpiresAt { get; set; }
}

internal sealed class AuditPersonConfiguration : IEntityTypeConfiguration<AuditPerson>
{
    public void Configure(EntityTypeBuilder<AuditPerson> builder)
    {
        builder.ToTable("audit_people").HasKey(row => row.Number);
        builder.Property(row => row.Number).ValueGeneratedNever();
        builder.Property(row => row.WhoHash).HasMaxLength(64);
        builder.HasIndex(row => row.WhoHash).IsUnique();
        builder.HasIndex(row => row.ExpiresAt);
    }
}
