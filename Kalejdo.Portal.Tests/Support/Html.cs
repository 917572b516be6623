using System.Net;
using System.Text.RegularExpressions;

namespace Kalejdo.Portal.Tests.Support;

internal static partial class Html
{
    public static async Task<string> PageAsync(this HttpClient client, string address) =>
        WebUtility.HtmlDecode(await client.GetStringAsync(address, TestContext.Current.CancellationToken));

    public static async Task<string> PageAsync(this HttpResponseMessage response) =>
        WebUtility.HtmlDecode(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

    public static string AntiforgeryToken(string page) => Token().Match(page).Groups[1].Value;

    /// <summary>What is new at each look is taken out, so that two pages can be compared.</summary>
    public static string WithoutTokens(string page) => Token().Replace(page, "");

    /// <summary>What the error summary says.</summary>
    public static string Errors(string page) => Summary().Match(page).Groups[1].Value;

    public static string Heading(string page) => H1().Match(page).Groups[1].Value;

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex Token();

    public static IEnumerable<string> Links(string page) => Href().Matches(page).Select(match => match.Groups[1].Value).Distinct();

    [GeneratedRegex("<a [^>]*href=\"([^\"]+)\"")]
    private static partial Regex Href();

    [GeneratedRegex("<div class=\"error-summary\".*?<ul>(.*?)</ul>", RegexOptions.Singleline)]
    private static partial Regex Summary();

    [GeneratedRegex("<h1>(.*?)</h1>")]
    private static partial Regex H1();
}
