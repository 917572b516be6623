using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>A link in a mail. Its 256-bit token stands in the mail alone; here is its hash.</summary>
public sealed class MailLink
{
    /// <summary>How long after its end a link that disowns still says where a new one may be mailed.</summary>
    public static readonly TimeSpan Renewable = TimeSpan.FromDays(30);

    private const int TokenBytes = 32;

    public required string TokenHash { get; init; }

    public required MailLinkPurpose Purpose { get; init; }

    public required string AddressHash { get; init; }

    public required byte[] SealedAddress { get; init; }

    public string? CaseNumber { get; init; }

    public string? AccountId { get; init; }

    public required DateTime CreatedAt { get; init; }

    public required DateTime ExpiresAt { get; init; }

    public DateTime? UsedAt { get; set; }

    /// <param name="address">Kept as written, found trimmed and without regard to case.</param>
    /// <param name="token">For the mail's link; it cannot be had again.</param>
    public static MailLink New(PortalKeys keys, MailLinkPurpose purpose, string address, DateTime now, TimeSpan validity, out string token, string? caseNumber = null, string? accountId = null)
    {
        ArgumentNullException.ThrowIfNull(keys);
        token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenBytes));
        var hash = HashToken(purpose, token);
        return new MailLink
        {
            TokenHash = hash,
            Purpose = purpose,
            AddressHash = HashAddress(keys, address),
            SealedAddress = keys.Seal($"mail link {hash}", Encoding.UTF8.GetBytes(address)),
            CaseNumber = caseNumber,
            AccountId = accountId,
            CreatedAt = now,
            ExpiresAt = now + validity,
        };
    }

    /// <summary>The purpose is hashed too, so that a token for one page finds nothing on another.</summary>
    public static string HashToken(MailLinkPurpose purpose, string token) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{purpose}:{token}")));

    public static string HashAddress(PortalKeys keys, string address)
    {
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(address);
        return keys.Hash("address", address.Trim().ToLowerInvariant());
    }

    /// <summary>Eight digits that stand in no mail: whoever had the link made hands them over by another way.</summary>
    public string HandoverCode(PortalKeys keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        var number = ulong.Parse(keys.Hash("handover code", TokenHash)[..16], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        return (number % 100_000_000).ToString("D8", CultureInfo.InvariantCulture);
    }

    public string Address(PortalKeys keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return Encoding.UTF8.GetString(keys.Unseal($"mail link {TokenHash}", SealedAddress));
    }
}

public enum MailLinkPurpose
{
    Disavowal,
    UndoErasure,
    StopErasure,
    Receipt,
    ConfirmAddress,
    UndoAddressChange,
    UndoDisavowal,

    /// <summary>To choose a password for an account of staff.</summary>
    Invitation,
}

internal sealed class MailLinkConfiguration : IEntityTypeConfiguration<MailLink>
{
    public void Configure(EntityTypeBuilder<MailLink> builder)
    {
        builder.ToTable("mail_links").HasKey(row => row.TokenHash);
        builder.Property(row => row.TokenHash).HasMaxLength(64);
        builder.Property(row => row.AddressHash).HasMaxLength(64);
        builder.Property(row => row.CaseNumber).HasMaxLength(16);
        builder.Property(row => row.AccountId).HasMaxLength(64);
        // Two clicks at once must not both be the first.
        builder.Property(row => row.UsedAt).IsConcurrencyToken();
        builder.HasIndex(row => row.AddressHash);
        builder.HasIndex(row => row.CaseNumber);
        builder.HasIndex(row => row.AccountId);
        builder.HasIndex(row => row.ExpiresAt);
    }
}
