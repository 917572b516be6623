using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(Kalejdo.Portal.Tests.Support.Browser))]

namespace Kalejdo.Portal.Tests.Support;

/// <summary>Debian's Chromium, once for all journeys. PORTAL_TEST_SCREENSHOTS=FOLDER keeps a picture of each page for people to look at.</summary>
public sealed class Browser : IAsyncLifetime
{
    private const string Chromium = "/usr/bin/chromium";

    // Milliseconds; a busy machine is no failure.
    private const float Patience = 120_000;
    private readonly SemaphoreSlim start = new(1);
    private IPlaywright? playwright;
    private IBrowser? chromium;

    public static string? ScreenshotFolder { get; } = Environment.GetEnvironmentVariable("PORTAL_TEST_SCREENSHOTS");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async Task<IBrowserContext> PersonAsync(string language = "sv", ColorScheme scheme = ColorScheme.Light, int width = 1280, bool scripts = true)
    {
        var browser = await StartAsync();
        var person = await browser.NewContextAsync(new()
        {
            ColorScheme = scheme,
            JavaScriptEnabled = scripts,
            Locale = language,
            ViewportSize = new() { Width = width, Height = width < 600 ? 844 : 900 },
        });
        person.SetDefaultTimeout(Patience);
        return person;
    }

    public async ValueTask DisposeAsync()
    {
        if (chromium is not null)
        {
            await chromium.DisposeAsync();
        }

        playwright?.Dispose();
        start.Dispose();
    }

    private async Task<IBrowser> StartAsync()
    {
        await start.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (chromium is null)
            {
                Assert.True(File.Exists(Chromium), $"{Chromium} is missing: the journeys need a browser (apt-get install chromium).");
                playwright = await Playwright.CreateAsync();
                Assertions.SetDefaultExpectTimeout(Patience);
                chromium = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium, Args = ["--no-sandbox"] });
            }

            return chromium;
        }
        finally
        {
            start.Release();
        }
    }
}
