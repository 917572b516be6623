using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Kalejdo.Portal.Tests.Support;

/// <summary>
/// What a partner's developer writes after docs/recipients.md, and nothing of the portal's: takes notices over HTTP, verifies each,
/// refuses what is forged, stale or caught and sent again, and does the same notice once however often it comes.
/// </summary>
internal sealed class SampleReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, bool> _done = new();
    private readonly ConcurrentDictionary<string, bool> _seen = new();

    private SampleReceiver(TimeProvider time)
    {
        _time = time;
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Run(TakeAsync);
    }

    /// <summary>As the portal's operator gave it out: <c>whsec_…</c>.</summary>
    public string Secret { get; set; } = "";

    /// <summary>What it answers to what is genuine; 204 where nothing else is said.</summary>
    public Func<HttpContext, Task>? Answer { get; set; }

    /// <summary>Every request, in order: its id, its timestamp, its signatures, and what it was answered by verifying it.</summary>
    public ConcurrentQueue<(string Id, string Timestamp, string Signatures, string Body, int Verdict)> Requests { get; } = [];

    /// <summary>The notices that were done, each once.</summary>
    public ConcurrentQueue<JsonElement> Done { get; } = [];

    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First() + "/besked");

    public static async Task<SampleReceiver> StartAsync(TimeProvider time)
    {
        var receiver = new SampleReceiver(time);
        await receiver._app.StartAsync(TestContext.Current.CancellationToken);
        return receiver;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        var (id, timestamp, signatures) = (context.Request.Headers["webhook-id"].ToString(), context.Request.Headers["webhook-timestamp"].ToString(), context.Request.Headers["webhook-signature"].ToString());
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var body = await reader.ReadToEndAsync(context.RequestAborted);
        var verdict = Verify(id, timestamp, signatures, body);
        Requests.Enqueue((id, timestamp, signatures, body, verdict));
        if (verdict != StatusCodes.Status204NoContent)
        {
            context.Response.StatusCode = verdict;
            return;
        }
        if (Answer is { } otherwise)
        {
            await otherwise(context);
            return;
        }
        if (_done.TryAdd(id, true))
        {
            Done.Enqueue(JsonDocument.Parse(body).RootElement.Clone());
        }
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private int Verify(string id, string timestamp, string signatures, string body)
    {
        using var hmac = new HMACSHA256(Convert.FromBase64String(Secret["whsec_".Length..]));
        var expected = hmac.ComputeHash(Encoding.UTF8.GetBytes($"{id}.{timestamp}.{body}"));
        if (!signatures.Split(' ').Any(given => given.StartsWith("v1,", StringComparison.Ordinal) && CryptographicOperations.FixedTimeEquals(Convert.FromBase64String(given[3..]), expected)))
        {
            return StatusCodes.Status401Unauthorized;
        }
        if (Math.Abs(_time.GetUtcNow().ToUnixTimeSeconds() - long.Parse(timestamp, CultureInfo.InvariantCulture)) > 300)
        {
            return StatusCodes.Status400BadRequest;
        }
        // An attempt has a time of its own; the very same one twice was caught on its way.
        return _seen.TryAdd($"{id} {timestamp}", true) ? StatusCodes.Status204NoContent : StatusCodes.Status409Conflict;
    }
}
