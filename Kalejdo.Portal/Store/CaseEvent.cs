using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>A step of a case: its history, which the person sees.</summary>
public sealed class CaseEvent
{
    public long Id { get; private set; }

    public required string CaseNumber { get; init; }

    public required DateTime At { get; init; }

    public required CaseStep Step { get; init; }

    public required CaseParty By { get; init; }

    public string? ReasonCode { get; init; }

    /// <summary>What the person or staff wrote. Sealed, as it may name anybody, and never in the audit's chain, which forgets nothing.</summary>
    public byte[]? SealedWords { get; init; }

    public static byte[]? Seal(PortalKeys keys, string caseNumber, string? words)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return words is null ? null : keys.Seal(Purpose(caseNumber), Encoding.UTF8.GetBytes(words));
    }

    public string? Words(PortalKeys keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return SealedWords is null ? null : Encoding.UTF8.GetString(keys.Unseal(Purpose(CaseNumber), SealedWords));
    }

    private static string Purpose(string caseNumber) => $"case words {caseNumber}";
}

/// <summary>What can happen to a case; from where to where, and who may: <c>Cases/CaseSteps</c>.</summary>
public enum CaseStep
{
    Received,
    Begun,
    WordsAdded,
    IdentificationAsked,
    Identified,
    Extended,
    HandedToStaff,
    RecipientsAwaited,
    PartlyDone,
    Done,
    Refused,
    Withdrawn,
    Expired,
}

public enum CaseParty
{
    /// <summary>Whom the case is about, or who speaks for them.</summary>
    Person,
    Staff,
    Portal,
}

internal sealed class CaseEventConfiguration : IEntityTypeConfiguration<CaseEvent>
{
    public void Configure(EntityTypeBuilder<CaseEvent> builder)
    {
        builder.ToTable("case_events").HasKey(row => row.Id);
        builder.Property(row => row.CaseNumber).HasMaxLength(16);
        builder.Property(row => row.ReasonCode).HasMaxLength(64);
        builder.HasOne<Case>().WithMany().HasForeignKey(row => row.CaseNumber).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(row => row.CaseNumber);
    }
}
