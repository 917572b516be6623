using System.Globalization;
using System.Security.Claims;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal;

/// <summary>
/// How often one may ask, before anything is looked at: an account, or the network of whoever is not signed in. Each node counts for
/// itself and in memory; what has to hold on all of them together counts <see cref="AttemptLimits"/>.
/// </summary>
internal sealed class RateLimits(IOptions<LimitOptions> allowed, RefusedRequests refusals) : IConfigureOptions<RateLimiterOptions>
{
    // Policies; how often stands in LimitOptions. Where a form is posted, looking at it does not count.
    public const string SignIn = "sign-in";
    public const string Codes = "codes";
    public const string MailLinks = "mail-links";
    public const string Requests = "requests";
    public const string Downloads = "downloads";
    public const string Plans = "plans";
    public const string Looks = "looks";
    public const string Callbacks = "callbacks";
    public const string LiveConnections = "live-connections";

    // Of what has no policy of its own.
    private const string Everything = "everything";

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    public void Configure(RateLimiterOptions options)
    {
        var limits = allowed.Value;
        options.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        options.OnRejected = RefuseAsync;
        options.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(context =>
            // The page that says so is no further try.
            Portal.ShowsError(context) ? RateLimitPartition.GetNoLimiter("") : Counted(context, limits.AnythingAMinute, Minute));
        options.AddPolicy(SignIn, context => Posted(context, limits.SignInsAMinute, Minute));
        options.AddPolicy(Codes, context => Posted(context, limits.CodesAMinute, Minute));
        options.AddPolicy(MailLinks, context => Counted(context, limits.MailLinksAMinute, Minute));
        options.AddPolicy(Requests, context => Posted(context, limits.RequestsAMinute, Minute));
        options.AddPolicy(Downloads, context => Counted(context, limits.DownloadsAnHour, Hour));
        options.AddPolicy(Plans, context => Counted(context, limits.PlansAMinute, Minute));
        options.AddPolicy(Looks, context => Posted(context, limits.LooksAnHour, Hour));
        options.AddPolicy(Callbacks, context => Counted(context, limits.CallbacksAMinute, Minute));
        // A connection is one request as long as it stands.
        options.AddPolicy(LiveConnections, context => RateLimitPartition.GetConcurrencyLimiter(Who(context), _ => new() { PermitLimit = limits.LiveConnections }));
    }

    private async ValueTask RefuseAsync(OnRejectedContext refused, CancellationToken cancellation)
    {
        var context = refused.HttpContext;
        var policy = context.GetEndpoint()?.Metadata.GetMetadata<EnableRateLimitingAttribute>()?.PolicyName ?? Everything;
        var wait = refused.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : Minute;
        var seconds = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds));
        context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        await refusals.RecordAsync("limit.reached", policy, context.User.FindFirstValue(ClaimTypes.NameIdentifier), cancellation);
        if (policy == Callbacks)
        {
            // A program reads it; people get the page of the status.
            await TypedResults.Problem($"Too many acknowledgements at once. Try again in {seconds} seconds.", statusCode: StatusCodes.Status429TooManyRequests).ExecuteAsync(context);
        }
    }

    private static RateLimitPartition<string> Posted(HttpContext context, int most, TimeSpan window) =>
        HttpMethods.IsPost(context.Request.Method) ? Counted(context, most, window) : RateLimitPartition.GetNoLimiter("");

    private static RateLimitPartition<string> Counted(HttpContext context, int most, TimeSpan window) =>
        RateLimitPartition.GetFixedWindowLimiter(Who(context), _ => new() { PermitLimit = most, Window = window });

    private static string Who(HttpContext context) =>
        context.User.FindFirstValue(ClaimTypes.NameIdentifier) ?? "network " + AttemptLimits.NetworkOf(context);
}
