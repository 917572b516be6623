using System.Net;
using Kalejdo.Portal.Tests.Support;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Tests.Features.Errors;

public class ErrorPagesTests(PortalFixture portal)
{
    [Theory]
    [InlineData("sv", "Sidan finns inte")]
    [InlineData("en", "Page not found")]
    public async Task A_page_that_does_not_exist_is_said_to_be_missing(string language, string heading)
    {
        using var client = portal.Client(language);
        using var response = await client.GetAsync(Pages.Missing + "?fraga=1", TestContext.Current.CancellationToken);
        var page = await response.PageAsync();

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal(heading, Html.Heading(page));
        Assert.Contains($"name=\"returnUrl\" value=\"{Pages.Missing}?fraga=1\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failure_shows_nothing_of_its_inside()
    {
        await using var broken = portal.InMemory.WithWebHostBuilder(host => host.ConfigureTestServices(services =>
            services.AddSingleton<IOptions<ControllerOptions>>(new Broken())));
        using var client = PortalFixture.Client(broken);
        using var response = await client.GetAsync(PortalUrls.About, TestContext.Current.CancellationToken);
        var page = await response.PageAsync();

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Equal("Något gick fel hos oss", Html.Heading(page));
        Assert.DoesNotContain("Exception", page, StringComparison.Ordinal);
        Assert.DoesNotContain(Broken.Secret, page, StringComparison.Ordinal);
        Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
    }

    [Fact]
    public async Task A_post_to_a_page_without_a_form_is_refused()
    {
        using var client = portal.Client();
        using var response = await client.PostAsync(PortalUrls.About, new FormUrlEncodedContent([]), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("Vi kunde inte ta emot formuläret", Html.Heading(await response.PageAsync()));
    }

    [Theory]
    [InlineData("sv", "Det du skickade är för stort")]
    [InlineData("en", "What you sent is too large")]
    public async Task What_is_too_large_is_refused_in_words(string language, string heading)
    {
        using var client = portal.Client(language);
        using var response = await client.PostAsync(PortalUrls.SignIn, new StringContent(new string('a', 300 * 1024)), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal(heading, Html.Heading(await response.PageAsync()));
        StrictHeaders.Assert(response);
    }

    [Fact]
    public async Task A_form_of_too_many_fields_is_refused()
    {
        using var client = portal.Client();
        var token = Html.AntiforgeryToken(await client.PageAsync(PortalUrls.SignIn));
        using var response = await client.PostFormAsync(PortalUrls.SignIn, "sign-in", token, [.. Enumerable.Range(0, 300).Select(i => ($"f{i}", (string?)"x"))]);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        StrictHeaders.Assert(response);
    }

    private sealed class Broken : IOptions<ControllerOptions>
    {
        public const string Secret = "Host=hemlig";

        public ControllerOptions Value => throw new InvalidOperationException(Secret);
    }
}
