using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>A reason in somebody's own words, which may name people: outside the chain, and it expires.</summary>
public sealed class AuditNote
{
    /// <summary>The entry's number.</summary>
    public required long Sequence { get; init; }

    public required string Text { get; set; }

    public required DateTime ExpiresAt { get; init; }
}

internal sealed class AuditNoteConfiguration : IEntityTypeConfiguration<AuditNote>
{
    public void Configure(EntityTypeBuilder<AuditNote> builder)
    {
        builder.ToTable("audit_notes").HasKey(row => row.Sequence);
        builder.Property(row => row.Sequence).ValueGeneratedNever();
        builder.HasIndex(row => row.ExpiresAt);
    }
}
