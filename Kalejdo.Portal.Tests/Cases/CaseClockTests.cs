using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Cases;

/// <summary>What the days bring to a case: reminders to staff, and the end of waiting.</summary>
public class CaseClockTests : IAsyncDisposable
{
    private const string Mailbox = "handlaggare@kalejdo.example";

    private readonly AccountPortal portal = new();
    private readonly WebApplicationFactory<Program> configured;

    // In the morning: what follows counts days.
    public CaseClockTests()
    {
        portal.Time.Advance(new DateTimeOffset(2027, 1, 4, 8, 0, 0, TimeSpan.Zero) - portal.Time.GetUtcNow());
        configured = portal.WithWebHostBuilder(builder => builder.UseSetting("Cases:DeskMailbox", Mailbox));
    }

    private CaseClock Clock => configured.Services.GetRequiredService<CaseClock>();

    [Fact]
    public async Task Staff_hear_a_week_and_two_days_before_and_once_each()
    {
        var number = await OpenAsync();
        await RunAtAsync(days: 23);
        Assert.Empty(await TasksAsync());

        await RunAtAsync(days: 1);
        Assert.Equal(["CaseDueInAWeek 2027-02-04 open"], await TasksAsync());
        await Task.WhenAll(Clock.RunAsync(Cancellation), Clock.RunAsync(Cancellation));
        await RunAtAsync(days: 4);
        Assert.Equal(["CaseDueInAWeek 2027-02-04 open"], await TasksAsync());
        await RunAtAsync(days: 1);
        Assert.Equal(["CaseDueInAWeek 2027-02-04 done", "CaseDueInTwoDays 2027-02-04 open"], await TasksAsync());
        await RunAtAsync(days: 9);

        var mails = await portal.MailsAsync(Mailbox);
        Assert.Equal([nameof(CasesDueLetter), nameof(CasesDueLetter)], mails.Select(mail => mail.Letter));
        Assert.All(mails, mail => Assert.Contains($"{number}: senast 4 februari 2027", mail.Text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_answered_extended_or_standing_still_needs_no_reminder()
    {
        var (answered, extended, stopped) = (await OpenAsync(), await OpenAsync(), await OpenAsync());
        await TakeAsync(stopped, CaseStep.IdentificationAsked);
        await RunAtAsync(days: 25);
        Assert.Equal(new[] { answered, extended }.Order(StringComparer.Ordinal), await OpenTasksAsync());

        await TakeAsync(answered, CaseStep.Done);
        await TakeAsync(extended, CaseStep.Extended);
        await Clock.RunAsync(Cancellation);
        Assert.Empty(await OpenTasksAsync());

        // The new day is as much a day as the first one was.
        await RunAtAsync(days: 60);
        Assert.Equal([extended], await OpenTasksAsync());
    }

    [Fact]
    public async Task Who_does_not_show_who_they_are_in_time_is_told_that_the_request_has_lapsed()
    {
        var number = await OpenAsync("sv");
        await TakeAsync(number, CaseStep.IdentificationAsked);
        await RunAtAsync(days: 30);
        Assert.Equal(CaseStatus.WaitingForYou, await StatusAsync(number));

        await RunAtAsync(days: 1);
        await Task.WhenAll(Clock.RunAsync(Cancellation), Clock.RunAsync(Cancellation));

        Assert.Equal(CaseStatus.Expired, await StatusAsync(number));
        var mail = Assert.Single(await portal.MailsAsync("fraga@exempel.se"));
        Assert.Equal(nameof(RequestLapsedLetter), mail.Letter);
        Assert.Contains(number, mail.Text, StringComparison.Ordinal);
        Assert.Equal(
            ["case.identification-asked", "case.expired"],
            await portal.StoreAsync(db => db.AuditEntries.Where(row => row.CaseNumber == number && row.Event != "case.step-refused").OrderBy(row => row.Sequence).Select(row => row.Event).ToListAsync(Cancellation)));
    }

    [Fact]
    public async Task A_step_that_is_refused_changes_nothing_and_is_on_record()
    {
        var number = await OpenAsync();
        await TakeAsync(number, CaseStep.Done);

        var handling = configured.Services.GetRequiredService<CaseHandling>();
        Assert.Equal(new StepResult.OutOfOrder(CaseStatus.Done), await handling.TakeAsync(
            new WantedStep(number, CaseStep.Refused, CaseParty.Staff, "staff:x") { ReasonCode = RefusalGrounds.LegalObligation, Words = "Nej" }, Never, Cancellation));
        Assert.Equal(new StepResult.Overtaken(CaseStatus.Done), await handling.TakeAsync(
            new WantedStep(number, CaseStep.Extended, CaseParty.Staff, "staff:x", Version: 0), Never, Cancellation));

        Assert.Equal(
            ["case.done ", "case.step-refused out-of-order", "case.step-refused overtaken"],
            await portal.StoreAsync(db => db.AuditEntries.Where(row => row.CaseNumber == number).OrderBy(row => row.Sequence).Select(row => row.Event + " " + row.ReasonCode).ToListAsync(Cancellation)));
        Assert.Equal(2, await portal.StoreAsync(db => db.CaseEvents.CountAsync(row => row.CaseNumber == number, Cancellation)));

        static Task Never(PortalDbContext db, Case asked) => throw new InvalidOperationException("Nothing follows from what is refused.");
    }

    public async ValueTask DisposeAsync()
    {
        await configured.DisposeAsync();
        await portal.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private Task RunAtAsync(int days)
    {
        portal.Time.Advance(TimeSpan.FromDays(days));
        return Clock.RunAsync(Cancellation);
    }

    private Task<string> OpenAsync(string? language = null) => portal.StoreAsync(async db =>
    {
        var opened = await CaseRegister.OpenAsync(db, CaseType.Objection, 7, portal.Time.GetUtcNow().UtcDateTime, Cancellation);
        if (language is not null)
        {
            db.CaseContacts.Add(CaseContact.Of(configured.Services.GetRequiredService<PortalKeys>(), opened.Number, null, language, new CaseReach("fraga@exempel.se")));
        }
        await db.SaveChangesAsync(Cancellation);
        return opened.Number;
    });

    private async Task TakeAsync(string number, CaseStep step) => Assert.IsType<StepResult.Taken>(await configured.Services.GetRequiredService<CaseHandling>().TakeAsync(
        new WantedStep(number, step, CaseParty.Staff, "staff:x"), (_, _) => Task.CompletedTask, Cancellation));

    private Task<CaseStatus> StatusAsync(string number) => portal.StoreAsync(db => db.Cases.Where(row => row.Number == number).Select(row => row.Status).SingleAsync(Cancellation));

    private Task<List<string>> TasksAsync() => portal.StoreAsync(db => db.StaffTasks.OrderBy(row => row.Id).Select(row => row.Kind + " " + row.Place + (row.DoneAt == null ? " open" : " done")).ToListAsync(Cancellation));

    private Task<List<string?>> OpenTasksAsync() => portal.StoreAsync(db => db.StaffTasks.Where(row => row.DoneAt == null).OrderBy(row => row.CaseNumber).Select(row => row.CaseNumber).ToListAsync(Cancellation));
}

[OnPostgres]
public sealed class CaseClockOnPostgresTests : CaseClockTests;
