using System.Security.Cryptography;
using System.Text;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Staff.Outgoing;

/// <summary>The mails of the outbox for staff: where each is going, masked, and why it is not there yet.</summary>
internal sealed class OutgoingMails(
    IDbContextFactory<PortalDbContext> databases, IDataProtectionProvider protection, CaseLetters letters, AuditTrail audit, OutboxSignal signal, TimeProvider time)
{
    public const int PageSize = 50;

    /// <param name="before">Null for the newest.</param>
    public async Task<OutgoingPart> ReadAsync(OutgoingFilter filter, long? before, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var mails = filter.Choice switch
        {
            OutgoingChoice.Waiting => db.Outbox.Where(row => row.SentAt == null && row.FailedAt == null),
            OutgoingChoice.Done => db.Outbox.Where(row => row.SentAt != null),
            OutgoingChoice.Failed => db.Outbox.Where(row => row.FailedAt != null),
            _ => db.Outbox,
        };
        mails = filter.CaseNumber is null ? mails : mails.Where(row => row.CaseNumber == filter.CaseNumber);
        mails = before is null ? mails : mails.Where(row => row.Id < before);
        var rows = await mails.AsNoTracking().OrderByDescending(row => row.Id).Take(PageSize + 1)
            .Select(row => new { row.Id, row.MessageId, row.Recipient, row.Template, row.CaseNumber, row.CreatedAt, row.DueAt, row.Attempts, row.SentAt, row.FailedAt, row.FailureCode })
            .ToListAsync(cancellation);
        var numbers = rows.Select(row => row.CaseNumber).OfType<string>().Distinct().ToList();
        var cases = await db.Cases.AsNoTracking().Where(row => numbers.Contains(row.Number)).ToDictionaryAsync(row => row.Number, cancellation);
        var now = Now;
        return new OutgoingPart(
            [
                .. rows.Take(PageSize).Select(row =>
                {
                    var ended = row.SentAt ?? row.FailedAt;
                    return new OutgoingLine(
                        row.Id, row.Template, Masked(row.MessageId, row.Recipient), row.CaseNumber, row.CreatedAt,
                        row.SentAt is not null ? OutgoingState.Done : row.FailedAt is not null ? OutgoingState.Failed : row.Attempts > 0 ? OutgoingState.Retrying : OutgoingState.Waiting,
                        row.Attempts, ended is null ? row.DueAt : null, ended, row.SentAt is null ? row.FailureCode : null,
                        ended is null ? (row.DueAt > now ? OutgoingAct.Hasten : OutgoingAct.None)
                            : row.CaseNumber is { } number && cases.GetValueOrDefault(number) is { } about && CaseLetters.Again(about, row.Template) is not null ? OutgoingAct.SendAnew : OutgoingAct.None);
                }),
            ],
            rows.Count > PageSize ? rows[PageSize - 1].Id : null);
    }

    /// <summary>What waits goes now; what is wiped is written anew where its case still says what was in it.</summary>
    /// <param name="actor">Who sends, by the audit's names.</param>
    public async Task<OutgoingAnswer> SendAsync(long id, string actor, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (await db.Outbox.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancellation) is not { } mail)
        {
            return OutgoingAnswer.NotPossible;
        }

        var about = await db.Cases.SingleOrDefaultAsync(row => row.Number == mail.CaseNumber, cancellation);
        var answer = mail.SentAt is null && mail.FailedAt is null ? await HastenAsync(db, id, cancellation) : await WriteAnewAsync(db, mail, about, cancellation);
        if (answer is OutgoingAnswer.Hastened or OutgoingAnswer.SentAnew)
        {
            var number = await audit.NumberOfAsync(db, actor, cancellation);
            await audit.AppendAsync(
                db, new AuditEvent(answer == OutgoingAnswer.Hastened ? "outbox.hastened" : "outbox.sent-anew") { Subject = about?.Subject, Actor = number, CaseNumber = about?.Number }, cancellation);
            await transaction.CommitAsync(cancellation);
            signal.Ring();
        }

        return answer;
    }

    private async Task<OutgoingAnswer> HastenAsync(PortalDbContext db, long id, CancellationToken cancellation)
    {
        var now = Now;
        // One that is being sent just now is left to its sender.
        return await db.Outbox.Where(row => row.Id == id && row.SentAt == null && row.FailedAt == null && row.DueAt > now && (row.ClaimedUntil == null || row.ClaimedUntil <= now))
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.DueAt, now), cancellation) == 1 ? OutgoingAnswer.Hastened : OutgoingAnswer.NotPossible;
    }

    private async Task<OutgoingAnswer> WriteAnewAsync(PortalDbContext db, OutboxMail mail, Case? about, CancellationToken cancellation)
    {
        if (about is null || CaseLetters.Again(about, mail.Template) is not { } letter)
        {
            return OutgoingAnswer.NotPossible;
        }

        if (!await letters.AddAsync(db, about, letter, cancellation))
        {
            return OutgoingAnswer.NoAddress;
        }

        var now = Now;
        await db.StaffTasks.Where(row => row.CaseNumber == about.Number && row.Place == mail.Template && row.DoneAt == null && (row.Kind == StaffTaskKind.MailUndeliverable || row.Kind == StaffTaskKind.AddressBounced))
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.DoneAt, now), cancellation);
        return OutgoingAnswer.SentAnew;
    }

    private string? Masked(string messageId, byte[]? recipient)
    {
        try
        {
            return recipient is null ? null : MaskedAddress.Of(Encoding.UTF8.GetString(OutboxMail.Protector(protection, messageId).Unprotect(recipient)));
        }
        catch (CryptographicException)
        {
            // Its key is gone; the sender gives it up.
            return null;
        }
    }

    private DateTime Now => time.GetUtcNow().UtcDateTime;
}
