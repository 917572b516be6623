using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>How often something limited was tried since its window began; in the database, so that every node counts alike.</summary>
public sealed class AttemptCount
{
    /// <summary>A keyed hash of what is counted and for whom.</summary>
    public required string KeyHash { get; init; }

    public required DateTime WindowStart { get; set; }

    public required int Count { get; set; }
}

internal sealed class AttemptCountConfiguration : IEntityTypeConfiguration<AttemptCount>
{
    public void Configure(EntityTypeBuilder<AttemptCount> builder)
    {
        builder.ToTable("attempt_counts").HasKey(row => row.KeyHash);
        builder.Property(row => row.KeyHash).HasMaxLength(64);
        builder.HasIndex(row => row.WindowStart);
    }
}
