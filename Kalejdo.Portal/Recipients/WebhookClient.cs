using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Mime;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Recipients;

/// <summary>What sending a webhook came to.</summary>
internal abstract record WebhookAnswer
{
    private WebhookAnswer()
    {
    }

    /// <summary>It is done there.</summary>
    public sealed record Done : WebhookAnswer;

    /// <summary>202: the recipient has it, and calls back when it is done.</summary>
    public sealed record Taken : WebhookAnswer;

    /// <summary>Not now; trying again may help.</summary>
    /// <param name="Code">Such as <c>http-500</c>, <c>timeout</c> or <c>private-address</c>; never what the recipient wrote.</param>
    public sealed record NotTaken(string Code) : WebhookAnswer;

    /// <summary>410: the recipient wants nothing any more.</summary>
    public sealed record Gone : WebhookAnswer;
}

/// <summary>
/// Posts webhooks to addresses that others chose: no redirect is followed, no proxy asked, no answer's content read, nobody waited for long,
/// and where a name leads is looked at when the connection is made, so that it cannot lead elsewhere a moment later.
/// </summary>
internal sealed class WebhookClient : IDisposable
{
    private const int MostKilobytesOfHeaders = 16;
    private const string PrivateAddress = "private-address";

    private readonly RecipientsOptions _options;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;

    public WebhookClient(IOptions<RecipientsOptions> options, TimeProvider time)
    {
        (_options, _time) = (options.Value, time);
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            MaxResponseHeadersLength = MostKilobytesOfHeaders,
            // An answer's content is thrown away with its connection.
            MaxResponseDrainSize = 0,
            PooledConnectionLifetime = TimeSpan.FromMinutes(1),
            ConnectCallback = ConnectAsync,
        })
        {
            // Each webhook has its own.
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    public async Task<WebhookAnswer> PostAsync(string address, IReadOnlyList<byte[]> keys, string id, byte[] body, CancellationToken cancellation)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var url) || !(url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && _options.AllowHttp)))
        {
            return new WebhookAnswer.NotTaken("not-https");
        }

        var timestamp = _time.GetUtcNow().ToUnixTimeSeconds();
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(MediaTypeNames.Application.Json);
        request.Headers.Add(StandardWebhook.IdHeader, id);
        request.Headers.Add(StandardWebhook.TimestampHeader, timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add(StandardWebhook.SignatureHeader, StandardWebhook.Sign(keys, id, timestamp, body));
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(TimeSpan.FromSeconds(_options.TimeoutSeconds));
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
            return (int)response.StatusCode switch
            {
                202 => new WebhookAnswer.Taken(),
                >= 200 and < 300 => new WebhookAnswer.Done(),
                >= 300 and < 400 => new WebhookAnswer.NotTaken("redirect"),
                410 => new WebhookAnswer.Gone(),
                var status => new WebhookAnswer.NotTaken($"http-{status}"),
            };
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new WebhookAnswer.NotTaken("timeout");
        }
        catch (HttpRequestException failure)
        {
            return new WebhookAnswer.NotTaken(CodeOf(failure));
        }
    }

    public void Dispose() => _http.Dispose();

    private static string CodeOf(HttpRequestException failure) => failure switch
    {
        { InnerException: RefusedAddressException } => PrivateAddress,
        { InnerException: AuthenticationException } => "certificate",
        { HttpRequestError: HttpRequestError.NameResolutionError } or { InnerException: SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } } => "name",
        { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded or HttpRequestError.HttpProtocolError } => "garbage",
        _ => "connection",
    };

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var addresses = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancellation);
        // One of them private is one too many: whoever answers so may mean to lead us there the next time.
        if (!_options.AllowPrivateAddresses && !addresses.All(PublicAddresses.IsPublic))
        {
            throw new RefusedAddressException();
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private sealed class RefusedAddressException : Exception;
}
