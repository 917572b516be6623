using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.RateLimiting;

namespace Kalejdo.Portal;

internal static class LiveParts
{
    /// <summary>The connection by which parts of a page are live. Anybody may open it, as anybody may open pages: each part asks for itself what it may show.</summary>
    public static void AddLiveParts(this RazorComponentsEndpointConventionBuilder pages) => pages
        .AddInteractiveServerRenderMode(live =>
        {
            // The portal's own policy says so for every page; and what is compressed together can be guessed by its length.
            live.ContentSecurityFrameAncestorsPolicy = null;
            live.DisableWebSocketCompression = true;
        })
        .Add(endpoint =>
        {
            if (endpoint is RouteEndpointBuilder { RoutePattern.RawText: { } pattern } && pattern.TrimStart('/').StartsWith("_blazor", StringComparison.Ordinal))
            {
                endpoint.Metadata.Add(new AllowAnonymousAttribute());
                if (pattern.Trim('/') == "_blazor")
                {
                    endpoint.Metadata.Add(new EnableRateLimitingAttribute(RateLimits.LiveConnections));
                }

                AskOnlyOurPages(endpoint);
            }
        });

    // A page elsewhere could connect with the cookies of whoever looks at it. Programs that are no browsers say no origin and have no cookies.
    private static void AskOnlyOurPages(EndpointBuilder endpoint)
    {
        var connect = endpoint.RequestDelegate!;
        endpoint.RequestDelegate = context =>
        {
            var request = context.Request;
            if (request.Headers.Origin.ToString() is { Length: > 0 } origin && origin != $"{request.Scheme}://{request.Host}")
            {
                context.Response.StatusCode = StatusCodes.Status403Forbidden;
                return Task.CompletedTask;
            }

            return connect(context);
        };
    }
}

/// <summary>A page that brings the framework's script, and a base address for it, while a part of it is live.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class HasLivePartAttribute : Attribute;
