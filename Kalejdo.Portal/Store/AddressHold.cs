using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>
/// A confirmed address that its mailbox's reader disowned: taken away everywhere, and held for a while so that its true owner can
/// have it back. The row goes when the time is over or the address stands where it stood.
/// </summary>
public sealed class AddressHold
{
    public required string CaseNumber { get; init; }

    /// <summary>By <see cref="MailLink.HashAddress"/>.</summary>
    public required string AddressHash { get; init; }

    /// <summary>Under <see cref="Protector"/>: the address, the rows it stood in, and the account that had it.</summary>
    public required byte[] SealedPayload { get; set; }

    public required DateTime CreatedAt { get; init; }

    public required DateTime EndsAt { get; init; }

    /// <summary>When it was gone everywhere; null while that is under way.</summary>
    public DateTime? DetachedAt { get; set; }

    /// <summary>When its owner wanted it back; from then on nothing is erased.</summary>
    public DateTime? UndoneAt { get; set; }

    /// <summary>Bound to the case, so that no payload can be passed off as another case's.</summary>
    public static IDataProtector Protector(IDataProtectionProvider protection, string caseNumber) =>
        protection.CreateProtector("Kalejdo.Portal.AddressHold", caseNumber);
}

internal sealed class AddressHoldConfiguration : IEntityTypeConfiguration<AddressHold>
{
    public void Configure(EntityTypeBuilder<AddressHold> builder)
    {
        builder.ToTable("address_holds").HasKey(row => row.CaseNumber);
        builder.Property(row => row.CaseNumber).HasMaxLength(16);
        builder.Property(row => row.AddressHash).HasMaxLength(64);
        builder.HasOne<Case>().WithOne().HasForeignKey<AddressHold>(row => row.CaseNumber).OnDelete(DeleteBehavior.Restrict);
        builder.HasIndex(row => row.AddressHash);
        builder.HasIndex(row => row.EndsAt);
    }
}
