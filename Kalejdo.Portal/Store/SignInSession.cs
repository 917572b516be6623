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

    /// <summary>The session that a cookie names, if it still stands: a request and a live part ask the same.</summary>
    /// <param name="stamp">That the cookie carries: it must be the row's and the account's too.</param>
    public static IQueryable<SignInSession> Standing(PortalDbContext db, string? id, string? account, string? stamp, DateTime now)
    {
        var earliest = now - Longest;
        return db.SignInSessions.Where(
            row => row.Id == id && row.AccountId == account && row.Stamp == stamp && row.StartedAt > earliest && db.Users.Any(user => user.Id == account && user.SecurityStamp == stamp));
    }
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
