using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Accounts;

/// <summary>Invited by an administrator, staff choose their password by the link in the letter; the second factor follows at once.</summary>
internal sealed class Invitations(PortalDbContext db, UserManager<Account> users, AuditTrail audit, Sessions sessions, TimeProvider time)
{
    /// <returns>The invited account; null where the link is used, expired, replaced by another, or was never made.</returns>
    public async Task<Account?> FindAsync(string token, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var (hash, utc) = (MailLink.HashToken(MailLinkPurpose.Invitation, token), now.UtcDateTime);
        var account = await db.Users.SingleOrDefaultAsync(
            row => db.MailLinks.Any(link => link.TokenHash == hash && link.AccountId == row.Id && link.UsedAt == null && link.ExpiresAt > utc), cancellation);
        return account is null || account.IsLocked(now) ? null : account;
    }

    /// <summary>Sets the password and begins a session, by which the second factor is set up.</summary>
    /// <returns>False where somebody was faster.</returns>
    public async Task<bool> AcceptAsync(string token, string password, CancellationToken cancellation)
    {
        var passwordHash = users.PasswordHasher.HashPassword(null!, Passwords.Normal(password)!);
        Account? account;
        await using (var transaction = await db.Database.BeginTransactionAsync(cancellation))
        {
            account = await FindAsync(token, cancellation);
            var hash = MailLink.HashToken(MailLinkPurpose.Invitation, token);
            if (account is null || await db.MailLinks.Where(row => row.TokenHash == hash && row.UsedAt == null).ExecuteDeleteAsync(cancellation) == 0)
            {
                return false;
            }

            // What this request read before may have changed since.
            await db.Entry(account).ReloadAsync(cancellation);
            (account.PasswordHash, account.EmailConfirmed, account.CredentialsChangedAt) = (passwordHash, true, time.GetUtcNow().UtcDateTime);
            account.EndSessions();
            var number = await audit.NumberOfAsync(db, $"account:{account.Id}", cancellation);
            await audit.AppendAsync(db, new AuditEvent("account.invitation-accepted") { Subject = number, Actor = number }, cancellation);
            await transaction.CommitAsync(cancellation);
        }

        await sessions.StartAsync(account);
        return true;
    }
}
