using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>What a recipient's webhooks are signed with, and its answers. Two sign while one takes over from the other.</summary>
public sealed class RecipientSecret
{
    public long Id { get; private set; }

    public required long RecipientId { get; init; }

    /// <summary>The key's bytes, sealed under the portal's key file.</summary>
    public required byte[] SealedKey { get; init; }

    public required DateTime CreatedAt { get; init; }

    /// <summary>When a newer one has taken over; null for the newest.</summary>
    public DateTime? RetiresAt { get; set; }

    public static RecipientSecret Of(PortalKeys keys, long recipientId, ReadOnlySpan<byte> key, DateTime now)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return new RecipientSecret { RecipientId = recipientId, SealedKey = keys.Seal(Purpose(recipientId), key), CreatedAt = now };
    }

    public byte[] Key(PortalKeys keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return keys.Unseal(Purpose(RecipientId), SealedKey);
    }

    private static string Purpose(long recipientId) => $"recipient secret {recipientId}";
}

internal sealed class RecipientSecretConfiguration : IEntityTypeConfiguration<RecipientSecret>
{
    public void Configure(EntityTypeBuilder<RecipientSecret> builder)
    {
        builder.ToTable("recipient_secrets").HasKey(row => row.Id);
        builder.HasOne<Recipient>().WithMany().HasForeignKey(row => row.RecipientId).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(row => row.RecipientId);
    }
}
