namespace Kalejdo.Portal.Tests.Support;

internal static class StrictHeaders
{
    /// <summary>Nothing may script, frame, read, keep or pass on what the portal answers.</summary>
    /// <param name="isFile">Of ours, which anybody may keep.</param>
    /// <param name="hasLivePart">Where a base address is allowed, as the framework's script asks for one.</param>
    public static void Assert(HttpResponseMessage response, bool isFile = false, bool hasLivePart = false)
    {
        var where = response.RequestMessage!.RequestUri!.AbsolutePath;
        string Header(string name) => response.Headers.TryGetValues(name, out var values) ? string.Join(" | ", values) : "";
        Xunit.Assert.Equal(
            (where, "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; object-src 'none'; frame-ancestors 'none'; "
                + "base-uri 'none'; form-action 'self'"),
            (where, hasLivePart ? Header("Content-Security-Policy").Replace("base-uri 'self'", "base-uri 'none'", StringComparison.Ordinal) : Header("Content-Security-Policy")));
        Xunit.Assert.Equal((where, "nosniff"), (where, Header("X-Content-Type-Options")));
        Xunit.Assert.Equal((where, "DENY"), (where, Header("X-Frame-Options")));
        Xunit.Assert.Equal((where, "no-referrer"), (where, Header("Referrer-Policy")));
        Xunit.Assert.Equal((where, "same-origin"), (where, Header("Cross-Origin-Opener-Policy")));
        Xunit.Assert.Equal((where, "same-origin"), (where, Header("Cross-Origin-Resource-Policy")));
        Xunit.Assert.Contains("camera=()", Header("Permissions-Policy"), StringComparison.Ordinal);
        Xunit.Assert.Equal((where, !isFile), (where, Header("Cache-Control") == "no-store"));
        Xunit.Assert.Equal((where, ""), (where, Header("Server") + Header("X-Powered-By")));
    }
}
