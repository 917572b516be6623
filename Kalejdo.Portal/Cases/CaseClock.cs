using System.Globalization;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Quartz;

namespace Kalejdo.Portal.Cases;

/// <summary>
/// What the day brings: staff are reminded a week and two days before a case has to be answered, and a request whose person did not
/// show who they are lapses. Each once, whoever asks: killed, or run by two nodes, it does the same.
/// </summary>
internal sealed partial class CaseClock(
    IDbContextFactory<PortalDbContext> databases, CaseHandling handling, CaseLetters letters, Outbox outbox, IOptions<CaseOptions> options, TimeProvider time)
{
    private const int Week = 7;
    private const int TwoDays = 2;

    private static readonly StaffTaskKind[] Kinds = [StaffTaskKind.CaseDueInAWeek, StaffTaskKind.CaseDueInTwoDays];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await ExpireAsync(cancellationToken);
        await RemindAsync(cancellationToken);
    }

    private async Task ExpireAsync(CancellationToken cancellationToken)
    {
        var today = SwedishDays.Today(time);
        List<string> over;
        await using (var db = await databases.CreateDbContextAsync(cancellationToken))
        {
            over = await db.Cases.Where(row => row.Status == CaseStatus.WaitingForYou && row.WaitsUntil < today).Select(row => row.Number).ToListAsync(cancellationToken);
        }
        foreach (var number in over)
        {
            // Another node may be faster: then this step is out of order.
            await handling.TakeAsync(
                new WantedStep(number, CaseStep.Expired, CaseParty.Portal, "system:clock") { ReasonCode = "no-answer" },
                (db, asked) => letters.AddAsync(db, asked, link => new RequestLapsedLetter(asked.Number, PortalUrls.Case(link)), cancellationToken), cancellationToken);
        }
    }

    private async Task RemindAsync(CancellationToken cancellationToken)
    {
        var (today, now) = (SwedishDays.Today(time), time.GetUtcNow().UtcDateTime);
        var soon = today.AddDays(Week);
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var due = await db.Cases.AsNoTracking().Where(row => row.ClosedAt == null && row.StoppedAt == null && row.DueOn <= soon)
            .OrderBy(row => row.DueOn).ThenBy(row => row.Number).Select(row => new DueCase(row.Number, row.DueOn)).ToListAsync(cancellationToken);
        var numbers = due.Select(one => one.Number).ToList();
        var told = await db.StaffTasks.Where(row => Kinds.Contains(row.Kind) && (row.DoneAt == null || numbers.Contains(row.CaseNumber!))).ToListAsync(cancellationToken);
        var fresh = new List<DueCase>();
        var stands = new HashSet<StaffTask>();
        foreach (var one in due)
        {
            var kind = one.DueOn <= today.AddDays(TwoDays) ? StaffTaskKind.CaseDueInTwoDays : StaffTaskKind.CaseDueInAWeek;
            var place = one.DueOn.ToString("O", CultureInfo.InvariantCulture);
            var task = told.Find(row => row.CaseNumber == one.Number && row.Kind == kind && row.Place == place);
            if (task is null)
            {
                task = new StaffTask { CaseNumber = one.Number, Kind = kind, Place = place, Rows = 0, CreatedAt = now };
                db.StaffTasks.Add(task);
                fresh.Add(one);
            }
            stands.Add(task);
        }
        // Answered, extended, standing still, or nearer by now.
        foreach (var past in told.Where(row => row.DoneAt is null && !stands.Contains(row)))
        {
            past.DoneAt = now;
        }
        if (fresh.Count > 0 && options.Value.DeskMailbox is { Length: > 0 } mailbox)
        {
            await outbox.AddAsync(db, new CasesDueLetter(fresh), mailbox, "sv", null, cancellationToken);
        }
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    [DisallowConcurrentExecution]
    internal sealed partial class Job(CaseClock clock, ILogger<CaseClock> log) : IJob
    {
        public static readonly TimeSpan Every = TimeSpan.FromMinutes(15);

        public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
        {
            try
            {
                await clock.RunAsync(cancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The exception's text may quote a value.
                Failed(log, e.GetType().Name);
            }
        }

        [LoggerMessage(LogLevel.Error, "The clock of cases could not be looked at: {Exception}; it is tried again in a while")]
        private static partial void Failed(ILogger logger, string exception);
    }
}
