using System.Net;
using System.Text.RegularExpressions;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Features.Staff;

/// <summary>Staff look subscribers up with a purpose, which the subscriber reads later, and correct on Kalejdo's own initiative.</summary>
public class SubscriberTests(AccountPortal portal) : IClassFixture<AccountPortal>
{
    [Theory]
    [InlineData("CustomerNumber")]
    [InlineData("Email")]
    [InlineData("Phone")]
    public async Task Is_found_by_what_people_say_and_the_purpose_stands_where_the_subscriber_looks(string by)
    {
        // One whose address nobody else has typed by mistake.
        var subscriber = new DemoSubscriber(33);
        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        var value = by switch { "CustomerNumber" => subscriber.CustomerNumber, "Email" => $" {subscriber.OwnEmail.ToUpperInvariant()}", _ => $"0{subscriber.Phone![3..6]}-{subscriber.Phone[6..]}" };
        var page = await FindAsync(staff, ("By", by), ("Value", value));
        var found = Links(page).Single();
        Assert.DoesNotContain(subscriber.CustomerNumber, found, StringComparison.Ordinal);

        var data = await staff.PageAsync(found);
        Assert.Equal($"Abonnent {subscriber.CustomerNumber}", Html.Heading(data));
        var contact = await staff.PageAsync($"{found}/contact_details");
        Assert.Contains(subscriber.Phone!, contact, StringComparison.Ordinal);
        Assert.DoesNotContain("/radera/", contact, StringComparison.Ordinal);

        using var person = await portal.SignedInAsync(subscriber);
        var log = await person.PageAsync(PortalUrls.WhoHasSeenBy(othersOnly: true));
        Assert.Contains("Personen hörde av sig till oss", log, StringComparison.Ordinal);
        Assert.Contains("Handläggare", log, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task What_is_looked_for_is_on_record_before_it_is_read_also_where_nobody_is_found()
    {
        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        var before = await portal.StoreAsync(db => db.AuditEntries.CountAsync(row => row.Event == "access.searched", Cancellation));
        Assert.Contains("Ingen abonnent stämmer", await FindAsync(staff, ("Value", "00000000")), StringComparison.Ordinal);
        Assert.Equal(before + 1, await portal.StoreAsync(db => db.AuditEntries.CountAsync(row => row.Event == "access.searched" && row.Subject == null, Cancellation)));
    }

    [Theory]
    [InlineData("Purpose", "", "varför du söker")]
    [InlineData("Purpose", "curiosity", "varför du söker")]
    [InlineData("Purpose", "purpose-request", "numret på ärendet")]
    [InlineData("Case", "K-2026-XXXXXX", "inget ärende")]
    [InlineData("Value", "", "det du söker")]
    [InlineData("By", "Name", "det du söker")]
    public async Task Without_a_purpose_or_with_bad_input_nothing_is_read(string field, string value, string error)
    {
        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        var before = await portal.StoreAsync(db => db.AuditEntries.CountAsync(Cancellation));
        Assert.Contains(error, Html.Errors(await FindAsync(staff, (field, value))), StringComparison.Ordinal);
        Assert.Equal(before, await portal.StoreAsync(db => db.AuditEntries.CountAsync(Cancellation)));
    }

    [Fact]
    public async Task Thousands_of_hits_are_to_be_narrowed_down_and_name_nobody()
    {
        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        await portal.KalejdoAsync("UPDATE subscriber SET phone = '+46700000000' WHERE id > 120; SELECT count(*) FROM subscriber");
        var before = await portal.StoreAsync(db => db.AuditEntries.MaxAsync(row => (long?)row.Sequence, Cancellation)) ?? 0;
        var page = await FindAsync(staff, ("By", "Phone"), ("Value", "070-000 00 00"));
        Assert.Contains("För många träffar", page, StringComparison.Ordinal);
        Assert.Empty(Links(page));
        // That it was looked is on record; nobody was read.
        Assert.Equal(["access.searched purpose-contact"], await portal.StoreAsync(db => db.AuditEntries.Where(row => row.Sequence > before).Select(row => row.Event + " " + row.ReasonCode).ToListAsync(Cancellation)));
    }

    [Fact]
    public async Task A_look_belongs_to_who_stated_the_purpose_and_ends()
    {
        var subscriber = new DemoSubscriber(6);
        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        using var other = await SignedIn.StaffAsync(portal, StaffRoles.Administrator);
        var found = Links(await FindAsync(staff, ("Value", subscriber.CustomerNumber))).Single();
        using var stolen = await other.GetAsync(found, Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, stolen.StatusCode);
        portal.Time.Advance(SubscriberPasses.Validity + TimeSpan.FromMinutes(1));
        using var again = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        using var late = await again.GetAsync(found, Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, late.StatusCode);
    }

    [Fact]
    public async Task What_staff_correct_on_their_own_initiative_the_subscriber_is_told_of_with_the_reason()
    {
        var subscriber = new DemoSubscriber(8);
        await SignedIn.CreateAccountAsync(portal.Services, subscriber);
        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        var found = Links(await FindAsync(staff, ("Purpose", "purpose-own-check"), ("Value", subscriber.CustomerNumber))).Single();
        var kind = await staff.PageAsync($"{found}/contact_details");
        var field = Html.Links(kind).Single(link => link.EndsWith("/full_name", StringComparison.Ordinal));
        Assert.DoesNotContain(Html.Links(kind), link => link.EndsWith("/email", StringComparison.Ordinal));

        using var empty = await staff.FillInAsync(field, "staff-correct", ("Old", subscriber.FullName), ("New", "Ny Namnsson"), ("Why", " "));
        Assert.Contains("Skriv varför", Html.Errors(await empty.PageAsync()), StringComparison.Ordinal);
        using var stale = await staff.FillInAsync(field, "staff-correct", ("Old", "Någon Annan"), ("New", "Ny Namnsson"), ("Why", "Felstavat."));
        Assert.Equal(HttpStatusCode.OK, stale.StatusCode);
        Assert.Equal(0, await portal.KalejdoAsync("SELECT count(*) FROM subscriber WHERE full_name = 'Ny Namnsson'"));

        using var done = await staff.FillInAsync(field, "staff-correct", ("Old", subscriber.FullName), ("New", "Ny Namnsson"), ("Why", "Namnet var felstavat i avtalet."));
        Assert.Equal(HttpStatusCode.Redirect, done.StatusCode);
        Assert.Contains("får ett mejl", await staff.PageAsync(done.Headers.Location!.PathOf()), StringComparison.Ordinal);
        Assert.Equal(1, await portal.KalejdoAsync("SELECT count(*) FROM subscriber WHERE full_name = 'Ny Namnsson'"));

        var (letter, text) = (await portal.MailsAsync(subscriber.OwnEmail))[^1];
        Assert.Equal("CorrectedByStaffLetter", letter);
        Assert.DoesNotContain("Namnsson", text, StringComparison.Ordinal);
        using var anybody = portal.Browser();
        Assert.Contains("Namnet var felstavat i avtalet.", await anybody.PageAsync(Regex.Match(text, "/arende/[^\\s]+").Value), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_staff_pause_the_subscriber_is_told_of_with_the_reason()
    {
        var subscriber = new DemoSubscriber(16);
        await SignedIn.CreateAccountAsync(portal.Services, subscriber);
        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        var found = Links(await FindAsync(staff, ("Value", subscriber.CustomerNumber))).Single(link => !link.EndsWith("/radera", StringComparison.Ordinal));
        Assert.Contains($"{found}/pausa", Html.Links(await staff.PageAsync(found)));
        using var empty = await staff.FillInAsync($"{found}/pausa", "staff-pause", ("Kind", "portal_case"), ("Ground", "9"), ("Why", " "));
        var errors = Html.Errors(await empty.PageAsync());
        Assert.All(["Välj vad som ska pausas", "Välj på vilken grund", "Skriv varför"], text => Assert.Contains(text, errors, StringComparison.Ordinal));
        Assert.False(await portal.StoreAsync(db => db.RestrictedKinds.AnyAsync(Cancellation)));

        using var begun = await staff.FillInAsync($"{found}/pausa", "staff-pause", ("Kind", "viewing_history"), ("Ground", "LegalClaims"), ("Why", "Det pågår en tvist om fakturan."));
        Assert.Equal(HttpStatusCode.Redirect, begun.StatusCode);
        var paused = await portal.StoreAsync(db => db.RestrictedKinds.SingleAsync(Cancellation));
        Assert.Equal(("viewing_history", Kalejdo.Portal.Store.RestrictionGround.LegalClaims), (paused.Kind, paused.Ground));
        Assert.NotNull(paused.AccountId);
        Assert.Contains(PortalUrls.EndPause(paused.CaseNumber), Html.Links(await staff.PageAsync(PortalUrls.DeskCase(paused.CaseNumber))));
        var (letter, text) = (await portal.MailsAsync(subscriber.OwnEmail))[^1];
        Assert.Equal("PauseBegunByStaffLetter", letter);
        using var anybody = portal.Browser();
        Assert.Contains("Det pågår en tvist om fakturan.", await anybody.PageAsync(Regex.Match(text, "/arende/[^\\s]+").Value), StringComparison.Ordinal);

        // What is paused staff do not erase, nor pause anew.
        var plan = await staff.PageAsync($"{found}/radera?slag=viewing_history");
        Assert.Contains("Användningen är pausad", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("Be om godkännande", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("value=\"viewing_history\"", await staff.PageAsync($"{found}/pausa"), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Links(string page) => Html.Links(page).Where(link => link.StartsWith(PortalUrls.FindSubscriber + "/", StringComparison.Ordinal));

    private static async Task<string> FindAsync(HttpClient staff, params (string Name, string Value)[] changes)
    {
        var fields = new Dictionary<string, string?> { ["Purpose"] = "purpose-contact", ["Case"] = "", ["By"] = "CustomerNumber", ["Value"] = "10000000" };
        foreach (var (name, value) in changes)
        {
            fields[name] = value;
        }
        using var answer = await staff.FillInAsync(PortalUrls.FindSubscriber, "find-subscriber", [.. fields.Select(one => ($"Posted.{one.Key}", one.Value))]);
        return await answer.PageAsync();
    }
}
