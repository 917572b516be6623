using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Quartz;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>
/// What the day brings to erasures that wait for a second person: staff are told of what nobody answered, once; what was approved and not
/// begun, as a database was away or the portal was killed, is begun; what waits in a case that is closed is forgotten.
/// </summary>
internal sealed partial class ProposalClock(
    ErasureProposals proposals, IDbContextFactory<PortalDbContext> databases, AuditTrail audit, Outbox outbox, IOptions<CaseOptions> options, TimeProvider time)
{
    public static readonly TimeSpan Patience = TimeSpan.FromDays(3);

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var late = Now - Patience;
        var open = await db.ErasureProposals.AsNoTracking().Where(row => row.EndedAt == null)
            .Select(row => new { row.CaseNumber, row.Answer, IsLate = row.AnsweredAt == null && row.EscalatedAt == null && row.AskedAt <= late, IsClosed = db.Cases.Any(one => one.Number == row.CaseNumber && one.ClosedAt != null) })
            .ToListAsync(cancellationToken);
        foreach (var one in open)
        {
            if (one.IsClosed)
            {
                await ForgetAsync(one.CaseNumber, cancellationToken);
            }
            else if (one.Answer == ProposalAnswer.Approved)
            {
                await proposals.RunAsync(one.CaseNumber, cancellationToken);
            }
            else if (one.IsLate)
            {
                await EscalateAsync(one.CaseNumber, cancellationToken);
            }
        }
    }

    private async Task ForgetAsync(string number, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var now = Now;
        await db.ErasureProposals.Where(row => row.CaseNumber == number && row.EndedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.EndedAt, now).SetProperty(row => row.SealedPayload, Array.Empty<byte>()), cancellationToken);
        await ErasureProposals.RemindNoMoreAsync(db, number, now, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private async Task EscalateAsync(string number, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var now = Now;
        // Claimed first: of two nodes, one tells.
        if (await db.ErasureProposals.Where(row => row.CaseNumber == number && row.EscalatedAt == null && row.AnsweredAt == null && row.EndedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.EscalatedAt, now), cancellationToken) == 0)
        {
            return;
        }
        db.StaffTasks.Add(new StaffTask { CaseNumber = number, Kind = StaffTaskKind.ErasureUnanswered, Place = "", Rows = 0, CreatedAt = now });
        if (options.Value.DeskMailbox is { Length: > 0 } mailbox)
        {
            await outbox.AddAsync(db, new ErasureUnansweredLetter(number), mailbox, "sv", null, cancellationToken);
        }
        var subject = await db.Cases.Where(row => row.Number == number).Select(row => row.Subject).SingleAsync(cancellationToken);
        var who = await audit.NumberOfAsync(db, ErasureProposals.Job, cancellationToken);
        await audit.AppendAsync(db, new AuditEvent("erasure.escalated") { Subject = subject, Actor = who, CaseNumber = number }, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    [DisallowConcurrentExecution]
    internal sealed partial class Job(ProposalClock clock, ILogger<ProposalClock> log) : IJob
    {
        public static readonly TimeSpan Every = TimeSpan.FromMinutes(5);

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

        [LoggerMessage(LogLevel.Error, "Erasures that wait for a second person could not be looked at: {Exception}; it is tried again in a while")]
        private static partial void Failed(ILogger logger, string exception);
    }
}
