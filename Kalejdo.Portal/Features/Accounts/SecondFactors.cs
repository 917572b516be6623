using System.Security.Cryptography;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Accounts;

/// <summary>An account's second factor as its person sees it.</summary>
internal sealed record FactorView(DateTime Since, int CodesLeft);

/// <summary>
/// What is asked for beside the password: a code of an authenticator app, or one of ten codes on paper. Both are digits alone, so that one
/// field takes either.
/// </summary>
internal sealed class SecondFactors(
    PortalDbContext db, UserManager<Account> users, PortalKeys keys, AttemptLimits limits, AuditTrail audit, Outbox outbox, TimeProvider time)
{
    public const int RecoveryCodes = 10;

    private const int RecoveryDigits = 12;

    // Only who knows the password comes as far, and a code has but a million forms.
    private const int TriesADay = 30;

    public async Task<FactorView?> FindAsync(Account account, CancellationToken cancellation) =>
        await db.SecondFactors.AsNoTracking().SingleOrDefaultAsync(row => row.AccountId == account.Id, cancellation) is { } factor
            ? new FactorView(factor.CreatedAt, await db.RecoveryCodes.CountAsync(row => row.AccountId == account.Id, cancellation))
            : null;

    public Task<bool> IsOnAsync(Account account, CancellationToken cancellation) => db.SecondFactors.AnyAsync(row => row.AccountId == account.Id, cancellation);

    /// <summary>
    /// The key that is offered to an app in this session: the same however often its page is looked at, and nothing is written until a code
    /// of it is typed. The stamp changes then, and so does what is offered next.
    /// </summary>
    public byte[] Offered(Account account, string session) =>
        Convert.FromHexString(keys.Hash("offered authenticator key", $"{account.Id} {account.SecurityStamp} {session}"))[..AuthenticatorCodes.KeyBytes];

    /// <summary>Turns it on, or moves it to another app, once a code shows that the app has the key. Ends every session.</summary>
    /// <returns>The recovery codes, which cannot be had again; null where the code is not of the key.</returns>
    public async Task<IReadOnlyList<string>?> TurnOnAsync(Account account, byte[] key, string code, CancellationToken cancellation)
    {
        if (AuthenticatorCodes.StepOf(key, Typed(code), time.GetUtcNow()) is not { } step)
        {
            return null;
        }

        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var replaced = await db.SecondFactors.Where(row => row.AccountId == account.Id).ExecuteDeleteAsync(cancellation) > 0;
        db.SecondFactors.Add(SecondFactor.Of(keys, account.Id, key, step, time.GetUtcNow().UtcDateTime));
        var codes = await WriteCodesAsync(account, cancellation);
        account.TwoFactorEnabled = true;
        await EndSessionsAsync(account);
        await TellAsync(account, replaced ? "account.factor-replaced" : "account.factor-on", replaced ? FactorChange.Replaced : FactorChange.On, cancellation);
        await transaction.CommitAsync(cancellation);
        return codes;
    }

    /// <summary>Ends every session.</summary>
    public async Task TurnOffAsync(Account account, CancellationToken cancellation)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        await db.SecondFactors.Where(row => row.AccountId == account.Id).ExecuteDeleteAsync(cancellation);
        await db.RecoveryCodes.Where(row => row.AccountId == account.Id).ExecuteDeleteAsync(cancellation);
        account.TwoFactorEnabled = false;
        await EndSessionsAsync(account);
        await TellAsync(account, "account.factor-off", FactorChange.Off, cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <returns>New recovery codes; the old ones are of no use any more.</returns>
    public async Task<IReadOnlyList<string>> RenewCodesAsync(Account account, CancellationToken cancellation)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var codes = await WriteCodesAsync(account, cancellation);
        await TellAsync(account, "account.recovery-codes-renewed", FactorChange.CodesRenewed, cancellation);
        await transaction.CommitAsync(cancellation);
        return codes;
    }

    /// <summary>Takes a code of the app or of the paper: each one once.</summary>
    public async Task<SignInAnswer> TryAsync(Account account, string code, string network, CancellationToken cancellation)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var answer = await MayTryAsync(account, network, cancellation) ? await TakeAsync(account, Typed(code), cancellation) : SignInAnswer.TooMany;
        if (answer == SignInAnswer.Done)
        {
            await limits.ForgetAsync(db, "factor", $"{account.Id} {network}", cancellation);
            await limits.ForgetAsync(db, "factor everywhere", account.Id, cancellation);
        }
        else
        {
            await AppendAsync(account, "account.factor-refused", answer == SignInAnswer.TooMany ? "too_many_tries" : null, cancellation);
        }

        await transaction.CommitAsync(cancellation);
        return answer;
    }

    // Counted before the code is looked at, so that tries at once do not slip through.
    private async Task<bool> MayTryAsync(Account account, string network, CancellationToken cancellation) =>
        await limits.CountAsync(db, "factor", $"{account.Id} {network}", Sessions.Wait, cancellation) <= Sessions.Tries
        & await limits.CountAsync(db, "factor everywhere", account.Id, TimeSpan.FromDays(1), cancellation) <= TriesADay;

    private async Task<SignInAnswer> TakeAsync(Account account, string code, CancellationToken cancellation)
    {
        if (code.Length == RecoveryDigits)
        {
            var hash = RecoveryCode.Hash(keys, account.Id, code);
            if (await db.RecoveryCodes.Where(row => row.CodeHash == hash).ExecuteDeleteAsync(cancellation) == 0)
            {
                return SignInAnswer.WrongCode;
            }

            await TellAsync(account, "account.recovery-code-used", FactorChange.CodeUsed, cancellation);
            return SignInAnswer.Done;
        }

        var factor = await db.SecondFactors.AsNoTracking().SingleOrDefaultAsync(row => row.AccountId == account.Id, cancellation);
        return factor is not null
            && AuthenticatorCodes.StepOf(factor.Key(keys), code, time.GetUtcNow()) is { } step
            && await db.SecondFactors.Where(row => row.AccountId == account.Id && row.LastStep < step)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.LastStep, step), cancellation) == 1
            ? SignInAnswer.Done
            : SignInAnswer.WrongCode;
    }

    private async Task<IReadOnlyList<string>> WriteCodesAsync(Account account, CancellationToken cancellation)
    {
        await db.RecoveryCodes.Where(row => row.AccountId == account.Id).ExecuteDeleteAsync(cancellation);
        var codes = new HashSet<string>();
        while (codes.Count < RecoveryCodes)
        {
            codes.Add(RandomNumberGenerator.GetString("0123456789", RecoveryDigits));
        }

        db.RecoveryCodes.AddRange(codes.Select(code => new RecoveryCode { CodeHash = RecoveryCode.Hash(keys, account.Id, code), AccountId = account.Id }));
        await db.SaveChangesAsync(cancellation);
        return [.. codes.Select(code => string.Join(' ', code.Chunk(4).Select(part => new string(part))))];
    }

    private async Task EndSessionsAsync(Account account)
    {
        account.CredentialsChangedAt = time.GetUtcNow().UtcDateTime;
        Sessions.Demand(await users.UpdateSecurityStampAsync(account));
    }

    private async Task TellAsync(Account account, string what, FactorChange change, CancellationToken cancellation)
    {
        await AppendAsync(account, what, null, cancellation);
        if (account is { Email: { } address, EmailConfirmed: true })
        {
            await outbox.AddAsync(db, new FactorChangedLetter(change), address, account.Language, null, cancellation);
            await db.SaveChangesAsync(cancellation);
        }
    }

    private async Task AppendAsync(Account account, string what, string? reason, CancellationToken cancellation)
    {
        var number = await audit.NumberOfAsync(db, $"account:{account.Id}", cancellation);
        await audit.AppendAsync(db, new AuditEvent(what) { Subject = number, Actor = number, ReasonCode = reason }, cancellation);
    }

    // Apps show codes in groups, and so does the paper.
    private static string Typed(string code) => string.Concat(code.Where(char.IsAsciiDigit));
}
