using System.Text.Json;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Recipients;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Features.NotMyAddress;

/// <summary>What a hold keeps sealed.</summary>
/// <param name="Account">Whose own address it was; null where no account had it.</param>
internal sealed record HeldAddress(string Address, IReadOnlyList<HeldRow> Rows, HeldAccount? Account)
{
    public override string ToString() => nameof(HeldAddress);
}

/// <param name="FoundRows">Whether the account found rows by the address.</param>
internal sealed record HeldAccount(string Id, string Address, bool FoundRows)
{
    public override string ToString() => nameof(HeldAccount);
}

/// <summary>What the link of a receipt can do now.</summary>
internal abstract record UndoLink
{
    private UndoLink()
    {
    }

    public sealed record Open(string MaskedAddress, DateTime Until) : UndoLink;

    public sealed record Used : UndoLink;

    /// <summary>Unknown, altered, expired or another page's: all the same to whoever asks.</summary>
    public sealed record Useless : UndoLink;
}

internal abstract record UndoResult
{
    private UndoResult()
    {
    }

    public sealed record Undone(string CaseNumber) : UndoResult;

    public sealed record Already : UndoResult;

    public sealed record CodeNeeded(string MaskedAddress) : UndoResult;

    public sealed record Useless : UndoResult;

    /// <summary>A database is away; it is gone on with by itself.</summary>
    public sealed record NotNow(string CaseNumber) : UndoResult;
}

/// <summary>Confirmed addresses that were disowned: taken away, held so that their true owner can have them back, then erased (docs/decisions/10).</summary>
internal sealed class HeldAddresses(
    LiveMap liveMap, IDbContextFactory<PortalDbContext> databases, AuditTrail audit, Outbox outbox, RecipientNotices recipients, PortalKeys keys,
    IDataProtectionProvider protection, IOptions<StoreOptions> store, TimeProvider time)
{
    public static readonly TimeSpan Time = TimeSpan.FromDays(14);

    // Who writes the address into new rows faster than this keeps it: the next minute tries again.
    private const int Rounds = 3;

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>Puts on record what is about to be taken away, within the caller's transaction.</summary>
    public void Add(PortalDbContext db, string caseNumber, string addressHash, string address, IReadOnlyList<HeldRow> rows) => db.AddressHolds.Add(new AddressHold
    {
        CaseNumber = caseNumber,
        AddressHash = addressHash,
        SealedPayload = Seal(caseNumber, new HeldAddress(address, rows, null)),
        CreatedAt = Now,
        EndsAt = Now + Time,
    });

    /// <summary>Takes the address away; what is taken stands in the hold before it is gone, wherever a kill comes.</summary>
    public async Task<DisavowalOutcome> DetachAsync(Databases live, string caseNumber)
    {
        for (var round = 0; round < Rounds; round++)
        {
            await using var db = await databases.CreateDbContextAsync();
            if (await db.AddressHolds.AsNoTracking().SingleOrDefaultAsync(row => row.CaseNumber == caseNumber) is not { } hold)
            {
                return new DisavowalOutcome.Removed([]);
            }
            var held = Open(hold);
            var outcome = await new Disavowal(live).DetachAsync(held.Address, held.Rows, CancellationToken.None);
            if (outcome is not DisavowalOutcome.Changed)
            {
                return outcome;
            }
            var (standing, problems) = await new Disavowal(live).FindAsync(held.Address, CancellationToken.None);
            if (standing is null)
            {
                return new DisavowalOutcome.Refused(problems);
            }
            var payload = Seal(caseNumber, held with { Rows = [.. held.Rows, .. standing.Rows.Where(row => !held.Rows.Any(row.IsSame))] });
            await db.AddressHolds.Where(row => row.CaseNumber == caseNumber).ExecuteUpdateAsync(set => set.SetProperty(row => row.SealedPayload, payload));
        }
        return new DisavowalOutcome.Refused([]);
    }

    /// <summary>Takes the address away that a restored backup brought back: into the hold while there is one, so that it can still be undone.</summary>
    public async Task<DisavowalOutcome> DetachAgainAsync(Databases live, string caseNumber, string address)
    {
        await using var db = await databases.CreateDbContextAsync();
        if (await db.AddressHolds.AnyAsync(row => row.CaseNumber == caseNumber))
        {
            return await DetachAsync(live, caseNumber);
        }
        for (var round = 0; round < Rounds; round++)
        {
            var (standing, problems) = await new Disavowal(live).FindAsync(address, CancellationToken.None);
            var outcome = standing is null ? new DisavowalOutcome.Refused(problems) : await new Disavowal(live).DetachAsync(address, standing.Rows, CancellationToken.None);
            if (outcome is not DisavowalOutcome.Changed)
            {
                return outcome;
            }
        }
        return new DisavowalOutcome.Refused([]);
    }

    /// <summary>In the transaction that closes the disavowal: the account loses the address too, and its owner gets the way back.</summary>
    public async Task<AddressDetachedLetter> DetachedAsync(PortalDbContext db, AddressHold hold, string address)
    {
        hold.DetachedAt = Now;
        var normalized = address.Trim().ToUpperInvariant();
        if (await db.Users.SingleOrDefaultAsync(row => row.NormalizedEmail == normalized) is { } account)
        {
            var links = db.AccountLinks.Where(row => row.AccountId == account.Id && row.IdentityName == CurrentSubject.Email);
            var held = Open(hold) with { Account = new HeldAccount(account.Id, account.Email!, await links.AnyAsync()) };
            hold.SealedPayload = Seal(hold.CaseNumber, held);
            await links.ExecuteDeleteAsync();
            SetAddress(account, null);
        }
        db.MailLinks.Add(MailLink.New(keys, MailLinkPurpose.UndoDisavowal, address, Now, hold.EndsAt - Now, out var token, hold.CaseNumber));
        return new AddressDetachedLetter(hold.CaseNumber, hold.EndsAt, PortalUrls.UndoDisavowal(token));
    }

    public async Task<UndoLink> LookAsync(string token, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await FindAsync(db, token, cancellation) switch
        {
            null => new UndoLink.Useless(),
            { UsedAt: not null } => new UndoLink.Used(),
            var link => new UndoLink.Open(MaskedAddress.Of(link.Address(keys)), link.ExpiresAt),
        };
    }

    /// <returns>False where too many codes have been asked for.</returns>
    public async Task<bool> SendCodeAsync(OneTimeCodes codes, string token, string language, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await FindAsync(db, token, cancellation) is { UsedAt: null } link
            && await Disavowals.SendCodeAsync(db, codes, outbox, CodePurpose.UndoDisavowal, link.Address(keys), language, cancellation);
    }

    /// <param name="proven">The address whose code was typed in this browser a moment ago.</param>
    public async Task<UndoResult> UndoAsync(string token, string language, string? proven, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (await FindAsync(db, token, cancellation) is not { } link)
        {
            return new UndoResult.Useless();
        }
        if (link.UsedAt is not null)
        {
            return new UndoResult.Already();
        }
        if (proven is null || MailLink.HashAddress(keys, proven) != link.AddressHash)
        {
            return new UndoResult.CodeNeeded(MaskedAddress.Of(link.Address(keys)));
        }
        var (now, number) = (Now, link.CaseNumber!);
        if (await db.AddressHolds.Where(row => row.CaseNumber == number && row.UndoneAt == null && row.DetachedAt != null && row.EndsAt > now)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.UndoneAt, now), cancellation) == 1)
        {
            var subject = (await db.Cases.AsNoTracking().SingleAsync(row => row.Number == number, cancellation)).Subject;
            await audit.AppendAsync(db, new AuditEvent("disavowal.undo-intended") { Subject = subject, Actor = subject, CaseNumber = number }, cancellation);
        }
        await transaction.CommitAsync(cancellation);
        return await CarryBackAsync(number, language);
    }

    /// <summary>Goes on with what a kill, or a database that was away, left half put back.</summary>
    public async Task<IReadOnlyList<string>> ResumeAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var ended = new List<string>();
        foreach (var number in await db.AddressHolds.Where(row => row.UndoneAt != null).Select(row => row.CaseNumber).ToListAsync(cancellation))
        {
            if (await CarryBackAsync(number, language: null) is UndoResult.Undone)
            {
                ended.Add(number);
            }
        }
        return ended;
    }

    /// <summary>Erases what nobody wanted back. Two nodes may do so at once: the one that removes the row closes the case.</summary>
    /// <returns>The cases that it closed.</returns>
    public async Task<IReadOnlyList<string>> EraseDueAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var (now, erased) = (Now, new List<string>());
        foreach (var due in await db.AddressHolds.AsNoTracking().Where(row => row.EndsAt <= now && row.UndoneAt == null && row.DetachedAt != null).ToListAsync(cancellation))
        {
            await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
            if (await db.AddressHolds.Where(row => row.CaseNumber == due.CaseNumber && row.UndoneAt == null).ExecuteDeleteAsync(cancellation) == 0)
            {
                continue;
            }
            var closing = await db.Cases.SingleAsync(row => row.Number == due.CaseNumber, cancellation);
            var held = Open(due);
            var kinds = await recipients.KindsOfFieldsAsync(held.Rows.Select(row => row.Field), cancellation);
            var awaited = await recipients.AddAsync(db, Disavowals.ActOn(closing, RecipientEvent.AddressRemoved, held.Address, kinds), cancellation);
            if (closing.ReasonCode == Disavowals.Held)
            {
                closing.Take(db, awaited > 0 ? CaseStep.RecipientsAwaited : CaseStep.Done, now);
            }
            await db.MailLinks.Where(row => row.CaseNumber == due.CaseNumber && row.Purpose == MailLinkPurpose.UndoDisavowal).ExecuteDeleteAsync(cancellation);
            if (held.Account is { } account)
            {
                // Without address and agreement nobody can sign in to it any more.
                await db.Users.Where(row => row.Id == account.Id && row.Email == null && !db.AccountLinks.Any(link => link.AccountId == row.Id) && !db.UserRoles.Any(role => role.UserId == row.Id))
                    .ExecuteDeleteAsync(cancellation);
            }
            await audit.AppendAsync(db, new AuditEvent("disavowal.erased") { Subject = closing.Subject, CaseNumber = closing.Number }, cancellation);
            await db.SaveChangesAsync(cancellation);
            await transaction.CommitAsync(cancellation);
            erased.Add(due.CaseNumber);
        }
        return erased;
    }

    /// <param name="language">Of the page; null where nobody waits for it, and then the account's.</param>
    private async Task<UndoResult> CarryBackAsync(string number, string? language)
    {
        await using var db = await databases.CreateDbContextAsync();
        if (await db.AddressHolds.AsNoTracking().SingleOrDefaultAsync(row => row.CaseNumber == number && row.UndoneAt != null) is not { } hold)
        {
            return new UndoResult.Already();
        }
        var held = Open(hold);
        if ((await liveMap.OpenAsync(CancellationToken.None)).Databases is not { } live
            || await new Disavowal(live).RestoreAsync(held.Rows, CancellationToken.None) is not RestorationOutcome.Restored restored)
        {
            return new UndoResult.NotNow(number);
        }

        await using var transaction = await db.Database.BeginTransactionAsync();
        if (await db.AddressHolds.Where(row => row.CaseNumber == number).ExecuteDeleteAsync() == 0)
        {
            // A second click was faster.
            return new UndoResult.Already();
        }
        var (now, nothing) = (Now, Array.Empty<byte>());
        var accountLanguage = await GiveBackAsync(db, held, now);
        var closing = await db.Cases.SingleAsync(row => row.Number == number);
        if (closing.IsOpen())
        {
            closing.Take(db, CaseStep.Withdrawn, now, by: CaseParty.Person);
        }
        closing.OutcomeJson = JsonSerializer.Serialize(new { restored = restored.Rows, left = restored.Left });
        db.Ledger.Add(LedgerEntry.Withdrawn(number, now, TimeSpan.FromDays(store.Value.LongestBackupDays)));
        await db.AddressNotices.Where(row => row.CaseNumber == number).ExecuteDeleteAsync();
        await db.MailLinks.Where(row => row.CaseNumber == number && row.Purpose == MailLinkPurpose.UndoDisavowal)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.UsedAt, now).SetProperty(row => row.SealedAddress, nothing));
        await db.BlockedAddresses.Where(row => row.AddressHash == hold.AddressHash).ExecuteDeleteAsync();
        await audit.AppendAsync(db, new AuditEvent("disavowal.undone") { Subject = closing.Subject, Actor = closing.Subject, CaseNumber = number }, CancellationToken.None);
        await outbox.AddAsync(db, new AddressRestoredLetter(number), held.Address, language ?? accountLanguage ?? "both", number, CancellationToken.None);
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
        return new UndoResult.Undone(number);
    }

    /// <summary>The account has its address again, unless it has another one by now or somebody else has this one.</summary>
    /// <returns>The account's language.</returns>
    private async Task<string?> GiveBackAsync(PortalDbContext db, HeldAddress held, DateTime now)
    {
        if (held.Account is not { } had || await db.Users.SingleOrDefaultAsync(row => row.Id == had.Id) is not { } account)
        {
            return null;
        }
        var normalized = had.Address.ToUpperInvariant();
        if (account.Email is null && !await db.Users.AnyAsync(row => row.NormalizedEmail == normalized))
        {
            SetAddress(account, had.Address);
            if (had.FoundRows)
            {
                db.AccountLinks.Add(AccountLink.Of(keys, account.Id, CurrentSubject.Email, had.Address.Trim().ToLowerInvariant(), LinkProof.Mailbox, now));
            }
        }
        return account.Language;
    }

    /// <summary>A new stamp ends every session.</summary>
    private static void SetAddress(Account account, string? address)
    {
        (account.Email, account.NormalizedEmail, account.EmailConfirmed) = (address, address?.ToUpperInvariant(), address is not null);
        (account.SecurityStamp, account.ConcurrencyStamp) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());
    }

    private async Task<MailLink?> FindAsync(PortalDbContext db, string token, CancellationToken cancellation)
    {
        var (hash, now) = (MailLink.HashToken(MailLinkPurpose.UndoDisavowal, token), Now);
        return await db.MailLinks.AsNoTracking().SingleOrDefaultAsync(row => row.TokenHash == hash && row.ExpiresAt > now, cancellation);
    }

    private byte[] Seal(string caseNumber, HeldAddress held) => AddressHold.Protector(protection, caseNumber).Protect(JsonSerializer.SerializeToUtf8Bytes(held));

    private HeldAddress Open(AddressHold hold) => JsonSerializer.Deserialize<HeldAddress>(AddressHold.Protector(protection, hold.CaseNumber).Unprotect(hold.SealedPayload))!;
}
