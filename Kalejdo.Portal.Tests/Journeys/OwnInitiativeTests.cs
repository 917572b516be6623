using System.Globalization;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Features.Correction;
using Kalejdo.Portal.Features.MyData;
using Kalejdo.Portal.Features.Staff.Registration;
using Kalejdo.Portal.Features.Staff.Subscriber;
using Kalejdo.Portal.Layout;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Journeys;

/// <summary>Staff correct something on Kalejdo's own initiative, and the subscriber is told of it.</summary>
public sealed class OwnInitiativeTests(JourneyPortal portal, Browser browser) : IClassFixture<JourneyPortal>
{
    [Theory]
    [InlineData("sv", ColorScheme.Light, 1280)]
    [InlineData("en", ColorScheme.Dark, 390)]
    public async Task From_the_purpose_to_the_letter(string language, ColorScheme scheme, int width)
    {
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = language == "sv" ? Languages.Swedish : Languages.English;
        var subscriber = new DemoSubscriber((int)DemoCase.Complete);
        await using var person = await browser.PersonAsync(language, scheme, width);
        var walk = new Walk(await person.NewPageAsync(), portal.Address, $"eget-initiativ-{language}", scripts: true);
        await walk.SignInAsStaffAsync(portal.Services, DemoAccounts.CaseWorker);

        await walk.OpenAsync(PortalUrls.RegisterRequest);
        await walk.SeesAsync(RegistrationText.Title);
        await walk.PressAsync(RegistrationText.Act);
        await walk.IsToldAsync(RegistrationText.ChannelMissing);

        await walk.OpenAsync(PortalUrls.FindSubscriber);
        await walk.SeesAsync(SubscriberText.Title);
        await walk.PressAsync(SubscriberText.Act);
        await walk.IsToldAsync(SubscriberText.PurposeMissing);
        await walk.Page.Locator("#syfte").SelectOptionAsync("purpose-own-check");
        await walk.WriteAsync(SubscriberText.Value, subscriber.CustomerNumber);
        await walk.PressAsync(SubscriberText.Act);
        await walk.ComesToAsync(SubscriberText.Hits);
        await walk.FollowAddressAsync(PortalUrls.FindSubscriber + "/");
        await walk.ComesToAsync(MyDataText.StaffLead);
        await walk.FollowAddressAsync("/contact_details");
        await walk.ComesToAsync(subscriber.CustomerNumber);
        await walk.FollowAddressAsync("/full_name");
        await walk.ComesToAsync(CorrectionText.StaffLead);
        await walk.WriteAsync(CorrectionText.New, $"Åsa Sjöberg {language}");
        await walk.PressAsync(CorrectionText.StaffAct);
        await walk.IsToldAsync(CorrectionText.StaffWhyMissing.Split('{')[0]);
        await walk.WriteAsync(CorrectionText.StaffWhy, "Namnet var felstavat i avtalet.");
        await walk.PressAsync(CorrectionText.StaffAct);
        await walk.ComesToAsync(MyDataText.StaffTold);

        // The letter is in the subscriber's language.
        var link = await walk.FetchLinkAsync(subscriber.OwnEmail, CorrectionMailText.ResourceManager.GetString(nameof(CorrectionMailText.ByStaffSubject), Languages.Swedish)!, "/arende/");
        await walk.OpenAsync(link);
        await walk.ComesToAsync("Namnet var felstavat i avtalet.");
        walk.AssertGood();
    }
}
