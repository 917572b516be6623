using System.Globalization;
using System.Net;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Features.Staff;

/// <summary>Addresses that were disowned, held or blocked, and the breaches that this may have been, on one page of staff's.</summary>
public class AddressesTests(AccountPortal portal) : IClassFixture<AccountPortal>
{
    private const string Address = "nagon.annan@exempel.se";

    [Theory]
    [InlineData("anmalda")]
    [InlineData("karantan")]
    [InlineData("incidenter")]
    public async Task Each_list_shows_what_goes_on_and_no_address_in_full(string part)
    {
        var number = await AddAsync();
        var over = await AddAsync(over: true);
        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.Auditor);
        Assert.Contains(PortalUrls.StaffAddresses, Html.Links(await staff.PageAsync(PortalUrls.Desk)));
        var page = await staff.PageAsync($"{PortalUrls.StaffAddresses}?vad={part}");
        Assert.Contains(PortalUrls.DeskCase(number), Html.Links(page));
        Assert.DoesNotContain(PortalUrls.DeskCase(over), Html.Links(page));
        Assert.DoesNotContain(Address, page, StringComparison.OrdinalIgnoreCase);
        if (part != "incidenter")
        {
            Assert.Contains("n•••@e•••.se", page, StringComparison.Ordinal);
        }
        if (part != "karantan")
        {
            Assert.Contains("69 timmar kvar", page, StringComparison.Ordinal);
            Assert.Contains(PortalUrls.Incident(number), Html.Links(page));
        }
        Assert.Contains(PortalUrls.DeskCase(over), Html.Links(await staff.PageAsync($"{PortalUrls.StaffAddresses}?vad={part}&lage=alla")));
    }

    [Fact]
    public async Task Blocks_page_in_the_database_and_are_lifted_by_who_handles_cases()
    {
        var now = portal.Time.GetUtcNow().UtcDateTime;
        var known = MailLink.HashAddress(portal.Services.GetRequiredService<PortalKeys>(), "kand@exempel.se");
        await portal.StoreAsync(async db =>
        {
            db.MailLinks.Add(MailLink.New(portal.Services.GetRequiredService<PortalKeys>(), MailLinkPurpose.Disavowal, "kand@exempel.se", now, TimeSpan.FromDays(60), out _));
            db.BlockedAddresses.Add(new BlockedAddress { AddressHash = known, BlockedAt = now, ExpiresAt = now.AddDays(365) });
            for (var i = 0; i < 25; i++)
            {
                db.BlockedAddresses.Add(new BlockedAddress { AddressHash = i.ToString("x64", CultureInfo.InvariantCulture), BlockedAt = now.AddDays(-i - 1), ExpiresAt = now.AddDays(300) });
            }
            db.BlockedAddresses.Add(new BlockedAddress { AddressHash = new string('e', 64), BlockedAt = now.AddDays(-400), ExpiresAt = now.AddMinutes(-1) });
            return await db.SaveChangesAsync(Cancellation);
        });
        using var auditor = await SignedIn.StaffAsync(portal, StaffRoles.Auditor);
        var address = $"{PortalUrls.StaffAddresses}?vad=sparrade";
        var page = await auditor.PageAsync(address);
        Assert.Contains("k•••@e•••.se", page, StringComparison.Ordinal);
        Assert.Contains("Spärrade (26)", page, StringComparison.Ordinal);
        Assert.Contains("Adressen sparas inte", page, StringComparison.Ordinal);
        Assert.DoesNotContain("Häv spärren", page, StringComparison.Ordinal);
        Assert.Contains(Html.Links(page), link => link.Contains("sida=2", StringComparison.Ordinal));
        Assert.DoesNotContain("k•••@e•••.se", await auditor.PageAsync($"{address}&sida=2"), StringComparison.Ordinal);
        using var forbidden = await auditor.PostFormAsync(address, "lift", Html.AntiforgeryToken(page), ("Blocked", known));
        Assert.Equal(HttpStatusCode.Forbidden, forbidden.StatusCode);

        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        using var lifted = await staff.FillInAsync(address, "lift", ("Blocked", known));
        Assert.Contains("Spärren är hävd", await staff.PageAsync(lifted.Headers.Location!.PathOf()), StringComparison.Ordinal);
        using var again = await staff.FillInAsync(address, "lift", ("Blocked", known));
        Assert.Contains("redan hävd", await again.PageAsync(), StringComparison.Ordinal);
        Assert.Equal(25, await portal.StoreAsync(db => db.BlockedAddresses.CountAsync(row => row.ExpiresAt > now, Cancellation)));
        Assert.Equal(["owner-asked"], await portal.StoreAsync(db => db.AuditEntries.Where(row => row.Event == "disavowal.unblocked").Select(row => row.ReasonCode).ToListAsync(Cancellation)));
    }

    [Theory]
    [InlineData("vad=karantan&sida=9", HttpStatusCode.OK)]
    [InlineData("vad=finns-inte&lage=x", HttpStatusCode.OK)]
    [InlineData("sida=0", HttpStatusCode.NotFound)]
    [InlineData("sida=en", HttpStatusCode.NotFound)]
    public async Task Odd_addresses_show_a_list_or_none(string query, HttpStatusCode status)
    {
        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        using var answer = await staff.GetAsync($"{PortalUrls.StaffAddresses}?{query}", Cancellation);
        Assert.Equal(status, answer.StatusCode);
    }

    private Task<string> AddAsync(bool over = false) => portal.StoreAsync(async db =>
    {
        // Not on the hour: PostgreSQL keeps microseconds.
        var (now, keys) = (portal.Time.GetUtcNow().UtcDateTime, portal.Services.GetRequiredService<PortalKeys>());
        var aware = now.AddHours(-2.9);
        await using var transaction = await db.Database.BeginTransactionAsync(Cancellation);
        var hash = MailLink.HashAddress(keys, Address);
        var subject = await portal.Services.GetRequiredService<AuditTrail>().NumberOfAsync(db, $"address:{hash}", Cancellation);
        var about = await CaseRegister.OpenAsync(db, CaseType.Disavowal, subject, aware, Cancellation);
        about.ClosedAt = over ? aware : null;
        var incident = Incident.Of(about.Number, aware);
        incident.State = over ? IncidentState.NoRisk : IncidentState.Open;
        db.Incidents.Add(incident);
        db.AddressHolds.Add(new AddressHold { CaseNumber = about.Number, AddressHash = hash, SealedPayload = [], CreatedAt = aware, EndsAt = over ? now.AddMinutes(-1) : now.AddDays(14), DetachedAt = aware });
        // Mailed there more than once, it is shown once.
        db.MailLinks.Add(MailLink.New(keys, MailLinkPurpose.UndoDisavowal, Address, aware, TimeSpan.FromDays(14), out _, about.Number));
        await db.SaveChangesAsync(Cancellation);
        await transaction.CommitAsync(Cancellation);
        return about.Number;
    });
}

[OnPostgres]
public sealed class AddressesOnPostgresTests(AccountPortal portal) : AddressesTests(portal);
