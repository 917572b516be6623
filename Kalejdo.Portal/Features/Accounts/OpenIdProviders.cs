using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Features.Accounts;

/// <summary>The providers of the settings, in their order.</summary>
internal sealed class OpenIdProviders : IDisposable
{
    private const int LongestAnswer = 1_000_000;

    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
    {
        Timeout = TimeSpan.FromSeconds(10),
        MaxResponseContentBufferSize = LongestAnswer,
    };

    public OpenIdProviders(IOptions<OpenIdOptions> options, IOptions<PortalOptions> portal, TimeProvider time, ILogger<OpenIdProvider> log) =>
        All = [.. options.Value.Providers.Select(provider => new OpenIdProvider(provider, new Uri(portal.Value.PublicAddress, PortalUrls.OpenIdCallback(provider.Key)), http, time, log))];

    public IReadOnlyList<OpenIdProvider> All { get; }

    public OpenIdProvider? Find(string? key) => All.FirstOrDefault(provider => provider.Key == key);

    public void Dispose() => http.Dispose();
}
