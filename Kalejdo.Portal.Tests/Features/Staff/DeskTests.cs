using System.Net;
using System.Text.RegularExpressions;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Features.Staff;

/// <summary>The first page of staff: which cases are open, and which of them should have been answered.</summary>
public sealed class DeskTests(AccountPortal portal) : IClassFixture<AccountPortal>
{
    [Theory]
    [InlineData("sv", StaffRoles.CaseWorker, "Ärenden", "handläggare")]
    [InlineData("en", StaffRoles.Administrator, "Cases", "administrator")]
    [InlineData("en", StaffRoles.Auditor, "Cases", "auditor")]
    public async Task Staff_land_on_it(string language, string role, string heading, string word)
    {
        using var browser = await SignedIn.StaffAsync(portal, role, language);
        using var landed = await browser.GetAsync(PortalUrls.Overview, Cancellation);
        Assert.Equal(PortalUrls.Desk, landed.Headers.Location?.PathOf());

        var page = await browser.PageAsync(PortalUrls.Desk);
        Assert.Equal(heading, Html.Heading(page));
        Assert.Contains(word, page, StringComparison.Ordinal);
        Assert.DoesNotContain(PortalUrls.Overview, Html.Links(page));
    }

    [Fact]
    public async Task Open_cases_stand_by_their_day_the_overdue_first_and_in_pages()
    {
        var today = SwedishDays.Today(portal.Time);
        var now = portal.Time.GetUtcNow().UtcDateTime;
        var (late, due, closed) = (await AddAsync(today.AddDays(-1), now.AddDays(-32)), await AddAsync(today, now.AddDays(-31)), await AddAsync(today.AddDays(-9), now.AddDays(-40), now));
        for (var i = 0; i < 30; i++)
        {
            await AddAsync(today.AddDays(20 + i), now);
        }

        using var browser = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        var first = await browser.PageAsync(PortalUrls.Desk);
        var rows = first.Split("role=\"rowheader\"")[1..];
        Assert.Equal(25, rows.Length);
        Assert.Contains(late, rows[0], StringComparison.Ordinal);
        Assert.Contains("Försenat", rows[0], StringComparison.Ordinal);
        Assert.Contains("Ett ärende har passerat sin svarstid", first, StringComparison.Ordinal);
        Assert.Contains(due, rows[1], StringComparison.Ordinal);
        Assert.Contains("i dag", rows[1], StringComparison.Ordinal);
        Assert.Single(rows, row => row.Contains("Försenat", StringComparison.Ordinal));
        Assert.DoesNotContain(closed, first, StringComparison.Ordinal);

        var second = await browser.PageAsync(PortalUrls.DeskPage(2));
        Assert.Contains("Sida 2 av 2", second, StringComparison.Ordinal);
        Assert.Equal(7, second.Split("role=\"rowheader\"").Length - 1);
        Assert.Equal(Html.WithoutTokens(second).Replace("/personal?sida=2", "", StringComparison.Ordinal),
            Html.WithoutTokens(await browser.PageAsync(PortalUrls.DeskPage(99))).Replace("/personal?sida=99", "", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("?sida=0")]
    [InlineData("?sida=x")]
    public async Task A_page_that_is_none_does_not_exist(string query)
    {
        using var browser = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        using var answer = await browser.GetAsync(PortalUrls.Desk + query, Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task A_mailbox_alone_opens_no_account_of_staff()
    {
        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        using var browser = portal.Browser();
        using var asked = await browser.FillInAsync(PortalUrls.ForgottenPassword, "forgotten", ("Posted.Address", $"{StaffRoles.CaseWorker}@personal.exempel.se"));
        Assert.Equal(PortalUrls.ForgottenPasswordCode, asked.Headers.Location?.PathOf());
        Assert.Empty(await portal.MailsAsync($"{StaffRoles.CaseWorker}@personal.exempel.se"));
    }

    [Theory]
    [InlineData("sv", "Har uppgifter nått fel person?", "Anmälan till IMY senast", "51 timmar kvar", "Tiden är ute")]
    [InlineData("en", "Has data reached the wrong person?", "Report to IMY by", "51 hours left", "The time is over")]
    public async Task Whether_data_reached_a_stranger_stands_first_with_the_hours_that_are_left(string language, string heading, string by, string left, string over)
    {
        var now = portal.Time.GetUtcNow().UtcDateTime;
        var numbers = new List<string>();
        foreach (var (hours, state) in new[] { (80, IncidentState.Open), (20.5, IncidentState.Open), (1, IncidentState.NoRisk) })
        {
            var number = await AddAsync(SwedishDays.Today(portal.Time), now, closedAt: now);
            numbers.Add(number);
            await portal.StoreAsync(async db =>
            {
                var incident = Incident.Of(number, now.AddHours(-hours));
                incident.State = state;
                db.Incidents.Add(incident);
                return await db.SaveChangesAsync(Cancellation);
            });
        }

        using var browser = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker, language);
        var page = await browser.PageAsync(PortalUrls.Desk);
        var panel = Regex.Match(page, $"{Regex.Escape(heading)}.*?</ul>", RegexOptions.Singleline).Value;
        var lines = panel.Split("<li>")[1..];
        var (late, soon) = (lines.Single(line => line.Contains(numbers[0], StringComparison.Ordinal)), lines.Single(line => line.Contains(numbers[1], StringComparison.Ordinal)));
        Assert.Contains(by, late, StringComparison.Ordinal);
        Assert.Contains(over, late, StringComparison.Ordinal);
        Assert.Contains(left, soon, StringComparison.Ordinal);
        Assert.True(Array.IndexOf(lines, late) < Array.IndexOf(lines, soon));
        Assert.DoesNotContain(numbers[2], panel, StringComparison.Ordinal);
    }

    private Task<string> AddAsync(DateOnly dueOn, DateTime receivedAt, DateTime? closedAt = null) => portal.StoreAsync(async db =>
    {
        var added = await CaseRegister.OpenAsync(db, CaseType.Erasure, 1, receivedAt, Cancellation);
        (added.DueOn, added.ClosedAt) = (dueOn, closedAt);
        await db.SaveChangesAsync(Cancellation);
        return added.Number;
    });
}
