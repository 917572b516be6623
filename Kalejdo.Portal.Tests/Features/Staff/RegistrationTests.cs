using System.Globalization;
using System.Net;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Features.Staff;

/// <summary>Requests that came by post, phone or mail.</summary>
public class RegistrationTests(AccountPortal portal) : IClassFixture<AccountPortal>
{
    private static readonly DemoSubscriber Customer = new(30);

    [Fact]
    public async Task A_letter_becomes_a_case_whose_clock_runs_from_the_day_it_came_and_which_its_person_sees()
    {
        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        var came = SwedishDays.Today(portal.Time).AddDays(-5);
        using var answer = await RegisterAsync(staff, ("Day", Iso(came)), ("Email", null), ("Name", "Åsa Öberg"), ("Address", "Storgatan 1\n123 45 Ängelholm"));
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        var number = answer.Headers.Location!.PathOf().Split('/')[^1];

        var opened = await portal.StoreAsync(db => db.Cases.AsNoTracking().SingleAsync(row => row.Number == number, Cancellation));
        Assert.Equal((CaseType.Access, CaseStatus.Received, came.AddMonths(1)), (opened.Type, opened.Status, opened.DueOn));
        var page = await staff.PageAsync(PortalUrls.DeskCase(number));
        Assert.Contains("Jag vill veta vad ni har om mig.", page, StringComparison.Ordinal);
        Assert.Contains("Kom med brev", page, StringComparison.Ordinal);
        Assert.Contains("Personen visade legitimation", page, StringComparison.Ordinal);
        Assert.Contains("Storgatan 1", await staff.PageAsync(PortalUrls.DeskLetter(number)), StringComparison.Ordinal);
        Assert.Equal(["case.received by-letter", "case.identified checked-id-card"], await portal.StoreAsync(db => db.AuditEntries.Where(row => row.CaseNumber == number).OrderBy(row => row.Sequence).Select(row => row.Event + " " + row.ReasonCode).ToListAsync(Cancellation)));

        using var person = await portal.SignedInAsync(Customer);
        Assert.Contains(number, await person.PageAsync(PortalUrls.MyCases), StringComparison.Ordinal);
        Assert.Contains("Kom med brev", await person.PageAsync(PortalUrls.MyCase(number)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_is_no_customer_is_answered_by_mail_and_is_nobody_known()
    {
        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.Administrator, "en");
        using var answer = await RegisterAsync(staff, ("Customer", ""), ("Channel", "by-email"), ("Check", "not-checked"), ("Email", " Fragar@exempel.se "), ("Language", "en"), ("Type", "Complaint"));
        var number = answer.Headers.Location!.PathOf().Split('/')[^1];
        var (letter, text) = Assert.Single(await portal.MailsAsync("Fragar@exempel.se"));
        Assert.Equal("RequestReceivedLetter", letter);
        Assert.Contains(number, text, StringComparison.Ordinal);
        Assert.Contains("We have received", text, StringComparison.OrdinalIgnoreCase);
        var page = await staff.PageAsync(PortalUrls.DeskCase(number));
        Assert.Contains("Came by e-mail", page, StringComparison.Ordinal);
        Assert.False(await portal.StoreAsync(db => db.CaseEvents.AnyAsync(row => row.CaseNumber == number && row.Step == CaseStep.Identified, Cancellation)));
    }

    [Fact]
    public async Task The_same_sort_of_request_twice_is_asked_about_first()
    {
        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        using var first = await RegisterAsync(staff, ("Type", "Objection"));
        var number = first.Headers.Location!.PathOf().Split('/')[^1];
        using var second = await RegisterAsync(staff, ("Type", "Objection"));
        Assert.Contains(number, Html.Errors(await second.PageAsync()), StringComparison.Ordinal);
        using var third = await RegisterAsync(staff, ("Type", "Objection"), ("Again", "ja"));
        Assert.NotEqual(number, third.Headers.Location!.PathOf().Split('/')[^1]);
    }

    [Theory]
    [InlineData("Channel", "carrier-pigeon", "hur begäran kom")]
    [InlineData("Day", "2100-01-01", "inte ligger framåt")]
    [InlineData("Day", "1999-01-01", "högst ett år bakåt")]
    [InlineData("Day", "i går", "inte ligger framåt")]
    [InlineData("Type", "Disavowal", "vad begäran gäller")]
    [InlineData("Words", " ", "vad personen vill")]
    [InlineData("Words", "a\u0001b", "vanliga tecken")]
    [InlineData("Customer", "x' OR 1=1", "siffror och bokstäver")]
    [InlineData("Customer", "99999999", "Ingen har det kundnumret")]
    [InlineData("Check", "", "hur det kontrollerades")]
    [InlineData("Email", "ingen adress", "hela adressen")]
    [InlineData("Email", null, "postadress")]
    public async Task Bad_input_is_told_beside_its_field_and_opens_nothing(string field, string? value, string error)
    {
        using var staff = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        var before = await portal.StoreAsync(db => db.Cases.CountAsync(Cancellation));
        using var answer = await RegisterAsync(staff, (field, value));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains(error, Html.Errors(await answer.PageAsync()), StringComparison.Ordinal);
        Assert.Equal(before, await portal.StoreAsync(db => db.Cases.CountAsync(Cancellation)));
    }

    private Task<HttpResponseMessage> RegisterAsync(HttpClient staff, params (string Name, string? Value)[] changes)
    {
        var fields = new Dictionary<string, string?>
        {
            ["Channel"] = "by-letter",
            ["Day"] = Iso(SwedishDays.Today(portal.Time)),
            ["Type"] = "Access",
            ["Words"] = "Jag vill veta vad ni har om mig.",
            ["Customer"] = Customer.CustomerNumber,
            ["Check"] = "checked-id-card",
            ["Email"] = "svar@exempel.se",
            ["Language"] = "sv",
        };
        foreach (var (name, value) in changes)
        {
            fields[name] = value;
        }
        return staff.FillInAsync(PortalUrls.RegisterRequest, "register-request", [.. fields.Select(one => ($"Posted.{one.Key}", one.Value))]);
    }

    private static string Iso(DateOnly day) => day.ToString("O", CultureInfo.InvariantCulture);
}

[OnPostgres]
public sealed class RegistrationOnPostgresTests(AccountPortal portal) : RegistrationTests(portal);
