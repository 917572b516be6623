using System.Globalization;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Accounts;

/// <summary>An account for whoever reads the mailbox; it opens nobody's data until it is linked.</summary>
internal sealed class Registration(
    PortalDbContext db, UserManager<Account> users, OneTimeCodes codes, Outbox outbox, AuditTrail audit, Sessions sessions, TimeProvider time)
{
    /// <summary>Mails a code; where the address has an account already, its owner is told that instead. The page says the same.</summary>
    /// <returns>False where too many codes have been asked for.</returns>
    public async Task<bool> SendCodeAsync(string address, CancellationToken cancellation)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var code = await codes.IssueAsync(db, CodePurpose.Registration, address, cancellation);
        if (code is not null)
        {
            var normal = users.NormalizeEmail(address);
            Letter letter = await db.Users.AnyAsync(row => row.NormalizedEmail == normal, cancellation)
                ? new AlreadyRegisteredLetter()
                : new RegistrationCodeLetter(code);
            await outbox.AddAsync(db, letter, address, CultureInfo.CurrentUICulture.TwoLetterISOLanguageName, null, cancellation);
            await db.SaveChangesAsync(cancellation);
        }

        await transaction.CommitAsync(cancellation);
        return code is not null;
    }

    public async Task<CodeAnswer> TryCodeAsync(string code, CancellationToken cancellation)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var answer = await codes.TryAsync(db, CodePurpose.Registration, code, cancellation);
        await transaction.CommitAsync(cancellation);
        return answer;
    }

    /// <returns>Whether there is an account now; not where the code's step was taken before, or somebody was faster.</returns>
    public async Task<bool> FinishAsync(string password, CancellationToken cancellation)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var account = new Account(CultureInfo.CurrentUICulture.TwoLetterISOLanguageName, now) { EmailConfirmed = true, CredentialsChangedAt = now };
        // Before the transaction, which would keep all others waiting meanwhile.
        account.PasswordHash = users.PasswordHasher.HashPassword(account, Passwords.Normal(password)!);
        await using (var transaction = await db.Database.BeginTransactionAsync(cancellation))
        {
            account.Email = await codes.ProvenAsync(db, CodePurpose.Registration, cancellation);
            var normal = users.NormalizeEmail(account.Email);
            if (account.Email is null
                || !await codes.TakeAsync(db, CodePurpose.Registration, cancellation)
                || await db.Users.AnyAsync(row => row.NormalizedEmail == normal, cancellation))
            {
                return false;
            }

            Sessions.Demand(await users.CreateAsync(account));
            var number = await audit.NumberOfAsync(db, $"account:{account.Id}", cancellation);
            await audit.AppendAsync(db, new AuditEvent("account.created") { Subject = number, Actor = number }, cancellation);
            await transaction.CommitAsync(cancellation);
        }

        await sessions.StartAsync(account, isFirst: true);
        return true;
    }
}
