using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>What an erasure needs to be resumed after a crash or by another node; deleted when the case closes.</summary>
public sealed class WorkingSet
{
    public required string CaseNumber { get; init; }

    /// <summary>Under <see cref="Protector"/>: identities and keys of the very person who is being erased.</summary>
    public required byte[] Payload { get; set; }

    public string? ClaimedBy { get; set; }

    public DateTime? ClaimedUntil { get; set; }

    public int Attempts { get; set; }

    /// <summary>How far it has come, for the person who waits.</summary>
    public int StepsDone { get; set; }

    public int StepsTotal { get; set; }

    public required DateTime CreatedAt { get; init; }

    /// <summary>Bound to the case, so that no payload can be passed off as another case's.</summary>
    public static IDataProtector Protector(IDataProtectionProvider protection, string caseNumber) =>
        protection.CreateProtector("Kalejdo.Portal.WorkingSet", caseNumber);
}

internal sealed class WorkingSetConfiguration : IEntityTypeConfiguration<WorkingSet>
{
    public void Configure(EntityTypeBuilder<WorkingSet> builder)
    {
        builder.ToTable("working_sets").HasKey(row => row.CaseNumber);
        builder.Property(row => row.CaseNumber).HasMaxLength(16);
        builder.HasOne<Case>().WithOne().HasForeignKey<WorkingSet>(row => row.CaseNumber).OnDelete(DeleteBehavior.Restrict);
        builder.Property(row => row.ClaimedBy).HasMaxLength(128);
    }
}
