using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components.Server.Circuits;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;

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

        services.AddAuthorization(AccessCondition.Configure);
        services.AddScoped<IAuthorizationHandler, AccessConditions>();
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, AccessRedirects>();

        services.AddSingleton<Agreements>();
        services.AddScoped<PendingSignIn>();
        services.AddScoped<KnownDevices>();
        services.AddScoped<SecondFactors>();
        services.AddScoped<CircuitHandler, SessionCircuits>();
        services.AddScoped<Sessions>();
        services.AddScoped<Registration>();
        services.AddScoped<Linking>();
        services.AddScoped<NewPasswords>();
        services.AddScoped<Invitations>();
    }

    public static void MapSignOut(this IEndpointRouteBuilder routes) => routes.MapPost(PortalUrls.SignOut, SignOutAsync).AllowAnonymous();

    // The form has no field of its own; asking for it makes the antiforgery token count.
    private static async Task<RedirectHttpResult> SignOutAsync(IFormCollection form, Sessions sessions)
    {
        _ = form;
        await sessions.EndAsync();
        return TypedResults.LocalRedirect(PortalUrls.Home);
    }
}
