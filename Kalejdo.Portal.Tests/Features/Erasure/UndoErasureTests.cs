using System.Net;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Erasure;
using Kalejdo.Portal.Features.Protection;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Kalejdo.Portal.Tests.Features.Erasure;

/// <summary>A full erasure in its pause: the account is closed, the erasure can be undone, and it runs when the pause is over.</summary>
public class UndoErasureTests : IAsyncDisposable
{
    // Its own for each test: what is due in one is due in all.
    private readonly SignedInPortal portal = new();

    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Closes_the_account_and_the_mails_link_undoes_it_without_a_session()
    {
        var account = await portal.AccountAsync(4);
        using var client = portal.Client(account);
        var before = await portal.DumpAsync();

        var number = await ScheduleAsync(client);
        var letter = Assert.Single(await portal.LettersAsync(number));

        Assert.Equal((nameof(ErasureScheduledLetter), new DemoSubscriber(4).OwnEmail), (letter.Letter, letter.Address));
        Assert.Equal(before, await portal.DumpAsync());
        foreach (var address in (string[])[PortalUrls.Overview, PortalUrls.Erase, PortalUrls.EraseEverything, PortalUrls.Kind("contact_details")])
        {
            Assert.Equal(PortalUrls.UndoErasureSignedIn, (await client.GetAsync(new Uri(address, UriKind.Relative), Cancellation)).Headers.Location?.ToString());
        }

        using var nobody = portal.Client(null);
        var undo = new Uri(letter.Text.Split().Single(word => word.Contains("/angra/", StringComparison.Ordinal))).PathAndQuery;
        var page = await nobody.PageAsync(undo);
        Assert.Equal("Ångra raderingen", Html.Heading(page));
        Assert.DoesNotContain(" checked", page, StringComparison.Ordinal);
        Assert.DoesNotContain(new DemoSubscriber(4).OwnEmail, page, StringComparison.Ordinal);
        Assert.Contains("Välj om raderingen ska ångras", await (await nobody.SubmitAsync(undo, page)).PageAsync(), StringComparison.Ordinal);
        Assert.Equal("Raderingen står kvar", Html.Heading(await (await nobody.SubmitAsync(undo, page, ("Choice", "radera"))).PageAsync()));
        Assert.Equal(CaseStatus.Received, await StatusAsync(number));

        Assert.Equal("Raderingen är ångrad", Html.Heading(await (await nobody.SubmitAsync(undo, page, ("Choice", "angra"))).PageAsync()));
        Assert.Equal("Raderingen är ångrad", Html.Heading(await (await nobody.SubmitAsync(undo, page, ("Choice", "angra"))).PageAsync()));

        Assert.Equal(CaseStatus.Withdrawn, await StatusAsync(number));
        Assert.Equal(["erasure.scheduled", "erasure.undone"], await EventsAsync(number));
        Assert.Equal(
            [(nameof(ErasureScheduledLetter), new DemoSubscriber(4).OwnEmail), (nameof(ErasureUndoneLetter), new DemoSubscriber(4).OwnEmail)],
            (await portal.LettersAsync(number)).Select(l => (l.Letter, l.Address)));
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(new Uri(PortalUrls.Erase, UriKind.Relative), Cancellation)).StatusCode);
        portal.Time.Advance(TimeSpan.FromHours(73));
        await portal.Services.GetRequiredService<ScheduledErasures>().StartDueAsync(Cancellation);
        Assert.Equal(before, await portal.DumpAsync());
    }

    [Fact]
    public async Task Signing_in_shows_the_way_back_alone()
    {
        using var client = portal.Client(await portal.AccountAsync(6));
        var number = await ScheduleAsync(client);

        var page = await client.PageAsync(PortalUrls.UndoErasureSignedIn);
        Assert.Equal("Ångra raderingen", Html.Heading(page));
        Assert.Equal("Raderingen är ångrad", Html.Heading(await (await client.SubmitAsync(PortalUrls.UndoErasureSignedIn, page, ("Choice", "angra"))).PageAsync()));

        Assert.Equal(CaseStatus.Withdrawn, await StatusAsync(number));
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(new Uri(PortalUrls.Erase, UriKind.Relative), Cancellation)).StatusCode);
    }

    [Fact]
    public async Task Runs_once_when_the_pause_is_over_and_can_then_no_longer_be_undone()
    {
        var account = await portal.AccountAsync(8);
        using var client = portal.Client(account);
        var number = await ScheduleAsync(client);
        var again = await ScheduleAsync(client, viaForm: false, account);
        var undo = new Uri((await portal.LettersAsync(number))[0].Text.Split().Single(word => word.Contains("/angra/", StringComparison.Ordinal))).PathAndQuery;
        var (job, before) = (portal.Services.GetRequiredService<ScheduledErasures>(), await portal.DumpAsync());
        Assert.Equal(number, again);

        await job.StartDueAsync(Cancellation);
        Assert.Equal(before, await portal.DumpAsync());
        portal.Time.Advance(TimeSpan.FromHours(72));
        await Task.WhenAll(job.StartDueAsync(Cancellation), job.StartDueAsync(Cancellation));
        await job.StartDueAsync(Cancellation);

        Assert.Equal(CaseStatus.WaitingForRecipients, await StatusAsync(number));
        Assert.Equal(["erasure.scheduled", "erasure.intended", "erasure.done"], await EventsAsync(number));
        Assert.DoesNotContain(await portal.DumpAsync(), row => row.Contains(new DemoSubscriber(8).OwnEmail, StringComparison.OrdinalIgnoreCase));
        Assert.Equal([nameof(ErasureScheduledLetter), nameof(ErasedLetter)], (await portal.LettersAsync(number)).Select(l => l.Letter));
        await using var db = portal.Store();
        Assert.False(await db.Users.AnyAsync(u => u.Id == account, Cancellation));
        Assert.False(await db.ScheduledErasures.AnyAsync(s => s.AccountId == account, Cancellation));
        using var nobody = portal.Client(null);
        Assert.Equal(HttpStatusCode.NotFound, (await nobody.GetAsync(new Uri(undo, UriKind.Relative), Cancellation)).StatusCode);
    }

    [Fact]
    public async Task Of_a_person_whom_staff_alone_serve_by_then_it_does_not_run_but_goes_to_staff()
    {
        var subscriber = new DemoSubscriber(8);
        using var client = portal.Client(await portal.AccountAsync(8));
        var number = await ScheduleAsync(client);
        await portal.Services.GetRequiredService<Protections>().MarkAsync(
            new SubscriberPass(subscriber.CustomerNumber, "purpose-contact", null), ClosedReason.Threat, new DateOnly(2099, 1, 1), "staff:test", Cancellation);
        var before = await portal.DumpAsync();
        portal.Time.Advance(TimeSpan.FromHours(73));
        var job = portal.Services.GetRequiredService<ScheduledErasures>();
        await Task.WhenAll(job.StartDueAsync(Cancellation), job.StartDueAsync(Cancellation));

        Assert.Equal(before, await portal.DumpAsync());
        Assert.Equal(CaseStatus.Received, await StatusAsync(number));
        Assert.Equal(["erasure.scheduled", "case.handed-to-staff"], await EventsAsync(number));
        using var nobody = portal.Client(null);
        var undo = new Uri((await portal.LettersAsync(number))[0].Text.Split().Single(word => word.Contains("/angra/", StringComparison.Ordinal))).PathAndQuery;
        Assert.Equal("Raderingen görs inte av sig själv", Html.Heading(await nobody.PageAsync(undo)));
        // Not the portal's to carry out any more, nor anybody's to bring back.
        await using var db = portal.Store();
        Assert.Empty((await db.ScheduledErasures.SingleAsync(row => row.CaseNumber == number, Cancellation)).SealedPayload);
    }

    [Fact]
    public async Task Not_at_once_within_a_week_of_a_new_address()
    {
        var account = await portal.AccountAsync(9);
        using var client = portal.Client(account);
        await using (var db = portal.Store())
        {
            db.MailLinks.Add(MailLink.New(portal.Services.GetRequiredService<PortalKeys>(), MailLinkPurpose.UndoAddressChange, "gammal@exempel.se", portal.Time.GetUtcNow().UtcDateTime, TimeSpan.FromDays(30), out _, null, account));
            await db.SaveChangesAsync(Cancellation);
        }
        var before = await portal.DumpAsync();

        var page = await client.PageAsync(PortalUrls.EraseEverything);
        Assert.Contains("ändrades för mindre än sju dagar sedan", page, StringComparison.Ordinal);
        Assert.Contains("Välj när raderingen ska göras", await (await client.SubmitAsync(PortalUrls.EraseEverything, page, ("When", ErasureWhen.Now))).PageAsync(), StringComparison.Ordinal);
        Assert.Equal(before, await portal.DumpAsync());

        // The pause is theirs, and whoever lost the account hears of it, can undo it, and hears of that.
        var number = await ScheduleAsync(client);
        string[] both = ["gammal@exempel.se", new DemoSubscriber(9).OwnEmail];
        var told = await portal.LettersAsync(number);
        Assert.Equal(both, told.Select(l => l.Address).Order());
        using var nobody = portal.Client(null);
        var undo = new Uri(told.Single(l => l.Address == both[0]).Text.Split().Single(word => word.Contains("/angra/", StringComparison.Ordinal))).PathAndQuery;
        Assert.Equal("Raderingen är ångrad", Html.Heading(await (await nobody.SubmitAsync(undo, await nobody.PageAsync(undo), ("Choice", "angra"))).PageAsync()));
        Assert.Equal(both, (await portal.LettersAsync(number)).Where(l => l.Letter == nameof(ErasureUndoneLetter)).Select(l => l.Address).Order());
    }

    [Fact]
    public async Task Not_at_once_within_a_week_of_a_new_account_password_or_factor()
    {
        var account = await portal.AccountAsync(44);
        using var client = portal.Client(account);
        var before = await portal.DumpAsync();

        await ChangedAsync(daysAgo: 6);
        var page = await client.PageAsync(PortalUrls.EraseEverything);
        Assert.DoesNotContain($"value=\"{ErasureWhen.Now}\"", page, StringComparison.Ordinal);
        Assert.Contains("Välj när raderingen ska göras", await (await client.SubmitAsync(PortalUrls.EraseEverything, page, ("When", ErasureWhen.Now))).PageAsync(), StringComparison.Ordinal);
        Assert.Equal(before, await portal.DumpAsync());

        await ChangedAsync(daysAgo: 8);
        Assert.Contains($"value=\"{ErasureWhen.Now}\"", await client.PageAsync(PortalUrls.EraseEverything), StringComparison.Ordinal);

        async Task ChangedAsync(int daysAgo)
        {
            await using var db = portal.Store();
            DateTime? then = portal.Time.GetUtcNow().UtcDateTime.AddDays(-daysAgo);
            await db.Users.Where(a => a.Id == account).ExecuteUpdateAsync(set => set.SetProperty(a => a.CredentialsChangedAt, then), Cancellation);
        }
    }

    [Fact]
    public async Task What_cannot_be_planned_goes_to_staff_and_the_person_hears_when_they_get_an_answer()
    {
        var account = await portal.AccountAsync(4);
        var number = await portal.Services.GetRequiredService<ErasureRecords>().RefuseAsync(
            new ErasureRequest([new("customer_number", new DemoSubscriber(4).CustomerNumber)], Kalejdo.Portal.Rights.ErasureScope.Everything, "test", new ErasureFarewell(account, new DemoSubscriber(4).OwnEmail, "sv", true)),
            [new("no mask", "kalejdo.subscriber.id")], Cancellation);

        Assert.Equal(CaseStatus.Received, await StatusAsync(number));
        await using var db = portal.Store();
        var due = (await db.Cases.SingleAsync(c => c.Number == number, Cancellation)).DueOn;
        var letter = Assert.Single(await portal.LettersAsync(number));
        Assert.Equal((nameof(ErasureReceivedLetter), new DemoSubscriber(4).OwnEmail), (letter.Letter, letter.Address));
        Assert.Contains(number, letter.Text, StringComparison.Ordinal);
        Assert.Contains("svar senast " + due.ToString("d MMMM yyyy", System.Globalization.CultureInfo.GetCultureInfo("sv")), letter.Text, StringComparison.Ordinal);
    }

    public ValueTask DisposeAsync() => portal.DisposeAsync();

    private async Task<string> ScheduleAsync(HttpClient client, bool viaForm = true, string? account = null)
    {
        if (viaForm)
        {
            var page = await client.PageAsync(PortalUrls.EraseEverything);
            var answer = await client.SubmitAsync(PortalUrls.EraseEverything, page, ("When", ErasureWhen.AfterPause));
            Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
            var shown = await client.PageAsync(answer.Headers.Location!.ToString());
            Assert.Equal("Raderingen är planerad", Html.Heading(shown));
        }
        else
        {
            await portal.Services.GetRequiredService<ScheduledErasures>().ScheduleAsync(
                new ErasureRequest([new("customer_number", "1")], Kalejdo.Portal.Rights.ErasureScope.Everything, "test", new ErasureFarewell(account!, null, "sv", true)), Cancellation);
        }
        await using var db = portal.Store();
        return await db.ScheduledErasures.OrderByDescending(s => s.CreatedAt).ThenByDescending(s => s.CaseNumber).Where(s => s.CancelledAt == null && s.StartedAt == null).Select(s => s.CaseNumber).SingleAsync(Cancellation);
    }

    private async Task<CaseStatus> StatusAsync(string number)
    {
        await using var db = portal.Store();
        return (await db.Cases.SingleAsync(c => c.Number == number, Cancellation)).Status;
    }

    private async Task<List<string>> EventsAsync(string number)
    {
        await using var db = portal.Store();
        return await db.AuditEntries.Where(a => a.CaseNumber == number).OrderBy(a => a.Sequence).Select(a => a.Event).ToListAsync(Cancellation);
    }
}
