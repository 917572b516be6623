using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>A full erasure in its pause: until it runs it can be undone, and the account is closed meanwhile.</summary>
public sealed class ScheduledErasure
{
    public required string CaseNumber { get; init; }

    /// <summary>No foreign key: the account goes with the erasure, the case stays.</summary>
    public required string AccountId { get; init; }

    public required DateTime RunsAt { get; set; }

    /// <summary>Under <see cref="Protector"/>: identities, addresses and scope of the very person who is to be erased.</summary>
    public required byte[] SealedPayload { get; set; }

    public required DateTime CreatedAt { get; init; }

    public DateTime? CancelledAt { get; set; }

    /// <summary>When it passed on to the working set, which resumes it; from then on nothing can be undone.</summary>
    public DateTime? StartedAt { get; set; }

    /// <summary>Bound to the case, so that no payload can be passed off as another case's.</summary>
    public static IDataProtector Protector(IDataProtectionProvider protection, string caseNumber) =>
        protection.CreateProtector("Kalejdo.Portal.ScheduledErasure", caseNumber);
}

internal sealed class ScheduledErasureConfiguration : IEntityTypeConfiguration<ScheduledErasure>
{
    public void Configure(EntityTypeBuilder<ScheduledErasure> builder)
    {
        builder.ToTable("scheduled_erasures").HasKey(row => row.CaseNumber);
        builder.Property(row => row.CaseNumber).HasMaxLength(16);
        builder.Property(row => row.AccountId).HasMaxLength(64);
        builder.HasOne<Case>().WithOne().HasForeignKey<ScheduledErasure>(row => row.CaseNumber).OnDelete(DeleteBehavior.Restrict);
        // Undone and started at the same moment, only one of the two may hold.
        builder.Property(row => row.CancelledAt).IsConcurrencyToken();
        builder.Property(row => row.StartedAt).IsConcurrencyToken();
        builder.HasIndex(row => row.AccountId);
        builder.HasIndex(row => row.RunsAt);
    }
}
