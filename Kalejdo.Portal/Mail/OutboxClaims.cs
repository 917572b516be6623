using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Mail;

/// <param name="Mail">Null where it cannot be opened.</param>
internal sealed record ClaimedMail(OutboxMail Row, OutgoingMail? Mail);

/// <summary>
/// The mails that one sender holds, so that no other sends them meanwhile: claimed and opened in batches, the next one while the last is
/// being sent.
/// </summary>
internal sealed class OutboxClaims(
    IDbContextFactory<PortalDbContext> databases, IDataProtectionProvider protection, MailOptions options, TimeProvider time) : IAsyncDisposable
{
    private const int MailsPerConnection = 25;
    private readonly Queue<ClaimedMail> _held = [];
    private Task<List<ClaimedMail>>? _ahead;

    /// <summary>No mail takes longer, from here to what became of it.</summary>
    private TimeSpan LongestSending => TimeSpan.FromSeconds(options.Smtp.TimeoutSeconds) + TimeSpan.FromSeconds(15);

    /// <summary>Where a server is slow what is left of a batch goes back; so a claim is no longer than what a kill may cost the mails.</summary>
    private TimeSpan Validity => 4 * LongestSending;

    private int Most => options.Parallel * MailsPerConnection;

    /// <summary>The next mail that is due, held for longer than its sending can take; null where none is. By one caller at a time.</summary>
    public async Task<ClaimedMail?> NextAsync(CancellationToken cancellation)
    {
        while (true)
        {
            if (_held.Count == 0 && !await FillAsync(cancellation))
            {
                return null;
            }

            if (_held.Peek().Row.ClaimedUntil >= Now + LongestSending)
            {
                break;
            }

            await ReleaseHeldAsync();
        }

        var mail = _held.Dequeue();
        // Fewer are the last.
        if (_held.Count == Most / 2)
        {
            _ahead ??= Task.Run(() => ClaimAsync(cancellation), cancellation);
        }

        return mail;
    }

    /// <summary>Lets go of a mail that was not sent.</summary>
    public Task ReleaseAsync(OutboxMail mail) => ReleaseAsync([mail.Id], mail.ClaimedBy!);

    public async ValueTask DisposeAsync()
    {
        await ReleaseHeldAsync();
        if (_ahead is not null)
        {
            try
            {
                (await _ahead).ForEach(_held.Enqueue);
            }
            catch (Exception failure) when (failure is OperationCanceledException or DbException)
            {
                // Nothing was claimed.
            }

            await ReleaseHeldAsync();
        }
    }

    private async Task<bool> FillAsync(CancellationToken cancellation)
    {
        if (_ahead is { } ahead)
        {
            _ahead = null;
            (await ahead).ForEach(_held.Enqueue);
        }

        if (_held.Count == 0)
        {
            (await ClaimAsync(cancellation)).ForEach(_held.Enqueue);
        }

        return _held.Count > 0;
    }

    private async Task<List<ClaimedMail>> ClaimAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var now = Now;
        var (me, until) = ($"{Environment.MachineName}/{Environment.ProcessId}/{RandomNumberGenerator.GetHexString(16)}", now + Validity);
        // Chosen and claimed in one statement; what another node is about to claim is passed over.
        var claim = $$"""
            UPDATE outbox SET claimed_by = {0}, claimed_until = {1} WHERE id IN (
                SELECT id FROM outbox
                WHERE sent_at IS NULL AND failed_at IS NULL AND due_at <= {2} AND (claimed_until IS NULL OR claimed_until <= {2})
                ORDER BY due_at LIMIT {3} {{db.SkipLocked}})
            """;
        cancellation.ThrowIfCancellationRequested();
        // From here on not broken off, or nobody would know what was claimed.
        if (await db.Database.ExecuteSqlRawAsync(claim, [me, until, now, Most], CancellationToken.None) == 0)
        {
            return [];
        }

        var rows = await db.Outbox.AsNoTracking().Where(row => row.ClaimedBy == me).OrderBy(row => row.DueAt).ToListAsync(CancellationToken.None);
        return rows.ConvertAll(row => new ClaimedMail(row, Open(row)));
    }

    private OutgoingMail? Open(OutboxMail row)
    {
        var protector = OutboxMail.Protector(protection, row.MessageId);
        try
        {
            return new OutgoingMail(
                row.MessageId,
                Encoding.UTF8.GetString(protector.Unprotect(row.Recipient!)),
                JsonSerializer.Deserialize<PrintedLetter>(protector.Unprotect(row.Content!))!);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private async Task ReleaseHeldAsync()
    {
        if (_held.Count > 0)
        {
            await ReleaseAsync([.. _held.Select(mail => mail.Row.Id)], _held.Peek().Row.ClaimedBy!);
            _held.Clear();
        }
    }

    private async Task ReleaseAsync(long[] unsent, string me)
    {
        await using var db = await databases.CreateDbContextAsync(CancellationToken.None);
        await db.Outbox.Where(row => unsent.Contains(row.Id) && row.ClaimedBy == me).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.ClaimedBy, (string?)null).SetProperty(row => row.ClaimedUntil, (DateTime?)null));
    }

    private DateTime Now => time.GetUtcNow().UtcDateTime;
}
