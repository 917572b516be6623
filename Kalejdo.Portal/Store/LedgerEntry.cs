using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>
/// A line of the erasure ledger, from which erasures are done again on a restored backup. Lines are only ever added:
/// one an identity with the intent, one a case with the completion; of a disavowal the address, and whether it was undone. A case's lines may go when its completion has
/// expired, the completing line last; until then the database refuses.
/// </summary>
public sealed class LedgerEntry
{
    public long Id { get; private set; }

    public required string CaseNumber { get; init; }

    public required LedgerEvent Event { get; init; }

    public required DateTime RecordedAt { get; init; }

    public string? IdentityName { get; private init; }

    public string? IdentityHash { get; private init; }

    /// <summary>The erased kinds or rows; null is everything.</summary>
    public string? ScopeJson { get; private init; }

    /// <summary>
    /// When no backup can hold the person any longer. It counts from the completion, as a backup may have been made
    /// while the erasure ran; an intent that never completed does not expire.
    /// </summary>
    public DateTime? ExpiresAt { get; private init; }

    public static LedgerEntry Intended(PortalKeys keys, string caseNumber, string identityName, string identityValue, string? scopeJson, DateTime now) => new()
    {
        CaseNumber = caseNumber,
        Event = LedgerEvent.Intended,
        RecordedAt = now,
        IdentityName = identityName,
        IdentityHash = HashIdentity(keys, identityName, identityValue),
        ScopeJson = scopeJson,
    };

    public static LedgerEntry Completed(string caseNumber, DateTime now, TimeSpan longestBackup) => new()
    {
        CaseNumber = caseNumber,
        Event = LedgerEvent.Completed,
        RecordedAt = now,
        ExpiresAt = now + longestBackup,
    };

    /// <summary>An address that its mailbox's reader disowned: where a backup brings it back it is taken away again.</summary>
    public static LedgerEntry Disavowed(PortalKeys keys, string caseNumber, string address, DateTime now) => new()
    {
        CaseNumber = caseNumber,
        Event = LedgerEvent.Disavowed,
        RecordedAt = now,
        IdentityName = "email",
        IdentityHash = HashIdentity(keys, "email", address.Trim().ToLowerInvariant()),
    };

    /// <summary>What the case did is not to be done again: it was undone, or nothing was done.</summary>
    public static LedgerEntry Withdrawn(string caseNumber, DateTime now, TimeSpan longestBackup) => new()
    {
        CaseNumber = caseNumber,
        Event = LedgerEvent.Withdrawn,
        RecordedAt = now,
        ExpiresAt = now + longestBackup,
    };

    /// <summary>
    /// The value as the ledger knows it. Equal values must arrive equal: an e-mail address trimmed and in lower case.
    /// </summary>
    public static string HashIdentity(PortalKeys keys, string identityName, string identityValue)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return keys.Hash($"ledger identity {identityName}", identityValue);
    }
}

public enum LedgerEvent
{
    Intended,
    Completed,
    Disavowed,
    Withdrawn,
}

internal sealed class LedgerEntryConfiguration : IEntityTypeConfiguration<LedgerEntry>
{
    public void Configure(EntityTypeBuilder<LedgerEntry> builder)
    {
        builder.ToTable("erasure_ledger").HasKey(row => row.Id);
        builder.Property(row => row.CaseNumber).HasMaxLength(16);
        builder.Property(row => row.IdentityName).HasMaxLength(128);
        builder.Property(row => row.IdentityHash).HasMaxLength(64);
        builder.HasIndex(row => row.CaseNumber);
        builder.HasIndex(row => row.RecordedAt);
        builder.HasIndex(row => row.IdentityHash);
    }
}
