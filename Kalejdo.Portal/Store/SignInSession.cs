using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Kalejdo.Portal.Store;

/// <summary>A browser in which somebody is signed in. Its cookie counts only as long as the row is there and has the account's stamp.</summary>
public sealed class SignInSession
{
    /// <summary>So long after signing in one signs in anew, however busy one is; the row goes then.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(12);

    /// <summary>Random; the sealed cookie names the row by it.</summary>
    public required string Id { get; init; }

    public required string AccountId { get; init; }

    /// <summary>The account's, as the cookie carries it: with another one the session has ended.</summary>
    public required string Stamp { get; set; }

    /// <summary>Program and system in a few words; empty where the browser does not say.</summary>
    public required string Device { get; init; }

    public required DateTime StartedAt { get; init; }
}

internal sealed class SignInSessionConfiguration : IEntityTypeConfiguration<SignInSession>
{
    public void Configure(EntityTypeBuilder<SignInSession> builder)
    {
        builder.ToTable("sign_in_sessions").HasKey(row => row.Id);
        builder.Property(row => row.Id).HasMaxLength(64);
        builder.Property(row => row.Stamp).HasMaxLength(64);
        builder.Property(row => row.Device).HasMaxLength(64);
        builder.HasOne<Account>().WithMany().HasForeignKey(row => row.AccountId).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(row => row.StartedAt);
    }
}
