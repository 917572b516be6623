using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Kalejdo.Portal.Features.Staff.Partners;
using Kalejdo.Portal.Recipients;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Features.Staff;

/// <summary>A partner from its agreement to its last day.</summary>
public class PartnersTests(AccountPortal portal) : IClassFixture<AccountPortal>
{
    [Fact]
    public async Task A_partner_from_agreement_to_expiry()
    {
        const string Name = "Exempel Montage AB";
        using var administrator = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        using var added = await administrator.FillInAsync(PortalUrls.NewPartner, "new", ("namn", Name), ("kanal", "Mail"), ("adress", "dataskydd@montage.example"), ("sprak", "sv"), ("kanner", "customer_number"));
        var change = added.Headers.Location!.PathOf();
        var id = long.Parse(change.Split('/')[3], CultureInfo.InvariantCulture);
        Assert.Contains("Inget avtal", await administrator.PageAsync(PortalUrls.Partner(id)), StringComparison.Ordinal);
        Assert.DoesNotContain(Name, await administrator.PageAsync(PortalUrls.Partners), StringComparison.Ordinal);

        // In force from today, and so on the public page at once.
        var today = SwedishDays.Today(portal.Time);
        using var agreed = await AgreeAsync(administrator, change, today, today.AddDays(90));
        Assert.Equal($"{PortalUrls.Partner(id)}?klart=ja", agreed.Headers.Location?.PathOf());
        Assert.Contains(Name, await administrator.PageAsync(PortalUrls.Partners), StringComparison.Ordinal);
        Assert.DoesNotContain("Upphör", RowOf(Name, await administrator.PageAsync(PortalUrls.PartnerDesk)), StringComparison.Ordinal);

        // The same data on the same days is agreed once.
        using var overlap = await AgreeAsync(administrator, change, today.AddDays(30), null);
        Assert.Contains("Ett annat avtal om samma uppgifter gäller redan då", Html.Errors(await overlap.PageAsync()), StringComparison.Ordinal);
        using var reversed = await AgreeAsync(administrator, change, today.AddDays(200), today.AddDays(190));
        Assert.Contains("Avtalet kan inte sluta före sin första dag", Html.Errors(await reversed.PageAsync()), StringComparison.Ordinal);
        Assert.Equal(1, await AgreementsAsync(id));

        // Sixty days ahead staff are told, once.
        var watch = portal.Services.GetRequiredService<AgreementWatch>();
        await watch.LookAsync(Cancellation);
        Assert.Empty(await TasksAsync(Name));
        portal.Time.Advance(TimeSpan.FromDays(30));
        await watch.LookAsync(Cancellation);
        await watch.LookAsync(Cancellation);
        Assert.Equal([(string.Create(CultureInfo.InvariantCulture, $"{Name}, {today.AddDays(90):yyyy-MM-dd}"), false)], await TasksAsync(Name));
        using var worker = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        Assert.Contains("Upphör", RowOf(Name, await worker.PageAsync(PortalUrls.PartnerDesk)), StringComparison.Ordinal);
        Assert.Contains("Ett avtal upphör snart", await worker.PageAsync(PortalUrls.Desk), StringComparison.Ordinal);

        // What follows ends the warning; taken back, the partner is told nothing after the last day.
        using var again = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        using var following = await AgreeAsync(again, change, today.AddDays(91), null);
        Assert.Equal(HttpStatusCode.Redirect, following.StatusCode);
        await watch.LookAsync(Cancellation);
        Assert.True(Assert.Single(await TasksAsync(Name)).Done);
        await portal.StoreAsync(db => db.RecipientAgreements.Where(row => row.RecipientId == id && row.InForceTo == null).ExecuteDeleteAsync(Cancellation));
        portal.Time.Advance(TimeSpan.FromDays(60));
        Assert.Contains(await InForceAsync(), one => one == Name);
        portal.Time.Advance(TimeSpan.FromDays(1));
        Assert.DoesNotContain(await InForceAsync(), one => one == Name);
        using var anybody = portal.Browser();
        Assert.DoesNotContain(Name, await anybody.PageAsync(PortalUrls.Partners), StringComparison.Ordinal);
        Assert.Equal(["partner.added", "partner.agreed", "partner.agreement-refused", "partner.agreed"], await EventsAsync(id));
    }

    [Fact]
    public async Task A_key_is_shown_once_and_the_last_day_moves()
    {
        using var administrator = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        var id = await portal.StoreAsync(db => db.Recipients.Where(row => row.Key == "Exempel Utskick AB").Select(row => row.Id).SingleAsync(Cancellation));
        var change = PortalUrls.ChangePartner(id);
        using var renewed = await administrator.FillInAsync(change, "key");
        var page = await renewed.PageAsync();
        var shown = Regex.Match(page, "whsec_[A-Za-z0-9+/=]+").Value;
        Assert.NotEmpty(shown);
        Assert.Contains("no-store", renewed.Headers.CacheControl?.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("whsec_", await administrator.PageAsync(change) + await administrator.PageAsync(PortalUrls.Partner(id)), StringComparison.Ordinal);
        Assert.Equal(2, Regex.Count(await administrator.PageAsync(PortalUrls.Partner(id)), "kapad \\d"));

        using var tested = await administrator.FillInAsync(change, "test");
        Assert.Contains("Ett provmejl är på väg", await tested.PageAsync(), StringComparison.Ordinal);
        Assert.Equal("TestLetter", (await portal.MailsAsync("dataskydd@utskick.example"))[^1].Letter);

        using var reached = await administrator.FillInAsync(change, "reach", ("kanal", "Webhook"), ("adress", "http://utskick.example/"), ("kanner", "email"));
        Assert.Contains("den ska börja med https://", Html.Errors(await reached.PageAsync()), StringComparison.Ordinal);

        var agreement = await portal.StoreAsync(db => db.RecipientAgreements.Where(row => row.RecipientId == id).Select(row => row.Id).SingleAsync(Cancellation));
        var last = SwedishDays.Today(portal.Time).AddDays(-1);
        using var ended = await administrator.FillInAsync(change, "end", ("avtal", $"{agreement}"), ("sista", last.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)));
        Assert.Equal(HttpStatusCode.Redirect, ended.StatusCode);
        Assert.DoesNotContain("Exempel Utskick AB", await administrator.PageAsync(PortalUrls.Partners), StringComparison.Ordinal);
        Assert.Equal(["partner.key-renewed", "partner.tested", "partner.agreement-ends"], await EventsAsync(id));
    }

    [Theory]
    [InlineData("", "a@b.example", "email", "Skriv partnerns namn")]
    [InlineData("Exempel Fälttjänst AB", "a@b.example", "email", "Det finns redan en mottagare med det namnet")]
    [InlineData("Ny AB", "Ny <a@b.example>", "email", "Skriv hela e-postadressen")]
    [InlineData("Ny AB", "a@b.example", null, "Välj minst en uppgift som partnern känner en person på")]
    public async Task What_is_wrong_with_a_partner_stands_beside_its_field(string name, string address, string? knows, string error)
    {
        using var administrator = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        var before = await portal.StoreAsync(db => db.Recipients.CountAsync(Cancellation));
        using var answer = await administrator.FillInAsync(PortalUrls.NewPartner, "new", ("namn", name), ("kanal", "Mail"), ("adress", address), ("sprak", "sv"), ("kanner", knows));
        Assert.Contains(error, Html.Errors(await answer.PageAsync()), StringComparison.Ordinal);
        Assert.Equal(before, await portal.StoreAsync(db => db.Recipients.CountAsync(Cancellation)));
    }

    [Theory]
    [InlineData(StaffRoles.Auditor)]
    [InlineData(StaffRoles.CaseWorker)]
    public async Task Others_look_and_change_nothing(string role)
    {
        using var browser = await SignedIn.StaffAsync(portal, role);
        var list = await browser.PageAsync(PortalUrls.PartnerDesk);
        Assert.DoesNotContain(PortalUrls.NewPartner, Html.Links(list));
        var id = await portal.StoreAsync(db => db.Recipients.Where(row => row.Key == "Exempel Spelplattform Oy").Select(row => row.Id).SingleAsync(Cancellation));
        var page = await browser.PageAsync(PortalUrls.Partner(id));
        Assert.Contains("privacy@spelplattform.example", page, StringComparison.Ordinal);
        Assert.DoesNotContain(PortalUrls.ChangePartner(id), Html.Links(page));
        foreach (var (address, form) in new[] { (PortalUrls.NewPartner, "new"), (PortalUrls.ChangePartner(id), "agree"), (PortalUrls.ChangePartner(id), "end"), (PortalUrls.ChangePartner(id), "reach"), (PortalUrls.ChangePartner(id), "key"), (PortalUrls.ChangePartner(id), "test") })
        {
            using var posted = await browser.PostFormAsync(address, form, Html.AntiforgeryToken(list), ("namn", "Obehörig AB"), ("adress", "a@b.example"), ("kanner", "email"));
            Assert.Equal(HttpStatusCode.Forbidden, posted.StatusCode);
        }

        Assert.Empty(await EventsAsync(id));
    }

    private static Task<HttpResponseMessage> AgreeAsync(HttpClient browser, string change, DateOnly from, DateOnly? to) => browser.FillInAsync(
        change, "agree", ("fran", from.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)), ("till", to?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)), ("slag", "devices"),
        ("uppdrag-sv", "monterar"), ("uppdrag-en", "installs"), ("far-sv", "namn och adress"), ("far-en", "name and address"), ("lagras-sv", "Sverige"), ("lagras-en", "Sweden"));

    private static string RowOf(string name, string page) => Assert.Single(Html.TableRows(page), row => row.Contains(name, StringComparison.Ordinal));

    private async Task<IEnumerable<string>> InForceAsync() => (await portal.Services.GetRequiredService<PartnerAgreements>().TodayAsync(Cancellation)).Select(one => one.Name);

    private Task<int> AgreementsAsync(long id) => portal.StoreAsync(db => db.RecipientAgreements.CountAsync(row => row.RecipientId == id, Cancellation));

    private Task<List<(string Place, bool Done)>> TasksAsync(string name) => portal.StoreAsync(async db =>
        (await db.StaffTasks.Where(row => row.Kind == StaffTaskKind.AgreementEnding && row.Place.StartsWith(name)).ToListAsync(Cancellation)).ConvertAll(row => (row.Place, row.DoneAt is not null)));

    private Task<List<string>> EventsAsync(long id) => portal.StoreAsync(async db =>
    {
        var subject = await portal.Services.GetRequiredService<Kalejdo.Portal.Audit.AuditTrail>().FindNumberAsync(db, $"recipient:{id}", Cancellation);
        return await db.AuditEntries.Where(row => row.Subject == subject && subject != null).OrderBy(row => row.Sequence).Select(row => row.Event).ToListAsync(Cancellation);
    });
}

[OnPostgres]
public sealed class PartnersOnPostgresTests(AccountPortal portal) : PartnersTests(portal);
