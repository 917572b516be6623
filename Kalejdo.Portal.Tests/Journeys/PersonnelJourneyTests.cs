using System.Globalization;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Features.Staff.Personnel;
using Kalejdo.Portal.Layout;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Journeys;

/// <summary>A member of staff who lost the telephone: a code from the administrator, a link in the mail, and a new way in.</summary>
public sealed class PersonnelJourneyTests(JourneyPortal portal, Browser browser) : IClassFixture<JourneyPortal>
{
    [Theory]
    [InlineData("sv", 390, ColorScheme.Light)]
    [InlineData("en", 1280, ColorScheme.Dark)]
    public async Task Invited_again_by_code_and_link(string language, int width, ColorScheme scheme)
    {
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = language == "sv" ? Languages.Swedish : Languages.English;
        var address = $"tappat.{language}@personal.example";
        await SignedIn.CreateStaffAsync(portal.Services, address, StaffRoles.CaseWorker);
        await using var administrator = await browser.PersonAsync(language, scheme, width);
        var desk = new Walk(await administrator.NewPageAsync(), portal.Address, $"inbjuder-{language}-{width}", scripts: true);
        await desk.SignInAsStaffAsync(portal.Services, DemoAccounts.Administrator);
        await desk.OpenAsync(PortalUrls.Person(await IdAsync(address)));
        await desk.ComesToAsync(address);
        await desk.PressAsync(PersonnelText.AgainAct);
        await desk.ComesToAsync(PersonnelText.HandoverTitle);
        var code = await desk.Page.Locator("main .reference").InnerTextAsync();
        desk.AssertGood();

        await using var invited = await browser.PersonAsync(language, scheme, width);
        var walk = new Walk(await invited.NewPageAsync(), portal.Address, $"inbjuds-{language}-{width}", scripts: true);
        await walk.OpenAsync(await walk.FetchLinkAsync(address, SubjectOfTheAccounts(), "/inbjudan/"));
        await walk.SeesAsync(AccountsText.RegisterPasswordTitle);
        await walk.PressAsync(AccountsText.SavePassword);
        await walk.IsToldAsync(AccountsText.HandoverMissing);
        await walk.WriteAsync(AccountsText.HandoverCode, code);
        await walk.WriteAsync(AccountsText.Password, SignedIn.Password);
        await walk.PressAsync(AccountsText.SavePassword);
        await walk.SeesAsync(AccountsText.FactorTitle);
        walk.AssertGood();
    }

    // Accounts of the demonstration read Swedish.
    private static string SubjectOfTheAccounts() => PersonnelText.ResourceManager.GetString(nameof(PersonnelText.AgainMailTitle), Languages.Swedish)!;

    private async Task<string> IdAsync(string address)
    {
        await using var scope = portal.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<Kalejdo.Portal.Store.PortalDbContext>().Users
            .Where(row => row.Email == address).Select(row => row.Id).SingleAsync(TestContext.Current.CancellationToken);
    }
}
