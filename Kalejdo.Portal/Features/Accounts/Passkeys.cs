using System.Buffers.Text;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.Identity;

namespace Kalejdo.Portal.Features.Accounts;

/// <param name="Id">The credential's, in Base64Url.</param>
internal sealed record PasskeyView(string Id, string Name, DateTime CreatedAt);

internal enum PasskeyAnswer
{
    Done,

    /// <summary>Nothing was asked a moment ago, or what came does not answer it.</summary>
    Refused,
    TooMany,
}

/// <summary>
/// Passkeys by ASP.NET Core Identity. The authenticator has verified its person each time (by finger, face or code), so that a passkey is two
/// factors in one: it takes the place of password and code.
/// </summary>
internal sealed class Passkeys(
    PortalDbContext db, UserManager<Account> users, IPasskeyHandler<Account> handler, PasskeyChallenge challenge, AuditTrail audit, Outbox outbox,
    IHttpContextAccessor http, TimeProvider time)
{
    public const int Most = 10;
    public const int LongestName = 40;

    private const string Creating = "create";
    private const string Proving = "prove";

    // A credential is some hundred bytes.
    private const int LongestCredential = 20_000;

    private HttpContext Context => http.HttpContext!;

    public async Task<IReadOnlyList<PasskeyView>> ListAsync(Account account) =>
        [.. (await users.GetPasskeysAsync(account)).OrderBy(key => key.CreatedAt).Select(key => new PasskeyView(Base64Url.EncodeToString(key.CredentialId), key.Name ?? "", key.CreatedAt.UtcDateTime))];

    /// <returns>What the browser needs to make one, as JSON.</returns>
    public async Task<string> OfferAsync(Account account)
    {
        var name = account.Email ?? AccountsText.AccountTitle;
        var made = await handler.MakeCreationOptionsAsync(new PasskeyUserEntity { Id = account.Id, Name = name, DisplayName = name }, Context);
        challenge.Begin(Creating, account, made.AttestationState!);
        return made.CreationOptionsJson;
    }

    /// <param name="credential">What the browser made of <see cref="OfferAsync"/>.</param>
    public async Task<PasskeyAnswer> AddAsync(Account account, string name, string credential, CancellationToken cancellation)
    {
        if (challenge.Take(Creating, account) is not { } state || credential.Length > LongestCredential)
        {
            return PasskeyAnswer.Refused;
        }

        var result = await handler.PerformAttestationAsync(new PasskeyAttestationContext { HttpContext = Context, CredentialJson = credential, AttestationState = state });
        if (!result.Succeeded || result.UserEntity.Id != account.Id || !result.Passkey.IsUserVerified)
        {
            return PasskeyAnswer.Refused;
        }

        result.Passkey.Name = name;
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if ((await users.GetPasskeysAsync(account)).Count >= Most)
        {
            return PasskeyAnswer.TooMany;
        }

        account.CredentialsChangedAt = time.GetUtcNow().UtcDateTime;
        Sessions.Demand(await users.AddOrUpdatePasskeyAsync(account, result.Passkey));
        await TellAsync(account, "account.passkey-added", FactorChange.PasskeyAdded, cancellation);
        await transaction.CommitAsync(cancellation);
        return PasskeyAnswer.Done;
    }

    /// <summary>Ends every session: whoever has it may be signed in by it.</summary>
    /// <returns>False where the account has no such passkey.</returns>
    public async Task<bool> RemoveAsync(Account account, string id, CancellationToken cancellation)
    {
        if (!Base64Url.IsValid(id) || await users.GetPasskeyAsync(account, Base64Url.DecodeFromChars(id)) is not { } key)
        {
            return false;
        }

        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        Sessions.Demand(await users.RemovePasskeyAsync(account, key.CredentialId));
        account.CredentialsChangedAt = time.GetUtcNow().UtcDateTime;
        Sessions.Demand(await users.UpdateSecurityStampAsync(account));
        await TellAsync(account, "account.passkey-removed", FactorChange.PasskeyRemoved, cancellation);
        await transaction.CommitAsync(cancellation);
        return true;
    }

    /// <param name="account">Whose passkey alone will do; absent where any does, and the browser lets its person choose.</param>
    /// <returns>What the browser needs to ask for one, as JSON.</returns>
    public async Task<string> AskAsync(Account? account)
    {
        var made = await handler.MakeRequestOptionsAsync(account, Context);
        challenge.Begin(Proving, account, made.AssertionState!);
        return made.RequestOptionsJson;
    }

    /// <param name="account">As in <see cref="AskAsync"/>.</param>
    /// <returns>The account whose passkey answered; null where none did.</returns>
    public async Task<Account?> ProveAsync(string credential, Account? account)
    {
        if (challenge.Take(Proving, account) is not { } state || credential.Length > LongestCredential)
        {
            return null;
        }

        var result = await handler.PerformAssertionAsync(new PasskeyAssertionContext { HttpContext = Context, CredentialJson = credential, AssertionState = state });
        if (!result.Succeeded || !result.Passkey.IsUserVerified || (account is not null && account.Id != result.User.Id))
        {
            return null;
        }

        // Its counter tells a copy from the original.
        Sessions.Demand(await users.AddOrUpdatePasskeyAsync(result.User, result.Passkey));
        return result.User;
    }

    private async Task TellAsync(Account account, string what, FactorChange change, CancellationToken cancellation)
    {
        var number = await audit.NumberOfAsync(db, $"account:{account.Id}", cancellation);
        await audit.AppendAsync(db, new AuditEvent(what) { Subject = number, Actor = number }, cancellation);
        if (account is { Email: { } address, EmailConfirmed: true })
        {
            await outbox.AddAsync(db, new FactorChangedLetter(change), address, account.Language, null, cancellation);
            await db.SaveChangesAsync(cancellation);
        }
    }
}
