using System.Text.Json;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Correction;

/// <summary>What the link in the letter to a replaced address can do now.</summary>
internal abstract record ReplacedAddress
{
    private ReplacedAddress()
    {
    }

    public sealed record Open(DateTime ReplacedAt, DateTime Until) : ReplacedAddress;

    public sealed record Stopped : ReplacedAddress;

    /// <summary>Unknown, altered or expired: all the same to whoever asks.</summary>
    public sealed record Gone : ReplacedAddress;
}

/// <summary>What an objection came to.</summary>
internal abstract record Objection
{
    private Objection()
    {
    }

    public sealed record Stopped(string Case) : Objection;

    public sealed record Already : Objection;

    /// <summary>Another account has the address by now, or the new one stands nowhere any more: people have to look.</summary>
    public sealed record Impossible : Objection;

    public sealed record Unavailable(string? Case) : Objection;
}

/// <summary>
/// "It was not me": who still reads the old mailbox takes a change of address back. That opens nobody's data, as a new password asks
/// for the customer number too; whoever is in the account is out.
/// </summary>
internal sealed class AddressObjections(
    IDbContextFactory<PortalDbContext> databases, Corrections corrections, LiveMap liveMap, Outbox outbox, PortalKeys keys, IDataProtectionProvider protection, TimeProvider time)
{
    private DateTime Now => time.GetUtcNow().UtcDateTime;

    public async Task<ReplacedAddress> LookAsync(string token, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await FindAsync(db, token, cancellationToken) switch
        {
            null => new ReplacedAddress.Gone(),
            { UsedAt: not null } => new ReplacedAddress.Stopped(),
            var link => new ReplacedAddress.Open(link.CreatedAt, link.ExpiresAt),
        };
    }

    public async Task<Objection> StopAsync(string token, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (await FindAsync(db, token, cancellationToken) is not { UsedAt: null } link)
        {
            return new Objection.Already();
        }
        if (await db.PendingCorrections.AsNoTracking().SingleOrDefaultAsync(p => p.LinkTokenHash == link.TokenHash, cancellationToken) is not { } pending
            || await db.Users.AsNoTracking().SingleOrDefaultAsync(u => u.Id == pending.AccountId, cancellationToken) is not { } account)
        {
            return new Objection.Impossible();
        }
        var wish = JsonSerializer.Deserialize<CorrectionWish>(PendingCorrection.Protector(protection, account.Id, pending.Id).Unprotect(pending.SealedPayload))!;
        var (old, normalized) = (wish.New!, wish.New!.ToUpperInvariant());
        if (wish.OfAccount && await db.Users.AnyAsync(u => u.NormalizedEmail == normalized && u.Id != account.Id, cancellationToken))
        {
            return new Objection.Impossible();
        }
        var identities = (await db.AccountLinks.AsNoTracking().Where(l => l.AccountId == account.Id).OrderBy(l => l.Id).ToListAsync(cancellationToken))
            .Select(l => new Identity(l.IdentityName, l.Value(keys))).ToList();
        // Replaced twice, it is the newest address that goes.
        var done = await corrections.CorrectAsync(
            identities, wish.Field, null, wish.OfAccount ? account.Email : wish.Old, old, $"address:{link.AddressHash}",
            (closing, made) => made.IsCorrected() ? TakeBackAsync(closing, link, pending, wish, made, CancellationToken.None) : Task.CompletedTask,
            CancellationToken.None);
        return done.Outcome switch
        {
            RectificationOutcome.Corrected => new Objection.Stopped(done.Case!),
            RectificationOutcome.Stale => await IsUsedAsync(link, cancellationToken) ? new Objection.Already() : new Objection.Impossible(),
            _ => new Objection.Unavailable(done.Case),
        };
    }

    /// <summary>In the transaction that closes the case.</summary>
    private async Task TakeBackAsync(PortalDbContext db, MailLink link, PendingCorrection pending, CorrectionWish wish, Case made, CancellationToken cancellationToken)
    {
        var (now, old) = (Now, wish.New!);
        var account = await db.Users.SingleAsync(u => u.Id == pending.AccountId, cancellationToken);
        var replaced = wish.OfAccount ? account.Email : wish.Old;
        if (wish.OfAccount)
        {
            await PendingCorrections.SetAddressAsync(db, keys, account, old, now, cancellationToken);
            // Whoever changed the address knows the password.
            (account.PasswordHash, account.CredentialsChangedAt) = (null, now);
        }
        await db.MailLinks.Where(l => l.TokenHash == link.TokenHash).ExecuteUpdateAsync(set => set.SetProperty(l => l.UsedAt, now), cancellationToken);
        await db.PendingCorrections.Where(p => p.Id == pending.Id).ExecuteDeleteAsync(cancellationToken);
        await outbox.AddAsync(db, new CorrectedLetter(made.Number, await PendingCorrections.LabelsAsync(liveMap, wish.Field, cancellationToken)), old, account.Language, made.Number, cancellationToken);
        if (replaced is not null)
        {
            await outbox.AddAsync(db, new AddressReplacedLetter(made.Number, null), replaced, account.Language, made.Number, cancellationToken);
        }
    }

    private async Task<bool> IsUsedAsync(MailLink link, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.MailLinks.AnyAsync(l => l.TokenHash == link.TokenHash && l.UsedAt != null, cancellationToken);
    }

    private async Task<MailLink?> FindAsync(PortalDbContext db, string token, CancellationToken cancellationToken)
    {
        var (hash, now) = (MailLink.HashToken(MailLinkPurpose.UndoAddressChange, token), Now);
        return await db.MailLinks.AsNoTracking().SingleOrDefaultAsync(l => l.TokenHash == hash && l.ExpiresAt > now, cancellationToken);
    }
}
