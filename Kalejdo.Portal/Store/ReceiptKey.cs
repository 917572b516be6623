using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>A key that receipts are signed with. Old ones stay: what they signed is to be verified for years.</summary>
public sealed class ReceiptKey
{
    /// <summary>The key's thumbprint (RFC 7638), by which a receipt names it.</summary>
    public required string Id { get; init; }

    public required DateTime CreatedAt { get; init; }

    /// <summary>SubjectPublicKeyInfo.</summary>
    public required byte[] PublicKey { get; init; }

    /// <summary>PKCS #8, sealed under the portal's key file.</summary>
    public required byte[] SealedPrivateKey { get; init; }
}

internal sealed class ReceiptKeyConfiguration : IEntityTypeConfiguration<ReceiptKey>
{
    public void Configure(EntityTypeBuilder<ReceiptKey> builder)
    {
        builder.ToTable("receipt_keys").HasKey(row => row.Id);
        builder.Property(row => row.Id).HasMaxLength(43);
        builder.HasIndex(row => row.CreatedAt);
    }
}
