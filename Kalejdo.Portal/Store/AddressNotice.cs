using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>What a subscriber is told after signing in: the address of their agreement or account was removed, as its mailbox's reader disowned it.</summary>
public sealed class AddressNotice
{
    /// <summary>Long enough for somebody who signs in once a season.</summary>
    public static readonly TimeSpan Validity = TimeSpan.FromDays(180);

    public required string AccountId { get; init; }

    public required string CaseNumber { get; init; }

    public required DateTime CreatedAt { get; init; }

    public required DateTime ExpiresAt { get; init; }
}

internal sealed class AddressNoticeConfiguration : IEntityTypeConfiguration<AddressNotice>
{
    public void Configure(EntityTypeBuilder<AddressNotice> builder)
    {
        builder.ToTable("address_notices").HasKey(row => new { row.AccountId, row.CaseNumber });
        builder.Property(row => row.CaseNumber).HasMaxLength(16);
        builder.HasOne<Account>().WithMany().HasForeignKey(row => row.AccountId).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(row => row.CaseNumber);
        builder.HasIndex(row => row.ExpiresAt);
    }
}
