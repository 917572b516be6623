using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Mail;

/// <summary>
/// Sends what is due. Rows are claimed in the database, so any number of nodes may send; a claim that was never let go (a kill)
/// runs out, and the mail goes again under its own Message-ID.
/// </summary>
internal sealed partial class OutboxSender(
    IDbContextFactory<PortalDbContext> databases,
    IDataProtectionProvider protection,
    Func<IMailTransport> transports,
    IOptions<MailOptions> options,
    TimeProvider time,
    ILogger<OutboxSender> log)
{
    /// <summary>Longer than a batch can take with every mail timing out, so that no two senders ever hold the same mail.</summary>
    private TimeSpan Claim => MailsPerConnection * (TimeSpan.FromSeconds(options.Value.Smtp.TimeoutSeconds) + TimeSpan.FromSeconds(15));

    private const int MailsPerConnection = 10;
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromDays(3);
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(6);

    /// <summary>Sends until nothing is due.</summary>
    /// <returns>How many were sent.</returns>
    public async Task<int> SendDueAsync(CancellationToken cancellation)
    {
        var sent = 0;
        while (await ClaimAsync(cancellation) is { Count: > 0 } claimed)
        {
            var queue = new ConcurrentQueue<OutboxMail>(claimed);
            try
            {
                var workers = Math.Min(options.Value.Parallel, claimed.Count);
                sent += (await Task.WhenAll(Enumerable.Range(0, workers).Select(_ => SendAsync(queue, cancellation)))).Sum();
            }
            finally
            {
                await ReleaseAsync([.. queue.Select(mail => mail.Id)], claimed[0].ClaimedBy!);
            }
        }

        return sent;
    }

    private async Task<List<OutboxMail>> ClaimAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var now = Now;
        var (me, until) = ($"{Environment.MachineName}/{Environment.ProcessId}/{RandomNumberGenerator.GetHexString(16)}", now + Claim);
        var most = options.Value.Parallel * MailsPerConnection;
        // Chosen and claimed in one statement; what another node is about to claim is passed over.
        var claim = $$"""
            UPDATE outbox SET claimed_by = {0}, claimed_until = {1} WHERE id IN (
                SELECT id FROM outbox
                WHERE sent_at IS NULL AND failed_at IS NULL AND due_at <= {2} AND (claimed_until IS NULL OR claimed_until <= {2})
                ORDER BY due_at LIMIT {3} {{db.SkipLocked}})
            """;
        if (await db.Database.ExecuteSqlRawAsync(claim, [me, until, now, most], cancellation) == 0)
        {
            return [];
        }

        return await db.Outbox.AsNoTracking().Where(row => row.ClaimedBy == me).OrderBy(row => row.DueAt).ToListAsync(cancellation);
    }

    private async Task<int> SendAsync(ConcurrentQueue<OutboxMail> queue, CancellationToken cancellation)
    {
        var sent = 0;
        using var transport = transports();
        while (!cancellation.IsCancellationRequested && queue.TryDequeue(out var mail))
        {
            Delivery delivery;
            try
            {
                delivery = await transport.SendAsync(Open(mail), cancellation);
            }
            catch (CryptographicException)
            {
                // Its key is gone; nobody can read it again.
                delivery = new Delivery.Refused("unreadable");
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                queue.Enqueue(mail);
                break;
            }

            // What was sent is recorded even while the portal stops, or it would be sent again.
            sent += await RecordAsync(mail, delivery) ? 1 : 0;
        }

        return sent;
    }

    private OutgoingMail Open(OutboxMail mail)
    {
        var protector = OutboxMail.Protector(protection, mail.MessageId);
        return new OutgoingMail(
            mail.MessageId,
            Encoding.UTF8.GetString(protector.Unprotect(mail.Recipient!)),
            JsonSerializer.Deserialize<PrintedLetter>(protector.Unprotect(mail.Content!))!);
    }

    private async Task<bool> RecordAsync(OutboxMail mail, Delivery delivery)
    {
        await using var db = await databases.CreateDbContextAsync(CancellationToken.None);
        var mine = db.Outbox.Where(row => row.Id == mail.Id && row.ClaimedBy == mail.ClaimedBy);
        var (now, attempts) = (Now, mail.Attempts + 1);
        switch (delivery)
        {
            case Delivery.Sent:
                await mine.ExecuteUpdateAsync(set => set
                    .SetProperty(row => row.SentAt, now)
                    .SetProperty(row => row.Recipient, (byte[]?)null)
                    .SetProperty(row => row.Content, (byte[]?)null)
                    .SetProperty(row => row.FailureCode, (string?)null)
                    .SetProperty(row => row.Attempts, attempts)
                    .SetProperty(row => row.ClaimedBy, (string?)null)
                    .SetProperty(row => row.ClaimedUntil, (DateTime?)null));
                return true;
            case Delivery.Deferred deferred when now + Pause(attempts) is var next && next < mail.CreatedAt + GiveUpAfter:
                Log.Deferred(log, mail.MessageId, mail.Template, deferred.Code, attempts);
                await mine.ExecuteUpdateAsync(set => set
                    .SetProperty(row => row.DueAt, next)
                    .SetProperty(row => row.FailureCode, deferred.Code)
                    .SetProperty(row => row.Attempts, attempts)
                    .SetProperty(row => row.ClaimedBy, (string?)null)
                    .SetProperty(row => row.ClaimedUntil, (DateTime?)null));
                return false;
            default:
                var code = (delivery as Delivery.Refused)?.Code ?? ((Delivery.Deferred)delivery).Code;
                Log.Undeliverable(log, mail.MessageId, mail.Template, code, attempts);
                await mine.ExecuteUpdateAsync(set => set
                    .SetProperty(row => row.FailedAt, now)
                    .SetProperty(row => row.Recipient, (byte[]?)null)
                    .SetProperty(row => row.Content, (byte[]?)null)
                    .SetProperty(row => row.FailureCode, code)
                    .SetProperty(row => row.Attempts, attempts)
                    .SetProperty(row => row.ClaimedBy, (string?)null)
                    .SetProperty(row => row.ClaimedUntil, (DateTime?)null));
                return false;
        }
    }

    private async Task ReleaseAsync(long[] unsent, string me)
    {
        if (unsent.Length > 0)
        {
            await using var db = await databases.CreateDbContextAsync(CancellationToken.None);
            await db.Outbox.Where(row => unsent.Contains(row.Id) && row.ClaimedBy == me).ExecuteUpdateAsync(
                set => set.SetProperty(row => row.ClaimedBy, (string?)null).SetProperty(row => row.ClaimedUntil, (DateTime?)null));
        }
    }

    /// <summary>Half a minute, doubled at each attempt, and up to a quarter more or less so that mails that failed together do not return together.</summary>
    internal static TimeSpan Pause(int attempts)
    {
        var pause = TimeSpan.FromSeconds(30) * Math.Pow(2, Math.Min(attempts - 1, 12));
        return (pause < LongestPause ? pause : LongestPause) * (RandomNumberGenerator.GetInt32(75, 126) / 100.0);
    }

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The mail {MessageId} ({Template}) was not taken ({Code}) at attempt {Attempt}; it is tried again.")]
        public static partial void Deferred(ILogger logger, string messageId, string template, string code, int attempt);

        [LoggerMessage(LogLevel.Error, "The mail {MessageId} ({Template}) cannot be delivered ({Code}) after {Attempt} attempts.")]
        public static partial void Undeliverable(ILogger logger, string messageId, string template, string code, int attempt);
    }
}
