using System.Globalization;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Features.Mailbox;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Journeys;

/// <summary>A person who goes through the portal in one browser; every page they come to is looked at.</summary>
/// <param name="scripts">Whether the browser runs scripts; axe is one.</param>
/// <param name="elsewhere">The one other site that they are sent to.</param>
internal sealed class Walk(IPage page, Uri portal, string name, bool scripts, Uri? elsewhere = null)
{
    private readonly PageHealth health = new(page, portal, elsewhere: elsewhere);
    private int pages;

    public IPage Page => page;

    private ILocator Main => page.Locator("main");

    public Task OpenAsync(string address) => page.GotoAsync(new Uri(portal, address).ToString());

    public Task WriteAsync(string label, string value) => Main.GetByLabel(label, new() { Exact = true }).FillAsync(value);

    public Task ChooseAsync(string label) => Main.GetByLabel(label, new() { Exact = true }).CheckAsync();

    public Task PressAsync(string button) => Main.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();

    public Task FollowAsync(string link) => Main.GetByRole(AriaRole.Link, new() { Name = link, Exact = true }).First.ClickAsync();

    /// <summary>The first link whose address begins, or ends, like this.</summary>
    public Task FollowAddressAsync(string part) => Main.Locator($"a[href^='{part}'], a[href$='{part}']").First.ClickAsync();

    /// <summary>Is on the page of that heading, which is as every page must be.</summary>
    public async Task SeesAsync(string heading)
    {
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync(heading);
        await LookAsync();
    }

    /// <summary>Is on a page that says this, and whose heading is the data's own.</summary>
    public async Task ComesToAsync(string text)
    {
        await ReadsAsync(text);
        await LookAsync();
    }

    public Task ReadsAsync(string text) => Assertions.Expect(Main).ToContainTextAsync(text);

    /// <summary>The same page, with its error summary.</summary>
    public async Task IsToldAsync(string error)
    {
        await Assertions.Expect(page.Locator(".error-summary")).ToContainTextAsync(error);
        await LookAsync();
    }

    /// <summary>Opens the newest mail of that subject to the address, in the mailbox page.</summary>
    public async Task<IFrameLocator> OpenMailAsync(string address, string subject)
    {
        await OpenAsync(PortalUrls.Mailbox);
        var mail = page.GetByRole(AriaRole.Row).Filter(new() { HasText = address }).GetByRole(AriaRole.Link, new() { Name = subject, Exact = true }).First;
        for (var looks = 0; looks < 200 && !await mail.IsVisibleAsync(); looks++)
        {
            await page.ReloadAsync();
        }

        await SeesAsync(MailboxText.Title);
        await mail.ClickAsync();
        await SeesAsync(subject);
        return page.FrameLocator("iframe");
    }

    /// <summary>The code of the newest mail of that subject; back on the page that asks for it.</summary>
    public async Task<string> FetchCodeAsync(string address, string subject)
    {
        var here = page.Url;
        var code = await (await OpenMailAsync(address, subject)).Locator(".code").InnerTextAsync();
        await page.GotoAsync(here);
        return code;
    }

    /// <summary>The link to such a page in the newest mail of that subject.</summary>
    public async Task<string> FetchLinkAsync(string address, string subject, string path) =>
        new Uri((await (await OpenMailAsync(address, subject)).Locator($"a[href*='{path}']").First.GetAttributeAsync("href"))!).AbsolutePath;

    /// <summary>One of the demonstration's staff, by password and code.</summary>
    public async Task SignInAsStaffAsync(IServiceProvider services, string address, string password = "norrsken över fjället")
    {
        var code = await SignedIn.FactorCodeAsync(services, address);
        await OpenAsync(PortalUrls.SignIn);
        await WriteAsync(AccountsText.Name, address);
        await WriteAsync(AccountsText.Password, password);
        await PressAsync(AccountsText.SignInTitle);
        await SeesAsync(AccountsText.SignInCodeTitle);
        await WriteAsync(AccountsText.Code, code);
        await PressAsync(AccountsText.SignInTitle);
    }

    public void AssertGood() => health.AssertGood();

    private async Task LookAsync()
    {
        pages++;
        // Its heading may be there before its style. (The event of a load is lost at times where the page has a frame.)
        await Assertions.Expect(page.Locator("body")).ToHaveCSSAsync("flex-direction", "column");
        await Looks.KeepAsync(page, string.Create(CultureInfo.InvariantCulture, $"resa-{name}-{pages:D2}"));
        Assert.Equal(CultureInfo.CurrentUICulture.TwoLetterISOLanguageName, await page.GetAttributeAsync("html", "lang"));
        await Looks.FitsAsync(page);
        if (scripts)
        {
            await Looks.IsAccessibleAsync(page);
        }
    }
}
