using System.Globalization;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Features.MyData;
using Kalejdo.Portal.Features.NotMyAddress;
using Kalejdo.Portal.Layout;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Journeys;

/// <summary>From the page without a link through the code in the trial mailbox to each end that it can have.</summary>
public sealed class NotMyAddressJourneyTests(JourneyPortal portal, Browser browser) : IClassFixture<JourneyPortal>
{
    [Theory]
    [InlineData("sv", ColorScheme.Dark, 390, true)]
    [InlineData("sv", ColorScheme.Light, 700, false)]
    [InlineData("en", ColorScheme.Light, 1280, true)]
    public async Task An_address_is_removed_kept_held_or_given_back(string language, ColorScheme scheme, int width, bool scripts)
    {
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = language == "sv" ? Languages.Swedish : Languages.English;
        await using var person = await browser.PersonAsync(language, scheme, width, scripts);
        var walk = new Walk(await person.NewPageAsync(), portal.Address, $"inte-min-{language}-{scheme}-{width}", scripts);

        await walk.OpenAsync(PortalUrls.NotMyAddressCode);
        await walk.SeesAsync(NotMyAddressText.Title);
        await walk.PressAsync(NotMyAddressText.SendCode);
        await walk.IsToldAsync(NotMyAddressText.AddressInvalid);
        await ProveAsync($"vilse.{language}.{width}@exempel.se");
        await walk.PressAsync(NotMyAddressText.Continue);
        await walk.IsToldAsync(NotMyAddressText.ChoiceMissing);
        await walk.Page.Locator("#keep").CheckAsync();
        await walk.PressAsync(NotMyAddressText.Continue);
        await walk.SeesAsync(NotMyAddressText.KeptTitle);

        var link = walk.Page.Url;
        await walk.OpenAsync(link);
        await walk.Page.Locator("#block").CheckAsync();
        await RemoveAsync();
        await walk.SeesAsync(NotMyAddressText.RemovedTitle);
        await walk.OpenAsync(link);
        await walk.SeesAsync(NotMyAddressText.UsedTitle);
        // Of each its own: new links are limited by the old one.
        await walk.OpenAsync(PortalUrls.NotMyAddressLink($"x-{language}-{width}"));
        await walk.SeesAsync(NotMyAddressText.UselessTitle);
        await walk.PressAsync(NotMyAddressText.RenewAct);
        await walk.IsToldAsync(NotMyAddressText.RenewMissing);
        await walk.Page.Locator("#renew").CheckAsync();
        await walk.PressAsync(NotMyAddressText.RenewAct);
        await walk.SeesAsync(NotMyAddressText.RenewSentTitle);

        // Blocked, until its owner lifts it.
        await walk.OpenAsync(PortalUrls.NotMyAddress);
        await ProveAsync($"vilse.{language}.{width}@exempel.se");
        await walk.ReadsAsync(NotMyAddressText.BlockedUntil);
        await walk.Page.Locator("#unblock").CheckAsync();
        await walk.PressAsync(NotMyAddressText.Continue);
        await walk.SeesAsync(NotMyAddressText.UnblockedTitle);

        // Confirmed by its account: held, and given back to who wants it.
        var subscriber = new DemoSubscriber((language, width) switch { ("sv", 390) => 24, ("sv", 700) => 104, ("sv", _) => 44, (_, 390) => 64, _ => 84 });
        await SignedIn.CreateAccountAsync(portal.Services, subscriber);
        await walk.OpenAsync(PortalUrls.NotMyAddress);
        await ProveAsync(subscriber.OwnEmail);
        await RemoveAsync();
        await walk.SeesAsync(NotMyAddressText.RemovedTitle);
        await SubscriberIsToldAsync(subscriber);
        await walk.OpenAsync(await walk.FetchLinkAsync(subscriber.OwnEmail, NotMyAddressText.RemovedSubject, "/inte-min-adress/angra/"));
        await walk.SeesAsync(NotMyAddressText.UndoTitle);
        await walk.PressAsync(NotMyAddressText.Continue);
        await walk.IsToldAsync(NotMyAddressText.ChoiceMissing);
        await walk.Page.Locator("#restore").CheckAsync();
        await walk.PressAsync(NotMyAddressText.Continue);
        await walk.SeesAsync(NotMyAddressText.ProveTitle);
        // The mail is read in another window, as this one waits for the code.
        var mails = new Walk(await person.NewPageAsync(), portal.Address, $"inte-min-post-{language}-{scheme}-{width}", scripts);
        await walk.WriteAsync(NotMyAddressText.Code, "12");
        await walk.PressAsync(NotMyAddressText.UndoRestore);
        await walk.IsToldAsync(NotMyAddressText.CodeWrong);
        await walk.WriteAsync(NotMyAddressText.Code, await (await mails.OpenMailAsync(subscriber.OwnEmail, NotMyAddressText.CodeSubject)).Locator(".code").InnerTextAsync());
        await walk.PressAsync(NotMyAddressText.UndoRestore);
        await walk.SeesAsync(NotMyAddressText.UndoneTitle);

        // By a mail's link alone the mailbox is asked.
        await walk.OpenAsync(await walk.FetchLinkAsync(subscriber.OwnEmail, NotMyAddressText.RestoredSubject, "/inte-min-adress/lank/"));
        await RemoveAsync();
        await walk.SeesAsync(NotMyAddressText.ProveTitle);
        walk.AssertGood();

        async Task ProveAsync(string address)
        {
            await walk.WriteAsync(NotMyAddressText.Address, address);
            await walk.PressAsync(NotMyAddressText.SendCode);
            await walk.SeesAsync(NotMyAddressText.EnterTitle);
            await walk.WriteAsync(NotMyAddressText.Code, "12");
            await walk.PressAsync(NotMyAddressText.Continue);
            await walk.IsToldAsync(NotMyAddressText.CodeWrong);
            await walk.WriteAsync(NotMyAddressText.Code, await walk.FetchCodeAsync(address, NotMyAddressText.CodeSubject));
            await walk.PressAsync(NotMyAddressText.Continue);
            await walk.SeesAsync(NotMyAddressText.ChooseTitle);
        }

        // By customer number, as the address is none to sign in with any more.
        async Task SubscriberIsToldAsync(DemoSubscriber subscriber)
        {
            await using var other = await browser.PersonAsync(language, scheme, width, scripts);
            var told = new Walk(await other.NewPageAsync(), portal.Address, $"inte-min-kund-{language}-{scheme}-{width}", scripts);
            await told.OpenAsync(PortalUrls.SignIn);
            await told.WriteAsync(AccountsText.Name, subscriber.CustomerNumber);
            await told.WriteAsync(AccountsText.Password, SignedIn.Password);
            await told.PressAsync(AccountsText.SignInTitle);
            await told.ComesToAsync(MyDataText.AddressGoneTitle);
            told.AssertGood();
        }

        async Task RemoveAsync()
        {
            await walk.Page.Locator("#remove").CheckAsync();
            await walk.PressAsync(NotMyAddressText.Continue);
        }
    }
}
