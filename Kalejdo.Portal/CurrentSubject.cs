using System.Globalization;
using System.Security.Claims;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal;

/// <summary>Whose data the signed-in account opens.</summary>
/// <param name="Identities">Proven to be this person's, for the rights engine; never empty.</param>
/// <param name="ConfirmedAddress">The account's own address, where its mailbox is confirmed: for mails, not for finding rows.</param>
/// <param name="AuthenticatedAt">When this person last proved who they are in this browser.</param>
internal sealed record LinkedSubject(string AccountId, IReadOnlyList<Identity> Identities, string? ConfirmedAddress, DateTimeOffset? AuthenticatedAt)
{
    /// <summary>Not even by accident in a log.</summary>
    public override string ToString() => nameof(LinkedSubject);
}

/// <summary>The subject behind the request, for every feature; what they may find rows by is proven when the account is linked.</summary>
internal sealed class CurrentSubject(IHttpContextAccessor http, PortalDbContext db, SelfService selfService, PortalKeys keys, TimeProvider time)
{
    /// <summary>Policy: an account that is not staff's.</summary>
    public const string Subscriber = nameof(Subscriber);

    /// <summary>Policy: a subscriber's account with at least one link; others are led to the linking page.</summary>
    public const string Linked = nameof(Linked);

    /// <summary>Policy: linked, and authenticated within <see cref="Freshness"/>; others are led to authenticate anew, and back.</summary>
    public const string Fresh = nameof(Fresh);

    /// <summary>Policy: linked, and for what is posted authenticated as for <see cref="Fresh"/>; looking asks for nothing more.</summary>
    public const string FreshToAct = nameof(FreshToAct);

    /// <summary>Policy: as <see cref="Fresh"/>, linked or not.</summary>
    public const string FreshSubscriber = nameof(FreshSubscriber);

    /// <summary>The claim that says when, in seconds since 1970.</summary>
    public const string AuthenticatedAtClaim = "auth_time";

    /// <summary>The claim that tells one session of an account from another; random.</summary>
    public const string SessionClaim = "sid";

    /// <summary>The claim that says by what, beside the password: <see cref="SecondFactor"/> where it was a code too.</summary>
    public const string MethodClaim = "amr";

    public const string SecondFactor = "otp";

    public const string CustomerNumber = "customer_number";

    public const string Email = "email";

    public static readonly TimeSpan Freshness = TimeSpan.FromMinutes(5);

    private ClaimsPrincipal? Person => http.HttpContext?.User is { Identity.IsAuthenticated: true } person ? person : null;

    public string? AccountId => Person?.FindFirstValue(ClaimTypes.NameIdentifier);

    private DateTimeOffset? AuthenticatedAt =>
        long.TryParse(Person?.FindFirstValue(AuthenticatedAtClaim), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;

    /// <returns>Null where nobody is signed in, the account is not linked to an agreement, or staff alone serve its person.</returns>
    public async Task<LinkedSubject?> FindAsync(CancellationToken cancellationToken) =>
        await ResolveAsync(cancellationToken) is { } subject && !await selfService.IsClosedAsync(subject.Identities, cancellationToken) ? subject : null;

    /// <summary>Whether there is an agreement, whoever serves it.</summary>
    public async Task<bool> IsLinkedAsync(CancellationToken cancellationToken) => await ResolveAsync(cancellationToken) is not null;

    /// <summary>Whether staff alone serve this person.</summary>
    public async Task<bool> IsClosedAsync(CancellationToken cancellationToken) =>
        await ResolveAsync(cancellationToken) is { } subject && await selfService.IsClosedAsync(subject.Identities, cancellationToken);

    private async Task<LinkedSubject?> ResolveAsync(CancellationToken cancellationToken)
    {
        if (AccountId is not { } id || await db.Users.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancellationToken) is not { } account)
        {
            return null;
        }

        var address = account.EmailConfirmed ? account.Email : null;
        var links = await db.AccountLinks.AsNoTracking().Where(row => row.AccountId == id).OrderBy(row => row.Id).ToListAsync(cancellationToken);
        // An address finds rows only as long as it is the one that the account has: a replaced one is another's soon.
        var identities = links
            .Select(link => new Identity(link.IdentityName, link.Value(keys)))
            .Where(identity => identity.Name != Email || string.Equals(identity.Value, address, StringComparison.OrdinalIgnoreCase))
            .ToList();
        return identities.Exists(identity => identity.Name == CustomerNumber)
            ? new LinkedSubject(id, identities, address, AuthenticatedAt)
            : null;
    }

    /// <summary>What a session keeps where its cookie is written anew.</summary>
    public static bool IsOfSession(Claim claim) => claim.Type is AuthenticatedAtClaim or SessionClaim or MethodClaim;

    /// <summary>Whether this person proved who they are within <see cref="Freshness"/>: what the policies ask, for pages that must say so beforehand.</summary>
    public bool IsFresh() =>
        AuthenticatedAt is { } then && time.GetUtcNow() - then is var past && past >= TimeSpan.FromMinutes(-1) && past <= Freshness;
}
