using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>A mail to be sent, committed with the change that it tells of.</summary>
public sealed class OutboxMail
{
    public long Id { get; private set; }

    /// <summary>The same at every attempt, so that a mail sent twice is seen to be one.</summary>
    public required string MessageId { get; init; }

    /// <summary>The address under <see cref="Protector"/>; wiped on delivery or final failure.</summary>
    public byte[]? Recipient { get; set; }

    /// <summary>Subject, text and HTML parts together under <see cref="Protector"/>; wiped like the address.</summary>
    public byte[]? Content { get; set; }

    public required string Template { get; init; }

    /// <summary>Null where it is unknown: Swedish, then English.</summary>
    public string? Language { get; init; }

    public string? CaseNumber { get; init; }

    public required DateTime CreatedAt { get; init; }

    public required DateTime DueAt { get; set; }

    public string? ClaimedBy { get; set; }

    public DateTime? ClaimedUntil { get; set; }

    public int Attempts { get; set; }

    public DateTime? SentAt { get; set; }

    public DateTime? FailedAt { get; set; }

    public string? FailureCode { get; set; }

    /// <summary>Bound to the mail, so that no content can be passed off as another mail's.</summary>
    public static IDataProtector Protector(IDataProtectionProvider protection, string messageId) =>
        protection.CreateProtector("Kalejdo.Portal.OutboxMail", messageId);
}

internal sealed class OutboxMailConfiguration : IEntityTypeConfiguration<OutboxMail>
{
    public void Configure(EntityTypeBuilder<OutboxMail> builder)
    {
        builder.ToTable("outbox").HasKey(row => row.Id);
        builder.Property(row => row.MessageId).HasMaxLength(255);
        builder.Property(row => row.Template).HasMaxLength(64);
        builder.Property(row => row.Language).HasMaxLength(8);
        builder.Property(row => row.CaseNumber).HasMaxLength(16);
        builder.Property(row => row.ClaimedBy).HasMaxLength(128);
        builder.Property(row => row.FailureCode).HasMaxLength(64);
        builder.HasIndex(row => row.MessageId).IsUnique();
        builder.HasIndex(row => row.CaseNumber);
        // The job asks for what is due all day; what is sent stays for years.
        builder.HasIndex(row => row.DueAt).HasFilter("sent_at IS NULL AND failed_at IS NULL");
    }
}
