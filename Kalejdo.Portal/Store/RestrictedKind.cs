using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>A kind of somebody's data that is kept and not used (GDPR Art. 18, docs/decisions/12).</summary>
public sealed class RestrictedKind
{
    public long Id { get; private set; }

    /// <summary>The request that it follows from.</summary>
    public required string CaseNumber { get; init; }

    /// <summary>The number that the audit knows the person by.</summary>
    public required long Subject { get; init; }

    /// <summary>By the map's key.</summary>
    public required string Kind { get; init; }

    public required RestrictionGround Ground { get; init; }

    public required DateTime Since { get; init; }

    /// <summary>Whose confirmed address is told of its end; no foreign key, and null where it was asked for by post or phone.</summary>
    public string? AccountId { get; init; }

    /// <summary>When staff decided that it shall end; it does when the person has been told and has had time (Art. 18(3)).</summary>
    public DateTime? EndDecidedAt { get; set; }

    public string? EndReasonCode { get; set; }

    /// <summary>The day (Europe/Stockholm) on which the person was told on paper; null where the letter is a mail.</summary>
    public DateOnly? ToldOn { get; set; }

    public DateTime? EndedAt { get; set; }
}

public enum RestrictionGround
{
    /// <summary>The person contests that the data is right, and it is being checked (18(1)(a)).</summary>
    Accuracy,

    /// <summary>The use is unlawful, and the person would rather have it stopped than the data erased (18(1)(b)).</summary>
    Unlawful,

    /// <summary>The person needs the data for a legal claim (18(1)(c)).</summary>
    LegalClaims,

    /// <summary>The person objected, and whose interests weigh more is being looked at (18(1)(d)).</summary>
    Objection,
}

internal sealed class RestrictedKindConfiguration : IEntityTypeConfiguration<RestrictedKind>
{
    public void Configure(EntityTypeBuilder<RestrictedKind> builder)
    {
        builder.ToTable("restricted_kinds").HasKey(row => row.Id);
        builder.Property(row => row.CaseNumber).HasMaxLength(16);
        builder.Property(row => row.Kind).HasMaxLength(128);
        builder.Property(row => row.AccountId).HasMaxLength(64);
        builder.Property(row => row.EndReasonCode).HasMaxLength(64);
        builder.HasIndex(row => row.CaseNumber);
        builder.HasIndex(row => new { row.Subject, row.EndedAt });
    }
}
