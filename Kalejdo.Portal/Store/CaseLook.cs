using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>That somebody of staff has a case open at this moment; renewed while they have.</summary>
public sealed class CaseLook
{
    public required string CaseNumber { get; init; }

    public required string AccountId { get; init; }

    public required DateTime ExpiresAt { get; set; }
}

internal sealed class CaseLookConfiguration : IEntityTypeConfiguration<CaseLook>
{
    public void Configure(EntityTypeBuilder<CaseLook> builder)
    {
        builder.ToTable("case_looks").HasKey(row => new { row.CaseNumber, row.AccountId });
        builder.Property(row => row.CaseNumber).HasMaxLength(16);
        builder.HasOne<Case>().WithMany().HasForeignKey(row => row.CaseNumber).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne<Account>().WithMany().HasForeignKey(row => row.AccountId).OnDelete(DeleteBehavior.Cascade);
    }
}
