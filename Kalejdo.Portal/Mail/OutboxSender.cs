using System.Collections.Concurrent;
using System.Data.Common;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Threading.Channels;
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
    /// <summary>How many are recorded together at most. Where a mail server is faster than that it waits: what a kill leaves unrecorded goes twice.</summary>
    internal const int MostTogether = 32;

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromDays(3);
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(6);

    /// <summary>Sends until nothing is due.</summary>
    /// <returns>How many were sent.</returns>
    public Task<int> SendDueAsync(CancellationToken cancellation) => SendAsync(until: null, cancellation);

    /// <summary>Sends whenever the signal rings. A mail that a server is slow about holds up none that comes later.</summary>
    public Task RunAsync(OutboxSignal signal, CancellationToken cancellation) => SendAsync(signal, cancellation);

    private async Task<int> SendAsync(OutboxSignal? until, CancellationToken cancellation)
    {
        using var carriers = new Carriers(transports);
        await using var claims = new OutboxClaims(databases, protection, options.Value, time);
        var unrecorded = Channel.CreateBounded<SentMail>(MostTogether);
        var recording = RecordAsync(unrecorded.Reader);
        try
        {
            await Parallel.ForEachAsync(
                DueAsync(until, claims, carriers, cancellation),
                new ParallelOptions { MaxDegreeOfParallelism = options.Value.Parallel, CancellationToken = cancellation },
                // Not the loop's own token: what fails for one mail must not break off the others.
                async (mail, _) => await SendAsync(mail, claims, carriers, unrecorded.Writer, cancellation));
        }
        finally
        {
            unrecorded.Writer.Complete();
            await recording;
        }

        return await recording;
    }

    /// <summary>Mails as they fall due, claimed. Without a signal it ends with the last; with one it waits for more.</summary>
    private static async IAsyncEnumerable<ClaimedMail> DueAsync(
        OutboxSignal? signal, OutboxClaims claims, Carriers carriers, [EnumeratorCancellation] CancellationToken cancellation)
    {
        while (true)
        {
            while (await claims.NextAsync(cancellation) is { } mail)
            {
                yield return mail;
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

    private async Task SendAsync(ClaimedMail claimed, OutboxClaims claims, Carriers carriers, ChannelWriter<SentMail> sent, CancellationToken cancellation)
    {
        var (mail, opened) = claimed;
        try
        {
            // Where it cannot be opened its key is gone; nobody can read it again.
            var delivery = opened is null ? new Delivery.Refused("unreadable") : await CarryAsync(mail, opened, carriers, cancellation);
            var addressHash = opened is null ? null : MailLink.HashAddress(keys, opened.Address);
            // What was sent is recorded even while the portal stops, or it would be sent again.
            if (delivery is Delivery.Sent)
            {
                await sent.WriteAsync(new SentMail(mail, addressHash!), CancellationToken.None);
            }
            else
            {
                await RecordAsync(mail, delivery, addressHash);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            await claims.ReleaseAsync(mail);
        }
        catch (DbException failure)
        {
            // Its claim runs out, and it goes again under its own Message-ID.
            Log.Unrecorded(log, mail.MessageId, mail.Template, failure.GetType().Name);
        }
    }

    private async Task<Delivery> CarryAsync(OutboxMail mail, OutgoingMail opened, Carriers carriers, CancellationToken cancellation)
    {
        var transport = carriers.Take();
        try
        {
            return await transport.SendAsync(opened, cancellation);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // A mistake of ours with this mail must not keep the others; its message may quote the address.
            Log.Broken(log, mail.MessageId, mail.Template, failure.GetType().Name);
            return new Delivery.Deferred("program-error");
        }
        finally
        {
            carriers.Return(transport);
        }
    }

    /// <returns>How many were sent and recorded.</returns>
    private async Task<int> RecordAsync(ChannelReader<SentMail> sent)
    {
        var recorded = 0;
        while (await sent.WaitToReadAsync())
        {
            var together = await GatherAsync(sent);
            try
            {
                await RecordAsync(together);
                recorded += together.Count;
            }
            catch (Exception failure)
            {
                // Whatever it was: senders wait for this loop. The claims run out, and the mails go again under their own Message-IDs.
                together.ForEach(mail => Log.Unrecorded(log, mail.Row.MessageId, mail.Row.Template, failure.GetType().Name));
            }
        }

        return recorded;
    }

    /// <summary>What is sent within a moment: a commit costs more than many a mail.</summary>
    private static async Task<List<SentMail>> GatherAsync(ChannelReader<SentMail> sent)
    {
        var together = new List<SentMail>();
        using var moment = new CancellationTokenSource(Moment);
        try
        {
            while (together.Count < MostTogether && await sent.WaitToReadAsync(moment.Token) && sent.TryRead(out var mail))
            {
                together.Add(mail);
            }
        }
        catch (OperationCanceledException)
        {
            // It is over.
        }

        return together;
    }

    private async Task RecordAsync(List<SentMail> sent)
    {
        await using var db = await databases.CreateDbContextAsync(CancellationToken.None);
        var now = Now;
        await using var transaction = await db.Database.BeginTransactionAsync();
        foreach (var claim in sent.GroupBy(mail => mail.Row.ClaimedBy))
        {
            // Of plain numbers, and so as text: EF takes longer over this statement than the database.
            var record = $$"""
                UPDATE outbox SET sent_at = {0}, recipient = NULL, content = NULL, failure_code = NULL, attempts = attempts + 1, claimed_by = NULL, claimed_until = NULL
                WHERE claimed_by = {1} AND id IN ({{string.Join(", ", claim.Select(mail => mail.Row.Id))}})
                """;
            await db.Database.ExecuteSqlRawAsync(record, [now, claim.Key!], CancellationToken.None);
        }

        var reached = sent.Select(mail => mail.AddressHash).Distinct().ToArray();
        if (await db.BouncedAddresses.AnyAsync(row => reached.Contains(row.AddressHash)))
        {
            // The mailboxes are there after all.
            await db.BouncedAddresses.Where(row => reached.Contains(row.AddressHash)).ExecuteDeleteAsync();
        }

        await transaction.CommitAsync();
    }

    private async Task RecordAsync(OutboxMail mail, Delivery delivery, string? addressHash)
    {
        await using var db = await databases.CreateDbContextAsync(CancellationToken.None);
        var mine = db.Outbox.Where(row => row.Id == mail.Id && row.ClaimedBy == mail.ClaimedBy);
        var (now, attempts) = (Now, mail.Attempts + 1);
        switch (delivery)
        {
            case Delivery.Deferred deferred when now + Pause(attempts) is var next && next < mail.CreatedAt + GiveUpAfter:
                Log.Deferred(log, mail.MessageId, mail.Template, deferred.Code, attempts);
                await mine.ExecuteUpdateAsync(set => set
                    .SetProperty(row => row.DueAt, next)
                    .SetProperty(row => row.FailureCode, deferred.Code)
                    .SetProperty(row => row.Attempts, attempts)
                    .SetProperty(row => row.ClaimedBy, (string?)null)
                    .SetProperty(row => row.ClaimedUntil, (DateTime?)null));
                break;
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

                break;
        }
    }

    /// <summary>Half a minute, doubled at each attempt, and up to a quarter more or less so that mails that failed together do not return together.</summary>
    internal static TimeSpan Pause(int attempts)
    {
        var pause = TimeSpan.FromSeconds(30) * Math.Pow(2, Math.Min(attempts - 1, 12));
        return (pause < LongestPause ? pause : LongestPause) * (RandomNumberGenerator.GetInt32(75, 126) / 100.0);
    }

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    private sealed record SentMail(OutboxMail Row, string AddressHash);

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
