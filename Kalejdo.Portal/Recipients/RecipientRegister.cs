using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Recipients;

/// <summary>The recipients of the store: those it begins with, and their secrets.</summary>
internal sealed class RecipientRegister(IDbContextFactory<PortalDbContext> databases, PortalKeys keys, IOptions<RecipientsOptions> options, TimeProvider time)
{
    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>At the first start the settings' recipients; a store that has any keeps its own.</summary>
    public async Task SeedAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (await db.Recipients.AnyAsync(cancellation))
        {
            return;
        }

        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (await db.Recipients.AnyAsync(cancellation))
        {
            // Of two nodes that start at once, the other was faster.
            return;
        }

        foreach (var partner in options.Value.Partners)
        {
            var recipient = await AddAsync(db, partner.Name, RecipientKind.Partner, partner.Name, partner.Name, partner, cancellation);
            db.RecipientAgreements.Add(new RecipientAgreement
            {
                RecipientId = recipient.Id,
                InForceFrom = partner.InForceFrom,
                InForceTo = partner.InForceTo,
                Kinds = string.Join(' ', partner.Kinds),
                TaskSv = partner.Task.Sv,
                TaskEn = partner.Task.En,
                ReceivesSv = partner.Receives.Sv,
                ReceivesEn = partner.Receives.En,
                StoredInSv = partner.StoredIn.Sv,
                StoredInEn = partner.StoredIn.En,
            });
        }

        foreach (var system in options.Value.Systems)
        {
            await AddAsync(db, system.System, RecipientKind.OwnSystem, system.Name.Sv, system.Name.En, system, cancellation);
        }

        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>Makes the secret that signs from now on; the one before goes on for a while beside it.</summary>
    /// <returns>As the recipient is to be given it; null where there is no such recipient.</returns>
    public async Task<string?> NewSecretAsync(string recipient, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (await db.Recipients.SingleOrDefaultAsync(row => row.Key == recipient, cancellation) is not { } found)
        {
            return null;
        }

        var secret = await NewSecretAsync(db, found.Id, cancellation);
        await transaction.CommitAsync(cancellation);
        return secret;
    }

    /// <summary>The same within the caller's transaction.</summary>
    public async Task<string> NewSecretAsync(PortalDbContext db, long recipientId, CancellationToken cancellation)
    {
        var retires = Now.AddDays(options.Value.SecretOverlapDays);
        await db.RecipientSecrets.Where(row => row.RecipientId == recipientId && row.RetiresAt == null).ExecuteUpdateAsync(set => set.SetProperty(row => row.RetiresAt, retires), cancellation);
        var key = StandardWebhook.NewKey();
        db.RecipientSecrets.Add(RecipientSecret.Of(keys, recipientId, key, Now));
        await db.SaveChangesAsync(cancellation);
        return StandardWebhook.SecretOf(key);
    }

    /// <summary>The keys that count now, the newest first.</summary>
    public async Task<IReadOnlyList<byte[]>> KeysOfAsync(PortalDbContext db, long recipientId, CancellationToken cancellation)
    {
        var now = Now;
        var secrets = await db.RecipientSecrets.AsNoTracking().Where(row => row.RecipientId == recipientId && (row.RetiresAt == null || row.RetiresAt > now))
            .OrderByDescending(row => row.Id).ToListAsync(cancellation);
        return [.. secrets.Select(row => row.Key(keys))];
    }

    private async Task<Recipient> AddAsync(
        PortalDbContext db, string key, RecipientKind kind, string sv, string en, RecipientsOptions.Reached reached, CancellationToken cancellation)
    {
        var recipient = new Recipient
        {
            Key = key,
            Kind = kind,
            NameSv = sv,
            NameEn = en,
            Channel = reached.Channel,
            Address = reached.Address,
            Language = reached.Language,
            IdentityNames = string.Join(' ', reached.Identities),
        };
        db.Recipients.Add(recipient);
        // Its number is in what its secret is sealed for.
        await db.SaveChangesAsync(cancellation);
        var secret = reached.Secret is { Length: > 0 } given ? StandardWebhook.KeyOf(given)! : StandardWebhook.NewKey();
        db.RecipientSecrets.Add(RecipientSecret.Of(keys, recipient.Id, secret, Now));
        return recipient;
    }
}
