using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>An account that waits to be erased opens nothing but the page on which that is undone.</summary>
internal static class ClosedAccounts
{
    public static void UseClosedAccounts(this WebApplication app) => app.Use(async (context, next) =>
    {
        if (context.User.FindFirstValue(ClaimTypes.NameIdentifier) is { } account
            && context.GetEndpoint() is { } endpoint
            && endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null && context.Request.Path != PortalUrls.SignOut
            && await app.Services.GetRequiredService<ScheduledErasures>().FindAsync(account, context.RequestAborted) is not null)
        {
            context.Response.Redirect(PortalUrls.UndoErasureSignedIn);
            return;
        }
        await next(context);
    });
}
