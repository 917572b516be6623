using System.Text.Json;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Recipients;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Features.NotMyAddress;

/// <summary>What a link says of itself before anything is done; nothing about whoever entered the address.</summary>
internal abstract record DisavowalLink
{
    private DisavowalLink()
    {
    }

    /// <param name="BlockedUntil">Null where the address is not blocked.</param>
    /// <param name="BlockEnds">When a block made now would end; null where addresses cannot be blocked.</param>
    public sealed record Open(string MaskedAddress, DateTime MailedAt, DateTime? BlockedUntil, DateTime? BlockEnds) : DisavowalLink;

    public sealed record Used : DisavowalLink;

    /// <summary>Unknown, altered, expired or another page's: all the same to whoever asks.</summary>
    public sealed record Useless : DisavowalLink;
}

internal abstract record DisavowalResult
{
    private DisavowalResult()
    {
    }

    public sealed record Removed(string CaseNumber) : DisavowalResult;

    /// <summary>It had been confirmed: gone, and held for a while.</summary>
    public sealed record Detached(string CaseNumber, DateTime Until) : DisavowalResult;

    /// <summary>The block is lifted.</summary>
    public sealed record Unblocked : DisavowalResult;

    /// <summary>Somebody uses the address, or it is to be blocked or no longer; a link may have been passed on, so that the mailbox is asked.</summary>
    public sealed record CodeNeeded(string MaskedAddress) : DisavowalResult;

    /// <summary>Somebody confirmed the address meanwhile, or the map left it standing somewhere: staff go on with it.</summary>
    public sealed record ForStaff(string CaseNumber, DateOnly DueOn) : DisavowalResult;

    public sealed record AlreadyDone : DisavowalResult;

    public sealed record Useless : DisavowalResult;

    /// <summary>A database is away. The case is open and the link still good.</summary>
    public sealed record NotNow(string CaseNumber) : DisavowalResult;
}

/// <summary>
/// "This is not my e-mail address": removes an address that nobody ever confirmed at once, and has every other one held for a while
/// (<see cref="HeldAddresses"/>).
/// </summary>
internal sealed class Disavowals(
    LiveMap liveMap, IDbContextFactory<PortalDbContext> databases, HeldAddresses held, BlockedAddresses blocked, AuditTrail audit, Outbox outbox,
    RecipientNotices recipients, AttemptLimits limits, IOptions<LimitOptions> allowed, IOptions<StoreOptions> store, PortalKeys keys, TimeProvider time)
{
    /// <summary>Why a case waits whose address is held.</summary>
    public const string Held = "address-held";

    // Written and torn up, where a link is none of ours.
    private const string Nobody = "ingen@removed.invalid";

    public async Task<DisavowalLink> LookAsync(string token, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await FindAsync(db, token, cancellation) switch
        {
            null => new DisavowalLink.Useless(),
            { UsedAt: not null } => new DisavowalLink.Used(),
            var link => new DisavowalLink.Open(MaskedAddress.Of(link.Address(keys)), link.CreatedAt, await blocked.UntilAsync(db, link.AddressHash, cancellation), blocked.WouldEnd),
        };
    }

    /// <param name="language">Of the page, and so of the receipt.</param>
    /// <param name="proven">The address whose code was typed in this browser a moment ago.</param>
    /// <param name="block">Whether the address is to be blocked too.</param>
    public async Task<DisavowalResult> DisownAsync(string token, string language, string? proven, bool block, CancellationToken cancellation)
    {
        var (link, useless) = await ReadAsync(token, cancellation);
        if (link is null)
        {
            return useless!;
        }

        // The same questions for every address, whether it stands anywhere or not.
        var address = link.Address(keys);
        var live = (await liveMap.OpenAsync(cancellation)).Databases;
        var standing = live is null ? null : (await new Disavowal(live).FindAsync(address, cancellation)).Standing;
        var verified = await IsConfirmedHereAsync(address) | standing is { Verified: true };
        // A link may have been passed on: whoever reads it there could otherwise shut others' mail out.
        if ((verified || (block && blocked.WouldEnd is not null)) && !IsProven(link, proven))
        {
            return new DisavowalResult.CodeNeeded(MaskedAddress.Of(address));
        }

        var (number, otherwise) = await IntendAsync(token, standing, verified, block, cancellation);
        return number is null ? otherwise! : await CarryThroughAsync(link, number, language);
    }

    /// <summary>Lifts a block; only for who has shown that the mailbox is theirs.</summary>
    public async Task<DisavowalResult> UnblockAsync(string token, string language, string? proven, CancellationToken cancellation)
    {
        var (link, useless) = await ReadAsync(token, cancellation);
        if (link is null)
        {
            return useless!;
        }

        if (!IsProven(link, proven))
        {
            return new DisavowalResult.CodeNeeded(MaskedAddress.Of(link.Address(keys)));
        }

        await blocked.LiftAsync(link.AddressHash, link.Address(keys), language, cancellation);
        return new DisavowalResult.Unblocked();
    }

    /// <returns>False where too many codes have been asked for.</returns>
    public async Task<bool> SendCodeAsync(OneTimeCodes codes, string token, string language, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await FindAsync(db, token, cancellation) is { UsedAt: null } link
            && await SendCodeAsync(db, codes, outbox, CodePurpose.Disavowal, link.Address(keys), language, cancellation);
    }

    /// <summary>Mails a new link to the address of one that has expired; whether there was such a one is told nobody.</summary>
    /// <param name="network">Where the wish comes from.</param>
    /// <returns>False where too many were asked for.</returns>
    public async Task<bool> RenewAsync(string token, string network, string language, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var (hash, now) = (MailLink.HashToken(MailLinkPurpose.Disavowal, token), Now);
        var earliest = now - MailLink.Renewable;
        var old = await db.MailLinks.AsNoTracking().SingleOrDefaultAsync(
            row => row.TokenHash == hash && row.Purpose == MailLinkPurpose.Disavowal && row.UsedAt == null && row.ExpiresAt > earliest, cancellation);
        var hour = TimeSpan.FromHours(1);
        var may = await limits.CountAsync(db, "renew network", network, hour, cancellation) <= allowed.Value.CodesPerNetworkAnHour
            & await limits.CountAsync(db, "renew link", hash, hour, cancellation) <= OneTimeCodes.PerAddressAnHour;
        if (may)
        {
            var address = old?.Address(keys) ?? Nobody;
            db.MailLinks.Add(MailLink.New(keys, MailLinkPurpose.Disavowal, address, now, Outbox.LinkValidity, out var renewed));
            await outbox.AddAsync(db, new RenewedLinkLetter(PortalUrls.NotMyAddressLink(renewed)), address, language, null, cancellation);
            if (old is null)
            {
                db.ChangeTracker.Clear();
            }

            await db.SaveChangesAsync(cancellation);
        }

        await transaction.CommitAsync(cancellation);
        return may;
    }

    /// <summary>Goes on with what a kill, or a database that was away, left half-way.</summary>
    /// <returns>The cases that staff or nobody has to do with any more.</returns>
    public async Task<IReadOnlyList<string>> ResumeAsync(CancellationToken cancellation)
    {
        var ended = new List<string>();
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var begun = await db.Cases.AsNoTracking().Where(row => row.Type == CaseType.Disavowal && row.Status == CaseStatus.InProgress)
            .Join(db.AuditPeople, row => row.Subject, person => person.Number, (row, person) => new { row.Number, Person = person }).ToListAsync(cancellation);
        foreach (var one in begun)
        {
            var hash = audit.WhoIs(one.Person)[Subject("").Length..];
            // Any mail to the address knows it; the language of who asked is known no more.
            if (await db.MailLinks.AsNoTracking().FirstOrDefaultAsync(row => row.AddressHash == hash && row.Purpose == MailLinkPurpose.Disavowal && row.UsedAt == null, cancellation) is { } link
                && await CarryThroughAsync(link, one.Number, "both") is DisavowalResult.Removed or DisavowalResult.Detached or DisavowalResult.ForStaff)
            {
                ended.Add(one.Number);
            }
        }

        return ended;
    }

    /// <summary>By what the audit knows whoever reads the mailbox.</summary>
    internal static string Subject(string addressHash) => $"address:{addressHash}";

    /// <returns>False where too many codes have been asked for.</returns>
    internal static async Task<bool> SendCodeAsync(
        PortalDbContext db, OneTimeCodes codes, Outbox outbox, CodePurpose purpose, string address, string language, CancellationToken cancellation)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var code = await codes.IssueAsync(db, purpose, address, cancellation);
        if (code is not null)
        {
            await outbox.AddAsync(db, new AddressCodeLetter(code), address, language, caseNumber: null, cancellation);
        }

        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return code is not null;
    }

    private bool IsProven(MailLink link, string? proven) => proven is not null && MailLink.HashAddress(keys, proven) == link.AddressHash;

    private async Task<(MailLink? Link, DisavowalResult? Useless)> ReadAsync(string token, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await FindAsync(db, token, cancellation) switch
        {
            null => (null, new DisavowalResult.Useless()),
            { UsedAt: not null } => (null, new DisavowalResult.AlreadyDone()),
            var link => (link, null),
        };
    }

    /// <summary>Whatever becomes of the request. Done twice, or by two at once, it is done once: the first to close is believed.</summary>
    private async Task<DisavowalResult> CarryThroughAsync(MailLink link, string number, string language)
    {
        var address = link.Address(keys);
        var live = (await liveMap.OpenAsync(CancellationToken.None)).Databases;
        var outcome = live is null ? new DisavowalOutcome.Refused([])
            : await IsHeldAsync(number) ? await held.DetachAsync(live, number)
            : await IsConfirmedHereAsync(address) ? new DisavowalOutcome.Verified()
            : await new Disavowal(live).RemoveAsync(address, CancellationToken.None);
        return await CloseAsync(link, number, address, outcome, language);
    }

    /// <summary>Case, audit and what is about to be taken away stand before the first change; a case that was begun and not finished is gone on with.</summary>
    private async Task<(string? Number, DisavowalResult? Otherwise)> IntendAsync(string token, AddressStanding? standing, bool verified, bool block, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (await FindAsync(db, token, cancellation) is not { UsedAt: null } link)
        {
            return (null, new DisavowalResult.AlreadyDone());
        }

        var subject = await audit.NumberOfAsync(db, Subject(link.AddressHash), cancellation);
        var opened = await db.Cases.FirstOrDefaultAsync(
            row => row.Subject == subject && row.Type == CaseType.Disavowal && row.Status == CaseStatus.InProgress, cancellation);
        if (opened is null)
        {
            opened = await CaseRegister.OpenAsync(db, CaseType.Disavowal, subject, Now, cancellation);
            opened.Take(db, CaseStep.Begun, opened.ReceivedAt);
            db.Ledger.Add(LedgerEntry.Disavowed(keys, opened.Number, link.Address(keys), Now));
            await audit.AppendAsync(db, new AuditEvent("disavowal.intended") { Subject = subject, Actor = subject, CaseNumber = opened.Number }, cancellation);
        }

        if (verified && standing is not null && !await db.AddressHolds.AnyAsync(row => row.CaseNumber == opened.Number, cancellation))
        {
            held.Add(db, opened.Number, link.AddressHash, link.Address(keys), standing.Rows);
        }

        if (block && blocked.WouldEnd is not null)
        {
            await blocked.BlockAsync(db, link.AddressHash, opened, cancellation);
            var everywhere = await recipients.KindsWithAsync(CurrentSubject.Email, cancellation);
            await recipients.AddAsync(db, ActOn(opened, RecipientEvent.AddressBlocked, link.Address(keys), everywhere), cancellation);
        }

        await NoteWhoIsConcernedAsync(db, opened, link.Address(keys), standing, cancellation);
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return (opened.Number, null);
    }

    /// <summary>The accounts that are told when they are next signed in: whose own address it is, and in whose agreement it stands.</summary>
    private async Task NoteWhoIsConcernedAsync(PortalDbContext db, Case opened, string address, AddressStanding? standing, CancellationToken cancellation)
    {
        var normalized = address.Trim().ToUpperInvariant();
        var agreements = (standing?.Rows ?? []).SelectMany(row => row.Identities).Where(identity => identity.Name == CurrentSubject.CustomerNumber)
            .Select(identity => AccountLink.Hash(keys, identity.Name, identity.Value)).Distinct().ToList();
        var accounts = await db.Users.Where(row => row.NormalizedEmail == normalized
            || db.AccountLinks.Any(link => link.AccountId == row.Id && link.IdentityName == CurrentSubject.CustomerNumber && agreements.Contains(link.ValueHash))).Select(row => row.Id).ToListAsync(cancellation);
        var told = await db.AddressNotices.Where(row => row.CaseNumber == opened.Number).Select(row => row.AccountId).ToListAsync(cancellation);
        db.AddressNotices.AddRange(accounts.Except(told).Select(account => new AddressNotice
        {
            AccountId = account,
            CaseNumber = opened.Number,
            CreatedAt = Now,
            ExpiresAt = Now + AddressNotice.Validity,
        }));
    }

    private async Task<bool> IsHeldAsync(string number)
    {
        await using var db = await databases.CreateDbContextAsync();
        return await db.AddressHolds.AnyAsync(row => row.CaseNumber == number);
    }

    private async Task<bool> IsConfirmedHereAsync(string address)
    {
        await using var db = await databases.CreateDbContextAsync();
        var normalized = address.Trim().ToUpperInvariant();
        return await db.Users.AnyAsync(row => row.NormalizedEmail == normalized && row.EmailConfirmed);
    }

    private async Task<DisavowalResult> CloseAsync(MailLink link, string number, string address, DisavowalOutcome outcome, string language)
    {
        if (outcome is DisavowalOutcome.Refused or DisavowalOutcome.Changed)
        {
            return new DisavowalResult.NotNow(number);
        }

        await using var db = await databases.CreateDbContextAsync();
        await using var transaction = await db.Database.BeginTransactionAsync();
        var opened = await db.Cases.SingleAsync(row => row.Number == number);
        if (opened.Status != CaseStatus.InProgress)
        {
            // A second click was faster.
            return new DisavowalResult.AlreadyDone();
        }

        var steps = (outcome as DisavowalOutcome.Removed)?.Steps ?? [];
        var gone = outcome is DisavowalOutcome.Removed;
        var everywhere = gone && steps.All(step => step.Action is not null);
        var hold = await db.AddressHolds.SingleOrDefaultAsync(row => row.CaseNumber == number);
        // What is held may be put back; others hear of it when it is not.
        var awaited = gone && hold is null
            ? await recipients.AddAsync(
                db, ActOn(opened, RecipientEvent.AddressRemoved, address, await recipients.KindsOfFieldsAsync(steps.Where(one => one.Action is not null).Select(one => one.Field), CancellationToken.None)), CancellationToken.None)
            : 0;
        var (step, reason) = (gone, everywhere, hold) switch
        {
            (true, true, null) when awaited > 0 => (CaseStep.RecipientsAwaited, null),
            (true, true, null) => (CaseStep.Done, null),
            (true, true, _) => (CaseStep.PartlyDone, Held),
            (true, false, _) => (CaseStep.HandedToStaff, "address-left"),
            _ => (CaseStep.HandedToStaff, "address-verified"),
        };
        opened.Take(db, step, Now, reason);
        opened.OutcomeJson = JsonSerializer.Serialize(steps);
        var happened = (hold, everywhere) switch { (not null, _) => "disavowal.detached", (null, true) => "disavowal.done", _ => "disavowal.for-staff" };
        await audit.AppendAsync(db, new AuditEvent(happened) { Subject = opened.Subject, Actor = opened.Subject, CaseNumber = number, ReasonCode = opened.ReasonCode }, CancellationToken.None);
        var backups = TimeSpan.FromDays(store.Value.LongestBackupDays);
        db.Ledger.Add(gone ? LedgerEntry.Completed(number, Now, backups) : LedgerEntry.Withdrawn(number, Now, backups));
        if (gone && steps.Count + (hold is null ? 0 : 1) > 0)
        {
            db.Incidents.Add(Incident.Of(number, opened.ReceivedAt));
        }

        Letter receipt = hold is not null ? await held.DetachedAsync(db, hold, address)
            : everywhere ? new AddressRemovedLetter(number)
            : new DisavowalReceivedLetter(number, opened.DueOn);
        await outbox.AddAsync(db, receipt, address, language, number, CancellationToken.None);
        if (gone)
        {
            await TellSubscribersAsync(db, number, address);
        }

        await db.SaveChangesAsync();
        if (gone)
        {
            await db.BouncedAddresses.Where(row => row.AddressHash == link.AddressHash).ExecuteDeleteAsync();
        }

        // Every mail that went to this address has a link of its own; to all of them it is done now, and where the address is
        // removed their copies of it go too.
        var (now, nothing) = (Now, Array.Empty<byte>());
        var links = db.MailLinks.Where(row => row.AddressHash == link.AddressHash && row.Purpose == MailLinkPurpose.Disavowal && row.UsedAt == null);
        await (everywhere
            ? links.ExecuteUpdateAsync(set => set.SetProperty(row => row.UsedAt, now).SetProperty(row => row.SealedAddress, nothing))
            : links.ExecuteUpdateAsync(set => set.SetProperty(row => row.UsedAt, now)));
        await transaction.CommitAsync();
        return hold is not null ? new DisavowalResult.Detached(number, hold.EndsAt)
            : everywhere ? new DisavowalResult.Removed(number)
            : new DisavowalResult.ForStaff(number, opened.DueOn);
    }

    internal static RecipientAct ActOn(Case disavowal, RecipientEvent what, string address, IReadOnlyCollection<string> kinds) =>
        new(disavowal.Number, disavowal.Subject, what, [new Identity(CurrentSubject.Email, address.Trim())], kinds);

    /// <summary>By another address that they have with us; the disowned one is not theirs to read.</summary>
    private async Task TellSubscribersAsync(PortalDbContext db, string number, string address)
    {
        var normalized = address.Trim().ToUpperInvariant();
        var concerned = await db.AddressNotices.Where(row => row.CaseNumber == number)
            .Join(db.Users, notice => notice.AccountId, account => account.Id, (_, account) => account)
            .Where(account => account.EmailConfirmed && account.Email != null && account.NormalizedEmail != normalized).ToListAsync();
        foreach (var account in concerned)
        {
            await outbox.AddAsync(db, new AddressGoneLetter(), account.Email!, account.Language, null, CancellationToken.None);
        }
    }

    private async Task<MailLink?> FindAsync(PortalDbContext db, string token, CancellationToken cancellation)
    {
        var (hash, now) = (MailLink.HashToken(MailLinkPurpose.Disavowal, token), Now);
        return await db.MailLinks.AsNoTracking().SingleOrDefaultAsync(row => row.TokenHash == hash && row.Purpose == MailLinkPurpose.Disavowal && row.ExpiresAt > now, cancellation);
    }

    private DateTime Now => time.GetUtcNow().UtcDateTime;
}
