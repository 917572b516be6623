using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>An erasure that staff ask for, and that a second person has to approve before anything is changed (docs/decisions/16).</summary>
public sealed class ErasureProposal
{
    /// <summary>Its own case, of the erasure.</summary>
    public required string CaseNumber { get; init; }

    /// <summary>The request that it answers; null where it is Kalejdo's own initiative.</summary>
    public string? ForCase { get; init; }

    /// <summary>The account of whoever asked; no foreign key, it may be gone.</summary>
    public required string AskedBy { get; init; }

    public required DateTime AskedAt { get; init; }

    /// <summary>Identities, scope and plan, under <see cref="PortalKeys"/>; empty from <see cref="EndedAt"/> on.</summary>
    public required byte[] SealedPayload { get; set; }

    /// <summary>When staff were told that nobody had answered.</summary>
    public DateTime? EscalatedAt { get; set; }

    public string? AnsweredBy { get; set; }

    public DateTime? AnsweredAt { get; set; }

    public ProposalAnswer? Answer { get; set; }

    /// <summary>When it passed on to the working set, or came to nothing.</summary>
    public DateTime? EndedAt { get; set; }
}

public enum ProposalAnswer
{
    Approved,
    Declined,

    /// <summary>By whoever had asked.</summary>
    Withdrawn,
}

internal sealed class ErasureProposalConfiguration : IEntityTypeConfiguration<ErasureProposal>
{
    public void Configure(EntityTypeBuilder<ErasureProposal> builder)
    {
        builder.ToTable("erasure_proposals").HasKey(row => row.CaseNumber);
        builder.Property(row => row.CaseNumber).HasMaxLength(16);
        builder.Property(row => row.ForCase).HasMaxLength(16);
        builder.Property(row => row.AskedBy).HasMaxLength(64);
        builder.Property(row => row.AnsweredBy).HasMaxLength(64);
        builder.HasOne<Case>().WithOne().HasForeignKey<ErasureProposal>(row => row.CaseNumber).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(row => row.EndedAt);
    }
}
