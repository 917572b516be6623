using System.Security.Cryptography;
using System.Text;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.Identity;

namespace Kalejdo.Portal.Features.Accounts;

/// <param name="Id">Tells it from the account's others; random to everybody else.</param>
/// <param name="Name">The provider's.</param>
internal sealed record ElectronicIdView(string Id, string Name);

/// <summary>A provider, for a button.</summary>
public sealed record ProviderView(string Key, string Name);

/// <summary>Where the person proves who they are.</summary>
public sealed record Departure(string Provider, string Address);

/// <summary>Why a way by the provider led nowhere, for the page that says so.</summary>
internal enum ElectronicIdProblem
{
    Refused,
    Cancelled,
    Gone,
    Down,

    /// <summary>No account that it may open: not added anywhere, or the account is locked. Which one is not said.</summary>
    Unlinked,

    /// <summary>It is not the one of the account that is signed in.</summary>
    Anothers,

    /// <summary>The account asks for a second factor, which the provider did not vouch for.</summary>
    OneFactor,

    /// <summary>Another account has it.</summary>
    Taken,
    TooMany,
}

internal enum ElectronicIdRemoval
{
    Done,
    Missing,

    /// <summary>The account would have no way in any more.</summary>
    LastWayIn,
}

/// <summary>
/// Electronic IDs and the company's own accounts, by OpenID Connect: an account knows the provider's name for its person, and nothing else of the
/// token is kept. No account is made of a token.
/// </summary>
internal sealed class ElectronicIds(
    OpenIdProviders providers, OpenIdRequests requests, Sessions sessions, PortalDbContext db, UserManager<Account> users, AuditTrail audit, Outbox outbox,
    IHttpContextAccessor http, TimeProvider time)
{
    public const int Most = 10;

    private HttpContext Context => http.HttpContext!;

    public IReadOnlyList<ProviderView> All => Views(_ => true);

    /// <summary>Those that an account of the kind may add.</summary>
    public IReadOnlyList<ProviderView> Addable(bool staff) => Views(provider => provider.IsFor(staff));

    /// <summary>Those that the account has added.</summary>
    public async Task<IReadOnlyList<ProviderView>> UsableAsync(Account account)
    {
        var issuers = (await users.GetLoginsAsync(account)).Select(login => login.LoginProvider).ToHashSet();
        return Views(provider => issuers.Contains(provider.Issuer));
    }

    public async Task<IReadOnlyList<ElectronicIdView>> ListAsync(Account account) =>
        [.. (await users.GetLoginsAsync(account)).Select(login => new ElectronicIdView(IdOf(login), providers.Find(login.ProviderDisplayName)?.Name ?? login.ProviderDisplayName ?? ""))];

    /// <param name="account">Who is signed in; absent where nobody is yet.</param>
    /// <returns>Null where there is no such provider, or it does not answer.</returns>
    public async Task<Departure?> LeaveAsync(string? key, OpenIdPurpose purpose, Account? account, string onward, CancellationToken cancellation)
    {
        if (providers.Find(key) is not { } provider)
        {
            return null;
        }

        var request = requests.Begin(provider.Key, purpose, account?.Id, onward);
        return await provider.AuthorizeAsync(request, cancellation) is { } address ? new Departure(provider.Name, address) : null;
    }

    /// <summary>The provider's answer, in the browser that was sent there.</summary>
    /// <returns>Where to go on: never elsewhere than here.</returns>
    public async Task<string> ReturnAsync(OpenIdProvider provider, CancellationToken cancellation)
    {
        var query = Context.Request.Query;
        if (requests.Take(provider.Key, query["state"]) is not { } request)
        {
            return PortalUrls.ElectronicIdProblem(nameof(ElectronicIdProblem.Gone), PortalUrls.SignIn);
        }

        var account = Context.User.Identity?.IsAuthenticated == true ? await sessions.CurrentAsync() : null;
        if (request.AccountId is { } id && account?.Id != id)
        {
            return PortalUrls.ElectronicIdProblem(nameof(ElectronicIdProblem.Gone), BackOf(request));
        }

        if (!await sessions.MayTryAsync(cancellation))
        {
            return PortalUrls.ElectronicIdProblem(nameof(ElectronicIdProblem.TooMany), BackOf(request));
        }

        if (query["error"] == "access_denied")
        {
            return PortalUrls.ElectronicIdProblem(nameof(ElectronicIdProblem.Cancelled), BackOf(request));
        }

        var problem = await provider.RedeemAsync(request, query["code"], query["iss"], cancellation) switch
        {
            OpenIdAnswer.Vouched vouched => request.Purpose switch
            {
                OpenIdPurpose.SignIn => await SignInAsync(provider, vouched, cancellation),
                OpenIdPurpose.Confirm => await ConfirmAsync(provider, account!, vouched, cancellation),
                _ => await AddAsync(provider, account!, vouched, cancellation),
            },
            OpenIdAnswer.Down => ElectronicIdProblem.Down,
            _ => ElectronicIdProblem.Refused,
        };
        return problem switch
        {
            null => request.Onward,
            ElectronicIdProblem.OneFactor when request.Purpose == OpenIdPurpose.SignIn => PortalUrls.SignInCodeFrom(request.Onward),
            _ => PortalUrls.ElectronicIdProblem(problem.ToString()!, BackOf(request)),
        };
    }

    /// <summary>Ends every session: whoever has it may be signed in by it.</summary>
    /// <param name="id">Of <see cref="ElectronicIdView"/>.</param>
    public async Task<ElectronicIdRemoval> RemoveAsync(Account account, string id, CancellationToken cancellation)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var logins = await users.GetLoginsAsync(account);
        if (logins.FirstOrDefault(login => IdOf(login) == id) is not { } login)
        {
            return ElectronicIdRemoval.Missing;
        }

        if (logins.Count == 1 && account.PasswordHash is null && (await users.GetPasskeysAsync(account)).Count == 0)
        {
            return ElectronicIdRemoval.LastWayIn;
        }

        Sessions.Demand(await users.RemoveLoginAsync(account, login.LoginProvider, login.ProviderKey));
        account.CredentialsChangedAt = time.GetUtcNow().UtcDateTime;
        Sessions.Demand(await users.UpdateSecurityStampAsync(account));
        await TellAsync(account, "account.electronic-id-removed", FactorChange.ElectronicIdRemoved, cancellation);
        await transaction.CommitAsync(cancellation);
        return ElectronicIdRemoval.Done;
    }

    private async Task<ElectronicIdProblem?> SignInAsync(OpenIdProvider provider, OpenIdAnswer.Vouched vouched, CancellationToken cancellation)
    {
        if (await FindAsync(provider, vouched) is not { } account)
        {
            return ElectronicIdProblem.Unlinked;
        }

        // Proven an hour ago at the provider is not proven now; and where it does not say when, long ago.
        return await sessions.SignInByProviderAsync(account, vouched.AuthenticatedAt ?? DateTimeOffset.UnixEpoch, vouched.BothFactors, cancellation) switch
        {
            SignInAnswer.Done => null,
            SignInAnswer.AsksForCode => ElectronicIdProblem.OneFactor,
            _ => ElectronicIdProblem.Unlinked,
        };
    }

    private async Task<ElectronicIdProblem?> ConfirmAsync(OpenIdProvider provider, Account account, OpenIdAnswer.Vouched vouched, CancellationToken cancellation)
    {
        if ((await FindAsync(provider, vouched))?.Id != account.Id)
        {
            return ElectronicIdProblem.Anothers;
        }

        return await sessions.ConfirmByProviderAsync(account, vouched.AuthenticatedAt!.Value, vouched.BothFactors, cancellation) == SignInAnswer.Done
            ? null
            : ElectronicIdProblem.OneFactor;
    }

    private async Task<ElectronicIdProblem?> AddAsync(OpenIdProvider provider, Account account, OpenIdAnswer.Vouched vouched, CancellationToken cancellation)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var owner = await users.FindByLoginAsync(provider.Issuer, vouched.Subject);
        if (owner is not null)
        {
            return owner.Id == account.Id ? null : ElectronicIdProblem.Taken;
        }

        if (!provider.IsFor(await IsStaffAsync(account)) || (await users.GetLoginsAsync(account)).Count >= Most)
        {
            return ElectronicIdProblem.Refused;
        }

        account.CredentialsChangedAt = time.GetUtcNow().UtcDateTime;
        Sessions.Demand(await users.AddLoginAsync(account, new UserLoginInfo(provider.Issuer, vouched.Subject, provider.Key)));
        await TellAsync(account, "account.electronic-id-added", FactorChange.ElectronicIdAdded, cancellation);
        await transaction.CommitAsync(cancellation);
        return null;
    }

    // A subscriber's provider opens no account of staff, nor theirs a subscriber's.
    private async Task<Account?> FindAsync(OpenIdProvider provider, OpenIdAnswer.Vouched vouched) =>
        await users.FindByLoginAsync(provider.Issuer, vouched.Subject) is { } account && provider.IsFor(await IsStaffAsync(account)) ? account : null;

    private async Task<bool> IsStaffAsync(Account account) => (await users.GetRolesAsync(account)).Intersect(StaffRoles.All).Any();

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

    private IReadOnlyList<ProviderView> Views(Func<OpenIdProvider, bool> which) => [.. providers.All.Where(which).Select(provider => new ProviderView(provider.Key, provider.Name))];

    private static string BackOf(OpenIdRequest request) => request.Purpose switch
    {
        OpenIdPurpose.SignIn => PortalUrls.SignInFrom(request.Onward),
        OpenIdPurpose.Confirm => PortalUrls.ConfirmFrom(request.Onward),
        _ => PortalUrls.ElectronicIds,
    };

    private static string IdOf(UserLoginInfo login) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{login.LoginProvider} {login.ProviderKey}")))[..32];
}
