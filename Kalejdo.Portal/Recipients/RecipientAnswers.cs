using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Recipients;

/// <summary>What came of saying that a notice is done.</summary>
internal enum AcknowledgeResult
{
    Taken,

    /// <summary>It was said before.</summary>
    Already,

    /// <summary>There is no such notice, or it was never sent.</summary>
    Unknown,
}

/// <summary>Ends notices: acknowledged by the recipient, or given up. Audit, staff task and case go with it in one transaction.</summary>
internal sealed class RecipientAnswers(IDbContextFactory<PortalDbContext> databases, AuditTrail audit, TimeProvider time)
{
    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>The recipient says that it is done; late, too, when it had been given up.</summary>
    public async Task<AcknowledgeResult> AcknowledgeAsync(string messageId, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var notice = await db.RecipientNotices.SingleOrDefaultAsync(row => row.MessageId == messageId, cancellation);
        if (notice is null or { State: RecipientNoticeState.NotSent })
        {
            return AcknowledgeResult.Unknown;
        }

        if (notice.State == RecipientNoticeState.Acknowledged)
        {
            return AcknowledgeResult.Already;
        }

        notice.SentAt ??= Now;
        End(notice, RecipientNoticeState.Acknowledged, null);
        var actor = await audit.NumberOfAsync(db, ActorOf(notice), cancellation);
        await audit.AppendAsync(db, new AuditEvent("recipient.acknowledged") { Subject = notice.Subject, Actor = actor, CaseNumber = notice.CaseNumber }, cancellation);
        var now = Now;
        await db.StaffTasks.Where(row => row.CaseNumber == notice.CaseNumber && row.Kind == StaffTaskKind.RecipientNotReached && row.Place == notice.RecipientSv && row.DoneAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.DoneAt, now), cancellation);
        await CloseAsync(db, notice, cancellation);
        await transaction.CommitAsync(cancellation);
        return AcknowledgeResult.Taken;
    }

    /// <summary>Gives up on a claimed notice: staff see to it.</summary>
    public async Task EndAsync(RecipientNotice claimed, RecipientNoticeState state, string code)
    {
        await using var db = await databases.CreateDbContextAsync();
        await using var transaction = await db.Database.BeginTransactionAsync();
        if (await db.RecipientNotices.SingleOrDefaultAsync(row => row.Id == claimed.Id && row.ClaimedBy == claimed.ClaimedBy && row.EndedAt == null) is not { } notice)
        {
            // Acknowledged meanwhile.
            return;
        }

        End(notice, state, code);
        var (what, kind) = state == RecipientNoticeState.NotSent ? ("recipient.not-told", StaffTaskKind.RecipientNotTold) : ("recipient.given-up", StaffTaskKind.RecipientNotReached);
        await TellStaffAsync(db, notice, kind, code);
        await audit.AppendAsync(db, new AuditEvent(what) { Subject = notice.Subject, CaseNumber = notice.CaseNumber, ReasonCode = code }, CancellationToken.None);
        await CloseAsync(db, notice, CancellationToken.None);
        await transaction.CommitAsync();
    }

    /// <summary>By what the audit knows a recipient.</summary>
    public static string ActorOf(RecipientNotice notice) => $"recipient:{notice.RecipientId}";

    private void End(RecipientNotice notice, RecipientNoticeState state, string? code)
    {
        (notice.State, notice.FailureCode, notice.EndedAt, notice.SealedPayload) = (state, code, Now, null);
        (notice.ClaimedBy, notice.ClaimedUntil) = (null, null);
    }

    /// <summary>Closes the case when it awaited recipients and this was the last of them.</summary>
    private async Task CloseAsync(PortalDbContext db, RecipientNotice last, CancellationToken cancellation)
    {
        await db.SaveChangesAsync(cancellation);
        var awaiting = await db.Cases.SingleAsync(row => row.Number == last.CaseNumber, cancellation);
        var notices = db.RecipientNotices.Where(row => row.CaseNumber == last.CaseNumber);
        if (awaiting is not ({ Status: CaseStatus.WaitingForRecipients } or { Status: CaseStatus.PartlyDone, ReasonCode: CaseSteps.RecipientsNotTold }) || await notices.AnyAsync(row => row.EndedAt == null, cancellation))
        {
            return;
        }

        var all = !await notices.AnyAsync(row => row.State != RecipientNoticeState.Acknowledged, cancellation);
        if (!all && awaiting.Status == CaseStatus.PartlyDone)
        {
            return;
        }

        var step = all ? CaseStep.Done : CaseStep.PartlyDone;
        awaiting.Take(db, step, Now, all ? null : CaseSteps.RecipientsNotTold);
        await audit.AppendAsync(
            db, new AuditEvent(CaseHandling.EventOf(step)) { Subject = awaiting.Subject, CaseNumber = awaiting.Number, ReasonCode = awaiting.ReasonCode }, cancellation);
    }

    private async Task TellStaffAsync(PortalDbContext db, RecipientNotice notice, StaffTaskKind kind, string code)
    {
        var task = await db.StaffTasks.SingleOrDefaultAsync(row => row.CaseNumber == notice.CaseNumber && row.Kind == kind && row.Place == notice.RecipientSv);
        if (task is null)
        {
            task = new StaffTask { CaseNumber = notice.CaseNumber, Kind = kind, Place = notice.RecipientSv, Rows = 0, CreatedAt = Now };
            db.StaffTasks.Add(task);
        }

        (task.ReasonCode, task.DoneAt) = (code, null);
    }
}
