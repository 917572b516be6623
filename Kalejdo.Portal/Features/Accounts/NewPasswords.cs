using System.Globalization;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Accounts;

internal enum ResetAnswer
{
    Done,

    /// <summary>The customer number is not one of the account's.</summary>
    WrongNumber,
    TooMany,

    /// <summary>No code was typed a moment ago, or its step is taken.</summary>
    Gone,
}

/// <summary>Changed by whoever knows the old password, or set anew by whoever reads the mailbox and knows the customer number.</summary>
internal sealed class NewPasswords(
    PortalDbContext db, UserManager<Account> users, PortalKeys keys, OneTimeCodes codes, AttemptLimits limits,
    Outbox outbox, AuditTrail audit, Sessions sessions, TimeProvider time)
{
    private const int NumberTriesADay = 5;

    /// <returns>False where too many codes have been asked for.</returns>
    public async Task<bool> SendCodeAsync(string address, CancellationToken cancellation)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var code = await codes.IssueAsync(db, CodePurpose.PasswordReset, address, cancellation);
        if (code is not null)
        {
            var account = await OfAddressAsync(address, cancellation);
            await outbox.AddAsync(
                db, new ResetCodeLetter(code), account?.Email ?? address, account?.Language ?? CultureInfo.CurrentUICulture.TwoLetterISOLanguageName, null, cancellation);
            await db.SaveChangesAsync(cancellation);

            // Written, stored and asked for alike, so that no account is no quicker; then torn up, as nobody gets mail for nothing.
            var (written, isNobodys) = (db.ChangeTracker.Entries<OutboxMail>().SingleOrDefault()?.Entity.Id, account is null);
            await db.Outbox.Where(row => row.Id == written && isNobodys).ExecuteDeleteAsync(cancellation);
        }

        await transaction.CommitAsync(cancellation);
        return code is not null;
    }

    public async Task<CodeAnswer> TryCodeAsync(string code, CancellationToken cancellation)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var answer = await codes.TryAsync(db, CodePurpose.PasswordReset, code, cancellation);
        await transaction.CommitAsync(cancellation);
        return answer;
    }

    /// <summary>
    /// A mailbox alone opens nobody's data, as it may have changed hands: a linked account asks for its customer number too.
    /// </summary>
    public async Task<bool> AsksForNumberAsync(CancellationToken cancellation) =>
        await codes.ProvenAsync(db, CodePurpose.PasswordReset, cancellation) is { } address
        && await OfAddressAsync(address, cancellation) is { } account
        && await db.AccountLinks.AnyAsync(row => row.AccountId == account.Id, cancellation);

    public async Task<ResetAnswer> ResetAsync(string password, string customerNumber, CancellationToken cancellation)
    {
        var hash = users.PasswordHasher.HashPassword(null!, Passwords.Normal(password)!);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (await codes.ProvenAsync(db, CodePurpose.PasswordReset, cancellation) is not { } address || await OfAddressAsync(address, cancellation) is not { } account)
        {
            return ResetAnswer.Gone;
        }

        if (await db.AccountLinks.AnyAsync(row => row.AccountId == account.Id, cancellation))
        {
            var tries = await limits.CountAsync(db, "reset", account.Id, TimeSpan.FromDays(1), cancellation);
            var number = AccountLink.Hash(keys, CurrentSubject.CustomerNumber, customerNumber);
            var right = tries <= NumberTriesADay
                && await db.AccountLinks.AnyAsync(row => row.AccountId == account.Id && row.ValueHash == number, cancellation);
            if (!right)
            {
                await transaction.CommitAsync(cancellation);
                return tries > NumberTriesADay ? ResetAnswer.TooMany : ResetAnswer.WrongNumber;
            }
        }

        if (!await codes.TakeAsync(db, CodePurpose.PasswordReset, cancellation))
        {
            return ResetAnswer.Gone;
        }

        await SetAsync(account, hash, "account.password-reset", cancellation);
        await transaction.CommitAsync(cancellation);
        return ResetAnswer.Done;
    }

    /// <summary>Asks for all that signing in asks for: else a password that somebody looked at over a shoulder would be enough to take the account.</summary>
    public async Task<SignInAnswer> ChangeAsync(string current, string code, string password, CancellationToken cancellation)
    {
        var (account, answer) = await sessions.CheckCurrentAsync(current, code, cancellation);
        if (answer != SignInAnswer.Done)
        {
            return answer;
        }

        var hash = users.PasswordHasher.HashPassword(account, Passwords.Normal(password)!);
        await using (var transaction = await db.Database.BeginTransactionAsync(cancellation))
        {
            await SetAsync(account, hash, "account.password-changed", cancellation);
            await transaction.CommitAsync(cancellation);
        }

        await sessions.GoOnAsync(account);
        return SignInAnswer.Done;
    }

    // A new stamp ends every session.
    private async Task SetAsync(Account account, string hash, string what, CancellationToken cancellation)
    {
        (account.PasswordHash, account.CredentialsChangedAt) = (hash, time.GetUtcNow().UtcDateTime);
        Sessions.Demand(await users.UpdateSecurityStampAsync(account));
        var number = await audit.NumberOfAsync(db, $"account:{account.Id}", cancellation);
        await audit.AppendAsync(db, new AuditEvent(what) { Subject = number, Actor = number }, cancellation);
        if (account is { Email: { } address, EmailConfirmed: true })
        {
            await outbox.AddAsync(db, new PasswordChangedLetter(), address, account.Language, null, cancellation);
            await db.SaveChangesAsync(cancellation);
        }
    }

    private Task<Account?> OfAddressAsync(string address, CancellationToken cancellation)
    {
        var normal = users.NormalizeEmail(address);
        // A mailbox alone opens no staff account either; it has no customer number to ask for.
        return db.Users.SingleOrDefaultAsync(
            row => row.NormalizedEmail == normal && row.EmailConfirmed && !db.UserRoles.Any(role => role.UserId == row.Id), cancellation);
    }
}
