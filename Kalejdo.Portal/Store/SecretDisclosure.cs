using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>
/// That a law keeps a disclosure secret from the person it is about. Its entry in the chain names no subject, so that nothing which
/// looks for the person's entries finds it; whom it concerns is here, as a keyed hash, and counts when the secrecy is over.
/// </summary>
public sealed class SecretDisclosure
{
    /// <summary>The entry's number.</summary>
    public required long Sequence { get; init; }

    public required string SubjectHash { get; init; }

    /// <summary>Null as long as nobody has said when.</summary>
    public DateTime? Until { get; set; }
}

internal sealed class SecretDisclosureConfiguration : IEntityTypeConfiguration<SecretDisclosure>
{
    public void Configure(EntityTypeBuilder<SecretDisclosure> builder)
    {
        builder.ToTable("secret_disclosures").HasKey(row => row.Sequence);
        builder.Property(row => row.Sequence).ValueGeneratedNever();
        builder.Property(row => row.SubjectHash).HasMaxLength(64);
        builder.HasIndex(row => row.SubjectHash);
    }
}
