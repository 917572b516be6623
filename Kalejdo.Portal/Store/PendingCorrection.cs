using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>A correction that waits for its new address to be confirmed.</summary>
public sealed class PendingCorrection
{
    /// <summary>Random: it stands in addresses of pages.</summary>
    public required string Id { get; init; }

    public required string AccountId { get; init; }

    /// <summary>Under <see cref="Protector"/>: field, key, old and new value.</summary>
    public required byte[] SealedPayload { get; init; }

    /// <summary>The <see cref="OneTimeCode"/> that confirms it.</summary>
    public string? CodeId { get; set; }

    /// <summary>The <see cref="MailLink"/> that confirms it.</summary>
    public string? LinkTokenHash { get; set; }

    public required DateTime CreatedAt { get; init; }

    public required DateTime ExpiresAt { get; init; }

    /// <summary>Bound to account and correction, so that no payload can be passed off as another's.</summary>
    public static IDataProtector Protector(IDataProtectionProvider protection, string accountId, string id) =>
        protection.CreateProtector("Kalejdo.Portal.PendingCorrection", accountId, id);
}

internal sealed class PendingCorrectionConfiguration : IEntityTypeConfiguration<PendingCorrection>
{
    public void Configure(EntityTypeBuilder<PendingCorrection> builder)
    {
        builder.ToTable("pending_corrections").HasKey(row => row.Id);
        builder.Property(row => row.Id).HasMaxLength(64);
        builder.Property(row => row.CodeId).HasMaxLength(64);
        builder.Property(row => row.LinkTokenHash).HasMaxLength(64);
        builder.HasOne<Account>().WithMany().HasForeignKey(row => row.AccountId).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(row => row.CodeId);
        builder.HasIndex(row => row.LinkTokenHash);
        builder.HasIndex(row => row.ExpiresAt);
    }
}
