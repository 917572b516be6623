using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Localization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Layout;

/// <summary>The portal speaks Swedish and English: as chosen, else as the browser asks, else Swedish.</summary>
internal static class Languages
{
    public static readonly CultureInfo Swedish = CultureInfo.GetCultureInfo("sv-SE");
    public static readonly CultureInfo English = CultureInfo.GetCultureInfo("en-GB");
    private static readonly CultureInfo[] All = [Swedish, English];

    public static void Configure(RequestLocalizationOptions options)
    {
        options.DefaultRequestCulture = new RequestCulture(Swedish);
        options.SupportedCultures = All;
        options.SupportedUICultures = All;
        options.RequestCultureProviders = [new CookieRequestCultureProvider(), new AskedByBrowser()];
    }

    public static void MapLanguageSwitch(this IEndpointRouteBuilder routes) => routes.MapPost(PortalUrls.Language, Switch).AllowAnonymous();

    private static Results<RedirectHttpResult, BadRequest> Switch(
        [FromForm] string language, [FromForm] string returnUrl, HttpContext context,
        IOptions<PortalOptions> portal, IOptions<RequestLocalizationOptions> localization)
    {
        if (Of(language) is not { } culture || !PortalUrls.IsOurs(returnUrl))
        {
            return TypedResults.BadRequest();
        }

        var cookie = localization.Value.RequestCultureProviders.OfType<CookieRequestCultureProvider>().Single().CookieName;
        context.Response.Cookies.Append(cookie, CookieRequestCultureProvider.MakeCookieValue(new RequestCulture(culture)), new CookieOptions
        {
            MaxAge = TimeSpan.FromDays(365),
            SameSite = SameSiteMode.Lax,
            HttpOnly = true,
            Secure = portal.Value.IsHttps,
        });
        return TypedResults.LocalRedirect(returnUrl);
    }

    private static CultureInfo? Of(string language) =>
        All.FirstOrDefault(culture => language.StartsWith(culture.TwoLetterISOLanguageName, StringComparison.OrdinalIgnoreCase));

    // The framework's own provider would leave "en-US" and plain "en" without a match.
    private sealed class AskedByBrowser : RequestCultureProvider
    {
        public override Task<ProviderCultureResult?> DetermineProviderCultureResult(HttpContext httpContext)
        {
            var asked = httpContext.Request.GetTypedHeaders().AcceptLanguage
                .OrderByDescending(language => language.Quality ?? 1)
                .Select(language => Of(language.Value.ToString()))
                .FirstOrDefault(culture => culture is not null);
            return Task.FromResult(asked is null ? null : new ProviderCultureResult(asked.Name));
        }
    }
}
