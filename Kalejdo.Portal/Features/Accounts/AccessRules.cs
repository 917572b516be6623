using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http.Extensions;

namespace Kalejdo.Portal.Features.Accounts;

/// <summary>A condition beyond being signed in; each leads to the page where it can be met.</summary>
internal sealed class AccessCondition(Func<string, string> metAt) : IAuthorizationRequirement
{
    /// <summary>Policy: signed in, by whatever; for the way to everything else.</summary>
    public const string SignedIn = nameof(SignedIn);

    /// <summary>Policy: signed in a moment ago. What staff who have no second factor yet can reach.</summary>
    public const string FactorChange = nameof(FactorChange);

    /// <summary>Policy: signed in a moment ago, staff by both factors: a password alone makes no passkey, which would be both.</summary>
    public const string PasskeyChange = nameof(PasskeyChange);

    /// <summary>A password alone opens nothing of staff's: who has no second factor sets it up first.</summary>
    public static readonly AccessCondition SecondFactor = new(PortalUrls.SecondFactorFrom);

    /// <summary>Staff have no data here; what is a subscriber's sends them to their own work.</summary>
    public static readonly AccessCondition Subscriber = new(_ => PortalUrls.Desk);

    public static readonly AccessCondition Linked = new(PortalUrls.LinkFrom);

    /// <summary>Whose self-service is closed is served by staff alone, also where the account was linked before.</summary>
    public static readonly AccessCondition SelfService = new(_ => PortalUrls.SelfServiceClosed);

    public static readonly AccessCondition Fresh = new(PortalUrls.ConfirmFrom);

    /// <summary>As <see cref="Fresh"/>, for what changes something alone.</summary>
    public static readonly AccessCondition FreshToAct = new(PortalUrls.ConfirmFrom);

    /// <summary>The page, and from there back to the address.</summary>
    public string MetAt(string address) => metAt(address);

    public static void Configure(AuthorizationOptions options)
    {
        var anybody = new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build();
        var signedIn = new AuthorizationPolicyBuilder(anybody).AddRequirements(SecondFactor).Build();
        var subscriber = new AuthorizationPolicyBuilder(signedIn).AddRequirements(Subscriber).Build();
        // In this order: the first that is not met says where one is led.
        var linked = new AuthorizationPolicyBuilder(subscriber).AddRequirements(Linked, SelfService).Build();
        (options.DefaultPolicy, options.FallbackPolicy) = (signedIn, signedIn);
        options.AddPolicy(SignedIn, anybody);
        options.AddPolicy(FactorChange, new AuthorizationPolicyBuilder(anybody).AddRequirements(Fresh).Build());
        options.AddPolicy(PasskeyChange, new AuthorizationPolicyBuilder(signedIn).AddRequirements(Fresh).Build());
        options.AddPolicy(StaffRoles.Any, new AuthorizationPolicyBuilder(signedIn).RequireRole(StaffRoles.All).Build());
        options.AddPolicy(StaffRoles.Look, new AuthorizationPolicyBuilder(signedIn).RequireRole(StaffRoles.All)
            .RequireAssertion(asked => asked.User.MayWork() || asked.Resource is HttpContext { Request.Method: "GET" or "HEAD" }).Build());
        options.AddPolicy(StaffRoles.Work, new AuthorizationPolicyBuilder(signedIn).RequireRole(StaffRoles.Workers).Build());
        options.AddPolicy(StaffRoles.Oversight, new AuthorizationPolicyBuilder(signedIn).RequireRole(StaffRoles.Overseers).Build());
        options.AddPolicy(StaffRoles.Administer, new AuthorizationPolicyBuilder(signedIn).RequireRole(StaffRoles.Administrator).AddRequirements(Fresh).Build());
        options.AddPolicy(CurrentSubject.Subscriber, subscriber);
        options.AddPolicy(CurrentSubject.Linked, linked);
        options.AddPolicy(CurrentSubject.Fresh, new AuthorizationPolicyBuilder(linked).AddRequirements(Fresh).Build());
        options.AddPolicy(CurrentSubject.FreshToAct, new AuthorizationPolicyBuilder(linked).AddRequirements(FreshToAct).Build());
        options.AddPolicy(CurrentSubject.FreshSubscriber, new AuthorizationPolicyBuilder(subscriber).AddRequirements(Fresh).Build());
    }
}

/// <summary>Whether the conditions are met, asked anew at every request.</summary>
internal sealed class AccessConditions(CurrentSubject subject, IHttpContextAccessor http) : IAuthorizationHandler
{
    public async Task HandleAsync(AuthorizationHandlerContext context)
    {
        foreach (var condition in context.PendingRequirements.OfType<AccessCondition>().ToList())
        {
            if (await IsMetAsync(condition, http.HttpContext?.RequestAborted ?? default))
            {
                context.Succeed(condition);
            }
        }
    }

    private async Task<bool> IsMetAsync(AccessCondition condition, CancellationToken cancellation)
    {
        if (condition == AccessCondition.SecondFactor)
        {
            return http.HttpContext?.User is { } person && (!person.IsStaff() || person.HasClaim(CurrentSubject.MethodClaim, CurrentSubject.SecondFactor));
        }

        if (condition == AccessCondition.Subscriber)
        {
            return http.HttpContext?.User.IsStaff() == false;
        }

        if (condition == AccessCondition.Fresh)
        {
            return subject.IsFresh();
        }

        if (condition == AccessCondition.FreshToAct)
        {
            return subject.IsFresh() || http.HttpContext?.Request.Method == HttpMethods.Get;
        }

        return condition == AccessCondition.Linked ? await subject.IsLinkedAsync(cancellation) : !await subject.IsClosedAsync(cancellation);
    }
}

/// <summary>Whoever may not go on is led to the page where that can be mended, and from there back.</summary>
internal sealed class AccessRedirects(RefusedRequests refusals) : IAuthorizationMiddlewareResultHandler
{
    public async Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        // What does not exist is said to be missing, to everybody.
        if (authorizeResult.Succeeded || context.GetEndpoint() is not { } endpoint)
        {
            await next(context);
            return;
        }

        // What can only be posted cannot be led back to: its page can.
        var back = endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods.Contains(HttpMethods.Get) == false
            ? endpoint.Metadata.GetMetadata<PostedFrom>()?.Page ?? PortalUrls.Overview
            : context.Request.GetEncodedPathAndQuery();
        if (authorizeResult.Challenged)
        {
            context.Response.Redirect(PortalUrls.SignInFrom(back));
        }
        else if (authorizeResult.AuthorizationFailure?.FailedRequirements.FirstOrDefault() is AccessCondition unmet)
        {
            context.Response.Redirect(unmet.MetAt(back));
        }
        else
        {
            await refusals.RecordAsync("page.refused", "role-missing", context.User.FindFirstValue(ClaimTypes.NameIdentifier), context.RequestAborted);
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
        }
    }
}
