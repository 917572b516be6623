using System.Globalization;
using System.Security.Cryptography;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Recipients;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Staff.Partners;

/// <summary>Who is told what became of data, under which agreement, and how they are reached. Everything that changes is audited with who changed it.</summary>
internal sealed class PartnerDesk(
    IDbContextFactory<PortalDbContext> databases, RecipientRegister register, WebhookClient webhooks, Outbox outbox, AuditTrail audit, OutboxSignal signal, TimeProvider time)
{
    private const int LastNotices = 10;

    /// <summary>Partners first, by name.</summary>
    public async Task<IReadOnlyList<PartnerLine>> ListAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var agreements = (await db.RecipientAgreements.AsNoTracking().ToListAsync(cancellation)).ToLookup(row => row.RecipientId);
        var recipients = await db.Recipients.AsNoTracking().ToListAsync(cancellation);
        return [.. recipients.Select(row => LineOf(row, [.. agreements[row.Id]])).OrderBy(line => line.Kind).ThenBy(line => line.Name, StringComparer.CurrentCultureIgnoreCase)];
    }

    public async Task<PartnerView?> FindAsync(string id, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (!long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || await db.Recipients.AsNoTracking().SingleOrDefaultAsync(row => row.Id == number, cancellation) is not { } recipient)
        {
            return null;
        }

        var now = Now;
        var agreements = await db.RecipientAgreements.AsNoTracking().Where(row => row.RecipientId == number).OrderByDescending(row => row.InForceFrom).ToListAsync(cancellation);
        var secrets = await db.RecipientSecrets.AsNoTracking().Where(row => row.RecipientId == number && (row.RetiresAt == null || row.RetiresAt > now))
            .OrderByDescending(row => row.Id).Select(row => new { row.CreatedAt, row.RetiresAt }).ToListAsync(cancellation);
        var notices = await db.RecipientNotices.AsNoTracking().Where(row => row.RecipientId == number).OrderByDescending(row => row.Id).Take(LastNotices).ToListAsync(cancellation);
        return new PartnerView(recipient, LineOf(recipient, agreements), agreements, [.. secrets.Select(row => (row.CreatedAt, row.RetiresAt))], notices);
    }

    /// <summary>A partner without an agreement: it is told nothing yet.</summary>
    /// <param name="actor">Who acts, by the audit's names.</param>
    public async Task<PartnerAnswer> AddAsync(string name, RecipientChannel channel, string address, string language, IReadOnlyList<string> identities, string actor, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (await db.Recipients.AnyAsync(row => row.Key == name, cancellation))
        {
            return new PartnerAnswer.NameTaken();
        }

        var recipient = new Recipient
        {
            Key = name,
            Kind = RecipientKind.Partner,
            NameSv = name,
            NameEn = name,
            Channel = channel,
            Address = address,
            Language = language,
            IdentityNames = string.Join(' ', identities),
        };
        db.Recipients.Add(recipient);
        await db.SaveChangesAsync(cancellation);
        await RecordAsync(db, "partner.added", null, recipient.Id, actor, cancellation);
        await transaction.CommitAsync(cancellation);
        return new PartnerAnswer.Done(recipient.Id);
    }

    public async Task<PartnerAnswer> ReachAsync(long id, RecipientChannel channel, string address, string language, IReadOnlyList<string> identities, string actor, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var names = string.Join(' ', identities);
        if (await db.Recipients.Where(row => row.Id == id).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.Channel, channel).SetProperty(row => row.Address, address).SetProperty(row => row.Language, language).SetProperty(row => row.IdentityNames, names),
            cancellation) == 0)
        {
            return new PartnerAnswer.Unknown();
        }

        await RecordAsync(db, "partner.channel-changed", null, id, actor, cancellation);
        await transaction.CommitAsync(cancellation);
        return new PartnerAnswer.Done(id);
    }

    public async Task<PartnerAnswer> AgreeAsync(long id, WantedAgreement wanted, string actor, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (!await HoldAsync(db, id, cancellation))
        {
            return new PartnerAnswer.Unknown();
        }

        if (wanted.To < wanted.From)
        {
            return new PartnerAnswer.EndsBeforeItBegins();
        }

        var others = await db.RecipientAgreements.Where(row => row.RecipientId == id).ToListAsync(cancellation);
        if (others.Find(one => one.Meets(wanted.From, wanted.To) && PartnerAgreements.Words(one.Kinds).Intersect(wanted.Kinds).Any()) is { } other)
        {
            await RecordAsync(db, "partner.agreement-refused", "overlap", id, actor, cancellation);
            await transaction.CommitAsync(cancellation);
            return new PartnerAnswer.Overlaps(other);
        }

        db.RecipientAgreements.Add(new RecipientAgreement
        {
            RecipientId = id,
            InForceFrom = wanted.From,
            InForceTo = wanted.To,
            Kinds = string.Join(' ', wanted.Kinds),
            TaskSv = wanted.Task.Sv,
            TaskEn = wanted.Task.En,
            ReceivesSv = wanted.Receives.Sv,
            ReceivesEn = wanted.Receives.En,
            StoredInSv = wanted.StoredIn.Sv,
            StoredInEn = wanted.StoredIn.En,
        });
        await db.SaveChangesAsync(cancellation);
        await RecordAsync(db, "partner.agreed", null, id, actor, cancellation);
        await transaction.CommitAsync(cancellation);
        return new PartnerAnswer.Done(id);
    }

    /// <param name="last">The last day on which it holds.</param>
    public async Task<PartnerAnswer> EndAsync(long id, long agreement, DateOnly last, string actor, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (!await HoldAsync(db, id, cancellation) || await db.RecipientAgreements.Where(row => row.RecipientId == id).ToListAsync(cancellation) is not { } all || all.Find(row => row.Id == agreement) is not { } found)
        {
            return new PartnerAnswer.Unknown();
        }

        if (last < found.InForceFrom)
        {
            return new PartnerAnswer.EndsBeforeItBegins();
        }

        if (all.Find(one => one.Id != agreement && one.Meets(found.InForceFrom, last) && PartnerAgreements.Words(one.Kinds).Intersect(PartnerAgreements.Words(found.Kinds)).Any()) is { } other)
        {
            await RecordAsync(db, "partner.agreement-refused", "overlap", id, actor, cancellation);
            await transaction.CommitAsync(cancellation);
            return new PartnerAnswer.Overlaps(other);
        }

        found.InForceTo = last;
        await RecordAsync(db, "partner.agreement-ends", null, id, actor, cancellation);
        await transaction.CommitAsync(cancellation);
        return new PartnerAnswer.Done(id);
    }

    public async Task<PartnerAnswer> RenewKeyAsync(long id, string actor, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (!await HoldAsync(db, id, cancellation))
        {
            return new PartnerAnswer.Unknown();
        }

        var shown = await register.NewSecretAsync(db, id, cancellation);
        await RecordAsync(db, "partner.key-renewed", null, id, actor, cancellation);
        await transaction.CommitAsync(cancellation);
        return new PartnerAnswer.NewKey(shown);
    }

    /// <summary>A notice about nobody, to see whether it gets there: a signed webhook whose answer is waited for, or the test mail.</summary>
    public async Task<PartnerAnswer> TestAsync(long id, string actor, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (await db.Recipients.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancellation) is not { } recipient)
        {
            return new PartnerAnswer.Unknown();
        }

        // Before the transaction: the network is waited for in none.
        var answer = recipient.Channel == RecipientChannel.Webhook
            ? await webhooks.PostAsync(
                recipient.Address, await register.KeysOfAsync(db, id, cancellation), $"msg_test_{RandomNumberGenerator.GetHexString(24, lowercase: true)}", RecipientPayload.Test, cancellation)
            : null;
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (answer is null)
        {
            await outbox.AddAsync(db, new TestLetter(), recipient.Address, recipient.Language, caseNumber: null, cancellation);
        }

        await RecordAsync(db, "partner.tested", answer is WebhookAnswer.NotTaken { Code: var code } ? code : answer is WebhookAnswer.Gone ? "gone" : null, id, actor, cancellation);
        await transaction.CommitAsync(cancellation);
        signal.Ring();
        return new PartnerAnswer.Tested(answer);
    }

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    private PartnerLine LineOf(Recipient recipient, List<RecipientAgreement> agreements)
    {
        var today = SwedishDays.Today(time);
        // What holds longest counts.
        var held = agreements.Where(one => one.HoldsOn(today)).OrderByDescending(one => one.InForceTo ?? DateOnly.MaxValue).FirstOrDefault();
        var state = (recipient.Kind, held) switch
        {
            (RecipientKind.OwnSystem, _) => AgreementState.NotNeeded,
            (_, { InForceTo: { } last }) when last <= today.AddDays(AgreementWatch.WarnDays) && !held.IsFollowed(agreements) => AgreementState.Ending,
            (_, not null) => AgreementState.InForce,
            _ when agreements.Any(one => one.InForceFrom > today) => AgreementState.ToCome,
            _ when agreements.Count > 0 => AgreementState.Ended,
            _ => AgreementState.None,
        };
        return new PartnerLine(recipient.Id, recipient.Name(CultureInfo.CurrentUICulture.TwoLetterISOLanguageName), recipient.Kind, recipient.Channel, state, held?.InForceTo);
    }

    /// <summary>Changes nothing but takes the row's lock: two agreements at once do not overlap each other unseen.</summary>
    private static async Task<bool> HoldAsync(PortalDbContext db, long id, CancellationToken cancellation) =>
        await db.Recipients.Where(row => row.Id == id).ExecuteUpdateAsync(set => set.SetProperty(row => row.Language, row => row.Language), cancellation) == 1;

    private async Task RecordAsync(PortalDbContext db, string what, string? reason, long recipient, string actor, CancellationToken cancellation)
    {
        var (subject, by) = (await audit.NumberOfAsync(db, $"recipient:{recipient}", cancellation), await audit.NumberOfAsync(db, actor, cancellation));
        await audit.AppendAsync(db, new AuditEvent(what) { Subject = subject, Actor = by, ReasonCode = reason }, cancellation);
    }
}
