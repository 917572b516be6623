using System.Globalization;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Features.Staff.AccessLog;
using Kalejdo.Portal.Features.Staff.DataMap;
using Kalejdo.Portal.Features.Staff.Desk;
using Kalejdo.Portal.Features.Staff.Outgoing;
using Kalejdo.Portal.Features.Staff.Partners;
using Kalejdo.Portal.Features.Staff.Record;
using Kalejdo.Portal.Layout;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace Kalejdo.Portal.Tests.Journeys;

/// <summary>The rooms in which staff read what there is and what was done, as they look.</summary>
public sealed class RecordsLooksTests(JourneyPortal portal, Browser browser) : IClassFixture<JourneyPortal>
{
    [Theory]
    [ClassData(typeof(PageViews))]
    public async Task The_rooms_are_accessible_healthy_and_fit(string language, ColorScheme scheme, int width)
    {
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = language == "sv" ? Languages.Swedish : Languages.English;
        await using var person = await browser.PersonAsync(language, scheme, width);
        var walk = new Walk(await person.NewPageAsync(), portal.Address, $"rum-{language}-{scheme}-{width}", scripts: true);
        await walk.SignInAsStaffAsync(portal.Services, DemoAccounts.Administrator);
        await walk.SeesAsync(DeskText.Title);

        await walk.OpenAsync(PortalUrls.Record);
        await walk.SeesAsync(RecordText.Title);
        await walk.OpenAsync(PortalUrls.DataMap);
        await walk.Page.Locator("main details").First.EvaluateAsync("one => one.open = true");
        await walk.SeesAsync(DataMapText.Title);
        await walk.OpenAsync(PortalUrls.AccessLog);
        await walk.SeesAsync(LogText.Title);
        await walk.PressAsync(LogText.Check);
        await walk.ComesToAsync(LogText.Whole);
        await walk.OpenAsync($"{PortalUrls.AccessLog}?aktor=x");
        await walk.IsToldAsync(LogText.ActorNoNumber);
        await AddMailsAsync();
        await walk.OpenAsync(PortalUrls.Outbox);
        await walk.SeesAsync(OutgoingText.Title);
        await walk.OpenAsync(PortalUrls.PartnerDesk);
        await walk.SeesAsync(PartnersText.Title);
        await walk.FollowAsync("Exempel Utskick AB");
        await walk.SeesAsync("Exempel Utskick AB");
        await walk.FollowAsync(PartnersText.Change);
        await walk.ComesToAsync(PartnersText.AgreeTitle);
        await walk.PressAsync(PartnersText.Agree);
        await walk.IsToldAsync(PartnersText.KindsMissing);
        await walk.PressAsync(PartnersText.KeyRenew);
        await walk.ComesToAsync(PartnersText.KeyTitle);
        walk.AssertGood();
    }

    /// <summary>One that waits, one that was given up.</summary>
    private async Task AddMailsAsync()
    {
        await using var scope = portal.Services.CreateAsyncScope();
        var (db, now) = (scope.ServiceProvider.GetRequiredService<PortalDbContext>(), portal.Time.GetUtcNow().UtcDateTime);
        foreach (var failed in (bool[])[true, false])
        {
            var id = $"<{Guid.NewGuid():N}@localhost>";
            var protector = OutboxMail.Protector(scope.ServiceProvider.GetRequiredService<IDataProtectionProvider>(), id);
            db.Outbox.Add(new OutboxMail
            {
                MessageId = id,
                Recipient = failed ? null : protector.Protect("anna.andersson@post.example"u8.ToArray()),
                Template = failed ? "CaseAnsweredLetter" : "RequestReceivedLetter",
                CreatedAt = now,
                DueAt = now.AddHours(2),
                Attempts = 5,
                FailedAt = failed ? now : null,
                FailureCode = failed ? "smtp-554-5.6.0" : "timeout",
            });
        }

        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
    }
}
