namespace Kalejdo.Portal;

internal static class SecurityHeaders
{
    // No nonce and no hash: scripts are files of our own, or are not run.
    private const string ContentSecurityPolicy =
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
        "connect-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'";

    // Radzen's widgets place themselves by style attributes; style sheets stay files, and scripts as strict as anywhere.
    private const string RichContentSecurityPolicy = ContentSecurityPolicy + "; style-src-attr 'unsafe-inline'";

    private const string PermissionsPolicy =
        "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), hid=(), " +
        "accelerometer=(), gyroscope=(), magnetometer=(), display-capture=()";

    public static void UseSecurityHeaders(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        // As the response starts: error handling clears what was set before.
        context.Response.OnStarting(() =>
        {
            var headers = context.Response.Headers;
            var page = context.GetEndpoint()?.Metadata;
            var own = page?.GetMetadata<OwnContentSecurityPolicy>();
            headers.ContentSecurityPolicy = own?.Policy ?? (page?.GetMetadata<HasLivePartAttribute>() is { Rich: true } ? RichContentSecurityPolicy : ContentSecurityPolicy);
            headers.XContentTypeOptions = "nosniff";
            headers.XFrameOptions = own is null ? "DENY" : "SAMEORIGIN";
            headers["Referrer-Policy"] = "no-referrer";
            headers["Permissions-Policy"] = PermissionsPolicy;
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers["Cross-Origin-Resource-Policy"] = "same-origin";
            return Task.CompletedTask;
        });
        return next(context);
    });
}

/// <summary>Of an endpoint whose content is no page of the portal's: what it may do, said by itself.</summary>
internal sealed record OwnContentSecurityPolicy(string Policy);
