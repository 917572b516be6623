using System.Globalization;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Features.Staff.Desk;
using Kalejdo.Portal.Features.Staff.Incidents;
using Kalejdo.Portal.Layout;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Journeys;

/// <summary>The first page of staff as it looks, empty and full.</summary>
public sealed class StaffLooksTests(JourneyPortal portal, Browser browser) : IClassFixture<JourneyPortal>
{
    [Theory]
    [ClassData(typeof(PageViews))]
    public async Task The_desk_is_accessible_healthy_and_fits(string language, ColorScheme scheme, int width)
    {
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = language == "sv" ? Languages.Swedish : Languages.English;
        await using var scope = portal.Services.CreateAsyncScope();
        await using var person = await browser.PersonAsync(language, scheme, width);
        var walk = new Walk(await person.NewPageAsync(), portal.Address, $"personal-{language}-{scheme}-{width}", scripts: true);
        await walk.SignInAsStaffAsync(portal.Services, DemoAccounts.CaseWorker);
        await walk.SeesAsync(DeskText.Title);
        Assert.Equal(new Uri(portal.Address, PortalUrls.Desk).ToString(), walk.Page.Url);

        var incident = await AddAsync(scope.ServiceProvider.GetRequiredService<PortalDbContext>());
        await walk.OpenAsync(PortalUrls.Desk);
        await walk.SeesAsync(DeskText.Title);
        await walk.ReadsAsync(DeskText.Overdue);
        await walk.ReadsAsync(DeskText.TraceFound);
        await walk.FollowAddressAsync("sida=2");
        await walk.SeesAsync(DeskText.Title);
        await walk.OpenAsync(PortalUrls.Desk);
        await walk.FollowAddressAsync(PortalUrls.Incident(incident));
        await walk.SeesAsync(IncidentText.Title);
        await walk.PressAsync(IncidentText.Save);
        await walk.IsToldAsync(IncidentText.WhatMissing);
        await walk.WriteAsync(IncidentText.What, "Ett välkomstmejl gick dit den 14 november. Vi har tagit bort adressen.");
        await walk.WriteAsync(IncidentText.Whose, "Kund 10031676: namn och tecknat abonnemang");
        await walk.Page.Locator("#risk-1").CheckAsync();
        await walk.Page.Locator("#report-2").CheckAsync();
        await walk.Page.Locator("#told").CheckAsync();
        await walk.WriteAsync(IncidentText.Reason, "Mejlet nämnde varken namn eller nummer.");
        await walk.PressAsync(IncidentText.Save);
        await walk.ComesToAsync(IncidentText.Saved);
        await walk.OpenAsync(PortalUrls.Incidents);
        await walk.SeesAsync(IncidentText.ListTitle);
        await walk.OpenAsync(PortalUrls.MyAccount);
        await walk.SeesAsync(AccountsText.AccountTitle);
        walk.AssertGood();
    }

    /// <returns>The number of an incident that nobody has answered.</returns>
    private async Task<string> AddAsync(PortalDbContext db)
    {
        var now = portal.Time.GetUtcNow().UtcDateTime;
        for (var i = 0; i < 30; i++)
        {
            var added = await CaseRegister.OpenAsync(db, Enum.GetValues<CaseType>()[i % 9], 1, now.AddDays(i - 35), TestContext.Current.CancellationToken);
            added.Status = Enum.GetValues<CaseStatus>()[i % 5];
            if (!await db.StaffTasks.AnyAsync(row => row.Place == $"kalejdo.support_message.c{i}", TestContext.Current.CancellationToken))
            {
                db.StaffTasks.Add(new StaffTask { CaseNumber = added.Number, Kind = StaffTaskKind.TraceFound, Place = $"kalejdo.support_message.c{i}", Rows = i * 400, CreatedAt = now.AddDays(i - 35) });
            }
            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        var disavowals = new List<string>();
        foreach (var hours in (int[])[80, 30])
        {
            var about = await CaseRegister.OpenAsync(db, CaseType.Disavowal, 1, now.AddHours(-hours), TestContext.Current.CancellationToken);
            (about.Status, about.OutcomeJson) = (CaseStatus.PartlyDone, """[{"Field":"kalejdo.subscriber.email","Action":0,"Rows":1},{"Field":"kalejdo.game_player.email","Action":1,"Rows":1}]""");
            db.Incidents.Add(Incident.Of(about.Number, about.ReceivedAt));
            disavowals.Add(about.Number);
        }

        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        return disavowals[1];
    }
}
