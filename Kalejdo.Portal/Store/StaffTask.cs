using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>Something that a person of the staff has to look at, found by a job: where, why and how often, never a value.</summary>
public sealed class StaffTask
{
    public long Id { get; private set; }

    /// <summary>Null where it belongs to no case.</summary>
    public string? CaseNumber { get; init; }

    public required StaffTaskKind Kind { get; init; }

    /// <summary>By our own names: <c>source.table.column</c>, or a letter's template; empty where the task has no place.</summary>
    public required string Place { get; init; }

    /// <summary>The newest one, where there is any.</summary>
    public string? ReasonCode { get; set; }

    /// <summary>How many rows; of mails, how many while nobody has looked.</summary>
    public required long Rows { get; set; }

    public required DateTime CreatedAt { get; init; }

    public DateTime? DoneAt { get; set; }
}

public enum StaffTaskKind
{
    /// <summary>An erased identity still stands in free text, or in a column that no map knows.</summary>
    TraceFound,

    /// <summary>What was erased could not be overwritten on disk by the day that the receipt names.</summary>
    OverwriteLate,

    /// <summary>A mail was given up: its person has not been told.</summary>
    MailUndeliverable,

    /// <summary>The same, and the mailbox is none: the address is marked (<see cref="BouncedAddress"/>).</summary>
    AddressBounced,

    /// <summary>A case is to be answered within a week. Its place is the day.</summary>
    CaseDueInAWeek,

    /// <summary>A case is to be answered within two days.</summary>
    CaseDueInTwoDays,

    /// <summary>A recipient could not be told, or never said that it is done. Its place is the recipient's name.</summary>
    RecipientNotReached,

    /// <summary>A partner was not told, as its agreement had ended meanwhile, or as it could not know whom it is about.</summary>
    RecipientNotTold,

    /// <summary>A partner's agreement ends soon and nothing follows it. Its place is the partner's name and the last day.</summary>
    AgreementEnding,

    /// <summary>A colleague's erasure waits for a second person's answer, for too long.</summary>
    ErasureUnanswered,

    /// <summary>An erasure that staff had asked for was declined, or could not be carried out as approved.</summary>
    ErasureReturned,

    /// <summary>The day has come to see whether somebody's identity is still to be protected. Its place is the protection's number and the day.</summary>
    ProtectionReview,
}

internal sealed class StaffTaskConfiguration : IEntityTypeConfiguration<StaffTask>
{
    public void Configure(EntityTypeBuilder<StaffTask> builder)
    {
        builder.ToTable("staff_tasks").HasKey(row => row.Id);
        builder.Property(row => row.CaseNumber).HasMaxLength(16);
        builder.Property(row => row.Place).HasMaxLength(400);
        builder.Property(row => row.ReasonCode).HasMaxLength(64);
        builder.HasOne<Case>().WithMany().HasForeignKey(row => row.CaseNumber).OnDelete(DeleteBehavior.Cascade);
        // A job that was killed looks again, and tells the same once.
        builder.HasIndex(row => new { row.CaseNumber, row.Kind, row.Place }).IsUnique();
        builder.HasIndex(row => row.DoneAt);
    }
}
