using System.Net;
using System.Text.RegularExpressions;
using Kalejdo.Portal.Tests.Support;

namespace Kalejdo.Portal.Tests.Features.About;

public class AboutPagesTests(PortalFixture portal)
{
    [Theory]
    [InlineData(PortalUrls.Home, "sv", "Se, rätta och radera dina uppgifter")]
    [InlineData(PortalUrls.Home, "en", "See, correct and erase your data")]
    [InlineData(PortalUrls.About, "sv", "Om oss och hur du når oss")]
    [InlineData(PortalUrls.About, "en", "About us and how to reach us")]
    [InlineData(PortalUrls.CollectedAutomatically, "sv", "Uppgifter som hämtas automatiskt")]
    [InlineData(PortalUrls.CollectedAutomatically, "en", "Collected automatically")]
    [InlineData(PortalUrls.Partners, "sv", "Lagring och partner")]
    [InlineData(PortalUrls.Partners, "en", "Storage and partners")]
    [InlineData(PortalUrls.Accessibility, "sv", "Tillgänglighet")]
    [InlineData(PortalUrls.Accessibility, "en", "Accessibility")]
    public async Task Say_their_name_in_both_languages(string address, string language, string heading)
    {
        using var client = portal.Client(language);
        var page = await client.PageAsync(address);

        Assert.Equal(heading, Html.Heading(page));
        Assert.Contains($"<title>{heading} – ", page, StringComparison.Ordinal);
        Assert.Contains($"<html lang=\"{language}\"", page, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(EveryPage))]
    public async Task Lead_only_to_pages_that_exist(string address)
    {
        using var client = portal.Client();
        var page = await client.PageAsync(address);
        foreach (var link in Html.Links(page).Where(link => link.StartsWith('/')))
        {
            using var response = await client.GetAsync(link, TestContext.Current.CancellationToken);
            Assert.True(response.StatusCode == HttpStatusCode.OK, $"{address} leads to {link}: {response.StatusCode}");
        }
    }

    public static TheoryData<string> EveryPage => [.. Pages.Open];

    [Theory]
    [MemberData(nameof(EveryPage))]
    public async Task Expose_no_mail_address_and_run_no_script_but_files_of_our_own(string address)
    {
        using var client = portal.Client();
        var page = await client.PageAsync(address);

        // But for the example of how one's own is written.
        Assert.DoesNotContain("@", page.Replace("namn@exempel.se", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain("mailto:", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", Regex.Replace(page, "<script type=\"module\" src=\"/[a-z0-9.]+[.]js\"></script>", ""), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(" style=", page, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Say_what_is_personal_although_collected_automatically()
    {
        using var client = portal.Client();
        var page = await client.PageAsync(PortalUrls.CollectedAutomatically);

        Assert.Contains("tittarhistorik", page, StringComparison.Ordinal);
        Assert.Contains("händelser från dina enheter", page, StringComparison.Ordinal);
    }
}
