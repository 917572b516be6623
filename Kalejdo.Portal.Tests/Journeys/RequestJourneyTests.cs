using System.Globalization;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Features.Guests;
using Kalejdo.Portal.Features.MyCases;
using Kalejdo.Portal.Features.MyData;
using Kalejdo.Portal.Features.Staff.Desk;
using Kalejdo.Portal.Layout;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Journeys;

/// <summary>Requests in people's own words, from asking to the receipt, with somebody of staff in a browser of their own.</summary>
public sealed class RequestJourneyTests(JourneyPortal portal, Browser browser) : IClassFixture<JourneyPortal>
{
    [Theory]
    [InlineData("sv", ColorScheme.Light, 390, 43)]
    [InlineData("en", ColorScheme.Dark, 1280, 44)]
    public async Task An_objection_from_request_to_refusal_with_receipt(string language, ColorScheme scheme, int width, int subscriber)
    {
        Speak(language);
        var demo = new DemoSubscriber(subscriber);
        await SignedIn.CreateAccountAsync(portal.Services, demo, language);
        await using var one = await browser.PersonAsync(language, scheme, width);
        var person = new Walk(await one.NewPageAsync(), portal.Address, $"begaran-{language}-{scheme}-{width}", scripts: true);
        await person.OpenAsync(PortalUrls.SignIn);
        await person.WriteAsync(AccountsText.Name, demo.OwnEmail);
        await person.WriteAsync(AccountsText.Password, SignedIn.Password);
        await person.PressAsync(AccountsText.SignInTitle);
        await person.SeesAsync(MyDataText.OverviewTitle);
        await person.OpenAsync(PortalUrls.MyCases);
        await person.SeesAsync(MyCasesText.ListTitle);
        await person.FollowAsync(MyCasesText.AskLink);
        await person.SeesAsync(MyCasesText.AskTitle);
        await person.PressAsync(MyCasesText.AskButton);
        await person.IsToldAsync(MyCasesText.AskKindMissing);
        await person.ChooseAsync(CasesText.Objection);
        await person.WriteAsync(MyCasesText.AskWords, "Använd inte min tittarhistorik för statistik.");
        await person.PressAsync(MyCasesText.AskButton);
        await person.SeesAsync(CasesText.Objection);
        await person.ReadsAsync(MyCasesText.SentTitle);
        var number = new Uri(person.Page.Url).Segments[^1];

        await using var two = await browser.PersonAsync(language, scheme, width);
        var staff = new Walk(await two.NewPageAsync(), portal.Address, $"begaran-personal-{language}-{scheme}-{width}", scripts: true);
        await staff.SignInAsStaffAsync(portal.Services, language == "sv" ? DemoAccounts.CaseWorker : DemoAccounts.Administrator);
        await staff.SeesAsync(DeskText.Title);
        await staff.OpenAsync(PortalUrls.DeskCase(number));
        await staff.ComesToAsync("tittarhistorik");
        await staff.PressAsync(DeskText.Begin);
        await staff.ReadsAsync(DeskText.StepTaken);
        await OpenAsync(staff, DeskText.Identify);
        await staff.WriteAsync(DeskText.IdentifyWords, "Vilket år blev du kund?");
        await staff.PressAsync(DeskText.IdentifyButton);
        await staff.ComesToAsync(DeskText.StatusWaitingForYou);

        await person.OpenAsync(PortalUrls.MyCase(number));
        await person.ComesToAsync("Vilket år blev du kund?");
        await person.PressAsync(MyCasesText.IdentifyButton);
        await person.IsToldAsync(CasesText.WordsMissing);
        await person.WriteAsync(MyCasesText.IdentifyWords, "2019");
        await person.PressAsync(MyCasesText.IdentifyButton);
        await person.ComesToAsync(MyCasesText.IdentifiedTitle);

        await staff.OpenAsync(PortalUrls.DeskCase(number));
        await OpenAsync(staff, DeskText.Refuse);
        await staff.PressAsync(DeskText.RefuseButton);
        await staff.IsToldAsync(DeskText.GroundMissing);
        await staff.Page.Locator("#grund").SelectOptionAsync("compelling-grounds");
        await staff.WriteAsync(DeskText.RefuseWords, "Statistiken behövs för att felsöka nätet, och ingen ser dina program.");
        await staff.PressAsync(DeskText.RefuseButton);
        await staff.ComesToAsync(DeskText.IsClosed);
        staff.AssertGood();

        await person.OpenMailAsync(demo.OwnEmail, CaseMailText.CaseRefusedSubject);
        await person.OpenAsync(PortalUrls.MyCases);
        await person.SeesAsync(MyCasesText.ListTitle);
        await person.FollowAsync(number);
        await person.ComesToAsync(MyCasesText.RefusalTitle);
        await person.FollowAsync(MyCasesText.ShowReceipt);
        await person.SeesAsync(MyCasesText.AnswerReceiptTitle);
        await person.ReadsAsync(CaseMailText.ComplainTitle);
        var file = await person.Page.RunAndWaitForDownloadAsync(() => person.PressAsync(MyCasesText.FileButton));
        Assert.Equal($"kvitto-{number}.json", file.SuggestedFilename);
        person.AssertGood();
    }

    [Theory]
    [InlineData("sv", ColorScheme.Dark, 390)]
    [InlineData("en", ColorScheme.Light, 1280)]
    public async Task A_guest_from_the_form_to_the_answer_by_mail_and_on_paper(string language, ColorScheme scheme, int width)
    {
        Speak(language);
        var address = $"gast.{language}@exempel.se";
        await using var one = await browser.PersonAsync(language, scheme, width);
        var guest = new Walk(await one.NewPageAsync(), portal.Address, $"gast-{language}-{scheme}-{width}", scripts: true);
        await guest.OpenAsync(PortalUrls.ContactUs);
        await guest.SeesAsync(AccountsText.ContactTitle);
        await guest.FollowAsync(AccountsText.ContactFormLink);
        await guest.SeesAsync(GuestText.Title);
        await guest.PressAsync(GuestText.SendCode);
        await guest.IsToldAsync(GuestText.AddressInvalid);
        await guest.WriteAsync(GuestText.Address, address);
        await guest.PressAsync(GuestText.SendCode);
        await guest.SeesAsync(GuestText.EnterTitle);
        await guest.WriteAsync(GuestText.Code, await guest.FetchCodeAsync(address, GuestText.CodeSubject));
        await guest.PressAsync(GuestText.Continue);
        await guest.SeesAsync(GuestText.WriteTitle);
        await guest.PressAsync(GuestText.Send);
        await guest.IsToldAsync(GuestText.WhoMissing);
        await guest.ChooseAsync(CasesText.AskerEnded);
        await guest.Page.Locator("#vad").SelectOptionAsync(nameof(CaseType.Access));
        await guest.WriteAsync(GuestText.Words, "Åsa Öberg, kund till 2024. Vilka fakturor har ni kvar?");
        await guest.PressAsync(GuestText.Send);
        await guest.SeesAsync(CasesText.Access);
        await guest.ReadsAsync(MyCasesText.SentTitle);
        var number = await guest.Page.Locator(".reference").First.InnerTextAsync();

        await guest.OpenAsync(PortalUrls.GuestOnPaper);
        await guest.SeesAsync(GuestText.WriteTitle);
        await guest.ChooseAsync(CasesText.AskerEstate);
        await guest.Page.Locator("#vad").SelectOptionAsync(nameof(CaseType.Erasure));
        await guest.WriteAsync(GuestText.Words, "Vår mor Åsa Öberg är död.");
        await guest.WriteAsync(GuestText.ReaderName, "Bo Öberg");
        await guest.WriteAsync(GuestText.ReaderAddress, "Storgatan 1\n111 11 Exempelstad");
        await guest.PressAsync(GuestText.Send);
        await guest.SeesAsync(CasesText.Erasure);
        var onPaper = await guest.Page.Locator(".reference").First.InnerTextAsync();

        await using var two = await browser.PersonAsync(language, scheme, width);
        var staff = new Walk(await two.NewPageAsync(), portal.Address, $"gast-personal-{language}-{scheme}-{width}", scripts: true);
        await staff.SignInAsStaffAsync(portal.Services, language == "sv" ? DemoAccounts.CaseWorker : DemoAccounts.Administrator);
        await staff.SeesAsync(DeskText.Title);
        await AnswerAsync(number, "Fakturorna från 2024 sparas till och med 2031.");
        await AnswerAsync(onPaper, "Vi har raderat allt utom fakturorna.");
        await staff.FollowAsync(DeskText.PrintLetter);
        await staff.SeesAsync(DeskText.LetterTitle);
        await staff.Page.EmulateMediaAsync(new() { Media = Media.Print });
        await Looks.KeepAsync(staff.Page, $"brev-pa-papper-{language}-{width}");
        await Assertions.Expect(staff.Page.Locator("article.paper")).ToContainTextAsync("Storgatan 1");
        await Assertions.Expect(staff.Page.Locator(".site-header")).ToBeHiddenAsync();
        await Assertions.Expect(staff.Page.Locator(".site-footer")).ToBeHiddenAsync();
        await Assertions.Expect(staff.Page.Locator("main .on-screen")).ToBeHiddenAsync();
        staff.AssertGood();

        await guest.OpenMailAsync(address, CaseMailText.CaseAnsweredSubject);
        var link = await guest.Page.FrameLocator("iframe").Locator("a.button").GetAttributeAsync("href");
        await guest.OpenAsync(new Uri(link!).PathAndQuery);
        await guest.SeesAsync(CasesText.Access);
        await guest.ReadsAsync("Fakturorna från 2024");
        await guest.FollowAsync(MyCasesText.ShowReceipt);
        await guest.SeesAsync(MyCasesText.AnswerReceiptTitle);
        guest.AssertGood();

        async Task AnswerAsync(string answered, string words)
        {
            await staff.OpenAsync(PortalUrls.DeskCase(answered));
            await OpenAsync(staff, DeskText.Answer);
            await staff.WriteAsync(DeskText.AnswerWords, words);
            await staff.PressAsync(DeskText.AnswerButton);
            await staff.ComesToAsync(DeskText.IsClosed);
        }
    }

    private static Task OpenAsync(Walk staff, string step) => staff.Page.Locator("main summary").Filter(new() { HasText = step }).First.ClickAsync();

    // The texts are those of the language that the person reads.
    private static void Speak(string language) => CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = language == "sv" ? Languages.Swedish : Languages.English;
}
