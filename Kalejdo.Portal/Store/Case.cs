using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>A request under the GDPR, or an act of self-service; it outlives the account and so does not refer to it.</summary>
public sealed class Case
{
    /// <summary>What people are told, such as K-2026-7F3Q9D.</summary>
    public required string Number { get; init; }

    public required CaseType Type { get; init; }

    /// <summary>Changed by steps alone (Cases/CaseSteps).</summary>
    public required CaseStatus Status { get; set; }

    public required DateTime ReceivedAt { get; init; }

    public required DateOnly DueOn { get; set; }

    /// <summary>By how many months the time to answer was extended: 0, 1 or 2.</summary>
    public int ExtendedBy { get; set; }

    /// <summary>Since when the clock stands still, while the person is to show who they are; null where it runs.</summary>
    public DateTime? StoppedAt { get; set; }

    /// <summary>How many days it has stood still before.</summary>
    public int StoppedDays { get; set; }

    /// <summary>Until when the person may answer, while the case waits for them.</summary>
    public DateOnly? WaitsUntil { get; set; }

    public DateTime? ClosedAt { get; set; }

    /// <summary>The number that the audit knows the person by (<see cref="AuditPerson"/>).</summary>
    public required long Subject { get; init; }

    public string? PlanJson { get; set; }

    public string? OutcomeJson { get; set; }

    public string? ReceiptJson { get; set; }

    public string? ReasonCode { get; set; }

    /// <summary>Counted with every saved change: whoever saves over somebody else's change is refused.</summary>
    public int Version { get; internal set; }
}

public enum CaseType
{
    Access,
    Portability,
    Rectification,
    Erasure,
    Restriction,
    Objection,
    ConsentWithdrawal,
    Disavowal,

    /// <summary>An account could not be linked to its agreement, and staff look at why.</summary>
    Linking,

    /// <summary>The person holds a value for wrong that the portal or staff left as it is.</summary>
    Contest,

    /// <summary>A remark that is to stand beside what is held (Art. 16).</summary>
    Remark,

    /// <summary>About how the portal or staff handled something.</summary>
    Complaint,
    Other,
}

public enum CaseStatus
{
    Received,
    WaitingForYou,
    InProgress,
    WaitingForRecipients,
    PartlyDone,
    Done,
    Refused,
    Withdrawn,
    Expired,
}

internal sealed class CaseConfiguration : IEntityTypeConfiguration<Case>
{
    public void Configure(EntityTypeBuilder<Case> builder)
    {
        builder.ToTable("cases").HasKey(row => row.Number);
        builder.Property(row => row.Number).HasMaxLength(16);
        builder.Property(row => row.ReasonCode).HasMaxLength(64);
        builder.Property(row => row.Version).IsConcurrencyToken();
        builder.HasIndex(row => row.Subject);
        builder.HasIndex(row => new { row.Status, row.DueOn });
        // The open ones by their day: what the desk asks for first.
        builder.HasIndex(row => new { row.ClosedAt, row.DueOn });
    }
}
