using System.Net.Http.Json;
using System.Text.Json.Serialization;

namespace Kalejdo.Portal.Mail;

/// <summary>Access tokens for the mail server, by the client-credentials grant (RFC 6749, 4.4); each is used until shortly before it ends.</summary>
internal sealed class MailKitTokens(TimeProvider time) : IDisposable
{
    private readonly HttpClient _http = new();
    private readonly SemaphoreSlim _turn = new(1);
    private string _token = "";
    private DateTimeOffset _until;

    /// <exception cref="HttpRequestException">None is given.</exception>
    public async Task<string> TokenAsync(OAuthOptions oauth, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            if (_until <= time.GetUtcNow())
            {
                using var form = new FormUrlEncodedContent(new Dictionary<string, string>
                {
                    ["grant_type"] = "client_credentials",
                    ["client_id"] = oauth.ClientId,
                    ["client_secret"] = oauth.ClientSecret,
                    ["scope"] = oauth.Scope,
                });
                using var response = await _http.PostAsync(oauth.TokenEndpoint, form, cancellation);
                var answer = await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<Answer>(cancellation);
                (_token, _until) = (answer!.AccessToken, time.GetUtcNow().AddSeconds(Math.Max(answer.ExpiresIn - 60, 0)));
            }

            return _token;
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _turn.Dispose();
    }

    private sealed record Answer([property: JsonPropertyName("access_token")] string AccessToken, [property: JsonPropertyName("expires_in")] int ExpiresIn);
}
