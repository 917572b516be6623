using Kalejdo.Portal.Tests.Support;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Kalejdo.Portal.Tests;

public class AntiforgeryTests(PortalFixture portal)
{
    /// <summary>What may be posted to without a token of ours, and why.</summary>
    private static readonly string[] Exempt =
    [
        // Signed by the recipient, without a cookie.
        PortalUrls.RecipientCallback,
        // The page's own origin alone (RateLimitsTests.Live_parts_are_for_pages_of_ours).
        "/_blazor", "/_blazor/initializers", "/_blazor/negotiate", "/_blazor/disconnect",
    ];

    [Fact]
    public void Everything_that_can_be_posted_asks_for_a_token_but_these()
    {
        var without = portal.InMemory.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods is not { Count: > 0 } methods || methods.Any(method => !HttpMethods.IsGet(method) && !HttpMethods.IsHead(method)))
            .Where(route => route.Metadata.GetMetadata<IAntiforgeryMetadata>()?.RequiresValidation != true)
            .Select(route => "/" + route.RoutePattern.RawText!.Trim('/'));
        Assert.Equal(Exempt.Order(StringComparer.Ordinal), without.Distinct().Order(StringComparer.Ordinal));
    }
}
