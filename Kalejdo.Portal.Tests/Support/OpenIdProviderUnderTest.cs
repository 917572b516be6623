using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Kalejdo.Portal.Tests.Support;

/// <summary>An OpenID provider on a port of its own that lies when it is told to. The real one of the journey (peers/openid.js) does not.</summary>
internal sealed class OpenIdProviderUnderTest : IAsyncDisposable
{
    public const string ClientId = "kalejdo";
    public const string Secret = "hemligt+ä/&";

    private readonly WebApplication app;
    private readonly TimeProvider time;
    private readonly Dictionary<string, Granted> codes = [];
    private RSA key = RSA.Create(2048);
    private string keyId = "first";

    private OpenIdProviderUnderTest(WebApplication app, TimeProvider time) => (this.app, this.time) = (app, time);

    public string Issuer => app.Urls.First();

    /// <summary>Whether it answers nothing but that it is broken.</summary>
    public bool IsBroken { get; set; }

    /// <summary>What the metadata call the issuer, where that is a lie.</summary>
    public string? ClaimedIssuer { get; set; }

    public int TokensAsked { get; private set; }

    public static async Task<OpenIdProviderUnderTest> StartAsync(TimeProvider time)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        var provider = new OpenIdProviderUnderTest(app, time);
        app.MapGet("/.well-known/openid-configuration", () => provider.IsBroken ? Results.StatusCode((int)HttpStatusCode.ServiceUnavailable) : Results.Json(new Dictionary<string, object>
        {
            ["issuer"] = provider.ClaimedIssuer ?? provider.Issuer,
            ["authorization_endpoint"] = $"{provider.Issuer}/authorize",
            ["token_endpoint"] = $"{provider.Issuer}/token",
            ["jwks_uri"] = $"{provider.Issuer}/keys",
            ["authorization_response_iss_parameter_supported"] = true,
        }));
        app.MapGet("/keys", provider.Keys);
        app.MapPost("/token", provider.TokenAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return provider;
    }

    /// <summary>New keys from now on, the old ones are forgotten.</summary>
    public void Rotate() => (key, keyId) = (RSA.Create(2048), Guid.NewGuid().ToString());

    /// <summary>The person has proven who they are.</summary>
    /// <param name="question">The address that the portal sent them to.</param>
    /// <param name="forge">Makes of an honest ID token another.</param>
    /// <returns>The query of the answer.</returns>
    public string Answer(string question, string subject, TimeSpan? ago = null, Action<Dictionary<string, object>>? claims = null, Func<string, string>? forge = null)
    {
        var asked = QueryHelpers.ParseQuery(new Uri(question).Query);
        var now = time.GetUtcNow();
        var told = new Dictionary<string, object>
        {
            ["iss"] = Issuer,
            ["aud"] = ClientId,
            ["sub"] = subject,
            ["nonce"] = asked["nonce"].ToString(),
            ["iat"] = now.ToUnixTimeSeconds(),
            ["exp"] = now.AddMinutes(5).ToUnixTimeSeconds(),
            ["auth_time"] = (now - (ago ?? TimeSpan.Zero)).ToUnixTimeSeconds(),
        };
        claims?.Invoke(told);
        var code = Guid.NewGuid().ToString("N");
        var token = Sign(told);
        codes[code] = new Granted(asked["redirect_uri"].ToString(), asked["code_challenge"].ToString(), forge?.Invoke(token) ?? token);
        return string.Create(CultureInfo.InvariantCulture, $"?code={code}&state={asked["state"]}&iss={Uri.EscapeDataString(Issuer)}");
    }

    public string Sign(Dictionary<string, object> claims) => Sign(claims, new SigningCredentials(new RsaSecurityKey(key) { KeyId = keyId }, SecurityAlgorithms.RsaSha256));

    public static string Sign(Dictionary<string, object> claims, SigningCredentials? by) =>
        new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor { Claims = claims, SigningCredentials = by });

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        key.Dispose();
    }

    private Dictionary<string, object> Keys()
    {
        var shown = key.ExportParameters(includePrivateParameters: false);
        return new()
        {
            ["keys"] = new[]
            {
                new Dictionary<string, string>
                {
                    ["kty"] = "RSA",
                    ["use"] = "sig",
                    ["kid"] = keyId,
                    ["n"] = WebEncoders.Base64UrlEncode(shown.Modulus!),
                    ["e"] = WebEncoders.Base64UrlEncode(shown.Exponent!),
                },
            },
        };
    }

    // Each code once, for whom it was made, with what its question promised.
    private async Task<IResult> TokenAsync(HttpRequest request)
    {
        TokensAsked++;
        if (IsBroken)
        {
            return Results.StatusCode((int)HttpStatusCode.ServiceUnavailable);
        }

        var form = await request.ReadFormAsync();
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Uri.EscapeDataString(ClientId)}:{Uri.EscapeDataString(Secret)}"));
        var granted = request.Headers.Authorization == $"Basic {basic}" && codes.Remove(form["code"].ToString(), out var found) ? found : null;
        return granted is not null
            && form["grant_type"] == "authorization_code"
            && form["redirect_uri"] == granted.RedirectUri
            && WebEncoders.Base64UrlEncode(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].ToString()))) == granted.Challenge
                ? Results.Json(new Dictionary<string, object> { ["access_token"] = "unused", ["token_type"] = "Bearer", ["id_token"] = granted.IdToken })
                : Results.Json(new { error = "invalid_grant" }, statusCode: StatusCodes.Status400BadRequest);
    }

    private sealed record Granted(string RedirectUri, string Challenge, string IdToken);
}
