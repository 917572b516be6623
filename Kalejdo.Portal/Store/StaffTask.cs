using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>Something that a person of the staff has to look at, found by a job: where, and how much, never a value.</summary>
public sealed class StaffTask
{
    public long Id { get; private set; }

    public required string CaseNumber { get; init; }

    public required StaffTaskKind Kind { get; init; }

    /// <summary><c>source.table.column</c>; empty where the task has no place.</summary>
    public required string Place { get; init; }

    public required long Rows { get; init; }

    public required DateTime CreatedAt { get; init; }

    public DateTime? DoneAt { get; set; }
}

public enum StaffTaskKind
{
    /// <summary>An erased identity still stands in free text, or in a column that no map knows.</summary>
    TraceFound,

    /// <summary>What was erased could not be overwritten on disk by the day that the receipt names.</summary>
    OverwriteLate,
}

internal sealed class StaffTaskConfiguration : IEntityTypeConfiguration<StaffTask>
{
    public void Configure(EntityTypeBuilder<StaffTask> builder)
    {
        builder.ToTable("staff_tasks").HasKey(row => row.Id);
        builder.Property(row => row.CaseNumber).HasMaxLength(16);
        builder.Property(row => row.Place).HasMaxLength(400);
        builder.HasOne<Case>().WithMany().HasForeignKey(row => row.CaseNumber).OnDelete(DeleteBehavior.Cascade);
        // A job that was killed looks again, and tells the same once.
        builder.HasIndex(row => new { row.CaseNumber, row.Kind, row.Place }).IsUnique();
    }
}
