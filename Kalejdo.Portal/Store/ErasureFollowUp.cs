using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>What is still owed after an erasure is closed: its traces overwritten, looked for, and its mails removed. Gone when nothing is owed.</summary>
public sealed class ErasureFollowUp
{
    public required string CaseNumber { get; init; }

    /// <summary>Under <see cref="Protector"/>: identities and addresses of the very person who was erased; null where nothing is looked for.</summary>
    public byte[]? SealedPayload { get; set; }

    public required bool AwaitsOverwrite { get; set; }

    public required DateTime CreatedAt { get; init; }

    public required DateTime DueAt { get; set; }

    public string? ClaimedBy { get; set; }

    public DateTime? ClaimedUntil { get; set; }

    /// <summary>Bound to the case, so that no payload can be passed off as another case's.</summary>
    public static IDataProtector Protector(IDataProtectionProvider protection, string caseNumber) =>
        protection.CreateProtector("Kalejdo.Portal.ErasureFollowUp", caseNumber);
}

internal sealed class ErasureFollowUpConfiguration : IEntityTypeConfiguration<ErasureFollowUp>
{
    public void Configure(EntityTypeBuilder<ErasureFollowUp> builder)
    {
        builder.ToTable("erasure_follow_ups").HasKey(row => row.CaseNumber);
        builder.Property(row => row.CaseNumber).HasMaxLength(16);
        builder.Property(row => row.ClaimedBy).HasMaxLength(128);
        builder.HasOne<Case>().WithOne().HasForeignKey<ErasureFollowUp>(row => row.CaseNumber).OnDelete(DeleteBehavior.Restrict);
        builder.HasIndex(row => row.DueAt);
    }
}
