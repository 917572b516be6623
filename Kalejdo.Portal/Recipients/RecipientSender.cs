using System.Security.Cryptography;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Quartz;

namespace Kalejdo.Portal.Recipients;

/// <summary>
/// Tells recipients what is due. Rows are claimed in the database, so any number of nodes may send; a claim that was never let go (a kill)
/// runs out, and the notice goes again under its own id.
/// </summary>
internal sealed partial class RecipientSender(
    IDbContextFactory<PortalDbContext> databases,
    LiveMap liveMap,
    RecipientRegister register,
    PartnerAgreements agreements,
    RecipientAnswers answers,
    WebhookClient webhooks,
    Outbox outbox,
    AuditTrail audit,
    PortalKeys keys,
    IOptions<RecipientsOptions> options,
    TimeProvider time,
    ILogger<RecipientSender> log)
{
    private const int Together = 4;
    private const int Most = 2 * Together;

    /// <summary>Who has it and says nothing is told again, and in the end asked by staff.</summary>
    internal static readonly TimeSpan Reminder = TimeSpan.FromDays(3);
    internal static readonly TimeSpan GiveUpWaiting = TimeSpan.FromDays(14);

    /// <summary>A recipient that is away over a long weekend is told all the same.</summary>
    internal static readonly TimeSpan GiveUpSending = TimeSpan.FromDays(5);

    /// <summary>Longer than all that is claimed together can take, so that no two nodes ever hold the same notice.</summary>
    private TimeSpan Claim => (Most / Together) * (TimeSpan.FromSeconds(options.Value.TimeoutSeconds) + TimeSpan.FromSeconds(30));

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>Sends until nothing is due.</summary>
    /// <returns>How many notices were tried.</returns>
    public async Task<int> SendDueAsync(CancellationToken cancellation)
    {
        var tried = 0;
        while (await ClaimAsync(cancellation) is { Count: > 0 } claimed)
        {
            tried += claimed.Count;
            await Parallel.ForEachAsync(
                claimed,
                new ParallelOptions { MaxDegreeOfParallelism = Together, CancellationToken = cancellation },
                // Not the loop's own token: what fails for one recipient must not break off the others.
                async (notice, _) => await TellAsync(notice, cancellation));
        }

        return tried;
    }

    private async Task<List<RecipientNotice>> ClaimAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var now = Now;
        var (me, until) = ($"{Environment.MachineName}/{Environment.ProcessId}/{RandomNumberGenerator.GetHexString(16)}", now + Claim);
        // Chosen and claimed in one statement; what another node is about to claim is passed over.
        var claim = $$"""
            UPDATE recipient_notices SET claimed_by = {0}, claimed_until = {1} WHERE id IN (
                SELECT id FROM recipient_notices
                WHERE ended_at IS NULL AND due_at <= {2} AND (claimed_until IS NULL OR claimed_until <= {2})
                ORDER BY due_at LIMIT {3} {{db.SkipLocked}})
            """;
        if (await db.Database.ExecuteSqlRawAsync(claim, [me, until, now, Most], cancellation) == 0)
        {
            return [];
        }

        return await db.RecipientNotices.AsNoTracking().Where(row => row.ClaimedBy == me).OrderBy(row => row.DueAt).ToListAsync(cancellation);
    }

    private async Task TellAsync(RecipientNotice notice, CancellationToken cancellation)
    {
        try
        {
            var (recipient, payload, problem) = await PrepareAsync(notice, cancellation);
            if (problem is not null)
            {
                await answers.EndAsync(notice, notice.State == RecipientNoticeState.Sent ? RecipientNoticeState.Failed : RecipientNoticeState.NotSent, problem);
            }
            else if (notice.State == RecipientNoticeState.Sent && Now >= notice.CreatedAt + GiveUpWaiting)
            {
                await answers.EndAsync(notice, RecipientNoticeState.Failed, "not-acknowledged");
            }
            else if (recipient!.Channel == RecipientChannel.Mail)
            {
                await PostMailAsync(notice, recipient);
            }
            else
            {
                await RecordAsync(notice, await PostWebhookAsync(notice, recipient, payload!, cancellation));
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            await ReleaseAsync(notice);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // The database, or a mistake of ours with this notice, which must not keep the others. Its claim runs out, and it goes again
            // under its own id; the exception's text may quote a value.
            Log.Unrecorded(log, notice.MessageId, failure.GetType().Name);
        }
    }

    /// <summary>What counts is what is in force now, not when the notice was written.</summary>
    private async Task<(Recipient? Recipient, byte[]? Payload, string? Problem)> PrepareAsync(RecipientNotice notice, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (await db.Recipients.AsNoTracking().SingleOrDefaultAsync(row => row.Id == notice.RecipientId, cancellation) is not { } recipient)
        {
            return (null, null, "recipient-removed");
        }

        var inForce = await agreements.InForce(db).AsNoTracking().Where(row => row.RecipientId == recipient.Id).ToListAsync(cancellation);
        if (recipient.Kind == RecipientKind.Partner && PartnerAgreements.Words(notice.Kinds).Except(RecipientNotices.KindsOf(recipient, null, inForce)).Any())
        {
            return (null, null, "agreement-ended");
        }

        byte[]? payload;
        try
        {
            payload = notice.Payload(keys);
        }
        catch (CryptographicException)
        {
            // Its key is gone; nobody can read it again.
            return (null, null, "unreadable");
        }

        return payload is not null && RecipientPayload.FromBytes(payload).Data is { Identities.Count: > 0 } or { Rows.Count: > 0 } ? (recipient, payload, null) : (null, null, "no-identity");
    }

    private async Task<WebhookAnswer> PostWebhookAsync(RecipientNotice notice, Recipient recipient, byte[] payload, CancellationToken cancellation)
    {
        IReadOnlyList<byte[]> secrets;
        await using (var db = await databases.CreateDbContextAsync(cancellation))
        {
            secrets = await register.KeysOfAsync(db, recipient.Id, cancellation);
        }

        return await webhooks.PostAsync(recipient.Address, secrets, notice.MessageId, payload, cancellation);
    }

    /// <summary>The letter and the record that it was posted are one, so it is posted once however often the portal is killed.</summary>
    private async Task PostMailAsync(RecipientNotice notice, Recipient recipient)
    {
        var map = (await liveMap.OpenAsync(CancellationToken.None)).Databases?.Map;
        var kinds = PartnerAgreements.Words(notice.Kinds).Select(kind => map?.Kinds.FirstOrDefault(known => known.Key == kind)?.Label ?? new DataMap.LocalText(kind, kind));
        var letter = new RecipientNoticeLetter(notice.CaseNumber, notice.Event, [.. kinds], notice.Attempts > 0, PortalUrls.Acknowledge(AcknowledgeLinks.Of(keys, notice.MessageId)));
        await using var db = await databases.CreateDbContextAsync();
        await using var transaction = await db.Database.BeginTransactionAsync();
        // Not of the person's case: their mails are those that were sent to them.
        await outbox.AddAsync(db, letter, recipient.Address, recipient.Language, caseNumber: null, CancellationToken.None);
        if (await RecordAsync(db, notice, RecipientNoticeState.Sent, Now + Reminder, null))
        {
            await db.SaveChangesAsync();
            await transaction.CommitAsync();
        }
    }

    private async Task RecordAsync(RecipientNotice notice, WebhookAnswer answer)
    {
        if (answer is WebhookAnswer.Done)
        {
            await answers.AcknowledgeAsync(notice.MessageId, CancellationToken.None);
            return;
        }

        var next = Now + OutboxSender.Pause(notice.Attempts + 1);
        var code = answer switch { WebhookAnswer.NotTaken notTaken => notTaken.Code, WebhookAnswer.Gone => "gone", _ => null };
        if (answer is WebhookAnswer.Gone || (code is not null && next >= notice.CreatedAt + (notice.State == RecipientNoticeState.Sent ? GiveUpWaiting : GiveUpSending)))
        {
            Log.GivenUp(log, notice.MessageId, code!, notice.Attempts + 1);
            await answers.EndAsync(notice, RecipientNoticeState.Failed, code!);
            return;
        }

        // What was told is recorded even while the portal stops, or it would be told again.
        await using var db = await databases.CreateDbContextAsync();
        await using var transaction = await db.Database.BeginTransactionAsync();
        if (code is not null)
        {
            Log.NotTaken(log, notice.MessageId, code, notice.Attempts + 1);
        }

        // What a recipient has taken once it has, also where it does not answer a reminder.
        await (code is null
            ? RecordAsync(db, notice, RecipientNoticeState.Sent, Now + Reminder, null)
            : RecordAsync(db, notice, notice.State, next, code));
        await transaction.CommitAsync();
    }

    /// <returns>False where somebody else has taken it over meanwhile.</returns>
    private async Task<bool> RecordAsync(PortalDbContext db, RecipientNotice notice, RecipientNoticeState state, DateTime due, string? code)
    {
        DateTime? sent = state == RecipientNoticeState.Sent ? notice.SentAt ?? Now : notice.SentAt;
        var attempts = notice.Attempts + 1;
        var mine = await db.RecipientNotices.Where(row => row.Id == notice.Id && row.ClaimedBy == notice.ClaimedBy && row.EndedAt == null).ExecuteUpdateAsync(set => set
            .SetProperty(row => row.State, state)
            .SetProperty(row => row.DueAt, due)
            .SetProperty(row => row.SentAt, sent)
            .SetProperty(row => row.FailureCode, code)
            .SetProperty(row => row.Attempts, attempts)
            .SetProperty(row => row.ClaimedBy, (string?)null)
            .SetProperty(row => row.ClaimedUntil, (DateTime?)null));
        if (mine == 1 && code is null)
        {
            await audit.AppendAsync(db, new AuditEvent("recipient.told") { Subject = notice.Subject, CaseNumber = notice.CaseNumber }, CancellationToken.None);
        }
        else if (mine == 1 && code != notice.FailureCode)
        {
            // Once, however often it fails alike.
            await audit.AppendAsync(db, new AuditEvent("recipient.not-reached") { Subject = notice.Subject, CaseNumber = notice.CaseNumber, ReasonCode = code }, CancellationToken.None);
        }

        return mine == 1;
    }

    private async Task ReleaseAsync(RecipientNotice notice)
    {
        await using var db = await databases.CreateDbContextAsync(CancellationToken.None);
        await db.RecipientNotices.Where(row => row.Id == notice.Id && row.ClaimedBy == notice.ClaimedBy).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.ClaimedBy, (string?)null).SetProperty(row => row.ClaimedUntil, (DateTime?)null));
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The notice {MessageId} was not taken ({Code}) at attempt {Attempt}; it is tried again.")]
        public static partial void NotTaken(ILogger logger, string messageId, string code, int attempt);

        [LoggerMessage(LogLevel.Error, "The notice {MessageId} is given up ({Code}) after {Attempt} attempts; staff have a task.")]
        public static partial void GivenUp(ILogger logger, string messageId, string code, int attempt);

        [LoggerMessage(LogLevel.Error, "What became of the notice {MessageId} could not be recorded ({Failure}); it goes again.")]
        public static partial void Unrecorded(ILogger logger, string messageId, string failure);

        [LoggerMessage(LogLevel.Error, "Recipients could not be told: {Exception}; the next round tries again.")]
        public static partial void Failed(ILogger logger, string exception);
    }

    [DisallowConcurrentExecution]
    internal sealed class Job(RecipientSender sender, IOptions<RecipientsOptions> options, ILogger<RecipientSender> log) : IJob
    {
        public static readonly TimeSpan Every = TimeSpan.FromSeconds(15);

        public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
        {
            if (!options.Value.Sending)
            {
                return;
            }

            try
            {
                await sender.SendDueAsync(cancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The exception's text may quote a value.
                Log.Failed(log, e.GetType().Name);
            }
        }
    }
}
