using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Support;

/// <summary>What went wrong behind a page: refused requests, complaints of the browser, anything asked of somebody else.</summary>
internal sealed class PageHealth
{
    private readonly List<string> complaints = [];
    private readonly HashSet<string> downloads = [];

    /// <param name="page">A page not yet navigated.</param>
    /// <param name="portal">Where every request must go.</param>
    /// <param name="expected">The address that is meant to answer with an error.</param>
    /// <param name="elsewhere">The one other site that the person is sent to.</param>
    public PageHealth(IPage page, Uri portal, Uri? expected = null, Uri? elsewhere = null)
    {
        page.Request += (_, request) =>
        {
            if (!portal.IsBaseOf(new Uri(request.Url)) && elsewhere?.IsBaseOf(new Uri(request.Url)) != true)
            {
                complaints.Add($"asked somebody else: {request.Url}");
            }
        };
        page.Response += (_, response) =>
        {
            if (response.Status >= 400 && response.Url != expected?.ToString())
            {
                complaints.Add($"{response.Status}: {response.Url}");
            }
        };
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning" && !(expected is not null && message.Location.StartsWith(expected.ToString(), StringComparison.Ordinal)))
            {
                complaints.Add($"console: {message.Text}");
            }
        };
        page.PageError += (_, error) => complaints.Add($"script: {error}");
        page.RequestFailed += (_, request) => complaints.Add($"failed: {request.Url} {request.Failure}");
        // What becomes a file is no page: the browser breaks off going there.
        page.Download += (_, download) => downloads.Add($"failed: {download.Url} net::ERR_ABORTED");
    }

    public void AssertGood() => Assert.Empty(complaints.Except(downloads));
}
