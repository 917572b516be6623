using System.Security.Cryptography;
using System.Text.Json;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Features.Accounts;

/// <summary>What a passkey is asked to sign, between the two steps of doing so: in a sealed cookie, for a few minutes and in this browser alone.</summary>
internal sealed class PasskeyChallenge(IDataProtectionProvider protection, IHttpContextAccessor http, IOptions<PortalOptions> portal, TimeProvider time)
{
    /// <summary>As long as browsers wait by themselves.</summary>
    public static readonly TimeSpan Validity = TimeSpan.FromMinutes(5);

    private sealed record Ticket(string State, string? AccountId, DateTimeOffset At);

    private HttpContext Context => http.HttpContext!;

    private string Cookie => portal.Value.CookieName("nyckel");

    /// <param name="what">Creating is not proving.</param>
    /// <param name="account">Whose passkey alone will do; absent where any does.</param>
    public void Begin(string what, Account? account, string state) => Context.Response.Cookies.Append(
        Cookie, Protector(what).Protect(JsonSerializer.Serialize(new Ticket(state, account?.Id, time.GetUtcNow()))), Options(Validity));

    /// <returns>The state; null where nothing was asked a moment ago. It cannot be had twice from one browser.</returns>
    public string? Take(string what, Account? account)
    {
        if (Context.Request.Cookies[Cookie] is not { } cookie)
        {
            return null;
        }

        Context.Response.Cookies.Delete(Cookie, Options(null));
        try
        {
            return JsonSerializer.Deserialize<Ticket>(Protector(what).Unprotect(cookie)) is { } ticket && ticket.AccountId == account?.Id && time.GetUtcNow() - ticket.At <= Validity
                ? ticket.State
                : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private IDataProtector Protector(string what) => protection.CreateProtector("Kalejdo.Portal.PasskeyChallenge", what);

    private CookieOptions Options(TimeSpan? age) => new()
    {
        MaxAge = age,
        Path = "/",
        SameSite = SameSiteMode.Strict,
        HttpOnly = true,
        Secure = portal.Value.IsHttps,
        IsEssential = true,
    };
}
