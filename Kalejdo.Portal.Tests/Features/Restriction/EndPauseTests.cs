using System.Globalization;
using System.Net;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Restriction;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Features.Restriction;

/// <summary>Staff let a pause end on its page: with a reason, and never before the person was told (Art. 18(3)).</summary>
public sealed class EndPauseTests(AccountPortal portal) : IClassFixture<AccountPortal>
{
    private static readonly (string, string?)[] ByMail = [("Reason", "accuracy-verified"), ("How", "mail")];

    [Fact]
    public async Task By_mail_it_is_decided_once_and_goes_on_until_the_mail_has_arrived()
    {
        var number = await PauseAsync(new DemoSubscriber(4), "viewing_history", account: true);
        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        var desk = await staff.PageAsync(PortalUrls.Desk);
        Assert.Contains(PortalUrls.DeskCase(number), Html.Links(desk));
        var asked = await staff.PageAsync(PortalUrls.DeskCase(number));
        Assert.Contains(PortalUrls.EndPause(number), Html.Links(asked));
        // Begun is begun: what waits for recipients alone is neither answered nor refused.
        Assert.Contains("Portalen väntar på att mottagarna bekräftar", asked, StringComparison.Ordinal);
        Assert.All(["Besvara", "Avslå"], step => Assert.DoesNotContain(step, asked, StringComparison.Ordinal));

        using var missing = await staff.FillInAsync(PortalUrls.EndPause(number), "end");
        var errors = Html.Errors(await missing.PageAsync());
        Assert.All(["Välj varför pausen får upphöra", "Välj hur personen får besked"], text => Assert.Contains(text, errors, StringComparison.Ordinal));
        using var dayless = await staff.FillInAsync(PortalUrls.EndPause(number), "end", ("Reason", "accuracy-verified"), ("How", "paper"));
        Assert.Contains("Skriv en dag", Html.Errors(await dayless.PageAsync()), StringComparison.Ordinal);
        Assert.DoesNotContain(await portal.MailsAsync(new DemoSubscriber(4).OwnEmail), mail => mail.Letter == nameof(PauseEndsLetter));

        var form = await staff.PageAsync(PortalUrls.EndPause(number));
        Assert.Contains("Tittarhistorik", form, StringComparison.Ordinal);
        using var decided = await staff.PostFormAsync(PortalUrls.EndPause(number), "end", Html.AntiforgeryToken(form), ByMail);
        var page = await staff.PageAsync(decided.Headers.Location!.PathOf());
        Assert.All(["Pausen ska upphöra", "vi har kontrollerat uppgifterna", "inte levererat än"], text => Assert.Contains(text, page, StringComparison.Ordinal));
        Assert.DoesNotContain("<form method=\"post\" action=\"" + PortalUrls.EndPause(number), page, StringComparison.Ordinal);
        Assert.Equal(nameof(PauseEndsLetter), (await portal.MailsAsync(new DemoSubscriber(4).OwnEmail))[^1].Letter);

        using var twice = await staff.PostFormAsync(PortalUrls.EndPause(number), "end", Html.AntiforgeryToken(form), ByMail);
        Assert.Contains("Någon annan har redan beslutat", await twice.PageAsync(), StringComparison.Ordinal);
        var paused = await portal.StoreAsync(db => db.RestrictedKinds.SingleAsync(row => row.CaseNumber == number, Cancellation));
        Assert.Equal(("accuracy-verified", null), (paused.EndReasonCode, paused.EndedAt));
        Assert.Equal(1, await portal.StoreAsync(db => db.AuditEntries.CountAsync(row => row.Event == "restriction.end-decided" && row.CaseNumber == number && row.Actor != null, Cancellation)));
        Assert.Contains("Visa pausen", await staff.PageAsync(PortalUrls.DeskCase(number)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whom_no_mail_reaches_is_told_on_paper_first()
    {
        var number = await PauseAsync(new DemoSubscriber(5), "invoices", account: false);
        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.Administrator, "en");
        var form = await staff.PageAsync(PortalUrls.EndPause(number));
        Assert.Contains("No e-mail reaches the person", form, StringComparison.Ordinal);
        Assert.DoesNotContain("name=\"How\"", form, StringComparison.Ordinal);
        var today = SwedishDays.Today(portal.Time);
        foreach (var day in (string[])["", "i går", Text(today.AddDays(1)), Text(today.AddDays(-1))])
        {
            using var wrong = await staff.PostFormAsync(PortalUrls.EndPause(number), "end", Html.AntiforgeryToken(form), ("Reason", "claims-settled"), ("ToldOn", day));
            Assert.Contains("Write a day", Html.Errors(await wrong.PageAsync()), StringComparison.Ordinal);
        }

        using var decided = await staff.PostFormAsync(PortalUrls.EndPause(number), "end", Html.AntiforgeryToken(form), ("Reason", "claims-settled"), ("ToldOn", Text(today)));
        var page = await staff.PageAsync(decided.Headers.Location!.PathOf());
        Assert.Contains("The pause ends by itself on " + today.AddDays(15).ToString("d MMMM yyyy", CultureInfo.GetCultureInfo("en-GB")), page, StringComparison.Ordinal);
        Assert.Equal(today, await portal.StoreAsync(db => db.RestrictedKinds.Where(row => row.CaseNumber == number).Select(row => row.ToldOn).SingleAsync(Cancellation)));

        static string Text(DateOnly day) => day.ToString("O", CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task Auditors_read_it_and_end_nothing()
    {
        var number = await PauseAsync(new DemoSubscriber(6), "invoices", account: false);
        using var auditor = await SignedIn.StaffAsync(portal, StaffRoles.Auditor);
        var page = await auditor.PageAsync(PortalUrls.EndPause(number));
        Assert.Contains("kan du läsa men inte avsluta", page, StringComparison.Ordinal);
        using var forged = await auditor.PostFormAsync(PortalUrls.EndPause(number), "end", Html.AntiforgeryToken(page), ByMail);
        Assert.Equal(HttpStatusCode.Forbidden, forged.StatusCode);
        Assert.Null(await portal.StoreAsync(db => db.RestrictedKinds.Where(row => row.CaseNumber == number).Select(row => row.EndDecidedAt).SingleAsync(Cancellation)));
        Assert.True(await portal.StoreAsync(db => db.AuditEntries.AnyAsync(
            row => row.Event == "access.read" && row.ReasonCode == "case" && db.RestrictedKinds.Any(paused => paused.CaseNumber == number && paused.Subject == row.Subject), Cancellation)));
    }

    /// <returns>Its case.</returns>
    private async Task<string> PauseAsync(DemoSubscriber subscriber, string kind, bool account)
    {
        string? id = null;
        if (account)
        {
            await SignedIn.CreateAccountAsync(portal.Services, subscriber);
            id = await portal.StoreAsync(db => db.Users.Where(row => row.Email == subscriber.OwnEmail).Select(row => row.Id).SingleAsync(Cancellation));
        }
        var pausing = portal.Services.GetRequiredService<Pausing>();
        var found = await pausing.FindKindAsync(kind, Cancellation);
        Identity[] identities = [new("customer_number", subscriber.CustomerNumber)];
        return await pausing.BeginAsync(
            new PauseRequest(identities, kind, id is null ? "operator:test" : $"account:{id}", id, id is null ? null : subscriber.OwnEmail, "sv"), found!.Label!, RestrictionGround.Accuracy, Cancellation);
    }
}
