using System.Net;
using Kalejdo.Portal.Tests.Support;

namespace Kalejdo.Portal.Tests.Layout;

public class LanguageSwitchTests(PortalFixture portal)
{
    [Theory]
    [InlineData("", "sv")]
    [InlineData("de-DE", "sv")]
    [InlineData("en-US, sv;q=0.5", "en")]
    [InlineData("fr, en;q=0.8, sv;q=0.9", "sv")]
    [InlineData("sv-FI", "sv")]
    public async Task The_browser_is_asked_and_swedish_is_the_rest(string accepted, string language)
    {
        using var client = portal.Client(accepted);
        Assert.Contains($"<html lang=\"{language}\"", await client.PageAsync(PortalUrls.Home), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_choice_is_kept_and_leads_back()
    {
        using var client = portal.Client("sv");
        using var response = await SwitchAsync(client, "en", PortalUrls.Partners);

        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
        Assert.Equal(PortalUrls.Partners, response.Headers.Location?.OriginalString);
        Assert.Equal("About us and how to reach us", Html.Heading(await client.PageAsync(PortalUrls.About)));
    }

    [Fact]
    public async Task A_page_that_is_missing_is_so_in_either_language()
    {
        using var client = portal.Client();
        const string Address = "/finns-inte/r%C3%A4ka?a=%C3%A5";
        using var missing = await client.GetAsync(Address, TestContext.Current.CancellationToken);
        var page = await missing.PageAsync();
        var back = System.Text.RegularExpressions.Regex.Match(page, "name=\"returnUrl\" value=\"([^\"]+)\"").Groups[1].Value;
        using var response = await PostAsync(client, Html.AntiforgeryToken(page), "en", back);

        Assert.Equal(Address, response.Headers.Location?.OriginalString);
    }

    [Theory]
    [InlineData("https://ond.exempel/")]
    [InlineData("//ond.exempel/")]
    [InlineData("/\\ond.exempel/")]
    [InlineData("/å")]
    [InlineData("/\r\nSet-Cookie: a=1")]
    [InlineData("")]
    public async Task Nobody_is_led_elsewhere(string returnUrl)
    {
        using var client = portal.Client();
        using var response = await SwitchAsync(client, "en", returnUrl);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Null(response.Headers.Location);
    }

    [Fact]
    public async Task An_unknown_language_is_refused()
    {
        using var client = portal.Client();
        using var response = await SwitchAsync(client, "klingonska", PortalUrls.Home);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("forged")]
    public async Task A_form_that_is_not_ours_is_refused(string? token)
    {
        using var client = portal.Client();
        await client.PageAsync(PortalUrls.Home);
        using var response = await PostAsync(client, token, "en", PortalUrls.Home);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("Vi kunde inte ta emot formuläret", Html.Heading(await response.PageAsync()));
        Assert.Contains("<html lang=\"sv\"", await client.PageAsync(PortalUrls.Home), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_changes_nothing()
    {
        using var client = portal.Client();
        using var response = await client.GetAsync(PortalUrls.Language + "?language=en&returnUrl=/", TestContext.Current.CancellationToken);

        Assert.False(response.IsSuccessStatusCode);
        Assert.Contains("<html lang=\"sv\"", await client.PageAsync(PortalUrls.Home), StringComparison.Ordinal);
    }

    private static async Task<HttpResponseMessage> SwitchAsync(HttpClient client, string language, string returnUrl) =>
        await PostAsync(client, Html.AntiforgeryToken(await client.PageAsync(PortalUrls.Home)), language, returnUrl);

    private static async Task<HttpResponseMessage> PostAsync(HttpClient client, string? token, string language, string returnUrl)
    {
        var form = new Dictionary<string, string> { ["language"] = language, ["returnUrl"] = returnUrl };
        if (token is not null)
        {
            form["__RequestVerificationToken"] = token;
        }

        using var content = new FormUrlEncodedContent(form);
        return await client.PostAsync(PortalUrls.Language, content, TestContext.Current.CancellationToken);
    }
}
