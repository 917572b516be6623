using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>How the person of a case is reached; gone some time after it was closed.</summary>
public sealed class CaseContact
{
    public long Id { get; private set; }

    public required string CaseNumber { get; init; }

    /// <summary>Whose address is the account's of the day; it may be gone by then, and so is no reference.</summary>
    public string? AccountId { get; init; }

    /// <summary><c>sv</c> or <c>en</c>: of the letters.</summary>
    public required string Language { get; init; }

    public required byte[] SealedReach { get; init; }

    public static CaseContact Of(PortalKeys keys, string caseNumber, string? accountId, string language, CaseReach reach)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return new CaseContact
        {
            CaseNumber = caseNumber,
            AccountId = accountId,
            Language = language,
            SealedReach = keys.Seal(Purpose(caseNumber), JsonSerializer.SerializeToUtf8Bytes(reach)),
        };
    }

    public CaseReach Reach(PortalKeys keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return JsonSerializer.Deserialize<CaseReach>(keys.Unseal(Purpose(CaseNumber), SealedReach))!;
    }

    private static string Purpose(string caseNumber) => $"case contact {caseNumber}";
}

/// <summary>A confirmed address, or one for letters on paper.</summary>
public sealed record CaseReach(string? Email, string? Name = null, string? PostalAddress = null)
{
    /// <summary>Not even by accident in a log.</summary>
    public override string ToString() => nameof(CaseReach);
}

internal sealed class CaseContactConfiguration : IEntityTypeConfiguration<CaseContact>
{
    public void Configure(EntityTypeBuilder<CaseContact> builder)
    {
        builder.ToTable("case_contacts").HasKey(row => row.Id);
        builder.Property(row => row.CaseNumber).HasMaxLength(16);
        builder.Property(row => row.AccountId).HasMaxLength(64);
        builder.Property(row => row.Language).HasMaxLength(2);
        builder.HasIndex(row => row.CaseNumber).IsUnique();
        builder.HasOne<Case>().WithMany().HasForeignKey(row => row.CaseNumber).OnDelete(DeleteBehavior.Cascade);
    }
}
