using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>
/// The one row that says where the audit chain ends: appenders queue for its lock, and its seal betrays that the
/// newest entries were cut off, which the chain itself cannot.
/// </summary>
public sealed class AuditHead
{
    public const int TheOne = 1;

    public int Id { get; init; } = TheOne;

    public long Sequence { get; init; }

    public string Hash { get; init; } = "";

    /// <summary>Empty until the first entry, as migrations hold no key.</summary>
    public string Seal { get; init; } = "";
}

internal sealed class AuditHeadConfiguration : IEntityTypeConfiguration<AuditHead>
{
    public void Configure(EntityTypeBuilder<AuditHead> builder)
    {
        builder.ToTable("audit_head").HasKey(row => row.Id);
        builder.Property(row => row.Id).ValueGeneratedNever();
        builder.Property(row => row.Hash).HasMaxLength(64);
        builder.Property(row => row.Seal).HasMaxLength(64);
        builder.HasData(new AuditHead());
    }
}
