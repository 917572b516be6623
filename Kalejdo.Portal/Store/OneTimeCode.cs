using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>A six-digit code that was mailed, good for the browser that asked for it and for nothing else.</summary>
public sealed class OneTimeCode
{
    /// <summary>Random; the browser's cookie names the row by it.</summary>
    public required string Id { get; init; }

    public required CodePurpose Purpose { get; init; }

    /// <summary>A keyed hash of the address, or of the account, that the code is for.</summary>
    public required string OwnerHash { get; init; }

    /// <summary>A keyed hash of the code together with a random value that only the browser's cookie holds.</summary>
    public required string CodeHash { get; init; }

    public required DateTime CreatedAt { get; init; }

    public required DateTime ExpiresAt { get; init; }

    public required int AttemptsLeft { get; set; }

    public DateTime? UsedAt { get; set; }
}

public enum CodePurpose
{
    Registration,
    PasswordReset,
    AddressChange,
    Disavowal,
    UndoDisavowal,
    Guest,
}

internal sealed class OneTimeCodeConfiguration : IEntityTypeConfiguration<OneTimeCode>
{
    public void Configure(EntityTypeBuilder<OneTimeCode> builder)
    {
        builder.ToTable("one_time_codes").HasKey(row => row.Id);
        builder.Property(row => row.Id).HasMaxLength(64);
        builder.Property(row => row.OwnerHash).HasMaxLength(64);
        builder.Property(row => row.CodeHash).HasMaxLength(64);
        // Two tries at once must not count as one.
        builder.Property(row => row.AttemptsLeft).IsConcurrencyToken();
        builder.Property(row => row.UsedAt).IsConcurrencyToken();
        builder.HasIndex(row => row.OwnerHash);
        builder.HasIndex(row => row.ExpiresAt);
    }
}
