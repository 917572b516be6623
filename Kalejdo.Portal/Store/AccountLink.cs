using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>An identity that is proven to be the account holder's: what the rights engine may find rows by.</summary>
public sealed class AccountLink
{
    private const string SealPurpose = "account link";

    public long Id { get; private set; }

    public required string AccountId { get; init; }

    /// <summary>As the data map names it, such as <c>customer_number</c> or <c>email</c>.</summary>
    public required string IdentityName { get; init; }

    public required string ValueHash { get; init; }

    public required byte[] SealedValue { get; init; }

    public required LinkProof Proof { get; init; }

    public required DateTime LinkedAt { get; init; }

    /// <param name="value">Equal values must arrive equal: an e-mail address trimmed and in lower case.</param>
    public static AccountLink Of(PortalKeys keys, string accountId, string identityName, string value, LinkProof proof, DateTime now)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return new AccountLink
        {
            AccountId = accountId,
            IdentityName = identityName,
            ValueHash = Hash(keys, identityName, value),
            SealedValue = keys.Seal($"{SealPurpose} {accountId}", Encoding.UTF8.GetBytes(value)),
            Proof = proof,
            LinkedAt = now,
        };
    }

    public static string Hash(PortalKeys keys, string identityName, string value)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return keys.Hash($"{SealPurpose} {identityName}", value);
    }

    public string Value(PortalKeys keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return Encoding.UTF8.GetString(keys.Unseal($"{SealPurpose} {AccountId}", SealedValue));
    }
}

/// <summary>How it was shown that the identity is the account holder's.</summary>
public enum LinkProof
{
    /// <summary>The customer number, where Kalejdo had verified the confirmed address itself.</summary>
    CustomerNumber,

    /// <summary>The code that the TV box or the app shows.</summary>
    Code,

    /// <summary>The mailbox is confirmed here, and verified at Kalejdo.</summary>
    Mailbox,
}

internal sealed class AccountLinkConfiguration : IEntityTypeConfiguration<AccountLink>
{
    public void Configure(EntityTypeBuilder<AccountLink> builder)
    {
        builder.ToTable("account_links").HasKey(row => row.Id);
        builder.HasOne<Account>().WithMany().HasForeignKey(row => row.AccountId).OnDelete(DeleteBehavior.Cascade);
        builder.Property(row => row.IdentityName).HasMaxLength(128);
        builder.Property(row => row.ValueHash).HasMaxLength(64);
        builder.HasIndex(row => new { row.AccountId, row.IdentityName, row.ValueHash }).IsUnique();
        builder.HasIndex(row => row.ValueHash);
    }
}
