using System.Collections.Concurrent;
using System.Data.Common;
using System.Runtime.CompilerServices;
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
    PortalKeys keys,
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
    public Task<int> SendDueAsync(CancellationToken cancellation) => SendAsync(until: null, cancellation);

    /// <summary>Sends whenever the signal rings. A mail that a server is slow about holds up none that comes later.</summary>
    public Task RunAsync(OutboxSignal signal, CancellationToken cancellation) => SendAsync(signal, cancellation);

    private async Task<int> SendAsync(OutboxSignal? until, CancellationToken cancellation)
    {
        var sent = 0;
        using var carriers = new Carriers(transports);
        await Parallel.ForEachAsync(
            DueAsync(until, carriers, cancellation),
            new ParallelOptions { MaxDegreeOfParallelism = options.Value.Parallel, CancellationToken = cancellation },
            // Not the loop's own token: what fails for one mail must not break off the others.
            async (mail, _) => Interlocked.Add(ref sent, await SendAsync(mail, carriers, cancellation) ? 1 : 0));
        return sent;
    }

    /// <summary>Mails as they fall due, claimed. Without a signal it ends with the last; with one it waits for more.</summary>
    private async IAsyncEnumerable<OutboxMail> DueAsync(OutboxSignal? signal, Carriers carriers, [EnumeratorCancellation] CancellationToken cancellation)
    {
        while (true)
        {
            while (await ClaimAsync(cancellation) is { Count: > 0 } claimed)
            {
                var handedOut = 0;
                try
                {
                    foreach (var mail in claimed)
                    {
                        handedOut++;
                        yield return mail;
                    }
                }
                finally
                {
                    await ReleaseAsync([.. claimed.Skip(handedOut).Select(mail => mail.Id)], claimed[0].ClaimedBy!);
                }
            }

            if (signal is null)
            {
                yield break;
            }

            carriers.Rest();
            await signal.WaitAsync(cancellation);
            carriers.Wake();
        }
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

    private async Task<bool> SendAsync(OutboxMail mail, Carriers carriers, CancellationToken cancellation)
    {
        try
        {
            var (delivery, address) = await CarryAsync(mail, carriers, cancellation);
            // What was sent is recorded even while the portal stops, or it would be sent again.
            return await RecordAsync(mail, delivery, address);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            await ReleaseAsync([mail.Id], mail.ClaimedBy!);
            return false;
        }
        catch (DbException failure)
        {
            // Its claim runs out, and it goes again under its own Message-ID.
            Log.Unrecorded(log, mail.MessageId, mail.Template, failure.GetType().Name);
            return false;
        }
    }

    private async Task<(Delivery Delivery, string? Address)> CarryAsync(OutboxMail mail, Carriers carriers, CancellationToken cancellation)
    {
        OutgoingMail opened;
        try
        {
            opened = Open(mail);
        }
        catch (CryptographicException)
        {
            // Its key is gone; nobody can read it again.
            return (new Delivery.Refused("unreadable"), null);
        }

        var transport = carriers.Take();
        try
        {
            return (await transport.SendAsync(opened, cancellation), opened.Address);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // A mistake of ours with this mail must not keep the others; its message may quote the address.
            Log.Broken(log, mail.MessageId, mail.Template, failure.GetType().Name);
            return (new Delivery.Deferred("program-error"), opened.Address);
        }
        finally
        {
            carriers.Return(transport);
        }
    }

    private OutgoingMail Open(OutboxMail mail)
    {
        var protector = OutboxMail.Protector(protection, mail.MessageId);
        return new OutgoingMail(
            mail.MessageId,
            Encoding.UTF8.GetString(protector.Unprotect(mail.Recipient!)),
            JsonSerializer.Deserialize<PrintedLetter>(protector.Unprotect(mail.Content!))!);
    }

    private async Task<bool> RecordAsync(OutboxMail mail, Delivery delivery, string? address)
    {
        await using var db = await databases.CreateDbContextAsync(CancellationToken.None);
        var mine = db.Outbox.Where(row => row.Id == mail.Id && row.ClaimedBy == mail.ClaimedBy);
        var (now, attempts) = (Now, mail.Attempts + 1);
        var addressHash = address is null ? null : MailLink.HashAddress(keys, address);
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
                if (await db.BouncedAddresses.AnyAsync(row => row.AddressHash == addressHash))
                {
                    // The mailbox is there after all.
                    await db.BouncedAddresses.Where(row => row.AddressHash == addressHash).ExecuteDeleteAsync();
                }

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
                var (code, kind) = delivery switch
                {
                    Delivery.Bounced bounced => (bounced.Code, StaffTaskKind.AddressBounced),
                    Delivery.Refused refused => (refused.Code, StaffTaskKind.MailUndeliverable),
                    _ => (((Delivery.Deferred)delivery).Code, StaffTaskKind.MailUndeliverable),
                };
                Log.Undeliverable(log, mail.MessageId, mail.Template, code, attempts);
                await using (var transaction = await db.Database.BeginTransactionAsync())
                {
                    var given = await mine.ExecuteUpdateAsync(set => set
                        .SetProperty(row => row.FailedAt, now)
                        .SetProperty(row => row.Recipient, (byte[]?)null)
                        .SetProperty(row => row.Content, (byte[]?)null)
                        .SetProperty(row => row.FailureCode, code)
                        .SetProperty(row => row.Attempts, attempts)
                        .SetProperty(row => row.ClaimedBy, (string?)null)
                        .SetProperty(row => row.ClaimedUntil, (DateTime?)null));
                    if (given == 1)
                    {
                        await Undeliverable.TellStaffAsync(db, mail, kind, code, now);
                    }

                    if (given == 1 && kind == StaffTaskKind.AddressBounced)
                    {
                        await Undeliverable.MarkAsync(db, addressHash!, code, now);
                    }

                    await transaction.CommitAsync();
                }

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

    /// <summary>The transports that are not sending just now; while nothing is due none is kept, as servers hang up on the idle.</summary>
    private sealed class Carriers(Func<IMailTransport> transports) : IDisposable
    {
        private readonly ConcurrentBag<IMailTransport> _free = [];
        private volatile bool _resting;

        public IMailTransport Take() => _free.TryTake(out var transport) ? transport : transports();

        public void Return(IMailTransport transport)
        {
            _free.Add(transport);
            if (_resting)
            {
                DisposeFree();
            }
        }

        public void Rest()
        {
            _resting = true;
            DisposeFree();
        }

        public void Wake() => _resting = false;

        public void Dispose() => Rest();

        private void DisposeFree()
        {
            while (_free.TryTake(out var transport))
            {
                transport.Dispose();
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Sending the mail {MessageId} ({Template}) was broken off by {Failure}; it is tried again.")]
        public static partial void Broken(ILogger logger, string messageId, string template, string failure);

        [LoggerMessage(LogLevel.Error, "What became of the mail {MessageId} ({Template}) could not be recorded ({Failure}); it goes again.")]
        public static partial void Unrecorded(ILogger logger, string messageId, string template, string failure);

        [LoggerMessage(LogLevel.Warning, "The mail {MessageId} ({Template}) was not taken ({Code}) at attempt {Attempt}; it is tried again.")]
        public static partial void Deferred(ILogger logger, string messageId, string template, string code, int attempt);

        [LoggerMessage(LogLevel.Error, "The mail {MessageId} ({Template}) cannot be delivered ({Code}) after {Attempt} attempts.")]
        public static partial void Undeliverable(ILogger logger, string messageId, string template, string code, int attempt);
    }
}
