using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>
/// What staff found out and decided about an <see cref="Incident"/> (GDPR Art. 33(5)): only ever added, the database refuses anything
/// else. A later note completes or corrects the earlier ones, which stay.
/// </summary>
public sealed class IncidentNote
{
    public long Id { get; private set; }

    public required string CaseNumber { get; init; }

    public required DateTime RecordedAt { get; init; }

    /// <summary>The audit's number of whoever wrote it.</summary>
    public required long RecordedBy { get; init; }

    public required IncidentRisk Risk { get; init; }

    public required IncidentReport Report { get; init; }

    public required IncidentTold Told { get; init; }

    /// <summary>Under the portal's key, as the words may name somebody.</summary>
    public required byte[] SealedWords { get; init; }

    public static byte[] Seal(PortalKeys keys, string caseNumber, IncidentWords words)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return keys.Seal(Purpose(caseNumber), JsonSerializer.SerializeToUtf8Bytes(words));
    }

    public IncidentWords Words(PortalKeys keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return JsonSerializer.Deserialize<IncidentWords>(keys.Unseal(Purpose(CaseNumber), SealedWords))!;
    }

    private static string Purpose(string caseNumber) => $"incident words {caseNumber}";
}

/// <param name="Reason">Why nobody is told, or so late, and the authority's own number.</param>
public sealed record IncidentWords(string What, string Whose, string? Reason)
{
    /// <summary>Not even by accident in a log.</summary>
    public override string ToString() => nameof(IncidentWords);
}

public enum IncidentRisk
{
    /// <summary>Nothing reached a stranger.</summary>
    None,

    Unlikely,
    Likely,

    /// <summary>The person is told too, Art. 34.</summary>
    High,
}

/// <summary>Whether the authority was told.</summary>
public enum IncidentReport
{
    NotYet,
    Reported,
    NotNeeded,
}

/// <summary>Whether the person whose data it was was told.</summary>
public enum IncidentTold
{
    NotYet,
    Told,
    NotNeeded,
}

internal sealed class IncidentNoteConfiguration : IEntityTypeConfiguration<IncidentNote>
{
    public void Configure(EntityTypeBuilder<IncidentNote> builder)
    {
        builder.ToTable("incident_notes").HasKey(row => row.Id);
        builder.Property(row => row.CaseNumber).HasMaxLength(16);
        builder.HasOne<Incident>().WithMany().HasForeignKey(row => row.CaseNumber).OnDelete(DeleteBehavior.Restrict);
        builder.HasIndex(row => row.CaseNumber);
    }
}
