using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>
/// Somebody who can sign in. Its user name is random and shown to nobody; an address is there only once its mailbox
/// has been confirmed, and without <see cref="AccountLink"/>s the account opens nobody's data.
/// </summary>
public sealed class Account : IdentityUser
{
    // EF's own way in.
    private Account()
    {
    }

    [SetsRequiredMembers]
    public Account(string language, DateTime now)
    {
        (Language, CreatedAt) = (language, now);
        UserName = Guid.NewGuid().ToString("N");
    }

    /// <summary><c>sv</c> or <c>en</c>: of the pages when the account was made, and of its mails.</summary>
    public required string Language { get; set; }

    public required DateTime CreatedAt { get; init; }

    /// <summary>Of staff, among each other.</summary>
    public string? Name { get; set; }

    /// <summary>When the account was made, or a password, factor or address last changed: for a while after that it is not erased at once.</summary>
    public DateTime? CredentialsChangedAt { get; set; }

    public bool IsLocked(DateTimeOffset now) => LockoutEnd > now;

    /// <summary>A new stamp: at their next request all its sessions end.</summary>
    public void EndSessions() => (SecurityStamp, ConcurrencyStamp) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());
}

internal sealed class AccountConfiguration : IEntityTypeConfiguration<Account>
{
    public void Configure(EntityTypeBuilder<Account> builder)
    {
        builder.ToTable("accounts");
        builder.Property(row => row.Language).HasMaxLength(8);
        builder.Property(row => row.Name).HasMaxLength(100);
        // Two registrations at once must not both take an address.
        builder.HasIndex(row => row.NormalizedEmail).IsUnique();
    }
}
