using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Journeys;

/// <summary>What is asked of the looks of every page.</summary>
internal static class Looks
{
    // What stands in a frame is looked at by itself (MailLooksTests): nothing runs in the mailbox's, axe neither.
    private static readonly AxeRunOptions WithoutFrames = new() { Iframes = false };

    public static async Task IsAccessibleAsync(IPage page)
    {
        var result = await page.RunAxe(WithoutFrames).WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);
        Assert.Empty(result.Violations.Select(violation =>
            $"{violation.Id}: {violation.Help} {string.Join(" | ", violation.Nodes.Select(node => node.Html))}"));
    }

    /// <summary>Nothing makes the page scroll sideways (WCAG 1.4.10).</summary>
    public static async Task FitsAsync(IPage page) =>
        Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= window.innerWidth"), $"{page.Url} is wider than the window.");

    public static async Task KeepAsync(IPage page, string name)
    {
        if (Browser.ScreenshotFolder is { } folder)
        {
            await page.ScreenshotAsync(new() { FullPage = true, Path = Path.Combine(folder, name + ".png") });
        }
    }
}
