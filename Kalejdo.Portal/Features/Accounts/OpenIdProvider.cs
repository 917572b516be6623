using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Kalejdo.Portal.Features.Accounts;

/// <summary>What a provider's answer came to.</summary>
internal abstract record OpenIdAnswer
{
    private OpenIdAnswer()
    {
    }

    /// <param name="Subject">Who it is, there; nothing else of the token is kept.</param>
    /// <param name="AuthenticatedAt">When they last proved it there; absent where it does not say.</param>
    public sealed record Vouched(string Subject, DateTimeOffset? AuthenticatedAt, bool BothFactors) : OpenIdAnswer
    {
        public override string ToString() => nameof(Vouched);
    }

    /// <summary>The provider does not answer, or not sensibly.</summary>
    public sealed record Down : OpenIdAnswer;

    /// <summary>What came is not what was asked for.</summary>
    public sealed record Refused : OpenIdAnswer;
}

/// <summary>One OpenID provider: authorization code flow with PKCE. Nothing but the ID token is looked at, and by Microsoft.IdentityModel.</summary>
internal sealed partial class OpenIdProvider(OpenIdOptions.Provider settings, Uri callback, HttpClient http, TimeProvider time, ILogger<OpenIdProvider> log)
{
    // Clocks differ a little.
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(1);

    // Keys are exchanged rarely and metadata more so; a key that nobody knows makes us look at once, but not at every forged token.
    private static readonly TimeSpan Remembered = TimeSpan.FromHours(1);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(30);

    private static readonly string[] Algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    private readonly JsonWebTokenHandler tokens = new() { MapInboundClaims = false };

    private readonly OpenIdConnectProtocolValidator protocol = new() { RequireTimeStampInNonce = false };

    private (OpenIdConnectConfiguration Metadata, DateTimeOffset At)? known;
    private DateTimeOffset lookedForKeyAt = DateTimeOffset.MinValue;

    public string Key => settings.Key;

    public string Issuer => settings.Issuer;

    public string Name => CultureInfo.CurrentUICulture.TwoLetterISOLanguageName == "sv" ? settings.Name.Sv : settings.Name.En;

    public bool IsFor(bool staff) => staff == (settings.For == OpenIdAudience.Staff);

    /// <returns>Where the person proves who they are; null where the provider does not answer.</returns>
    public async Task<string?> AuthorizeAsync(OpenIdRequest request, CancellationToken cancellation)
    {
        try
        {
            var message = new OpenIdConnectMessage
            {
                IssuerAddress = (await MetadataAsync(cancellation)).AuthorizationEndpoint,
                EnableTelemetryParameters = false,
                ClientId = settings.ClientId,
                ResponseType = OpenIdConnectResponseType.Code,
                ResponseMode = OpenIdConnectResponseMode.Query,
                Scope = string.Join(' ', settings.Scopes.Prepend(OpenIdConnectScope.OpenId).Distinct()),
                RedirectUri = callback.ToString(),
                State = request.State,
                Nonce = request.Nonce,
                UiLocales = CultureInfo.CurrentUICulture.TwoLetterISOLanguageName,
                Prompt = request.AsksForLogin ? OpenIdConnectPrompt.Login : settings.Prompt,
                MaxAge = request.AsksForLogin ? "0" : null,
                AcrValues = settings.AcrValues.Length > 0 ? string.Join(' ', settings.AcrValues) : null,
            };
            message.SetParameter("code_challenge", request.Challenge);
            message.SetParameter("code_challenge_method", "S256");
            return message.CreateAuthenticationRequestUrl();
        }
        catch (Exception failure) when (IsDown(failure, cancellation))
        {
            Log.Down(log, Key, failure.GetType().Name);
            return null;
        }
    }

    /// <param name="code">Absent where the provider answered with an error.</param>
    /// <param name="issuer">What the answer says that it comes from (RFC 9207): another provider's answer is not taken for this one's.</param>
    public async Task<OpenIdAnswer> RedeemAsync(OpenIdRequest request, string? code, string? issuer, CancellationToken cancellation)
    {
        try
        {
            var metadata = await MetadataAsync(cancellation);
            if (issuer is null ? metadata.AuthorizationResponseIssParameterSupported : issuer != metadata.Issuer)
            {
                return Refuse("issuer");
            }

            return string.IsNullOrEmpty(code) ? Refuse("no code") : await ExchangeAsync(metadata, request, code, cancellation);
        }
        catch (Exception failure) when (failure is SecurityTokenException or SecurityTokenArgumentException or OpenIdConnectProtocolException)
        {
            // Its message names what the token says.
            return Refuse(failure.GetType().Name);
        }
        catch (Exception failure) when (IsDown(failure, cancellation))
        {
            Log.Down(log, Key, failure.GetType().Name);
            return new OpenIdAnswer.Down();
        }
    }

    private async Task<OpenIdAnswer> ExchangeAsync(OpenIdConnectConfiguration metadata, OpenIdRequest request, string code, CancellationToken cancellation)
    {
        var secret = settings.ClientSecretFile.Length > 0 ? (await File.ReadAllTextAsync(settings.ClientSecretFile, cancellation)).Trim() : settings.ClientSecret;
        using var post = new HttpRequestMessage(HttpMethod.Post, metadata.TokenEndpoint);
        post.Headers.Accept.Add(new("application/json"));
        var form = new Dictionary<string, string>
        {
            ["grant_type"] = OpenIdConnectGrantTypes.AuthorizationCode,
            ["code"] = code,
            ["redirect_uri"] = callback.ToString(),
            ["code_verifier"] = request.Verifier,
        };
        // By header, as the standard has it; in the form for whom that is all they know.
        var methods = metadata.TokenEndpointAuthMethodsSupported;
        if (methods.Count == 0 || methods.Contains("client_secret_basic"))
        {
            post.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(
                Encoding.UTF8.GetBytes($"{Uri.EscapeDataString(settings.ClientId)}:{Uri.EscapeDataString(secret)}")));
        }
        else
        {
            (form["client_id"], form["client_secret"]) = (settings.ClientId, secret);
        }

        post.Content = new FormUrlEncodedContent(form);
        using var answer = await http.SendAsync(post, cancellation);
        if (!answer.IsSuccessStatusCode)
        {
            Log.NoToken(log, Key, (int)answer.StatusCode);
            return (int)answer.StatusCode < StatusCodes.Status500InternalServerError ? new OpenIdAnswer.Refused() : new OpenIdAnswer.Down();
        }

        var message = new OpenIdConnectMessage(await answer.Content.ReadAsStringAsync(cancellation));
        if (string.IsNullOrEmpty(message.IdToken))
        {
            return Refuse("no ID token");
        }

        var token = await ValidAsync(metadata, message.IdToken, cancellation);
        protocol.ValidateTokenResponse(new OpenIdConnectProtocolValidationContext
        {
            ClientId = settings.ClientId,
            Nonce = request.Nonce,
            ProtocolMessage = message,
            ValidatedIdToken = System.IdentityModel.Tokens.Jwt.JwtSecurityTokenConverter.Convert(token),
        });
        return Read(token, request);
    }

    private OpenIdAnswer Read(JsonWebToken token, OpenIdRequest request)
    {
        var (acr, authenticatedAt) = (Values(token, "acr"), AuthenticatedAt(token));
        if (token.Subject is not { Length: > 0 and <= 255 } subject)
        {
            return Refuse("subject");
        }

        if (PersonalNumbers.LooksLike(subject))
        {
            Log.PersonalNumber(log, Key);
            return new OpenIdAnswer.Refused();
        }

        if (settings.AcrValues.Length > 0 && !settings.AcrValues.Intersect(acr).Any())
        {
            return Refuse("acr");
        }

        var now = time.GetUtcNow();
        if (authenticatedAt > now + Skew || (request.AsksForLogin && !(authenticatedAt >= now - CurrentSubject.Freshness)))
        {
            return Refuse("auth_time");
        }

        return new OpenIdAnswer.Vouched(subject, authenticatedAt, settings.BothFactorsAcr.Intersect(acr).Any() || settings.BothFactorsAmr.Intersect(Values(token, "amr")).Any());
    }

    private async Task<JsonWebToken> ValidAsync(OpenIdConnectConfiguration metadata, string token, CancellationToken cancellation)
    {
        var result = await tokens.ValidateTokenAsync(token, Parameters(metadata));
        if (result.Exception is SecurityTokenSignatureKeyNotFoundException && time.GetUtcNow() - lookedForKeyAt >= BetweenLooks)
        {
            lookedForKeyAt = time.GetUtcNow();
            result = await tokens.ValidateTokenAsync(token, Parameters(await FetchAsync(cancellation)));
        }

        return result.IsValid ? (JsonWebToken)result.SecurityToken : throw result.Exception;
    }

    private TokenValidationParameters Parameters(OpenIdConnectConfiguration metadata) => new()
    {
        ValidIssuer = metadata.Issuer,
        ValidAudience = settings.ClientId,
        IssuerSigningKeys = metadata.SigningKeys,
        ValidateIssuerSigningKey = true,
        ValidAlgorithms = Algorithms,
        // By the portal's own clock.
        LifetimeValidator = (from, to, _, _) => to > (time.GetUtcNow() - Skew).UtcDateTime && !(from > (time.GetUtcNow() + Skew).UtcDateTime),
    };

    private async Task<OpenIdConnectConfiguration> MetadataAsync(CancellationToken cancellation) =>
        known is { } last && time.GetUtcNow() - last.At < Remembered ? last.Metadata : await FetchAsync(cancellation);

    // IdentityModel's own ConfigurationManager fetches new keys in the background, too late for the sign-in that showed they were needed.
    private async Task<OpenIdConnectConfiguration> FetchAsync(CancellationToken cancellation)
    {
        var documents = new HttpDocumentRetriever(http) { RequireHttps = new Uri(Issuer).Scheme == Uri.UriSchemeHttps };
        var metadata = await OpenIdConnectConfigurationRetriever.GetAsync($"{Issuer}/.well-known/openid-configuration", documents, cancellation);
        if (metadata.Issuer?.TrimEnd('/') != Issuer)
        {
            throw new InvalidOperationException("The metadata are another issuer's.");
        }

        if (!IsAddress(metadata.AuthorizationEndpoint) || !IsAddress(metadata.TokenEndpoint))
        {
            throw new InvalidOperationException("The metadata name no addresses of the provider.");
        }

        known = (metadata, time.GetUtcNow());
        return metadata;
    }

    private bool IsAddress(string? address) => Uri.TryCreate(address, UriKind.Absolute, out var parsed)
        && (parsed.Scheme == Uri.UriSchemeHttps || parsed.Scheme == new Uri(Issuer).Scheme);

    private OpenIdAnswer.Refused Refuse(string why)
    {
        Log.Refused(log, Key, why);
        return new OpenIdAnswer.Refused();
    }

    private static IEnumerable<string> Values(JsonWebToken token, string claim) => token.Claims.Where(found => found.Type == claim).Select(found => found.Value);

    private static DateTimeOffset? AuthenticatedAt(JsonWebToken token) =>
        long.TryParse(Values(token, "auth_time").FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
        && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;

    // Not there, too slow, or no OpenID provider at all. Whether our own visitor left is something else.
    private static bool IsDown(Exception failure, CancellationToken cancellation) =>
        failure is HttpRequestException or IOException or InvalidOperationException or ArgumentException or JsonException
        || (failure is OperationCanceledException && !cancellation.IsCancellationRequested);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The OpenID provider {Provider} does not answer ({Failure}).")]
        public static partial void Down(ILogger logger, string provider, string failure);

        [LoggerMessage(LogLevel.Warning, "What came from the OpenID provider {Provider} was refused ({Why}).")]
        public static partial void Refused(ILogger logger, string provider, string why);

        [LoggerMessage(LogLevel.Warning, "The OpenID provider {Provider} gave no token (HTTP {Status}).")]
        public static partial void NoToken(ILogger logger, string provider, int status);

        [LoggerMessage(LogLevel.Error, "The OpenID provider {Provider} names people by personal numbers; have it send pairwise subjects. Nothing was kept.")]
        public static partial void PersonalNumber(ILogger logger, string provider);
    }
}
