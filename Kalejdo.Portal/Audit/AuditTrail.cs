using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Audit;

/// <summary>The record of who did what to whose data: appended to, never changed, and verifiable entry by entry.</summary>
public sealed class AuditTrail(PortalKeys keys, IOptions<StoreOptions> options, TimeProvider time)
{
    private const string WhoPurpose = "audit person";

    private DateTime Expiry => Now().AddDays(options.Value.AuditPeopleDays);

    /// <summary>
    /// Writes the next entry within the caller's transaction, so that it stands or falls with what it tells of.
    /// Saves the context, and with it whatever the caller has pending.
    /// </summary>
    public async Task<AuditEntry> AppendAsync(PortalDbContext db, AuditEvent what, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(what);
        RequireTransaction(db);

        // This changes nothing but takes the row's lock, where a transaction does not hold the whole database as
        // on SQLite: between reading the end and moving it, nobody else appends.
        await db.AuditHeads.ExecuteUpdateAsync(set => set.SetProperty(row => row.Sequence, row => row.Sequence), cancellation);
        var head = await db.AuditHeads.AsNoTracking().SingleAsync(cancellation);
        if (!IsSealed(head))
        {
            throw new CryptographicException("The end of the audit trail does not carry the portal's seal; to go on would hide what happened to it. See: audit verify");
        }

        var (now, sequence) = (Now(), head.Sequence + 1);
        // Of a secret one the chain does not even hold the number.
        var subject = what.Secrecy is null ? what.Subject : null;
        var entry = new AuditEntry
        {
            Sequence = sequence,
            At = now,
            Subject = subject,
            Actor = what.Actor,
            Event = what.Name,
            ReasonCode = what.ReasonCode,
            CaseNumber = what.CaseNumber,
            PreviousHash = head.Hash,
            Hash = Hash(now, subject, what.Actor, what.Name, what.ReasonCode, what.CaseNumber, head.Hash),
        };
        db.AuditEntries.Add(entry);
        if (what.Note is not null)
        {
            db.AuditNotes.Add(new AuditNote { Sequence = sequence, Text = what.Note, ExpiresAt = Expiry });
        }

        if (what is { Secrecy: { } secrecy, Subject: { } concerned })
        {
            db.SecretDisclosures.Add(new SecretDisclosure { Sequence = sequence, SubjectHash = SecretHash(concerned), Until = secrecy.Until });
        }

        await db.SaveChangesAsync(cancellation);
        await db.AuditHeads.ExecuteUpdateAsync(
            set => set
                .SetProperty(row => row.Sequence, sequence)
                .SetProperty(row => row.Hash, entry.Hash)
                .SetProperty(row => row.Seal, Seal(sequence, entry.Hash)),
            cancellation);
        return entry;
    }

    /// <summary>
    /// The random number by which the audit knows somebody, within the caller's transaction.
    /// <paramref name="who"/> is a stable reference such as an account's id.
    /// </summary>
    public async Task<long> NumberOfAsync(PortalDbContext db, string who, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(db);
        RequireTransaction(db);
        var (hash, now) = (keys.Hash(WhoPurpose, who), Now());
        var known = await db.AuditPeople.SingleOrDefaultAsync(row => row.WhoHash == hash, cancellation);
        if (known is not null && known.ExpiresAt > now)
        {
            // Once a day is enough; a write for each look at a page would not be.
            if (Expiry - known.ExpiresAt > TimeSpan.FromDays(1))
            {
                known.ExpiresAt = Expiry;
                await db.SaveChangesAsync(cancellation);
            }

            return known.Number;
        }

        if (known is not null)
        {
            // Expired means forgotten, also where the clean-up has not come round yet.
            db.AuditPeople.Remove(known);
            await db.SaveChangesAsync(cancellation);
        }

        var person = new AuditPerson
        {
            Number = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long))) & long.MaxValue,
            WhoHash = hash,
            Who = keys.Seal(WhoPurpose, Encoding.UTF8.GetBytes(who)),
            ExpiresAt = Expiry,
        };
        db.AuditPeople.Add(person);
        await db.SaveChangesAsync(cancellation);
        return person.Number;
    }

    /// <summary>The number that <see cref="NumberOfAsync"/> gave before; null where the audit knows nobody by that reference (any more).</summary>
    public async Task<long?> FindNumberAsync(PortalDbContext db, string who, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(db);
        var (hash, now) = (keys.Hash(WhoPurpose, who), Now());
        return await db.AuditPeople.Where(row => row.WhoHash == hash && row.ExpiresAt > now).Select(row => (long?)row.Number).SingleOrDefaultAsync(cancellation);
    }

    /// <summary>By which <see cref="SecretDisclosure"/> knows a subject's number.</summary>
    public string SecretHash(long subject) => keys.Hash("secret disclosure", subject.ToString(CultureInfo.InvariantCulture));

    /// <summary>The reference that the number was given for.</summary>
    public string WhoIs(AuditPerson person)
    {
        ArgumentNullException.ThrowIfNull(person);
        return Encoding.UTF8.GetString(keys.Unseal(WhoPurpose, person.Who));
    }

    /// <summary>Walks the chain from its first entry to the first that is not as it was written. The portal may go on writing.</summary>
    public async Task<AuditVerdict> VerifyAsync(PortalDbContext db, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(db);
        var ends = await db.AuditHeads.AsNoTracking().ToListAsync(cancellation);
        // People get their numbers together with an entry, so with people there is one.
        if (ends is not [var head] || !IsSealed(head) || (head.Sequence == 0 && await db.AuditPeople.AnyAsync(cancellation)))
        {
            return new AuditVerdict.Broken(ends.FirstOrDefault()?.Sequence ?? 0, AuditFlaw.EndMoved);
        }

        var (expected, previous) = (1L, "");
        AuditEntry? suspect = null;
        var entries = db.AuditEntries.AsNoTracking().Where(row => row.Sequence <= head.Sequence).OrderBy(row => row.Sequence);
        await foreach (var entry in entries.AsAsyncEnumerable().WithCancellation(cancellation))
        {
            if (entry.Sequence != expected || entry.PreviousHash != previous || !IsGenuine(entry))
            {
                suspect = entry;
                break;
            }

            (expected, previous) = (expected + 1, entry.Hash);
        }

        if (suspect is not null)
        {
            return await DiagnoseAsync(db, suspect, expected, previous, cancellation);
        }

        if (expected <= head.Sequence)
        {
            return new AuditVerdict.Broken(expected, AuditFlaw.Missing);
        }

        // In one statement: the portal moves the end together with every entry, so none is ever beyond it.
        var beyond = await db.AuditEntries.AsNoTracking()
            .Where(row => row.Sequence > db.AuditHeads.Max(end => end.Sequence))
            .OrderBy(row => row.Sequence).FirstOrDefaultAsync(cancellation);
        return beyond is null ? new AuditVerdict.Intact(head.Sequence)
            // One of ours: an end that once was true was put back.
            : IsGenuine(beyond) ? new AuditVerdict.Broken(head.Sequence, AuditFlaw.EndMoved)
            : new AuditVerdict.Broken(beyond.Sequence, AuditFlaw.Added);
    }

    private async Task<AuditVerdict> DiagnoseAsync(PortalDbContext db, AuditEntry suspect, long expected, string previous, CancellationToken cancellation)
    {
        if (suspect.Sequence != expected)
        {
            return suspect.Sequence < expected
                ? new AuditVerdict.Broken(suspect.Sequence, AuditFlaw.Added)
                : new AuditVerdict.Broken(expected, AuditFlaw.Missing);
        }

        if (IsGenuine(suspect))
        {
            // Ours, but what it followed does not stand before it: that is elsewhere, or gone and the rest renumbered.
            var elsewhere = await db.AuditEntries.AnyAsync(row => row.Hash == suspect.PreviousHash, cancellation);
            return new AuditVerdict.Broken(expected, elsewhere ? AuditFlaw.Reordered : AuditFlaw.Missing);
        }

        // Not ours: pushed in where the next entry follows the one before it, else one of ours in another's words.
        var next = await db.AuditEntries.AsNoTracking().SingleOrDefaultAsync(row => row.Sequence == expected + 1, cancellation);
        var pushedIn = next is not null && next.PreviousHash == previous && IsGenuine(next);
        return new AuditVerdict.Broken(expected, pushedIn ? AuditFlaw.Added : AuditFlaw.Changed);
    }

    private bool IsGenuine(AuditEntry entry) =>
        entry.Hash == Hash(entry.At, entry.Subject, entry.Actor, entry.Event, entry.ReasonCode, entry.CaseNumber, entry.PreviousHash);

    // The number is left out: the previous hash proves the order, and so a moved entry can be told from a changed one.
    private string Hash(DateTime at, long? subject, long? actor, string name, string? reason, string? caseNumber, string previous) =>
        keys.Hash("audit entry", Canonical(
            at.ToString("O", CultureInfo.InvariantCulture),
            subject?.ToString(CultureInfo.InvariantCulture),
            actor?.ToString(CultureInfo.InvariantCulture),
            name,
            reason,
            caseNumber,
            previous));

    private string Seal(long sequence, string hash) =>
        keys.Hash("audit end", Canonical(sequence.ToString(CultureInfo.InvariantCulture), hash));

    private bool IsSealed(AuditHead head) =>
        head.Sequence == 0 ? head is { Hash: "", Seal: "" } : head.Seal == Seal(head.Sequence, head.Hash);

    // Each with its length, so that no two different rows read the same.
    private static string Canonical(params ReadOnlySpan<string?> fields)
    {
        var text = new StringBuilder();
        foreach (var field in fields)
        {
            text.Append(field is null ? "-;" : string.Create(CultureInfo.InvariantCulture, $"{field.Length}:{field};"));
        }

        return text.ToString();
    }

    private static void RequireTransaction(PortalDbContext db)
    {
        if (db.Database.CurrentTransaction is null)
        {
            throw new InvalidOperationException("The audit trail is written within the transaction of what it tells of; begin one first.");
        }
    }

    // PostgreSQL keeps microseconds, and what is hashed must be what is read again.
    private DateTime Now()
    {
        var now = time.GetUtcNow().UtcDateTime;
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
    }
}
