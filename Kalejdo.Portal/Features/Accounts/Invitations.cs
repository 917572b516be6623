using System.Security.Cryptography;
using System.Text;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Accounts;

internal enum InvitationAnswer
{
    Done,

    /// <summary>Not the code that the administrator handed over.</summary>
    WrongCode,

    /// <summary>The link is used, expired, replaced by another, tried too often, or was never made.</summary>
    Gone,
}

/// <summary>Invited by an administrator, staff choose their password by the link in the letter; the second factor follows at once.</summary>
internal sealed class Invitations(
    PortalDbContext db, UserManager<Account> users, PortalKeys keys, AttemptLimits limits, AuditTrail audit, Sessions sessions, TimeProvider time)
{
    private const int CodeTries = 5;

    /// <summary>An account that was in use is not opened anew by its mailbox alone: the administrator hands a code over too.</summary>
    public static bool AsksForCode(Account account) => account.EmailConfirmed;

    /// <returns>The invited account; null where the link is <see cref="InvitationAnswer.Gone"/>.</returns>
    public async Task<Account?> FindAsync(string token, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var (hash, utc) = (MailLink.HashToken(MailLinkPurpose.Invitation, token), now.UtcDateTime);
        var account = await db.Users.SingleOrDefaultAsync(
            row => db.MailLinks.Any(link => link.TokenHash == hash && link.AccountId == row.Id && link.UsedAt == null && link.ExpiresAt > utc), cancellation);
        return account is null || account.IsLocked(now) ? null : account;
    }

    /// <summary>Sets the password and begins a session, by which the second factor is set up.</summary>
    public async Task<InvitationAnswer> AcceptAsync(string token, string code, string password, CancellationToken cancellation)
    {
        var passwordHash = users.PasswordHasher.HashPassword(null!, Passwords.Normal(password)!);
        Account? account;
        bool isFirst;
        await using (var transaction = await db.Database.BeginTransactionAsync(cancellation))
        {
            account = await FindAsync(token, cancellation);
            var hash = MailLink.HashToken(MailLinkPurpose.Invitation, token);
            if (account is null || await db.MailLinks.AsNoTracking().SingleOrDefaultAsync(row => row.TokenHash == hash && row.UsedAt == null, cancellation) is not { } link)
            {
                return InvitationAnswer.Gone;
            }

            // What this request read before may have changed since.
            await db.Entry(account).ReloadAsync(cancellation);
            isFirst = !AsksForCode(account);
            if (!isFirst && !await IsHandedOverAsync(link, code, cancellation))
            {
                await transaction.CommitAsync(cancellation);
                return InvitationAnswer.WrongCode;
            }

            if (await db.MailLinks.Where(row => row.TokenHash == hash && row.UsedAt == null).ExecuteDeleteAsync(cancellation) == 0)
            {
                return InvitationAnswer.Gone;
            }

            (account.PasswordHash, account.EmailConfirmed, account.CredentialsChangedAt) = (passwordHash, true, time.GetUtcNow().UtcDateTime);
            account.EndSessions();
            var number = await audit.NumberOfAsync(db, $"account:{account.Id}", cancellation);
            await audit.AppendAsync(db, new AuditEvent("account.invitation-accepted") { Subject = number, Actor = number }, cancellation);
            await transaction.CommitAsync(cancellation);
        }

        await sessions.StartAsync(account, isFirst: isFirst);
        return InvitationAnswer.Done;
    }

    // Counted before the code is looked at; after the last wrong one the link is of no use any more.
    private async Task<bool> IsHandedOverAsync(MailLink link, string code, CancellationToken cancellation)
    {
        var tries = await limits.CountAsync(db, "handover code", link.TokenHash, TimeSpan.FromDays(1), cancellation);
        var typed = Encoding.ASCII.GetBytes(string.Concat(code.Where(char.IsAsciiDigit)));
        if (CryptographicOperations.FixedTimeEquals(typed, Encoding.ASCII.GetBytes(link.HandoverCode(keys))))
        {
            return true;
        }

        if (tries >= CodeTries)
        {
            await db.MailLinks.Where(row => row.TokenHash == link.TokenHash).ExecuteDeleteAsync(cancellation);
        }

        return false;
    }
}
