using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Quartz;

namespace Kalejdo.Portal;

/// <summary>Removes what has expired in the portal's own database. Each statement stands alone: killed, or run by two nodes, it does the same.</summary>
internal sealed partial class ExpiredRows(IDbContextFactory<PortalDbContext> databases, IOptions<StoreOptions> options, TimeProvider time)
{
    /// <summary>That a mail without a case (a code, a welcome) was sent is of use as long as somebody may ask where it is.</summary>
    public static readonly TimeSpan MailsWithoutCase = TimeSpan.FromDays(30);

    /// <summary>So long a closed case's person may still be written to.</summary>
    public static readonly TimeSpan Contacts = TimeSpan.FromDays(90);

    public async Task RemoveAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var now = time.GetUtcNow().UtcDateTime;
        // Of a mail that lay unread a new one can be asked for a while longer.
        var renewable = now - MailLink.Renewable;
        await db.MailLinks.Where(row => row.ExpiresAt <= (row.Purpose == MailLinkPurpose.Disavowal && row.UsedAt == null ? renewable : now)).ExecuteDeleteAsync(cancellationToken);
        await db.AddressNotices.Where(row => row.ExpiresAt <= now).ExecuteDeleteAsync(cancellationToken);
        await db.BlockedAddresses.Where(row => row.ExpiresAt <= now).ExecuteDeleteAsync(cancellationToken);
        await db.PendingCorrections.Where(row => row.ExpiresAt <= now).ExecuteDeleteAsync(cancellationToken);
        // A right code's next step may still be taken for a while.
        var step = now - OneTimeCodes.StepValidity;
        await db.OneTimeCodes.Where(row => row.ExpiresAt <= step).ExecuteDeleteAsync(cancellationToken);
        var signedIn = now - SignInSession.Longest;
        await db.SignInSessions.Where(row => row.StartedAt <= signedIn).ExecuteDeleteAsync(cancellationToken);
        var sent = now - MailsWithoutCase;
        await db.Outbox.Where(row => row.CaseNumber == null && (row.SentAt <= sent || row.FailedAt <= sent)).ExecuteDeleteAsync(cancellationToken);
        await db.CaseLooks.Where(row => row.ExpiresAt <= now).ExecuteDeleteAsync(cancellationToken);
        var written = now - Contacts;
        await db.CaseContacts.Where(row => db.Cases.Any(one => one.Number == row.CaseNumber && one.ClosedAt <= written)).ExecuteDeleteAsync(cancellationToken);
        // What people wrote stands as long as somebody may have to account for the answer.
        var accounted = now.AddYears(-5);
        await db.CaseEvents.Where(row => db.Cases.Any(one => one.Number == row.CaseNumber && one.ClosedAt <= accounted)).ExecuteDeleteAsync(cancellationToken);
        // Of undone erasures nothing is left but the case, which tells what happened.
        await db.ScheduledErasures.Where(row => row.CancelledAt <= sent).ExecuteDeleteAsync(cancellationToken);

        // Whom the audit's numbers stand for, and what was said in words: the chain holds without them.
        await db.AuditNotes.Where(row => row.ExpiresAt <= now).ExecuteDeleteAsync(cancellationToken);
        // Who has paused something, or is served by staff alone, stays known as long as that lasts, or nobody would know whose it is.
        var (soon, later) = (now.AddDays(30), now.AddDays(options.Value.AuditPeopleDays));
        await db.AuditPeople.Where(row => row.ExpiresAt <= soon && (db.RestrictedKinds.Any(paused => paused.Subject == row.Number && paused.EndedAt == null)
                || db.ClosedSelfServices.Any(closed => closed.Subject == row.Number)))
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.ExpiresAt, later), cancellationToken);
        await db.AuditPeople.Where(row => row.ExpiresAt <= now).ExecuteDeleteAsync(cancellationToken);
        // A case's expiring lines go last, as they are what lets the others go.
        var expired = db.Ledger.Where(row => row.ExpiresAt <= now).Select(row => row.CaseNumber);
        await db.Ledger.Where(row => row.ExpiresAt == null && expired.Contains(row.CaseNumber)).ExecuteDeleteAsync(cancellationToken);
        await db.Ledger.Where(row => row.ExpiresAt <= now).ExecuteDeleteAsync(cancellationToken);
    }

    [DisallowConcurrentExecution]
    internal sealed partial class Job(ExpiredRows rows, ILogger<ExpiredRows> log) : IJob
    {
        public static readonly TimeSpan Every = TimeSpan.FromHours(1);

        public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
        {
            try
            {
                await rows.RemoveAsync(cancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                Failed(log, e.GetType().Name);
            }
        }

        [LoggerMessage(LogLevel.Error, "Expired rows could not be removed: {Exception}; the next hour tries again")]
        private static partial void Failed(ILogger logger, string exception);
    }
}
