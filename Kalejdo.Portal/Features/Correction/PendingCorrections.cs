using System.Security.Cryptography;
using System.Text.Json;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Correction;

/// <summary>What a person wants to be written, kept sealed until it may be.</summary>
/// <param name="Case">Of a wish that staff decide; null where a code or an objection is awaited.</param>
/// <param name="OfAccount">Whether the account's own address changes with it.</param>
internal sealed record CorrectionWish(string Field, RowKey Row, string? Old, string? New, string? Case = null, bool OfAccount = false);

/// <summary>What confirming a new address came to.</summary>
internal abstract record AddressChange
{
    private AddressChange()
    {
    }

    public sealed record Changed(string Case) : AddressChange;

    public sealed record WrongCode : AddressChange;

    public sealed record Gone : AddressChange;

    /// <summary>Another account has it; who asks has shown to read its mail, so it may be told.</summary>
    public sealed record Taken : AddressChange;

    /// <param name="Rule">The rule of the database that forbids it; null where it does not answer.</param>
    public sealed record Unavailable(string? Case, BrokenRule? Rule) : AddressChange;
}

/// <summary>Corrections that cannot be made at once: new addresses until they are confirmed, and what staff decide.</summary>
internal sealed class PendingCorrections(
    IDbContextFactory<PortalDbContext> databases,
    Corrections corrections,
    LiveMap liveMap,
    OneTimeCodes codes,
    Outbox outbox,
    AuditTrail audit,
    Subjects subjects,
    PortalKeys keys,
    IDataProtectionProvider protection,
    TimeProvider time)
{
    // Longer than the one month and its extension by two.
    private static readonly TimeSpan StaffTime = TimeSpan.FromDays(120);

    /// <summary>So long the old address's owner may object.</summary>
    private static readonly TimeSpan ObjectionTime = TimeSpan.FromDays(30);

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>Mails a code to the new address; nothing else changes.</summary>
    /// <returns>The id of the pending correction; null where too many codes were asked for.</returns>
    public async Task<string?> AskMailboxAsync(LinkedSubject person, CorrectableField field, string address, string language, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var code = await codes.IssueAsync(db, CodePurpose.AddressChange, address, cancellationToken);
        if (code is null)
        {
            // What was counted stays counted.
            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return null;
        }
        var id = Add(db, person, new CorrectionWish(field.Id, field.Row, field.Value, address), OneTimeCodes.Validity);
        await outbox.AddAsync(db, new ConfirmAddressLetter(code), address, language, null, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return id;
    }

    /// <summary>Whether the account still waits for the code.</summary>
    public async Task<bool> AwaitsCodeAsync(LinkedSubject person, string id, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await FindAsync(db, person, id, cancellationToken) is { Case: null };
    }

    /// <summary>Takes the code; where it is right, the new address replaces the old one everywhere it stood, and at the account.</summary>
    public async Task<AddressChange> ConfirmAsync(LinkedSubject person, string id, string code, CancellationToken cancellationToken)
    {
        CorrectionWish? wish;
        await using (var db = await databases.CreateDbContextAsync(cancellationToken))
        {
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            wish = await FindAsync(db, person, id, cancellationToken);
            if (wish is not { Case: null, New: { } wanted } || codes.AddressOf(CodePurpose.AddressChange) != wanted)
            {
                return new AddressChange.Gone();
            }
            var answer = await codes.TryAsync(db, CodePurpose.AddressChange, code, cancellationToken);
            if (answer is CodeAnswer.Right)
            {
                // Both are used up: the same code typed twice is refused.
                await codes.TakeAsync(db, CodePurpose.AddressChange, cancellationToken);
                await db.PendingCorrections.Where(p => p.Id == id).ExecuteDeleteAsync(cancellationToken);
            }
            var normalized = wanted.ToUpperInvariant();
            var taken = await db.Users.AnyAsync(u => u.NormalizedEmail == normalized && u.Id != person.AccountId, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            switch (answer)
            {
                case CodeAnswer.Wrong:
                    return new AddressChange.WrongCode();
                case CodeAnswer.Gone:
                    return new AddressChange.Gone();
                case CodeAnswer.Right when taken:
                    return new AddressChange.Taken();
            }
        }
        var done = await corrections.CorrectAsync(
            person.Identities, wish.Field, null, wish.Old, wish.New, $"account:{person.AccountId}",
            (db, made) => made.IsCorrected() ? ReplaceAsync(db, person, wish, made.Number, cancellationToken) : TellAsync(db, person, made, cancellationToken), cancellationToken);
        return done.Outcome switch
        {
            RectificationOutcome.Corrected => new AddressChange.Changed(done.Case!),
            RectificationOutcome.Stale => new AddressChange.Gone(),
            _ => new AddressChange.Unavailable(done.Case, (done.Outcome as RectificationOutcome.Refused)?.Rule),
        };
    }

    /// <summary>The wish that staff have to decide; asked for twice it stands once.</summary>
    /// <returns>Its case.</returns>
    public async Task<string> AskStaffAsync(LinkedSubject person, CorrectableField field, string? value, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await WaitingAsync(db, person, field, cancellationToken) is { } waiting)
        {
            return waiting.Case!;
        }
        var subject = await subjects.NumberOfAsync(db, person.Identities, cancellationToken);
        var actor = await audit.NumberOfAsync(db, $"account:{person.AccountId}", cancellationToken);
        var opened = await CaseRegister.OpenAsync(db, CaseType.Rectification, subject, Now, cancellationToken);
        opened.Take(db, CaseStep.HandedToStaff, opened.ReceivedAt, "staff-decide");
        opened.PlanJson = JsonSerializer.Serialize(new { field = field.Id });
        Add(db, person, new CorrectionWish(field.Id, field.Row, field.Value, value, opened.Number), StaffTime);
        await TellAsync(db, person, opened, cancellationToken);
        await audit.AppendAsync(db, new AuditEvent("rectification.requested") { Subject = subject, Actor = actor, CaseNumber = opened.Number, ReasonCode = "staff-decide" }, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return opened.Number;
    }

    /// <summary>What the person has asked staff to write in the field, and the open case of it.</summary>
    public async Task<(CorrectionWish Wish, Case Case)?> WaitingAsync(LinkedSubject person, CorrectableField field, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await WaitingAsync(db, person, field, cancellationToken) is { } wish
            ? (wish, await db.Cases.AsNoTracking().SingleAsync(c => c.Number == wish.Case, cancellationToken))
            : null;
    }

    private async Task<CorrectionWish?> WaitingAsync(PortalDbContext db, LinkedSubject person, CorrectableField field, CancellationToken cancellationToken)
    {
        var now = Now;
        foreach (var pending in await db.PendingCorrections.AsNoTracking().Where(p => p.AccountId == person.AccountId && p.ExpiresAt > now).ToListAsync(cancellationToken))
        {
            if (Open(pending) is { Case: { } number } wish && wish.Field == field.Id && wish.Row.Key.OrderBy(k => k.Key).SequenceEqual(field.Row.Key.OrderBy(k => k.Key))
                && await db.Cases.AnyAsync(c => c.Number == number && c.ClosedAt == null, cancellationToken))
            {
                return wish;
            }
        }
        return null;
    }

    /// <param name="link">The hash of the mail's link that carries it out.</param>
    private string Add(PortalDbContext db, LinkedSubject person, CorrectionWish wish, TimeSpan validity, string? link = null)
    {
        var id = RandomNumberGenerator.GetHexString(32, lowercase: true);
        db.PendingCorrections.Add(new PendingCorrection
        {
            Id = id,
            AccountId = person.AccountId,
            SealedPayload = PendingCorrection.Protector(protection, person.AccountId, id).Protect(JsonSerializer.SerializeToUtf8Bytes(wish)),
            LinkTokenHash = link,
            CreatedAt = Now,
            ExpiresAt = Now + validity,
        });
        return id;
    }

    private async Task<CorrectionWish?> FindAsync(PortalDbContext db, LinkedSubject person, string id, CancellationToken cancellationToken)
    {
        var now = Now;
        return await db.PendingCorrections.AsNoTracking().SingleOrDefaultAsync(p => p.Id == id && p.AccountId == person.AccountId && p.ExpiresAt > now, cancellationToken) is { } pending ? Open(pending) : null;
    }

    private CorrectionWish Open(PendingCorrection pending) =>
        JsonSerializer.Deserialize<CorrectionWish>(PendingCorrection.Protector(protection, pending.AccountId, pending.Id).Unprotect(pending.SealedPayload))!;

    /// <summary>Staff have it now: the person gets its number and the day they hear by.</summary>
    private async Task TellAsync(PortalDbContext db, LinkedSubject person, Case opened, CancellationToken cancellationToken)
    {
        if (person.ConfirmedAddress is { } address)
        {
            var language = await db.Users.Where(u => u.Id == person.AccountId).Select(u => u.Language).SingleAsync(cancellationToken);
            db.CaseContacts.Add(CaseContact.Of(keys, opened.Number, person.AccountId, language, new CaseReach(address)));
            await outbox.AddAsync(db, new CorrectionReceivedLetter(opened.Number, opened.DueOn), address, language, opened.Number, cancellationToken);
        }
    }

    /// <summary>In the transaction that closes the case: the account's own address, what it finds rows by, and the letters.</summary>
    private async Task ReplaceAsync(PortalDbContext db, LinkedSubject person, CorrectionWish wish, string number, CancellationToken cancellationToken)
    {
        var account = await db.Users.SingleAsync(u => u.Id == person.AccountId, cancellationToken);
        var (address, ofAccount) = (wish.New!, string.Equals(person.ConfirmedAddress, wish.Old?.Trim(), StringComparison.OrdinalIgnoreCase));
        if (ofAccount)
        {
            // Other browsers are signed out: whoever is in there did not see this. This one goes on (ConfirmNewAddressPage).
            await SetAddressAsync(db, keys, account, address, Now, cancellationToken);
        }
        if (wish.Old?.Trim() is { Length: > 0 } old)
        {
            var link = MailLink.New(keys, MailLinkPurpose.UndoAddressChange, old, Now, ObjectionTime, out var token, number, account.Id);
            db.MailLinks.Add(link);
            Add(db, person, new CorrectionWish(wish.Field, wish.Row, address, old, OfAccount: ofAccount), ObjectionTime, link.TokenHash);
            await outbox.AddAsync(db, new AddressReplacedLetter(number, PortalUrls.UndoAddressChange(token)), old, account.Language, number, cancellationToken);
        }
        await outbox.AddAsync(db, new CorrectedLetter(number, await LabelsAsync(liveMap, wish.Field, cancellationToken)), address, account.Language, number, cancellationToken);
    }

    /// <summary>The address by which the account signs in and finds rows. Its new stamp ends every session.</summary>
    internal static async Task SetAddressAsync(PortalDbContext db, PortalKeys keys, Account account, string address, DateTime now, CancellationToken cancellationToken)
    {
        (account.Email, account.NormalizedEmail, account.EmailConfirmed) = (address, address.ToUpperInvariant(), true);
        (account.SecurityStamp, account.ConcurrencyStamp) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());
        await db.AccountLinks.Where(l => l.AccountId == account.Id && l.IdentityName == CurrentSubject.Email).ExecuteDeleteAsync(cancellationToken);
        await db.AddressNotices.Where(n => n.AccountId == account.Id).ExecuteDeleteAsync(cancellationToken);
        db.AccountLinks.Add(AccountLink.Of(keys, account.Id, CurrentSubject.Email, address.Trim().ToLowerInvariant(), LinkProof.Mailbox, now));
    }

    /// <summary>What a letter may call the field.</summary>
    internal static async Task<IReadOnlyList<LocalText>> LabelsAsync(LiveMap liveMap, string field, CancellationToken cancellationToken) =>
        (await liveMap.OpenAsync(cancellationToken)).Databases?.Map is { } map && field.Split('.') is [var dataset, var collection, var name]
            && map.Find(dataset, collection)?.Find(name)?.Label is { } label ? [label] : [];
}
