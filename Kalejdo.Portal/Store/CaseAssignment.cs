using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>Who of staff has a case in hand. Beside the case, which is its person's to read, and outlives the account.</summary>
public sealed class CaseAssignment
{
    public required string CaseNumber { get; init; }

    public required string AccountId { get; set; }

    public required DateTime At { get; set; }
}

internal sealed class CaseAssignmentConfiguration : IEntityTypeConfiguration<CaseAssignment>
{
    public void Configure(EntityTypeBuilder<CaseAssignment> builder)
    {
        builder.ToTable("case_assignments").HasKey(row => row.CaseNumber);
        builder.Property(row => row.CaseNumber).HasMaxLength(16);
        builder.HasOne<Case>().WithOne().HasForeignKey<CaseAssignment>(row => row.CaseNumber).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne<Account>().WithMany().HasForeignKey(row => row.AccountId).OnDelete(DeleteBehavior.Cascade);
    }
}
