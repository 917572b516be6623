using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Localization;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal;

/// <summary>One way for every cookie: its name follows the public address, Lax because people arrive from mails.</summary>
internal sealed class CookieSettings(IOptions<PortalOptions> portal)
    : IConfigureOptions<AntiforgeryOptions>, IConfigureOptions<RequestLocalizationOptions>, IConfigureNamedOptions<CookieAuthenticationOptions>
{
    public const string Antiforgery = "formular";
    public const string Language = "sprak";
    public const string Session = "session";

    /// <summary>A session without a request for so long has ended.</summary>
    public static readonly TimeSpan SessionIdle = TimeSpan.FromMinutes(30);

    public void Configure(AntiforgeryOptions options)
    {
        options.Cookie.Name = portal.Value.CookieName(Antiforgery);
        options.Cookie.Path = "/";
        options.Cookie.SameSite = SameSiteMode.Lax;
        options.Cookie.SecurePolicy = portal.Value.IsHttps ? CookieSecurePolicy.Always : CookieSecurePolicy.None;
        // SecurityHeaders says it for every page, and more strictly.
        options.SuppressXFrameOptionsHeader = true;
    }

    public void Configure(RequestLocalizationOptions options) =>
        options.RequestCultureProviders.OfType<CookieRequestCultureProvider>().Single().CookieName = portal.Value.CookieName(Language);

    public void Configure(CookieAuthenticationOptions options)
    {
        options.Cookie.Name = portal.Value.CookieName(Session);
        options.Cookie.Path = "/";
        options.Cookie.HttpOnly = true;
        options.Cookie.SameSite = SameSiteMode.Lax;
        options.Cookie.SecurePolicy = portal.Value.IsHttps ? CookieSecurePolicy.Always : CookieSecurePolicy.None;
        // Gone with the browser, and after a while without a request.
        options.ExpireTimeSpan = SessionIdle;
        options.SlidingExpiration = true;
    }

    public void Configure(string? name, CookieAuthenticationOptions options) => Configure(options);
}
