using System.Globalization;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Staff.Outgoing;

/// <summary>What recipients are told, for staff. A notice that has ended was wiped: it cannot go again.</summary>
internal sealed class OutgoingNotices(IDbContextFactory<PortalDbContext> databases, AuditTrail audit, TimeProvider time)
{
    /// <param name="before">Null for the newest.</param>
    public async Task<OutgoingPart> ReadAsync(OutgoingFilter filter, long? before, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var notices = filter.Choice switch
        {
            OutgoingChoice.Waiting => db.RecipientNotices.Where(row => row.EndedAt == null),
            OutgoingChoice.Done => db.RecipientNotices.Where(row => row.State == RecipientNoticeState.Acknowledged),
            OutgoingChoice.Failed => db.RecipientNotices.Where(row => row.State == RecipientNoticeState.Failed || row.State == RecipientNoticeState.NotSent),
            _ => db.RecipientNotices,
        };
        notices = filter.CaseNumber is null ? notices : notices.Where(row => row.CaseNumber == filter.CaseNumber);
        notices = before is null ? notices : notices.Where(row => row.Id < before);
        var rows = await notices.AsNoTracking().OrderByDescending(row => row.Id).Take(OutgoingMails.PageSize + 1)
            .Select(row => new { row.Id, row.Event, row.RecipientSv, row.RecipientEn, row.CaseNumber, row.CreatedAt, row.State, row.Attempts, row.DueAt, row.EndedAt, row.FailureCode })
            .ToListAsync(cancellation);
        var (now, english) = (Now, CultureInfo.CurrentUICulture.TwoLetterISOLanguageName == "en");
        return new OutgoingPart(
            [
                .. rows.Take(OutgoingMails.PageSize).Select(row => new OutgoingLine(
                    row.Id, row.Event.ToString(), english ? row.RecipientEn : row.RecipientSv, row.CaseNumber, row.CreatedAt, StateOf(row.State, row.Attempts), row.Attempts,
                    row.EndedAt is null ? row.DueAt : null, row.EndedAt, row.FailureCode, row.EndedAt is null && row.DueAt > now ? OutgoingAct.Hasten : OutgoingAct.None)),
            ],
            rows.Count > OutgoingMails.PageSize ? rows[OutgoingMails.PageSize - 1].Id : null);
    }

    /// <param name="actor">Who sends, by the audit's names.</param>
    public async Task<OutgoingAnswer> SendAsync(long id, string actor, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var now = Now;
        // One that is being sent just now is left to its sender.
        if (await db.RecipientNotices.Where(row => row.Id == id && row.EndedAt == null && row.DueAt > now && (row.ClaimedUntil == null || row.ClaimedUntil <= now))
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.DueAt, now), cancellation) == 0)
        {
            return OutgoingAnswer.NotPossible;
        }

        var notice = await db.RecipientNotices.AsNoTracking().SingleAsync(row => row.Id == id, cancellation);
        var number = await audit.NumberOfAsync(db, actor, cancellation);
        await audit.AppendAsync(db, new AuditEvent("recipient.hastened") { Subject = notice.Subject, Actor = number, CaseNumber = notice.CaseNumber }, cancellation);
        await transaction.CommitAsync(cancellation);
        return OutgoingAnswer.Hastened;
    }

    private static OutgoingState StateOf(RecipientNoticeState state, int attempts) => state switch
    {
        RecipientNoticeState.Waiting => attempts > 0 ? OutgoingState.Retrying : OutgoingState.Waiting,
        RecipientNoticeState.Sent => OutgoingState.Sent,
        RecipientNoticeState.Acknowledged => OutgoingState.Done,
        RecipientNoticeState.Failed or RecipientNoticeState.NotSent => OutgoingState.Failed,
        _ => throw new ArgumentOutOfRangeException(nameof(state)),
    };

    private DateTime Now => time.GetUtcNow().UtcDateTime;
}
