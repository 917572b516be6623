using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>Signs in once where the authenticator app is lost; gone when it was used.</summary>
public sealed class RecoveryCode
{
    public required string CodeHash { get; init; }

    public required string AccountId { get; init; }

    /// <param name="code">Its digits alone.</param>
    public static string Hash(PortalKeys keys, string accountId, string code)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return keys.Hash("recovery code", $"{accountId} {code}");
    }
}

internal sealed class RecoveryCodeConfiguration : IEntityTypeConfiguration<RecoveryCode>
{
    public void Configure(EntityTypeBuilder<RecoveryCode> builder)
    {
        builder.ToTable("recovery_codes").HasKey(row => row.CodeHash);
        builder.Property(row => row.CodeHash).HasMaxLength(64);
        builder.HasOne<Account>().WithMany().HasForeignKey(row => row.AccountId).OnDelete(DeleteBehavior.Cascade);
    }
}
