using System.Security.Cryptography;
using System.Text.Json;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Features.Accounts;

/// <summary>Who has signed in with this browser before: it remembers that itself, in a sealed cookie. Nothing is opened by it.</summary>
internal sealed class KnownDevices(IDataProtectionProvider protection, IHttpContextAccessor http, IOptions<PortalOptions> portal)
{
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(365);

    // A household's.
    private const int Most = 8;

    private HttpContext Context => http.HttpContext!;

    private string Cookie => portal.Value.CookieName("enhet");

    private IDataProtector Protector => protection.CreateProtector("Kalejdo.Portal.KnownDevices");

    public bool Knows(Account account) => Read().Contains(account.Id);

    public void Remember(Account account) => Context.Response.Cookies.Append(
        Cookie,
        Protector.Protect(JsonSerializer.Serialize(Read().Where(id => id != account.Id).Prepend(account.Id).Take(Most))),
        new CookieOptions { MaxAge = Remembered, Path = "/", SameSite = SameSiteMode.Lax, HttpOnly = true, Secure = portal.Value.IsHttps, IsEssential = true });

    private string[] Read()
    {
        try
        {
            return Context.Request.Cookies[Cookie] is { } cookie ? JsonSerializer.Deserialize<string[]>(Protector.Unprotect(cookie)) ?? [] : [];
        }
        catch (CryptographicException)
        {
            return [];
        }
    }
}
