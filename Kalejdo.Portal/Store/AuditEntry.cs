using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>A link of the audit chain. It names nobody: who the numbers are, <see cref="AuditPerson"/> says for a while.</summary>
public sealed class AuditEntry
{
    /// <summary>1, 2, 3 … without a gap.</summary>
    public required long Sequence { get; init; }

    public required DateTime At { get; init; }

    public long? Subject { get; init; }

    public long? Actor { get; init; }

    public required string Event { get; init; }

    public string? ReasonCode { get; init; }

    public string? CaseNumber { get; init; }

    public required string PreviousHash { get; init; }

    public required string Hash { get; init; }
}

internal sealed class AuditEntryConfiguration : IEntityTypeConfiguration<AuditEntry>
{
    public void Configure(EntityTypeBuilder<AuditEntry> builder)
    {
        builder.ToTable("audit_entries").HasKey(row => row.Sequence);
        builder.Property(row => row.Sequence).ValueGeneratedNever();
        builder.Property(row => row.Event).HasMaxLength(64);
        builder.Property(row => row.ReasonCode).HasMaxLength(64);
        builder.Property(row => row.CaseNumber).HasMaxLength(16);
        builder.Property(row => row.PreviousHash).HasMaxLength(64);
        builder.Property(row => row.Hash).HasMaxLength(64);
        builder.HasIndex(row => row.Hash).IsUnique();
        builder.HasIndex(row => row.Subject);
        builder.HasIndex(row => row.CaseNumber);
    }
}
