using System.Globalization;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Features.MyCases;
using Kalejdo.Portal.Features.MyData;
using Kalejdo.Portal.Features.Restriction;
using Kalejdo.Portal.Features.Staff.Desk;
using Kalejdo.Portal.Features.WhoHasSeen;
using Kalejdo.Portal.Layout;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Journeys;

/// <summary>A pause from asking to its end, with staff who let it end; who has looked; and the receipt of an erasure on paper.</summary>
public sealed class PauseJourneyTests(JourneyPortal portal, Browser browser) : IClassFixture<JourneyPortal>
{
    private const string Kind = "viewing_history";

    [Theory]
    [InlineData("sv", ColorScheme.Light, 390, 41)]
    [InlineData("en", ColorScheme.Dark, 1280, 44)]
    public async Task Paused_ended_by_staff_looked_up_and_erased(string language, ColorScheme scheme, int width, int subscriber)
    {
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = language == "sv" ? Languages.Swedish : Languages.English;
        var demo = new DemoSubscriber(subscriber);
        await SignedIn.CreateAccountAsync(portal.Services, demo, language);
        await using var one = await browser.PersonAsync(language, scheme, width);
        var person = new Walk(await one.NewPageAsync(), portal.Address, $"paus-{language}-{scheme}-{width}", scripts: true);
        await person.OpenAsync(PortalUrls.SignIn);
        await person.WriteAsync(AccountsText.Name, demo.OwnEmail);
        await person.WriteAsync(AccountsText.Password, SignedIn.Password);
        await person.PressAsync(AccountsText.SignInTitle);
        await person.SeesAsync(MyDataText.OverviewTitle);
        await person.OpenAsync(PortalUrls.Pause(Kind));
        await person.PressAsync(RestrictionText.Button);
        await person.IsToldAsync(RestrictionText.WhyMissing);
        await person.Page.Locator("#skal-1").CheckAsync();
        await person.PressAsync(RestrictionText.Button);
        await person.ComesToAsync(RestrictionText.BegunText);
        var number = await person.Page.Locator(".reference").First.InnerTextAsync();
        await person.OpenAsync(PortalUrls.Kind(Kind));
        await person.ComesToAsync(MyDataText.PausedTitle);
        await person.OpenAsync(PortalUrls.MyCases);
        await person.SeesAsync(MyCasesText.ListTitle);
        await person.FollowAsync(number);
        await person.SeesAsync(CasesText.Restriction);

        await using var two = await browser.PersonAsync(language, scheme, width);
        var staff = new Walk(await two.NewPageAsync(), portal.Address, $"paus-personal-{language}-{scheme}-{width}", scripts: true);
        await staff.SignInAsStaffAsync(portal.Services, language == "sv" ? DemoAccounts.CaseWorker : DemoAccounts.Administrator);
        await staff.SeesAsync(DeskText.Title);
        await staff.OpenAsync(PortalUrls.DeskCase(number));
        await staff.ComesToAsync(DeskText.PausedCase);
        await staff.FollowAsync(DeskText.PauseEnd);
        await staff.SeesAsync(RestrictionText.StaffTitle);
        await staff.PressAsync(RestrictionText.StaffButton);
        await staff.IsToldAsync(RestrictionText.StaffWhyMissing);
        await staff.Page.Locator("#skal").SelectOptionAsync("accuracy-verified");
        await staff.ChooseAsync(RestrictionText.StaffByMail);
        await staff.PressAsync(RestrictionText.StaffButton);
        await staff.ComesToAsync(RestrictionText.StaffDecidedTitle);
        staff.AssertGood();

        await person.OpenMailAsync(demo.OwnEmail, RestrictionMailText.EndsSubject);
        await person.OpenAsync(PortalUrls.Pause(Kind));
        await person.ComesToAsync(RestrictionText.EndsTitle);
        await person.PressAsync(RestrictionText.EndButton);
        await person.ComesToAsync(RestrictionText.EndedText);
        await person.OpenAsync(PortalUrls.WhoHasSeen);
        await person.SeesAsync(WhoHasSeenText.Title);
        await person.ReadsAsync(WhoHasSeenText.RoleCaseWorker);

        await person.OpenAsync(PortalUrls.EraseKind(Kind));
        await person.Page.Locator("main form button").Last.ClickAsync();
        await person.SeesAsync(MyCasesText.ErasedTitle);
        await person.FollowAddressAsync("/kvitto/");
        await person.ComesToAsync(number.Split('-')[0]);
        await person.Page.EmulateMediaAsync(new() { Media = Media.Print });
        await Looks.KeepAsync(person.Page, $"kvitto-papper-{language}-{width}");
        await Assertions.Expect(person.Page.Locator("main form button")).ToBeHiddenAsync();
        await Assertions.Expect(person.Page.Locator("main .reference").First).ToBeVisibleAsync();
        // Also from a dark screen it is black on white.
        await Assertions.Expect(person.Page.Locator("main .tag").First).ToHaveCSSAsync("background-color", "rgb(255, 255, 255)");
        await Assertions.Expect(person.Page.Locator("main .tag").First).ToHaveCSSAsync("color", "rgb(0, 0, 0)");
        person.AssertGood();
    }
}
