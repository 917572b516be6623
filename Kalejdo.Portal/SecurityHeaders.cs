using Microsoft.AspNetCore.StaticAssets;

namespace Kalejdo.Portal;

internal static class SecurityHeaders
{
    // No nonce and no hash: scripts are files of our own, or are not run.
    private const string ContentSecurityPolicy =
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
        "connect-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

    // The framework's script asks for a base address.
    private static readonly string WithLivePart = ContentSecurityPolicy.Replace("base-uri 'none'", "base-uri 'self'", StringComparison.Ordinal);

    private const string PermissionsPolicy =
        "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), hid=(), " +
        "accelerometer=(), gyroscope=(), magnetometer=(), display-capture=()";

    public static void UseSecurityHeaders(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        // As the response starts: error handling clears what was set before.
        context.Response.OnStarting(() =>
        {
            var headers = context.Response.Headers;
            var said = context.GetEndpoint()?.Metadata;
            var own = said?.GetMetadata<OwnContentSecurityPolicy>();
            headers.ContentSecurityPolicy = own?.Policy ?? (said?.GetMetadata<HasLivePartAttribute>() is null ? ContentSecurityPolicy : WithLivePart);
            headers.XContentTypeOptions = "nosniff";
            headers.XFrameOptions = own is null ? "DENY" : "SAMEORIGIN";
            headers["Referrer-Policy"] = "no-referrer";
            headers["Permissions-Policy"] = PermissionsPolicy;
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers["Cross-Origin-Resource-Policy"] = "same-origin";
            if (said?.GetMetadata<StaticAssetDescriptor>() is null)
            {
                // Whatever is no file of ours may be about somebody, and be it by the name of who is signed in.
                headers.CacheControl = "no-store";
            }

            return Task.CompletedTask;
        });
        return next(context);
    });
}

/// <summary>Of an endpoint whose content is no page of the portal's: what it may do, said by itself.</summary>
internal sealed record OwnContentSecurityPolicy(string Policy);
