using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>
/// The question whether somebody's data reached a stranger (GDPR Art. 33). Kept whatever the answer: the authority may ask what was
/// known and when.
/// </summary>
public sealed class Incident
{
    /// <summary>From awareness to the authority, Art. 33(1).</summary>
    public static readonly TimeSpan TimeToReport = TimeSpan.FromHours(72);

    public required string CaseNumber { get; init; }

    /// <summary>The safe date: when the mailbox's reader said that the address is not theirs.</summary>
    public required DateTime AwareAt { get; init; }

    public required DateTime ReportBy { get; init; }

    public required IncidentState State { get; set; }

    public DateTime? DecidedAt { get; set; }

    public static Incident Of(string caseNumber, DateTime awareAt) =>
        new() { CaseNumber = caseNumber, AwareAt = awareAt, ReportBy = awareAt + TimeToReport, State = IncidentState.Open };
}

public enum IncidentState
{
    /// <summary>Nobody has looked yet.</summary>
    Open,

    /// <summary>Nothing reached a stranger, or it is unlikely to put anybody at risk.</summary>
    NoRisk,

    /// <summary>The authority was told.</summary>
    Reported,
}

internal sealed class IncidentConfiguration : IEntityTypeConfiguration<Incident>
{
    public void Configure(EntityTypeBuilder<Incident> builder)
    {
        builder.ToTable("incidents").HasKey(row => row.CaseNumber);
        builder.Property(row => row.CaseNumber).HasMaxLength(16);
        builder.HasOne<Case>().WithOne().HasForeignKey<Incident>(row => row.CaseNumber).OnDelete(DeleteBehavior.Restrict);
        builder.HasIndex(row => new { row.State, row.ReportBy });
    }
}
