using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>What one recipient is to be told of one act, committed with the act; afterwards the evidence that it was told.</summary>
public sealed class RecipientNotice
{
    public long Id { get; private set; }

    /// <summary>The same at every attempt (<c>webhook-id</c>), so that a notice that comes twice is seen to be one. Nobody can guess it.</summary>
    public required string MessageId { get; init; }

    public required string CaseNumber { get; init; }

    /// <summary>The number that the audit knows the person by.</summary>
    public required long Subject { get; init; }

    /// <summary>No foreign key: what was told, and to whom, outlives the recipient.</summary>
    public required long RecipientId { get; init; }

    /// <summary>As it was called then, for the receipt.</summary>
    public required string RecipientSv { get; init; }

    public required string RecipientEn { get; init; }

    public required RecipientEvent Event { get; init; }

    /// <summary>The map's kinds that it is about, with blanks between.</summary>
    public required string Kinds { get; init; }

    /// <summary>What is sent, which says whom it is about: sealed, and wiped when the notice has ended.</summary>
    public byte[]? SealedPayload { get; set; }

    public required RecipientNoticeState State { get; set; }

    public required DateTime CreatedAt { get; init; }

    public required DateTime DueAt { get; set; }

    public string? ClaimedBy { get; set; }

    public DateTime? ClaimedUntil { get; set; }

    public int Attempts { get; set; }

    /// <summary>When the recipient first took it, or the mail was first posted.</summary>
    public DateTime? SentAt { get; set; }

    /// <summary>When it was acknowledged, or given up.</summary>
    public DateTime? EndedAt { get; set; }

    /// <summary>Of the last attempt that failed.</summary>
    public string? FailureCode { get; set; }

    /// <summary>Bound to the notice, so that no payload can be passed off as another's.</summary>
    public static byte[] Seal(PortalKeys keys, string messageId, ReadOnlySpan<byte> payload)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return keys.Seal($"recipient notice {messageId}", payload);
    }

    /// <summary>Null once it was wiped.</summary>
    public byte[]? Payload(PortalKeys keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return SealedPayload is null ? null : keys.Unseal($"recipient notice {MessageId}", SealedPayload);
    }

    public string Recipient(string language) => language == "en" ? RecipientEn : RecipientSv;
}

public enum RecipientEvent
{
    Erased,
    Corrected,
    Restricted,
    RestrictionLifted,
    AddressRemoved,
    AddressBlocked,
}

public enum RecipientNoticeState
{
    /// <summary>To be sent, or sent in vain so far.</summary>
    Waiting,

    /// <summary>The recipient has it, and has still to say that it is done.</summary>
    Sent,

    Acknowledged,

    /// <summary>Given up: staff have a task.</summary>
    Failed,

    /// <summary>The agreement was no longer in force when it was to be sent; nothing was. Staff have a task.</summary>
    NotSent,
}

internal sealed class RecipientNoticeConfiguration : IEntityTypeConfiguration<RecipientNotice>
{
    public void Configure(EntityTypeBuilder<RecipientNotice> builder)
    {
        builder.ToTable("recipient_notices").HasKey(row => row.Id);
        builder.Property(row => row.MessageId).HasMaxLength(64);
        builder.Property(row => row.CaseNumber).HasMaxLength(16);
        builder.Property(row => row.RecipientSv).HasMaxLength(200);
        builder.Property(row => row.RecipientEn).HasMaxLength(200);
        builder.Property(row => row.ClaimedBy).HasMaxLength(128);
        builder.Property(row => row.FailureCode).HasMaxLength(64);
        builder.HasOne<Case>().WithMany().HasForeignKey(row => row.CaseNumber).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(row => row.MessageId).IsUnique();
        // Told once of an act, whoever closes it twice.
        builder.HasIndex(row => new { row.CaseNumber, row.RecipientId, row.Event }).IsUnique();
        // The job asks for what is due all day; what has ended stays for years.
        builder.HasIndex(row => row.DueAt).HasFilter("ended_at IS NULL");
    }
}
