using System.Globalization;
using System.IO.Compression;
using Kalejdo.Portal.Components;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.About;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Features.Correction;
using Kalejdo.Portal.Features.Erasure;
using Kalejdo.Portal.Features.MyCases;
using Kalejdo.Portal.Features.MyData;
using Kalejdo.Portal.Layout;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Journeys;

/// <summary>All that a subscriber does, from the first page to the receipt of having erased everything.</summary>
public sealed class SubscriberJourneyTests(JourneyPortal portal, Browser browser) : IClassFixture<JourneyPortal>
{
    [Theory]
    [InlineData("sv", 390, ColorScheme.Light, true, 28)]
    [InlineData("en", 1280, ColorScheme.Dark, true, 48)]
    [InlineData("sv", 390, ColorScheme.Dark, false, 68)]
    [InlineData("en", 1280, ColorScheme.Light, false, 108)]
    public async Task From_registering_to_the_receipt(string language, int width, ColorScheme scheme, bool scripts, int number)
    {
        // Who owes nothing and has no agreement any more, and once had a TV box: nothing but the bookkeeping stays.
        var subscriber = new DemoSubscriber(number);
        Assert.Equal(DemoCase.EndedAndSettled, subscriber.Case);
        // The texts below are those of the language that the person reads.
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = language == "sv" ? Languages.Swedish : Languages.English;
        await portal.KalejdoAsync($"""
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30)
            INSERT INTO viewing_history (profile_id, channel_id, programme, watched_at, seconds)
            SELECT p.id, (SELECT min(id) FROM channel), 'Kvällsnytt ' || i, '2026-01-01 20:00:00', 60 FROM n, tv_profile p JOIN subscriber s ON s.id = p.subscriber_id
            WHERE s.customer_number = '{subscriber.CustomerNumber}' AND p.is_own
            """);
        await using var person = await browser.PersonAsync(language, scheme, width, scripts);
        var walk = new Walk(await person.NewPageAsync(), portal.Address, $"{language}-{width}{(scripts ? "" : "-utan-skript")}", scripts);

        await RegisterAsync(walk, subscriber);
        await SeeAsync(walk);
        var address = await CorrectAsync(walk, subscriber, $"ny.{number}@exempel.se");
        await ConsentAsync(walk);
        await DownloadAsync(walk);
        await EraseSomeAsync(walk);
        await EraseEverythingAndUndoAsync(walk, address);
        await EraseEverythingAsync(walk, subscriber, address);
        walk.AssertGood();
    }

    private static async Task RegisterAsync(Walk walk, DemoSubscriber subscriber)
    {
        await walk.OpenAsync(PortalUrls.Home);
        await walk.SeesAsync(AboutText.StartTitle);
        await walk.FollowAsync(AboutText.Register);
        await walk.SeesAsync(AccountsText.RegisterTitle);
        await walk.PressAsync(AccountsText.SendCode);
        await walk.IsToldAsync(AccountsText.AddressInvalid);
        await walk.WriteAsync(AccountsText.Address, subscriber.OwnEmail);
        await walk.PressAsync(AccountsText.SendCode);

        await walk.SeesAsync(AccountsText.RegisterCodeTitle);
        await walk.WriteAsync(AccountsText.Code, "12");
        await walk.PressAsync(AccountsText.Continue);
        await walk.IsToldAsync(AccountsText.CodeWrong);
        await walk.WriteAsync(AccountsText.Code, await walk.FetchCodeAsync(subscriber.OwnEmail, AccountsText.RegisterMailSubject));
        await walk.PressAsync(AccountsText.Continue);

        await walk.SeesAsync(AccountsText.RegisterPasswordTitle);
        await walk.WriteAsync(AccountsText.Password, "kort");
        await walk.PressAsync(AccountsText.RegisterTitle);
        await walk.IsToldAsync(AccountsText.PasswordTooShort);
        await walk.WriteAsync(AccountsText.Password, SignedIn.Password);
        await walk.PressAsync(AccountsText.RegisterTitle);

        await walk.SeesAsync(AccountsText.LinkTitle);
        await walk.WriteAsync(AccountsText.Proof, "12345678");
        await walk.PressAsync(AccountsText.LinkAct);
        await walk.IsToldAsync(AccountsText.LinkWrong);
        await walk.WriteAsync(AccountsText.Proof, subscriber.CustomerNumber);
        await walk.PressAsync(AccountsText.LinkAct);
        await walk.SeesAsync(AccountsText.LinkDoneTitle);
        await walk.FollowAsync(AccountsText.Continue);
        await walk.SeesAsync(MyDataText.OverviewTitle);
    }

    private static async Task SeeAsync(Walk walk)
    {
        await walk.FollowAsync(MyDataText.SeeTitle);
        await walk.SeesAsync(MyDataText.MyDataTitle);
        await walk.FollowAddressAsync(PortalUrls.Kind("viewing_history"));
        await walk.ComesToAsync(MyDataText.AboutTitle);
        await walk.FollowAddressAsync("sida=2");
        await walk.ComesToAsync(ComponentsText.PageOf.Replace("{0}", "2", StringComparison.Ordinal).Replace("{1}", "2", StringComparison.Ordinal));
    }

    private static async Task<string> CorrectAsync(Walk walk, DemoSubscriber subscriber, string address)
    {
        await walk.OpenAsync(PortalUrls.Kind("contact_details"));
        await walk.FollowAddressAsync("/phone");
        await walk.ComesToAsync(CorrectionText.Current);
        await walk.WriteAsync(CorrectionText.New, "sju");
        await walk.PressAsync(CorrectionText.Button);
        await walk.IsToldAsync(CorrectionText.ErrorPhone);
        await walk.WriteAsync(CorrectionText.New, "070-123 45 67");
        await walk.PressAsync(CorrectionText.Button);
        await walk.SeesAsync(MyCasesText.CorrectedTitle);
        await walk.FollowAsync(MyCasesText.ToMyData);
        await walk.FollowAddressAsync(PortalUrls.Kind("contact_details"));
        await walk.ComesToAsync("070-123 45 67");

        await walk.FollowAddressAsync("/email");
        await walk.ComesToAsync(CorrectionText.EmailText);
        await walk.WriteAsync(CorrectionText.New, address);
        await walk.PressAsync(CorrectionText.ButtonEmail);
        await walk.SeesAsync(CorrectionText.CodeTitle);
        await walk.WriteAsync(CorrectionText.CodeLabel, await walk.FetchCodeAsync(address, CorrectionMailText.ConfirmSubject));
        await walk.PressAsync(CorrectionText.CodeButton);
        await walk.SeesAsync(MyCasesText.CorrectedTitle);
        await walk.OpenMailAsync(subscriber.OwnEmail, CorrectionMailText.ReplacedSubject);
        await walk.OpenAsync(PortalUrls.Kind("contact_details"));
        await walk.ReadsAsync(address);
        return address;
    }

    private static async Task ConsentAsync(Walk walk)
    {
        await walk.OpenAsync(PortalUrls.Overview);
        await walk.FollowAsync(MyDataText.ConsentsTitle);
        await walk.SeesAsync(MyDataText.ConsentsTitle);
        var consent = walk.Page.Locator(".switch-row").First;
        var given = await consent.GetByRole(AriaRole.Checkbox).IsCheckedAsync();
        await consent.GetByRole(AriaRole.Checkbox).SetCheckedAsync(!given);
        await consent.GetByRole(AriaRole.Button).ClickAsync();
        var name = (await consent.Locator("label").InnerTextAsync()).Trim();
        await Assertions.Expect(walk.Page.GetByRole(AriaRole.Status)).ToContainTextAsync(
            string.Format(CultureInfo.CurrentCulture, given ? MyDataText.ConsentWithdrawn : MyDataText.ConsentGiven, name));
        await walk.SeesAsync(MyDataText.ConsentsTitle);
    }

    private static async Task DownloadAsync(Walk walk)
    {
        await walk.OpenAsync(PortalUrls.Overview);
        await walk.FollowAsync(MyDataText.DownloadTitle);
        await walk.SeesAsync(MyDataText.DownloadPageTitle);
        var file = await walk.Page.RunAndWaitForDownloadAsync(() => walk.PressAsync(MyDataText.DownloadAllButton));
        await using var zip = await ZipFile.OpenReadAsync(await file.PathAsync(), TestContext.Current.CancellationToken);
        Assert.Contains(zip.Entries, entry => entry.FullName == "index.html");
    }

    private static async Task EraseSomeAsync(Walk walk)
    {
        await walk.OpenAsync(PortalUrls.Kind("viewing_history"));
        await walk.FollowAddressAsync("/radera/post/");
        await walk.SeesAsync(ErasureText.RowTitle);
        await walk.PressAsync(ErasureText.RowTitle);
        await walk.SeesAsync(MyCasesText.ErasedTitle);

        await walk.OpenAsync(PortalUrls.Overview);
        await walk.FollowAsync(MyDataText.EraseTitle);
        await walk.SeesAsync(ErasureText.EraseTitle);
        await walk.PressAsync(ErasureText.SelectedReview);
        await walk.IsToldAsync(ErasureText.SelectedNone);
        await walk.Page.Locator("#slag-viewing_history").CheckAsync();
        await walk.PressAsync(ErasureText.SelectedReview);
        await walk.SeesAsync(ErasureText.SelectedTitle);
        await walk.PressAsync(ErasureText.SelectedTitle);
        await walk.SeesAsync(MyCasesText.ErasedTitle);
        await walk.FollowAsync(MyCasesText.ShowReceipt);
        await walk.SeesAsync(ErasureText.ReceiptTitle);
    }

    private async Task EraseEverythingAndUndoAsync(Walk walk, string address)
    {
        portal.Time.Advance(CurrentSubject.Freshness + TimeSpan.FromMinutes(1));
        await walk.OpenAsync(PortalUrls.Erase);
        await walk.FollowAsync(ErasureText.EverythingLink);
        await walk.SeesAsync(ErasureText.EverythingTitle);
        await walk.FollowAsync(ErasureText.FreshLink);
        await walk.SeesAsync(AccountsText.ConfirmTitle);
        await walk.WriteAsync(AccountsText.Password, SignedIn.Password);
        await walk.PressAsync(AccountsText.ConfirmAct);
        // The address is new: the pause protects who had the old one.
        await walk.SeesAsync(ErasureText.EverythingTitle);
        await walk.ReadsAsync(ErasureText.NowRefused);
        await walk.PressAsync(ErasureText.EverythingTitle);
        await walk.IsToldAsync(ErasureText.WhenMissing);
        await walk.Page.Locator("#nar").CheckAsync();
        await walk.PressAsync(ErasureText.EverythingTitle);
        await walk.SeesAsync(MyCasesText.ScheduledTitle);

        var mail = await walk.OpenMailAsync(address, ErasureMailText.ScheduledSubject);
        await mail.GetByRole(AriaRole.Link, new() { Name = ErasureMailText.UndoLink }).ClickAsync();
        await walk.SeesAsync(ErasureText.UndoTitle);
        await walk.PressAsync(ErasureText.UndoButton);
        await walk.IsToldAsync(ErasureText.UndoMissing);
        await walk.ChooseAsync(ErasureText.UndoYes);
        await walk.PressAsync(ErasureText.UndoButton);
        await walk.SeesAsync(ErasureText.UndoneTitle);
    }

    private async Task EraseEverythingAsync(Walk walk, DemoSubscriber subscriber, string address)
    {
        portal.Time.Advance(TimeSpan.FromDays(8));
        await walk.FollowAsync(ErasureText.UndoneLink);
        await SignInAsync();
        await walk.SeesAsync(MyDataText.MyDataTitle);
        await walk.OpenAsync(PortalUrls.EraseEverything);
        await walk.SeesAsync(ErasureText.EverythingTitle);
        await walk.Page.Locator("#nar-nu").CheckAsync();
        await walk.PressAsync(ErasureText.EverythingTitle);
        await walk.SeesAsync(MyCasesText.ErasedTitle);
        var number = await walk.Page.Locator(".reference").InnerTextAsync();
        Assert.Matches("^K-[0-9]{4}-[0-9A-Z]{6}$", number);
        await walk.FollowAsync(MyCasesText.ShowReceipt);
        await walk.SeesAsync(ErasureText.ReceiptTitle);
        await walk.ReadsAsync(number);

        var farewell = await walk.OpenMailAsync(address, ErasureMailText.ErasedSubject);
        await farewell.GetByRole(AriaRole.Link, new() { Name = ErasureMailText.ReceiptLink }).ClickAsync();
        await walk.SeesAsync(ErasureText.ReceiptTitle);
        await walk.ReadsAsync(number);

        Assert.Equal(0, await portal.KalejdoAsync($"SELECT count(*) FROM subscriber WHERE email = '{address}' OR email = '{subscriber.OwnEmail}' OR phone = '070-123 45 67'"));
        await walk.OpenAsync(PortalUrls.Overview);
        await SignInAsync();
        await walk.IsToldAsync(AccountsText.SignInWrong);

        async Task SignInAsync()
        {
            await walk.SeesAsync(AccountsText.SignInTitle);
            await walk.WriteAsync(AccountsText.Name, address);
            await walk.WriteAsync(AccountsText.Password, SignedIn.Password);
            await walk.PressAsync(AccountsText.SignInTitle);
        }
    }
}
