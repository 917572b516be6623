using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Features.Accounts;

internal enum OpenIdPurpose
{
    SignIn,

    /// <summary>Fresh authentication of the account that is signed in.</summary>
    Confirm,

    /// <summary>To sign in by from now on.</summary>
    Add,
}

/// <summary>What a provider was asked.</summary>
/// <param name="Provider">Its key.</param>
/// <param name="AccountId">Who is signed in; absent where nobody is yet.</param>
/// <param name="Onward">A local address.</param>
/// <param name="Verifier">Of PKCE: shows that the code is taken by whom it was asked for.</param>
internal sealed record OpenIdRequest(
    string Provider, OpenIdPurpose Purpose, string? AccountId, string Onward, string State, string Nonce, string Verifier, DateTimeOffset At)
{
    /// <summary>Whether an earlier login at the provider does not do.</summary>
    public bool AsksForLogin => Purpose != OpenIdPurpose.SignIn;

    public string Challenge => WebEncoders.Base64UrlEncode(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));

    /// <summary>Not even by accident in a log.</summary>
    public override string ToString() => nameof(OpenIdRequest);
}

/// <summary>Between the question and the provider's answer: in a sealed cookie, for a few minutes and in this browser alone.</summary>
internal sealed class OpenIdRequests(IDataProtectionProvider protection, IHttpContextAccessor http, IOptions<PortalOptions> portal, TimeProvider time)
{
    /// <summary>Time enough to find the telephone and to update its app.</summary>
    public static readonly TimeSpan Validity = TimeSpan.FromMinutes(15);

    private const int LongestOnward = 1000;

    private HttpContext Context => http.HttpContext!;

    private string Cookie => portal.Value.CookieName("e-legitimation");

    private IDataProtector Protector => protection.CreateProtector("Kalejdo.Portal.OpenIdRequests");

    public OpenIdRequest Begin(string provider, OpenIdPurpose purpose, string? accountId, string onward)
    {
        var request = new OpenIdRequest(
            provider, purpose, accountId, onward.Length > LongestOnward ? PortalUrls.Overview : onward, Secret(), Secret(), Secret(), time.GetUtcNow());
        Context.Response.Cookies.Append(Cookie, Protector.Protect(JsonSerializer.Serialize(request)), Options(Validity));
        return request;

        static string Secret() => WebEncoders.Base64UrlEncode(RandomNumberGenerator.GetBytes(32));
    }

    /// <returns>Null where nothing was asked of the provider in this browser a moment ago, or something else was. It cannot be had twice.</returns>
    public OpenIdRequest? Take(string provider, string? state)
    {
        if (Context.Request.Cookies[Cookie] is not { } cookie)
        {
            return null;
        }

        Context.Response.Cookies.Delete(Cookie, Options(null));
        try
        {
            return JsonSerializer.Deserialize<OpenIdRequest>(Protector.Unprotect(cookie)) is { } request
                && request.Provider == provider
                && time.GetUtcNow() - request.At <= Validity
                && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(state ?? ""), Encoding.UTF8.GetBytes(request.State))
                ? request
                : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    // Lax: the answer comes from the provider's page, as a link would. (A form posted from there would need SameSite=None.)
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
