using System.Security.Cryptography;
using System.Text.Json;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Features.Accounts;

/// <summary>Between the password (or the electronic ID) and the code: a sealed cookie says whose it was, for a few minutes and in this browser alone.</summary>
internal sealed class PendingSignIn(IDataProtectionProvider protection, IHttpContextAccessor http, IOptions<PortalOptions> portal, TimeProvider time)
{
    /// <summary>Time enough to look for the telephone, or for the paper.</summary>
    public static readonly TimeSpan Validity = TimeSpan.FromMinutes(10);

    private sealed record Ticket(string AccountId, string Stamp, DateTimeOffset At, DateTimeOffset? AuthenticatedAt);

    private HttpContext Context => http.HttpContext!;

    private string Cookie => portal.Value.CookieName("inloggning");

    private IDataProtector Protector => protection.CreateProtector("Kalejdo.Portal.PendingSignIn");

    /// <param name="authenticatedAt">Where the first factor was proven elsewhere, and earlier.</param>
    public void Begin(Account account, DateTimeOffset? authenticatedAt = null) => Context.Response.Cookies.Append(
        Cookie, Protector.Protect(JsonSerializer.Serialize(new Ticket(account.Id, account.SecurityStamp!, time.GetUtcNow(), authenticatedAt))), Options(Validity));

    /// <returns>Whose password was right a moment ago, and the stamp that the account then had; null where nobody's was.</returns>
    public (string AccountId, string Stamp, DateTimeOffset? AuthenticatedAt)? Find()
    {
        if (Context.Request.Cookies[Cookie] is not { } cookie)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<Ticket>(Protector.Unprotect(cookie)) is { } ticket && time.GetUtcNow() - ticket.At <= Validity
                ? (ticket.AccountId, ticket.Stamp, ticket.AuthenticatedAt)
                : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    public void End() => Context.Response.Cookies.Delete(Cookie, Options(null));

    private CookieOptions Options(TimeSpan? age) => new()
    {
        MaxAge = age,
        Path = "/",
        SameSite = SameSiteMode.Lax,
        HttpOnly = true,
        Secure = portal.Value.IsHttps,
        IsEssential = true,
    };
}
