using System.Globalization;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Features.Erasure;
using Kalejdo.Portal.Features.MyData;
using Kalejdo.Portal.Features.Restriction;
using Kalejdo.Portal.Features.Staff.AccessLog;
using Kalejdo.Portal.Features.Staff.DataMap;
using Kalejdo.Portal.Features.Staff.Desk;
using Kalejdo.Portal.Features.Staff.Incidents;
using Kalejdo.Portal.Features.Staff.Outgoing;
using Kalejdo.Portal.Features.Staff.Partners;
using Kalejdo.Portal.Features.Staff.Personnel;
using Kalejdo.Portal.Features.Staff.Record;
using Kalejdo.Portal.Features.Staff.Subscriber;
using Kalejdo.Portal.Layout;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Journeys;

/// <summary>What one of staff plans and another approves, from the request to the receipt; and an auditor, who sees it all and changes nothing.</summary>
public sealed class SecondPersonJourneyTests(JourneyPortal portal, Browser browser) : IClassFixture<JourneyPortal>
{
    [Theory]
    [InlineData("sv", ColorScheme.Light, 390, 41)]
    [InlineData("en", ColorScheme.Dark, 1280, 44)]
    public async Task Planned_by_one_approved_by_another_and_told(string language, ColorScheme scheme, int width, int number)
    {
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = language == "sv" ? Languages.Swedish : Languages.English;
        var subscriber = new DemoSubscriber(number);
        await SignedIn.CreateAccountAsync(portal.Services, subscriber, language);
        var request = await RequestAsync();
        await using var one = await browser.PersonAsync(language, scheme, width);
        var asker = new Walk(await one.NewPageAsync(), portal.Address, $"tva-a-{language}", scripts: true);
        await asker.SignInAsStaffAsync(portal.Services, DemoAccounts.CaseWorker);
        await asker.SeesAsync(DeskText.Title);
        await asker.OpenAsync(PortalUrls.DeskCase(request));
        await asker.ComesToAsync(DeskText.FindSubscriber);
        await asker.FollowAsync(DeskText.FindSubscriber);
        await asker.Page.Locator("#syfte").SelectOptionAsync("purpose-request");
        await asker.WriteAsync(SubscriberText.Value, subscriber.CustomerNumber);
        await asker.PressAsync(SubscriberText.Act);
        await asker.ComesToAsync(SubscriberText.Hits);
        await asker.FollowAddressAsync(PortalUrls.FindSubscriber + "/");
        await asker.ComesToAsync(MyDataText.StaffErase);
        await asker.FollowAsync(MyDataText.StaffPause);
        await asker.SeesAsync(RestrictionText.StaffPauseTitle);
        await asker.PressAsync(RestrictionText.StaffPauseButton);
        await asker.IsToldAsync(RestrictionText.StaffPauseKindMissing);
        await asker.FollowAsync(RestrictionText.StaffPauseBack);
        await asker.FollowAsync(MyDataText.StaffErase);
        await asker.SeesAsync(ErasureText.StaffTitle);
        await asker.PressAsync(ErasureText.StaffShowPlan);
        await asker.IsToldAsync(ErasureText.SelectedNone);
        await asker.Page.Locator("#slag-viewing_history").CheckAsync();
        await asker.PressAsync(ErasureText.StaffShowPlan);
        await asker.ComesToAsync(ErasureText.StaffAskTitle);
        await asker.PressAsync(ErasureText.StaffAsk);
        await asker.IsToldAsync(ErasureText.StaffWhyMissing.Split('{')[0]);
        await asker.WriteAsync(ErasureText.StaffWhy, "Åsa bad om det i ett brev den 3 november.");
        await asker.PressAsync(ErasureText.StaffAsk);
        await asker.SeesAsync(ErasureText.AnswerTitle);
        await asker.ReadsAsync(ErasureText.AnswerWaits);
        var erasure = await asker.Page.Locator("main .reference-small").First.InnerTextAsync();

        await using var two = await browser.PersonAsync(language, scheme, width);
        var second = new Walk(await two.NewPageAsync(), portal.Address, $"tva-b-{language}", scripts: true);
        await second.SignInAsStaffAsync(portal.Services, DemoAccounts.Administrator);
        await second.SeesAsync(DeskText.Title);
        await second.FollowAsync(erasure);
        await second.ComesToAsync(DeskText.AwaitsSecondTitle);
        await second.FollowAsync(DeskText.AwaitsSecondLink);
        await second.SeesAsync(ErasureText.AnswerTitle);
        await second.PressAsync(ErasureText.AnswerDecline);
        await second.IsToldAsync(ErasureText.StaffWhyMissing.Split('{')[0]);
        await second.PressAsync(ErasureText.AnswerApprove);
        await second.ComesToAsync(ErasureText.StandingApproved);

        // Each in their own language, which staff's is Swedish.
        var receipt = await second.FetchLinkAsync(subscriber.OwnEmail, ErasureMailText.ByStaffSubject, "/kvitto/");
        var told = await second.FetchLinkAsync(subscriber.OwnEmail, ErasureMailText.ByStaffSubject, "/arende/");
        await asker.OpenMailAsync(DemoAccounts.CaseWorker, ErasureMailText.ResourceManager.GetString(nameof(ErasureMailText.ApprovedSubject), Languages.Swedish)!);
        await asker.OpenAsync(PortalUrls.DeskCase(erasure));
        await asker.ComesToAsync(DeskText.AwaitsRecipients);
        await using var three = await browser.PersonAsync(language, scheme, width);
        var person = new Walk(await three.NewPageAsync(), portal.Address, $"tva-c-{language}", scripts: true);
        await person.OpenAsync(told);
        await person.ComesToAsync("Åsa bad om det i ett brev den 3 november.");
        await person.OpenAsync(receipt);
        await person.ComesToAsync(erasure);
        asker.AssertGood();
        second.AssertGood();
        person.AssertGood();
    }

    /// <summary>What is posted to these pages is answered 403, whatever they show: AccessTests.</summary>
    [Fact]
    public async Task An_auditor_sees_everything_and_has_nothing_to_press()
    {
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = Languages.Swedish;
        const string Address = "granskare@kalejdo.example";
        await SignedIn.CreateStaffAsync(portal.Services, Address, StaffRoles.Auditor);
        var (request, incident) = (await RequestAsync(), await IncidentAsync());
        await using var person = await browser.PersonAsync();
        var walk = new Walk(await person.NewPageAsync(), portal.Address, "granskare", scripts: true);
        await walk.SignInAsStaffAsync(portal.Services, Address, SignedIn.Password);
        foreach (var (address, heading) in ((string, string)[])[
            (PortalUrls.Desk, DeskText.Title), (PortalUrls.DeskCase(request), CasesText.Erasure), (PortalUrls.Incidents, IncidentText.ListTitle),
            (PortalUrls.Incident(incident), IncidentText.Title), (PortalUrls.Record, RecordText.Title), (PortalUrls.DataMap, DataMapText.Title), (PortalUrls.Outbox, OutgoingText.Title),
            (PortalUrls.PartnerDesk, PartnersText.Title), (PortalUrls.AccessLog, LogText.Title), (PortalUrls.Personnel, PersonnelText.Title)])
        {
            await walk.OpenAsync(address);
            await walk.SeesAsync(heading);
            // What fetches and checks, alone.
            Assert.Equal(address == PortalUrls.AccessLog ? 2 : address == PortalUrls.Record ? 1 : 0, await walk.Page.Locator("main form[method=post]").CountAsync());
        }

        await walk.OpenAsync(PortalUrls.PartnerDesk);
        await walk.FollowAsync("Exempel Utskick AB");
        await walk.SeesAsync("Exempel Utskick AB");
        await Assertions.Expect(walk.Page.Locator("main form[method=post]")).ToHaveCountAsync(0);
        walk.AssertGood();
    }

    /// <returns>The case of somebody's letter.</returns>
    private async Task<string> RequestAsync()
    {
        await using var scope = portal.Services.CreateAsyncScope();
        var (db, keys) = (scope.ServiceProvider.GetRequiredService<PortalDbContext>(), scope.ServiceProvider.GetRequiredService<PortalKeys>());
        var opened = await CaseRegister.OpenAsync(
            db, CaseType.Erasure, 1, portal.Time.GetUtcNow().UtcDateTime.AddDays(-9), Cancellation, CaseParty.Person, "by-letter", number => CaseEvent.Seal(keys, number, "Radera vad jag har tittat på."));
        await db.SaveChangesAsync(Cancellation);
        return opened.Number;
    }

    private async Task<string> IncidentAsync()
    {
        await using var scope = portal.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<PortalDbContext>();
        var opened = await CaseRegister.OpenAsync(db, CaseType.Disavowal, 1, portal.Time.GetUtcNow().UtcDateTime.AddHours(-30), Cancellation);
        (opened.Status, opened.OutcomeJson) = (CaseStatus.PartlyDone, """[{"Field":"kalejdo.subscriber.email","Action":0,"Rows":1}]""");
        db.Incidents.Add(Incident.Of(opened.Number, opened.ReceivedAt));
        await db.SaveChangesAsync(Cancellation);
        return opened.Number;
    }
}
