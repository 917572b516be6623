using Microsoft.AspNetCore.Authorization;

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
            }
        });
}

/// <summary>A page that brings the framework's script, and a base address for it, while a part of it is live.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class HasLivePartAttribute : Attribute
{
    /// <summary>Whether Radzen's widgets are among it (pages of staff alone): they set style attributes.</summary>
    public bool Rich { get; init; }
}
