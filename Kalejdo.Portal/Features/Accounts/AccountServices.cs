using System.Net.Mime;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Server.Circuits;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Features.Accounts;

internal static class AccountServices
{
    /// <summary>Accounts, sessions, and who may reach what: everything asks for a sign-in unless it says otherwise.</summary>
    public static void AddAccounts(this IServiceCollection services)
    {
        // An account may have no address, and the index keeps those there are apart; what a password must be says Passwords.
        services.AddIdentityCore<Account>()
            .AddRoles<IdentityRole>()
            .AddEntityFrameworkStores<PortalDbContext>()
            .AddSignInManager();
        services.AddAuthentication(IdentityConstants.ApplicationScheme).AddCookie(
            IdentityConstants.ApplicationScheme, cookie => cookie.EventsType = typeof(Sessions.Cookie));
        services.AddScoped<Sessions.Cookie>();
        // What was hashed with fewer is hashed anew when its person signs in.
        services.Configure<PasswordHasherOptions>(passwords => passwords.IterationCount = Passwords.Rounds);
        services.AddSingleton<NobodysPassword>();

        services.AddAuthorization(AccessCondition.Configure);
        services.AddScoped<IAuthorizationHandler, AccessConditions>();
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, AccessRedirects>();

        services.AddSingleton<Agreements>();
        services.AddScoped<PendingSignIn>();
        services.AddScoped<KnownDevices>();
        services.AddScoped<SecondFactors>();
        services.AddOptions<IdentityPasskeyOptions>().Configure<IOptions<PortalOptions>>((passkeys, portal) =>
        {
            passkeys.ServerDomain = portal.Value.PublicAddress.Host;
            passkeys.UserVerificationRequirement = "required";
            passkeys.ResidentKeyRequirement = "required";
            // Never the Host header: where people reach the portal, and no frame in another's page.
            passkeys.ValidateOrigin = context => ValueTask.FromResult(!context.CrossOrigin && context.Origin == portal.Value.PublicAddress.GetLeftPart(UriPartial.Authority));
        });
        services.TryAddScoped<IPasskeyHandler<Account>, PasskeyHandler<Account>>();
        services.AddScoped<PasskeyChallenge>();
        services.AddScoped<Passkeys>();
        services.AddSingleton<OpenIdProviders>();
        services.AddScoped<OpenIdRequests>();
        services.AddScoped<ElectronicIds>();
        services.AddScoped<CircuitHandler, SessionCircuits>();
        services.AddScoped<Sessions>();
        services.AddScoped<Registration>();
        services.AddScoped<Linking>();
        services.AddScoped<NewPasswords>();
        services.AddScoped<Invitations>();
    }

    public static void MapSignOut(this IEndpointRouteBuilder routes) => routes.MapPost(PortalUrls.SignOut, SignOutAsync).AllowAnonymous();

    /// <summary>What passkeys.js asks for before it asks the browser. Nothing is kept but a cookie.</summary>
    public static void MapPasskeys(this IEndpointRouteBuilder routes)
    {
        routes.MapPost(PortalUrls.PasskeySignIn, (IFormCollection form, Passkeys passkeys) => JsonAsync(form, passkeys.AskAsync(null))).AllowAnonymous().RequireRateLimiting(RateLimits.SignIn);
        routes.MapPost(PortalUrls.PasskeyConfirm, async (IFormCollection form, Passkeys passkeys, Sessions sessions) => await JsonAsync(form, passkeys.AskAsync(await sessions.CurrentAsync())))
            .RequireAuthorization(AccessCondition.SignedIn).RequireRateLimiting(RateLimits.SignIn);
        routes.MapPost(PortalUrls.PasskeyOffer, async (IFormCollection form, Passkeys passkeys, Sessions sessions) => await JsonAsync(form, passkeys.OfferAsync(await sessions.CurrentAsync())))
            .RequireAuthorization(AccessCondition.PasskeyChange).WithMetadata(new PostedFrom(PortalUrls.Passkeys));
    }

    /// <summary>The one GET that changes something: it ends what a form began, and only in the browser that posted it.</summary>
    public static void MapOpenIdCallback(this IEndpointRouteBuilder routes) => routes.MapGet(PortalUrls.OpenIdCallbackRoute, async Task<Results<RedirectHttpResult, NotFound>> (
        string provider, OpenIdProviders providers, ElectronicIds ids, CancellationToken cancellation) => providers.Find(provider) is { } found
            ? TypedResults.LocalRedirect(await ids.ReturnAsync(found, cancellation))
            : TypedResults.NotFound()).AllowAnonymous();

    // As for signing out: the form is there for its antiforgery token.
    private static async Task<ContentHttpResult> JsonAsync(IFormCollection form, Task<string> options)
    {
        _ = form;
        return TypedResults.Content(await options, MediaTypeNames.Application.Json);
    }

    // The form has no field of its own; asking for it makes the antiforgery token count.
    private static async Task<RedirectHttpResult> SignOutAsync(IFormCollection form, HttpContext context, Sessions sessions)
    {
        _ = form;
        await sessions.EndAsync();
        // Pages that the browser kept to go back to. Not "cookies": the language and the known browser stay.
        context.Response.Headers["Clear-Site-Data"] = "\"cache\", \"storage\"";
        return TypedResults.LocalRedirect(PortalUrls.Home);
    }
}
