using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>An agreement with a partner (Art. 28): what it is for, which kinds of data it covers, and on which days. Without one in force a partner is told nothing.</summary>
public sealed class RecipientAgreement
{
    public long Id { get; private set; }

    public required long RecipientId { get; init; }

    /// <summary>The first day (Europe/Stockholm).</summary>
    public required DateOnly InForceFrom { get; set; }

    /// <summary>The last day; null where it has no end yet.</summary>
    public DateOnly? InForceTo { get; set; }

    /// <summary>The map's kinds, with blanks between.</summary>
    public required string Kinds { get; set; }

    public required string TaskSv { get; set; }

    public required string TaskEn { get; set; }

    public required string ReceivesSv { get; set; }

    public required string ReceivesEn { get; set; }

    public required string StoredInSv { get; set; }

    public required string StoredInEn { get; set; }
}

internal sealed class RecipientAgreementConfiguration : IEntityTypeConfiguration<RecipientAgreement>
{
    public void Configure(EntityTypeBuilder<RecipientAgreement> builder)
    {
        builder.ToTable("recipient_agreements").HasKey(row => row.Id);
        builder.HasOne<Recipient>().WithMany().HasForeignKey(row => row.RecipientId).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(row => row.RecipientId);
    }
}
