using System.Globalization;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Features.Staff.Desk;
using Kalejdo.Portal.Features.Staff.Personnel;
using Kalejdo.Portal.Layout;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Journeys;

/// <summary>An administrator invites somebody, who comes in; then the administrator locks them out.</summary>
public sealed class PersonnelLooksTests(JourneyPortal portal, Browser browser) : IClassFixture<JourneyPortal>
{
    [Theory]
    [InlineData("sv", ColorScheme.Light, 1280, true)]
    [InlineData("en", ColorScheme.Dark, 390, true)]
    [InlineData("sv", ColorScheme.Light, 390, false)]
    public async Task From_the_invitation_to_the_desk(string language, ColorScheme scheme, int width, bool scripts)
    {
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = language == "sv" ? Languages.Swedish : Languages.English;
        var address = $"nina.{language}{width}@personal.exempel.se";
        await using var person = await browser.PersonAsync(language, scheme, width, scripts);
        var walk = new Walk(await person.NewPageAsync(), portal.Address, $"inbjudan-{language}-{scheme}-{width}", scripts);
        await walk.SignInAsStaffAsync(portal.Services, DemoAccounts.Administrator);
        await walk.SeesAsync(DeskText.Title);
        await walk.OpenAsync(PortalUrls.Personnel);
        await walk.SeesAsync(PersonnelText.Title);
        await walk.FollowAsync(PersonnelText.InviteTitle);
        await walk.SeesAsync(PersonnelText.InviteTitle);
        await walk.PressAsync(PersonnelText.InviteAct);
        await walk.IsToldAsync(PersonnelText.RolesMissing);
        await walk.WriteAsync(PersonnelText.Name, "Nina Nyström");
        await walk.WriteAsync(PersonnelText.Address, address);
        await walk.ChooseAsync(RoleWords.Of([StaffRoles.CaseWorker]));
        await walk.PressAsync(PersonnelText.InviteAct);
        await walk.SeesAsync("Nina Nyström");
        await walk.ReadsAsync(PersonnelText.Invited);
        var here = walk.Page.Url;

        await using var other = await browser.PersonAsync(language, scheme, width, scripts);
        var invited = new Walk(await other.NewPageAsync(), portal.Address, $"inbjuden-{language}-{scheme}-{width}", scripts);
        await invited.OpenAsync(await invited.FetchLinkAsync(address, PersonnelText.MailTitle, "/inbjudan/"));
        await invited.SeesAsync(AccountsText.RegisterPasswordTitle);
        await invited.WriteAsync(AccountsText.Password, "sju små dvärgar i gruvan");
        await invited.PressAsync(AccountsText.SavePassword);
        await invited.SeesAsync(AccountsText.FactorTitle);
        await invited.WriteAsync(AccountsText.FactorCode, AuthenticatorCodes.Of(
            SignedIn.FactorKey(await invited.Page.Locator(".reference").InnerTextAsync()), AuthenticatorCodes.StepOf(portal.Services.GetRequiredService<TimeProvider>().GetUtcNow())));
        await invited.PressAsync(AccountsText.FactorOnAct);
        await invited.SeesAsync(AccountsText.FactorDoneTitle);
        await invited.FollowAsync(AccountsText.CodesSaved);
        await invited.SeesAsync(DeskText.Title);

        await walk.OpenAsync(new Uri(here).AbsolutePath);
        await walk.SeesAsync("Nina Nyström");
        await walk.PressAsync(PersonnelText.LockAct);
        await walk.ReadsAsync(PersonnelText.DoneLocked);
        await walk.SeesAsync("Nina Nyström");
        await invited.OpenAsync(PortalUrls.Desk);
        await invited.SeesAsync(AccountsText.SignInTitle);
        await walk.OpenAsync(PortalUrls.Personnel);
        await walk.ReadsAsync(PersonnelText.Locked);
        await walk.SeesAsync(PersonnelText.Title);
        walk.AssertGood();
        invited.AssertGood();
    }
}
