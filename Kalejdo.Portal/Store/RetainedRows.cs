using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>
/// Rows of somebody erased that are kept on a ground, by their keys: what is left to find them by (docs/decisions/8). Deleted with the rows.
/// </summary>
public sealed class RetainedRows
{
    public long Id { get; private set; }

    /// <summary>The erasure that left them.</summary>
    public required string CaseNumber { get; init; }

    /// <summary>The number that the audit knows their person by.</summary>
    public required long Subject { get; init; }

    /// <summary>The day (Europe/Stockholm) after the last on which they are kept; where a condition keeps them, the day to look again.</summary>
    public required DateOnly DueOn { get; init; }

    public required byte[] SealedKeys { get; init; }

    public string? ClaimedBy { get; set; }

    public DateTime? ClaimedUntil { get; set; }

    public static RetainedRows Of(PortalKeys keys, string caseNumber, long subject, DateOnly dueOn, ReadOnlySpan<byte> rowKeys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return new RetainedRows { CaseNumber = caseNumber, Subject = subject, DueOn = dueOn, SealedKeys = keys.Seal($"retained rows {caseNumber}", rowKeys) };
    }

    public byte[] Keys(PortalKeys keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return keys.Unseal($"retained rows {CaseNumber}", SealedKeys);
    }
}

internal sealed class RetainedRowsConfiguration : IEntityTypeConfiguration<RetainedRows>
{
    public void Configure(EntityTypeBuilder<RetainedRows> builder)
    {
        builder.ToTable("retained_rows").HasKey(row => row.Id);
        builder.Property(row => row.CaseNumber).HasMaxLength(16);
        builder.Property(row => row.ClaimedBy).HasMaxLength(128);
        builder.HasIndex(row => row.CaseNumber);
        builder.HasIndex(row => row.DueOn);
    }
}
