using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>An account's authenticator app: the key that its codes come from, sealed, and the last code that was taken.</summary>
public sealed class SecondFactor
{
    public required string AccountId { get; init; }

    public required byte[] SealedKey { get; init; }

    public required DateTime CreatedAt { get; init; }

    /// <summary>The half minute, counted from 1970, whose code was the last one taken: no code counts twice.</summary>
    public required long LastStep { get; set; }

    public static SecondFactor Of(PortalKeys keys, string accountId, ReadOnlySpan<byte> key, long lastStep, DateTime now)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return new SecondFactor { AccountId = accountId, SealedKey = keys.Seal(Purpose(accountId), key), LastStep = lastStep, CreatedAt = now };
    }

    public byte[] Key(PortalKeys keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return keys.Unseal(Purpose(AccountId), SealedKey);
    }

    private static string Purpose(string accountId) => $"second factor {accountId}";
}

internal sealed class SecondFactorConfiguration : IEntityTypeConfiguration<SecondFactor>
{
    public void Configure(EntityTypeBuilder<SecondFactor> builder)
    {
        builder.ToTable("second_factors").HasKey(row => row.AccountId);
        builder.HasOne<Account>().WithOne().HasForeignKey<SecondFactor>(row => row.AccountId).OnDelete(DeleteBehavior.Cascade);
    }
}
