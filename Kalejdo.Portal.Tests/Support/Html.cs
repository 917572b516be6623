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

    /// <summary>Presses the button of a page's form: with its hidden fields, as a browser does.</summary>
    public static Task<HttpResponseMessage> SubmitAsync(this HttpClient client, string address, string page, params (string Name, string Value)[] fields) =>
        client.PostAsync(new Uri(address, UriKind.Relative), new FormUrlEncodedContent(
            [.. Hidden(FormOf(page)).Where(h => !fields.Any(f => f.Name == h.Key)), .. fields.Select(f => new KeyValuePair<string, string>(f.Name, f.Value))]),
            TestContext.Current.CancellationToken);

    // The last one: the language switch stands above.
    private static string FormOf(string page) => page[page.LastIndexOf("<form ", StringComparison.Ordinal)..];

    private static IEnumerable<KeyValuePair<string, string>> Hidden(string form) => HiddenInput().Matches(form)
        .Select(input => KeyValuePair.Create(NameOf().Match(input.Value).Groups[1].Value, ValueOf().Match(input.Value).Groups[1].Value));

    /// <summary>What is new at each look is taken out, so that two pages can be compared.</summary>
    public static string WithoutTokens(string page) => State().Replace(Token().Replace(page, ""), "");

    /// <summary>What the error summary says.</summary>
    public static string Errors(string page) => Summary().Match(page).Groups[1].Value;

    public static string Heading(string page) => Tag().Replace(H1().Match(page).Groups[1].Value, "");

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex Token();

    // Sealed by the framework for parts that may be live, on every page.
    [GeneratedRegex("<!--Blazor[^>]*-->")]
    private static partial Regex State();

    public static IEnumerable<string> Links(string page) => Href().Matches(page).Select(match => match.Groups[1].Value).Distinct();

    /// <summary>The rows of a page's tables but for their headings, without tags.</summary>
    public static IEnumerable<string> TableRows(string page) => Row().Matches(page).Select(row => Tag().Replace(row.Groups[1].Value, " ")).Skip(1);

    [GeneratedRegex("<tr [^>]*>(.*?)</tr>", RegexOptions.Singleline)]
    private static partial Regex Row();

    [GeneratedRegex("<input type=\"hidden\"[^>]*>")]
    private static partial Regex HiddenInput();

    [GeneratedRegex(" name=\"([^\"]*)\"")]
    private static partial Regex NameOf();

    [GeneratedRegex(" value=\"([^\"]*)\"")]
    private static partial Regex ValueOf();

    [GeneratedRegex("<a [^>]*href=\"([^\"]+)\"")]
    private static partial Regex Href();

    [GeneratedRegex("<div class=\"error-summary\".*?<ul>(.*?)</ul>", RegexOptions.Singleline)]
    private static partial Regex Summary();

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tag();

    [GeneratedRegex("<h1>(.*?)</h1>")]
    private static partial Regex H1();
}
