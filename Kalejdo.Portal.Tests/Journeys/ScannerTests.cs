using System.Text.RegularExpressions;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Erasure;
using Kalejdo.Portal.Features.NotMyAddress;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Journeys;

/// <summary>
/// What programs do to mail on its way: they open every link, run its scripts, let forms submit themselves and press the first
/// button of each. Whatever they do, nothing may change.
/// </summary>
public sealed partial class ScannerTests(Browser browser) : IAsyncDisposable
{
    private readonly SignedInPortal _portal = new(listens: true);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Programs_that_read_mail_change_nothing_and_leave_every_link_good()
    {
        var links = await PostEveryLetterAsync();
        Assert.InRange(links.Count, SampleLetters.All.Count, 200);
        Assert.Contains(links, link => link.AbsolutePath.StartsWith("/inte-min-adress/angra/", StringComparison.Ordinal));
        var before = Everything();

        using (var client = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false }))
        {
            foreach (var link in links)
            {
                foreach (var (method, prefetch) in ((HttpMethod, bool)[])[(HttpMethod.Get, false), (HttpMethod.Head, false), (HttpMethod.Get, true)])
                {
                    using var request = new HttpRequestMessage(method, link);
                    if (prefetch)
                    {
                        request.Headers.Add("Sec-Purpose", "prefetch");
                    }

                    using var response = await client.SendAsync(request, Cancellation);
                    // Pages answer GET alone.
                    Assert.True((int)response.StatusCode is 200 or 302 || method == HttpMethod.Head, $"{method} {link}: {response.StatusCode}");
                }
            }
        }

        Assert.Equal(before, Everything());
        var pressed = 0;
        foreach (var link in links)
        {
            await using var program = await browser.PersonAsync();
            var opened = await program.NewPageAsync();
            await opened.GotoAsync(link.ToString(), new() { WaitUntil = WaitUntilState.NetworkIdle });
            var forms = await opened.Locator("form").CountAsync();
            for (var form = 0; form < forms; form++)
            {
                // A tab each: some presses lead on.
                var tab = await program.NewPageAsync();
                await tab.GotoAsync(link.ToString());
                var button = tab.Locator("form").Nth(form).Locator("button:not([type=button]), input[type=submit]").First;
                await tab.RunAndWaitForResponseAsync(
                    () => button.EvaluateAsync("button => { button.form.noValidate = true; button.click(); }"),
                    response => response.Request.IsNavigationRequest || response.Request.Method == "POST");
                pressed++;
            }
        }

        Assert.True(pressed > links.Count);
        Assert.Equal(before, Everything());

        // And the links are what they were: a person who chooses is heard.
        await using var person = await browser.PersonAsync();
        var page = await person.NewPageAsync();
        var undo = links.Single(link => link.AbsolutePath.StartsWith("/angra/", StringComparison.Ordinal));
        await page.GotoAsync(undo.ToString());
        await page.Locator("#angra").CheckAsync();
        await page.Locator("main form button").ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("Raderingen är ångrad");
        Assert.NotEqual(before, Everything());
        foreach (var link in links.Where(link => link.AbsolutePath.StartsWith("/inte-min-adress/lank/", StringComparison.Ordinal)))
        {
            await page.GotoAsync(link.ToString());
            Assert.False(await page.Locator("#remove").IsCheckedAsync());
        }
    }

    public ValueTask DisposeAsync() => _portal.DisposeAsync();

    /// <summary>Every letter there is, and the two that acts of their own bring about; to a known and to an unknown mailbox.</summary>
    /// <returns>Every address in them that is the portal's.</returns>
    private async Task<IReadOnlyList<Uri>> PostEveryLetterAsync()
    {
        var services = _portal.Services;
        var (leaving, partly) = (new DemoSubscriber(4), new DemoSubscriber(6));
        await services.GetRequiredService<ScheduledErasures>().ScheduleAsync(
            new ErasureRequest([new("customer_number", leaving.CustomerNumber)], ErasureScope.Everything, "test", new ErasureFarewell(await _portal.AccountAsync(4), leaving.OwnEmail, "sv", true)), Cancellation);
        var request = new ErasureRequest(
            [new("customer_number", partly.CustomerNumber)], ErasureScope.OfKinds(["viewing_history"]), "test", new ErasureFarewell(await _portal.AccountAsync(6), partly.OwnEmail, "en", false));
        while (await services.GetRequiredService<ErasureActs>().EraseAsync("scanner", request, Cancellation) is ErasureResult.Unfinished)
        {
        }

        // The receipt of a confirmed address has a way back of its own.
        var disowned = new DemoSubscriber(8);
        await _portal.AccountAsync(8);
        string token;
        await using (var db = _portal.Store())
        {
            db.MailLinks.Add(MailLink.New(services.GetRequiredService<PortalKeys>(), MailLinkPurpose.Disavowal, disowned.OwnEmail, _portal.Time.GetUtcNow().UtcDateTime, Outbox.LinkValidity, out token));
            await db.SaveChangesAsync(Cancellation);
        }

        Assert.IsType<DisavowalResult.Detached>(await services.GetRequiredService<Disavowals>().DisownAsync(token, "sv", disowned.OwnEmail, block: false, Cancellation));

        await using (var db = _portal.Store())
        {
            foreach (var letter in SampleLetters.All)
            {
                await services.GetRequiredService<Outbox>().AddAsync(db, letter, letter.IsFarewell ? leaving.OwnEmail : "okand@exempel.se", "both", null, Cancellation);
            }

            await db.SaveChangesAsync(Cancellation);
        }

        var texts = await _portal.LettersAsync();
        Assert.Contains(texts, mail => mail.Letter == nameof(PartlyErasedLetter) && mail.Address == partly.OwnEmail);
        // Samples lead nowhere where a real act leads somewhere.
        return [.. texts.SelectMany(mail => Link().Matches(mail.Text)).Select(match => new Uri(match.Value)).Where(link => !link.AbsolutePath.EndsWith("/" + SampleLetters.Token, StringComparison.Ordinal) && !link.AbsolutePath.EndsWith("/abc", StringComparison.Ordinal))
            .Select(link => new Uri(_portal.Address, link.PathAndQuery)).Distinct()];
    }

    private string Everything() => Dumps.Of(_portal.Kalejdo) + Dumps.Of(Path.Combine(Path.GetDirectoryName(_portal.Kalejdo)!, "portal.db"));

    [GeneratedRegex(@"https?://\S+")]
    private static partial Regex Link();
}
