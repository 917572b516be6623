using System.Globalization;
using System.Security.Claims;
using System.Security.Cryptography;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Features.Accounts;

internal enum SignInAnswer
{
    Done,
    /// <summary>The password was right; a code is asked for on the next page.</summary>
    AsksForCode,
    Wrong,
    WrongCode,
    TooMany,

    /// <summary>No right password was typed in this browser a moment ago.</summary>
    Gone,
}

/// <summary>Begins, renews and ends sessions. An unknown name takes the same way, and the same time, as a wrong password.</summary>
internal sealed class Sessions(
    SignInManager<Account> signIn, UserManager<Account> users, PortalDbContext db, PortalKeys keys, NobodysPassword nobodys, AttemptLimits limits,
    SecondFactors factors, Passkeys passkeys, PendingSignIn pending, KnownDevices devices, Outbox outbox, AuditTrail audit, IHttpContextAccessor http, IOptions<LimitOptions> allowed, TimeProvider time)
{
    /// <summary>Wrong tries for a name from one network until one has to wait; from elsewhere its owner still gets in.</summary>
    public const int Tries = 5;

    public const int WaitMinutes = 5;
    public static readonly TimeSpan Wait = TimeSpan.FromMinutes(WaitMinutes);

    private const int TriesFromEverywhere = 30;

    private const string ByPassword = "password";
    private const string ByPasskey = "passkey";

    private HttpContext Context => http.HttpContext!;

    /// <param name="name">A confirmed address, or the customer number of an account without one.</param>
    public async Task<SignInAnswer> SignInAsync(string name, string password, CancellationToken cancellation)
    {
        var counted = name.Contains('@', StringComparison.Ordinal) ? users.NormalizeEmail(name)! : name;
        if (!await MayTryAsync(counted, cancellation))
        {
            return SignInAnswer.TooMany;
        }

        var account = await FindAsync(name, cancellation);
        if (!await IsRightAsync(account, password))
        {
            await RecordRefusalAsync(account, ByPassword, cancellation);
            return SignInAnswer.Wrong;
        }

        await ForgetTriesAsync(counted, cancellation);
        if (await factors.IsOnAsync(account!, cancellation))
        {
            pending.Begin(account!);
            return SignInAnswer.AsksForCode;
        }

        await StartAsync(account!);
        return SignInAnswer.Done;
    }

    /// <summary>The code, for whom the password was right a moment ago.</summary>
    public async Task<SignInAnswer> CompleteAsync(string code, CancellationToken cancellation)
    {
        if (pending.Find() is not { } begun
            || await db.Users.SingleOrDefaultAsync(row => row.Id == begun.AccountId && row.SecurityStamp == begun.Stamp, cancellation) is not { } account)
        {
            return SignInAnswer.Gone;
        }

        var answer = await factors.TryAsync(account, code, AttemptLimits.NetworkOf(Context), cancellation);
        if (answer == SignInAnswer.Done)
        {
            pending.End();
            await StartAsync(account, secondFactor: true, authenticatedAt: begun.AuthenticatedAt);
        }

        return answer;
    }

    /// <summary>The password once more, and a code where one is asked for: of the account that is signed in and of no other.</summary>
    public async Task<SignInAnswer> ConfirmAsync(string password, string code, CancellationToken cancellation)
    {
        var (account, answer) = await CheckCurrentAsync(password, code, cancellation);
        if (answer == SignInAnswer.Done)
        {
            await WriteAsync(account, time.GetUtcNow(), Session, await factors.IsOnAsync(account, cancellation));
        }

        return answer;
    }

    /// <summary>By a passkey, whoever's it is: it is password and code at once.</summary>
    /// <param name="credential">The browser's answer.</param>
    public async Task<SignInAnswer> SignInByPasskeyAsync(string credential, CancellationToken cancellation)
    {
        if (!await MayTryAsync(cancellation))
        {
            return SignInAnswer.TooMany;
        }

        var account = await passkeys.ProveAsync(credential, null);
        if (account is null || account.IsLocked(time.GetUtcNow()))
        {
            await RecordRefusalAsync(account, ByPasskey, cancellation);
            return SignInAnswer.Wrong;
        }

        await StartAsync(account, secondFactor: true);
        return SignInAnswer.Done;
    }

    /// <summary>By a passkey of the account that is signed in and of no other.</summary>
    public async Task<SignInAnswer> ConfirmByPasskeyAsync(string credential, CancellationToken cancellation)
    {
        var account = await CurrentAsync();
        if (!await MayTryAsync(cancellation))
        {
            return SignInAnswer.TooMany;
        }

        if (await passkeys.ProveAsync(credential, account) is null)
        {
            await RecordRefusalAsync(account, ByPasskey, cancellation);
            return SignInAnswer.Wrong;
        }

        await WriteAsync(account, time.GetUtcNow(), Session, secondFactor: true);
        return SignInAnswer.Done;
    }

    /// <summary>By a provider that has vouched for the account's person.</summary>
    /// <param name="authenticatedAt">When they proved it there.</param>
    public async Task<SignInAnswer> SignInByProviderAsync(Account account, DateTimeOffset authenticatedAt, bool bothFactors, CancellationToken cancellation)
    {
        if (account.IsLocked(time.GetUtcNow()))
        {
            return SignInAnswer.Wrong;
        }

        if (!bothFactors && await factors.IsOnAsync(account, cancellation))
        {
            pending.Begin(account, authenticatedAt);
            return SignInAnswer.AsksForCode;
        }

        await StartAsync(account, bothFactors, authenticatedAt: authenticatedAt);
        return SignInAnswer.Done;
    }

    /// <summary>The account that is signed in, vouched for anew: alone that does not do where a code is asked for too.</summary>
    public async Task<SignInAnswer> ConfirmByProviderAsync(Account account, DateTimeOffset authenticatedAt, bool bothFactors, CancellationToken cancellation)
    {
        if (!bothFactors && await factors.IsOnAsync(account, cancellation))
        {
            return SignInAnswer.AsksForCode;
        }

        await WriteAsync(account, Earlier(authenticatedAt), Session, bothFactors || Context.User.HasClaim(CurrentSubject.MethodClaim, CurrentSubject.SecondFactor));
        return SignInAnswer.Done;
    }

    /// <summary>Checks the password of the signed-in account, and the code where one is asked for.</summary>
    public async Task<(Account Account, SignInAnswer Answer)> CheckCurrentAsync(string password, string code, CancellationToken cancellation)
    {
        var account = await CurrentAsync();
        if (!await MayTryAsync(account.Id, cancellation))
        {
            return (account, SignInAnswer.TooMany);
        }

        if (!await IsRightAsync(account, password))
        {
            await RecordRefusalAsync(account, ByPassword, cancellation);
            return (account, SignInAnswer.Wrong);
        }

        await ForgetTriesAsync(account.Id, cancellation);
        return (account, await factors.IsOnAsync(account, cancellation)
            ? await factors.TryAsync(account, code, AttemptLimits.NetworkOf(Context), cancellation)
            : SignInAnswer.Done);
    }

    /// <summary>The account of this request, which authorization has made sure of.</summary>
    public async Task<Account> CurrentAsync() =>
        await users.GetUserAsync(Context.User) ?? throw new InvalidOperationException("Nobody is signed in.");

    /// <summary>A session for somebody who has just proven who they are.</summary>
    /// <param name="secondFactor">By a code beside the password.</param>
    /// <param name="isFirst">The account's very first: nobody is told of what they do themselves.</param>
    /// <param name="authenticatedAt">Where it was not now.</param>
    public async Task StartAsync(Account account, bool secondFactor = false, bool isFirst = false, DateTimeOffset? authenticatedAt = null)
    {
        var now = time.GetUtcNow();
        var session = new SignInSession
        {
            Id = RandomNumberGenerator.GetHexString(32, lowercase: true),
            AccountId = account.Id,
            Stamp = account.SecurityStamp!,
            Device = Devices.Of(Context.Request.Headers.UserAgent.ToString()),
            StartedAt = now.UtcDateTime,
        };
        await using (var transaction = await db.Database.BeginTransactionAsync(Context.RequestAborted))
        {
            db.SignInSessions.Add(session);
            var number = await audit.NumberOfAsync(db, $"account:{account.Id}", Context.RequestAborted);
            await audit.AppendAsync(db, new AuditEvent("account.signed-in") { Subject = number, Actor = number, ReasonCode = secondFactor ? "two-factors" : "one-factor" }, Context.RequestAborted);
            if (!isFirst && !devices.Knows(account) && account is { Email: { } address, EmailConfirmed: true })
            {
                await outbox.AddAsync(db, new NewDeviceLetter(session.Device, session.StartedAt), address, account.Language, null, Context.RequestAborted);
            }

            await db.SaveChangesAsync(Context.RequestAborted);
            await transaction.CommitAsync(Context.RequestAborted);
        }

        devices.Remember(account);
        await WriteAsync(account, authenticatedAt is { } then ? Earlier(then) : now, session.Id, secondFactor);
    }

    /// <summary>Where the account is signed in, this session first. A browser that was closed cannot be told from one that is in use.</summary>
    public async Task<IReadOnlyList<SignInSession>> ListAsync(CancellationToken cancellation)
    {
        var (account, here, earliest) = (await CurrentAsync(), Session, time.GetUtcNow().UtcDateTime - SignInSession.Longest);
        return await db.SignInSessions.AsNoTracking()
            .Where(row => row.AccountId == account.Id && row.Stamp == account.SecurityStamp && row.StartedAt > earliest)
            .OrderBy(row => row.Id == here ? 0 : 1).ThenByDescending(row => row.StartedAt).ThenBy(row => row.Id)
            .ToListAsync(cancellation);
    }

    public bool IsHere(SignInSession session) => session.Id == Session;

    /// <summary>Ends one of the account's other sessions, or all of them.</summary>
    /// <param name="id">All, where absent.</param>
    public async Task EndOthersAsync(string? id, CancellationToken cancellation)
    {
        var (account, here) = (await CurrentAsync(), Session);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (await db.SignInSessions.Where(row => row.AccountId == account.Id && row.Id != here && (id == null || row.Id == id)).ExecuteDeleteAsync(cancellation) > 0)
        {
            var number = await audit.NumberOfAsync(db, $"account:{account.Id}", cancellation);
            await audit.AppendAsync(db, new AuditEvent(id is null ? "account.signed-out-others" : "account.signed-out-one") { Subject = number, Actor = number }, cancellation);
        }

        await transaction.CommitAsync(cancellation);
    }

    /// <summary>Whether the session that the cookie names still stands.</summary>
    public Task<bool> StandsAsync(ClaimsPrincipal person, CancellationToken cancellation) => SignInSession.Standing(
        db, person.FindFirstValue(CurrentSubject.SessionClaim), person.FindFirstValue(ClaimTypes.NameIdentifier), StampOf(person), time.GetUtcNow().UtcDateTime).AnyAsync(cancellation);

    /// <summary>This session goes on where a new stamp has ended all others; when its person was authenticated does not change.</summary>
    /// <param name="secondFactor">Where that is what changed; as before, where absent.</param>
    public Task GoOnAsync(Account account, bool? secondFactor = null) => WriteAsync(
        account,
        long.TryParse(Context.User.FindFirstValue(CurrentSubject.AuthenticatedAtClaim), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : DateTimeOffset.UnixEpoch,
        Session,
        secondFactor ?? Context.User.HasClaim(CurrentSubject.MethodClaim, CurrentSubject.SecondFactor));

    public async Task EndAsync()
    {
        var id = Context.User.FindFirstValue(CurrentSubject.SessionClaim);
        await db.SignInSessions.Where(row => row.Id == id).ExecuteDeleteAsync(Context.RequestAborted);
        await signIn.SignOutAsync();
    }

    /// <summary>Ends every session of the account, this one too.</summary>
    public async Task EndAllAsync(CancellationToken cancellation)
    {
        var account = await CurrentAsync();
        await using (var transaction = await db.Database.BeginTransactionAsync(cancellation))
        {
            Demand(await users.UpdateSecurityStampAsync(account));
            var number = await audit.NumberOfAsync(db, $"account:{account.Id}", cancellation);
            await audit.AppendAsync(db, new AuditEvent("account.signed-out-everywhere") { Subject = number, Actor = number }, cancellation);
            await transaction.CommitAsync(cancellation);
        }

        await EndAsync();
    }

    internal static void Demand(IdentityResult result)
    {
        if (!result.Succeeded)
        {
            // Codes alone: descriptions name addresses.
            throw new InvalidOperationException($"Identity refused: {string.Join(", ", result.Errors.Select(error => error.Code))}");
        }
    }

    private string? StampOf(ClaimsPrincipal person) => person.FindFirstValue(users.Options.ClaimsIdentity.SecurityStampClaimType);

    private string Session => Context.User.FindFirstValue(CurrentSubject.SessionClaim) ?? throw new InvalidOperationException("The session has no name.");

    // A provider's clock may be ahead.
    private DateTimeOffset Earlier(DateTimeOffset then) => then < time.GetUtcNow() ? then : time.GetUtcNow();

    private Task WriteAsync(Account account, DateTimeOffset authenticatedAt, string session, bool secondFactor)
    {
        var seconds = authenticatedAt.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        List<Claim> claims = [new(CurrentSubject.AuthenticatedAtClaim, seconds, ClaimValueTypes.Integer64), new(CurrentSubject.SessionClaim, session)];
        if (secondFactor)
        {
            claims.Add(new(CurrentSubject.MethodClaim, CurrentSubject.SecondFactor));
        }

        return signIn.SignInWithClaimsAsync(account, isPersistent: false, claims);
    }

    private async Task<Account?> FindAsync(string name, CancellationToken cancellation)
    {
        if (name.Contains('@', StringComparison.Ordinal))
        {
            var address = users.NormalizeEmail(name);
            return await db.Users.SingleOrDefaultAsync(row => row.NormalizedEmail == address && row.EmailConfirmed, cancellation);
        }

        var hash = AccountLink.Hash(keys, CurrentSubject.CustomerNumber, name);
        return await db.Users
            .Where(row => row.Email == null && db.AccountLinks.Any(link => link.AccountId == row.Id && link.ValueHash == hash))
            .OrderBy(row => row.Id).FirstOrDefaultAsync(cancellation);
    }

    private async Task<bool> IsRightAsync(Account? account, string password)
    {
        var normal = Passwords.Normal(password) ?? "";
        if (account is { PasswordHash: not null })
        {
            // To whom is locked out a right password looks like a wrong one.
            return await users.CheckPasswordAsync(account, normal) && !account.IsLocked(time.GetUtcNow());
        }

        nobodys.Check(normal);
        return false;
    }

    // A name that nobody has leaves an entry too, about nobody: it takes no less time than a wrong password, and many of them are seen.
    private async Task RecordRefusalAsync(Account? account, string by, CancellationToken cancellation)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var number = await audit.NumberOfAsync(db, $"account:{account?.Id ?? "nobody"}", cancellation);
        await audit.AppendAsync(db, new AuditEvent("account.sign-in-refused") { Subject = account is null ? null : number, ReasonCode = by }, cancellation);
        await transaction.CommitAsync(cancellation);
    }

    // Counted before the password is looked at, so that tries at once do not slip through.
    private async Task<bool> MayTryAsync(string who, CancellationToken cancellation)
    {
        var network = AttemptLimits.NetworkOf(Context);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var may = await limits.CountAsync(db, "sign-in network", network, TimeSpan.FromHours(1), cancellation) <= allowed.Value.SignInsPerNetworkAnHour
            & await limits.CountAsync(db, "sign-in", $"{who} {network}", Wait, cancellation) <= Tries
            & await limits.CountAsync(db, "sign-in everywhere", who, Wait, cancellation) <= TriesFromEverywhere;
        await transaction.CommitAsync(cancellation);
        return may;
    }

    /// <summary>A passkey or a provider's answer cannot be guessed, and names nobody before it is right.</summary>
    public async Task<bool> MayTryAsync(CancellationToken cancellation)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var may = await limits.CountAsync(db, "sign-in network", AttemptLimits.NetworkOf(Context), TimeSpan.FromHours(1), cancellation) <= allowed.Value.SignInsPerNetworkAnHour;
        await transaction.CommitAsync(cancellation);
        return may;
    }

    private async Task ForgetTriesAsync(string who, CancellationToken cancellation)
    {
        await limits.ForgetAsync(db, "sign-in", $"{who} {AttemptLimits.NetworkOf(Context)}", cancellation);
        await limits.ForgetAsync(db, "sign-in everywhere", who, cancellation);
    }

    /// <summary>The cookie alone is not believed: each request asks whether its session still stands.</summary>
    internal sealed class Cookie(Sessions sessions, SignInManager<Account> signIn, PortalDbContext db) : CookieAuthenticationEvents
    {
        /// <summary>A session that goes on under a new stamp, whoever changed it, is no longer the one that old copies of its cookie name.</summary>
        public override Task SigningIn(CookieSigningInContext context)
        {
            var (id, stamp) = (context.Principal!.FindFirstValue(CurrentSubject.SessionClaim), sessions.StampOf(context.Principal!));
            return db.SignInSessions.Where(row => row.Id == id && row.Stamp != stamp)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.Stamp, stamp), context.HttpContext.RequestAborted);
        }

        public override async Task ValidatePrincipal(CookieValidatePrincipalContext context)
        {
            if (!await sessions.StandsAsync(context.Principal!, context.HttpContext.RequestAborted))
            {
                context.RejectPrincipal();
                await signIn.SignOutAsync();
            }
        }
    }
}
