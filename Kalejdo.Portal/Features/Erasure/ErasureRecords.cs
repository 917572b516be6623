using System.Text.Json;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Recipients;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>What the portal's database says of an erasure: its intent, its refusal, its end; one transaction each.</summary>
internal sealed class ErasureRecords(
    LiveMap liveMap,
    IDbContextFactory<PortalDbContext> databases,
    AuditTrail audit,
    Subjects subjects,
    PortalKeys keys,
    Outbox outbox,
    CaseLinks links,
    ErasureClaims claims,
    ErasureFollowUps followUps,
    Restrictions restrictions,
    RecipientNotices recipients,
    IOptions<StoreOptions> options,
    TimeProvider time)
{
    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <returns>The case that staff decide.</returns>
    public async Task<string> RefuseAsync(ErasureRequest request, IReadOnlyList<Refusal> reasons, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var (subject, who) = (await subjects.NumberOfAsync(db, request.Identities, cancellationToken), await audit.NumberOfAsync(db, request.Actor, cancellationToken));
        var opened = await CaseAsync(db, request, subject, cancellationToken);
        opened.Take(db, CaseStep.HandedToStaff, Now, "plan-refused");
        opened.OutcomeJson = JsonSerializer.Serialize(reasons);
        // Staff decide: meanwhile the account is its owner's again.
        var now = Now;
        await db.ScheduledErasures.Where(s => s.CaseNumber == request.CaseNumber).ExecuteUpdateAsync(set => set.SetProperty(s => s.CancelledAt, now), cancellationToken);
        await db.ErasureProposals.Where(p => p.CaseNumber == request.CaseNumber && p.EndedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(p => p.EndedAt, now).SetProperty(p => p.SealedPayload, Array.Empty<byte>()), cancellationToken);
        if (request.Farewell is { Address: { } address, Language: var language })
        {
            db.CaseContacts.Add(CaseContact.Of(keys, opened.Number, request.Farewell.AccountId, language, new CaseReach(address)));
            // Where staff erase the person has not asked here, and what they asked for elsewhere is on record already.
            if (request.Approved is null)
            {
                await outbox.AddAsync(db, new ErasureReceivedLetter(opened.Number, opened.DueOn), address, language, opened.Number, cancellationToken);
            }
        }
        await audit.AppendAsync(db, new AuditEvent("erasure.plan-refused") { Subject = subject, Actor = who, CaseNumber = opened.Number, ReasonCode = "plan-refused" }, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return opened.Number;
    }

    /// <returns>Its case; null where it was undone, or started by another node, meanwhile.</returns>
    public async Task<string?> IntendAsync(ErasureWork work, ErasureRequest request, CancellationToken cancellationToken)
    {
        // Data protection makes its keys in this same database: inside the transaction it would wait for ourselves.
        claims.Protect("", work);
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (request.CaseNumber is not null && !await StartAsync(db, request.CaseNumber, cancellationToken))
        {
            return null;
        }
        var (subject, who) = (await subjects.NumberOfAsync(db, work.Identities, cancellationToken), await audit.NumberOfAsync(db, request.Actor, cancellationToken));
        var opened = await CaseAsync(db, request, subject, cancellationToken);
        opened.Take(db, CaseStep.Begun, Now);
        opened.PlanJson = JsonSerializer.Serialize(work.Plan);
        var scope = work.Scope switch
        {
            { IsEverything: true } => null,
            { Rows.Count: 0 } => JsonSerializer.Serialize(work.Scope.Kinds),
            // A row's key may be an address. Never an empty list of kinds: replayed, that would be everything.
            _ => JsonSerializer.Serialize(new { Rows = keys.Seal("ledger rows", JsonSerializer.SerializeToUtf8Bytes(work.Scope)) }),
        };
        db.Ledger.AddRange(work.Identities.Select(i => LedgerEntry.Intended(keys, opened.Number, i.Name, Subjects.Normal(i), scope, Now)));
        db.WorkingSets.Add(claims.New(opened.Number, work));
        await audit.AppendAsync(db, new AuditEvent("erasure.intended") { Subject = subject, Actor = who, CaseNumber = opened.Number }, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return opened.Number;
    }

    public async Task CloseAsync(string number, IReadOnlyList<StepRecord> steps, long? left, ErasureWork work, string actor, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await db.WorkingSets.FindAsync([number], cancellationToken) is not { } working)
        {
            // Another node was faster.
            return;
        }
        var closed = await db.Cases.SingleAsync(c => c.Number == number, cancellationToken);
        var awaited = await TellRecipientsAsync(db, closed, steps, work, cancellationToken);
        closed.Take(db, left != 0 ? CaseStep.PartlyDone : awaited > 0 ? CaseStep.RecipientsAwaited : CaseStep.Done, Now, left == 0 ? null : "rows-left");
        // What is deleted is overwritten after this: closing deletes too.
        closed.OutcomeJson = new ErasureOutcomeRecord(steps, left, Overwritten: false, OverwriteBy: ErasureFollowUps.OverwriteBy(Now), ErasedOn: DueDate.DayOf(Now)).ToJson();
        db.WorkingSets.Remove(working);
        db.RetainedRows.AddRange(EndedRetention.Remember(keys, number, closed.Subject, work.Kept, DueDate.DayOf(Now)));
        db.Ledger.Add(LedgerEntry.Completed(number, Now, TimeSpan.FromDays(options.Value.LongestBackupDays)));
        followUps.Add(db, number, steps, work);
        var who = await audit.NumberOfAsync(db, actor, cancellationToken);
        if (work.Scope.IsEverything)
        {
            // That mail to them came back is known of addresses that are known.
            var gone = work.Addresses.Select(a => MailLink.HashAddress(keys, a)).ToList();
            await db.BouncedAddresses.Where(b => gone.Contains(b.AddressHash)).ExecuteDeleteAsync(cancellationToken);
        }
        if (work.Farewell is { } farewell)
        {
            if (left != 0 && farewell.Address is { } address)
            {
                // Staff go on, and tell the person when it is done.
                db.CaseContacts.Add(CaseContact.Of(keys, number, farewell.AccountId, farewell.Language, new CaseReach(address)));
            }
            // Their own act, before which they were told: what they erase is paused no longer. Rows alone end nothing.
            if (work.Scope.Rows.Count == 0)
            {
                await restrictions.EndErasedAsync(db, closed, work.Scope.IsEverything ? null : work.Scope.Kinds, Now, cancellationToken);
            }
            await TakeLeaveAsync(db, number, steps, work, farewell, cancellationToken);
        }
        await audit.AppendAsync(db, new AuditEvent("erasure.done") { Subject = closed.Subject, Actor = who, CaseNumber = number, ReasonCode = closed.ReasonCode }, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>An erasure in its pause starts once, and not after it was undone; an approved one once, and not after its case was closed.</summary>
    private async Task<bool> StartAsync(PortalDbContext db, string number, CancellationToken cancellationToken)
    {
        var now = Now;
        return await db.ScheduledErasures.Where(s => s.CaseNumber == number && s.StartedAt == null && s.CancelledAt == null)
                .ExecuteUpdateAsync(set => set.SetProperty(s => s.StartedAt, now), cancellationToken) == 1
            || await db.ErasureProposals
                .Where(p => p.CaseNumber == number && p.Answer == ProposalAnswer.Approved && p.EndedAt == null && db.Cases.Any(c => c.Number == number && c.Status == CaseStatus.Received))
                .ExecuteUpdateAsync(set => set.SetProperty(p => p.EndedAt, now).SetProperty(p => p.SealedPayload, Array.Empty<byte>()), cancellationToken) == 1;
    }

    private async Task<Case> CaseAsync(PortalDbContext db, ErasureRequest request, long subject, CancellationToken cancellationToken) =>
        request.CaseNumber is { } number
            ? await db.Cases.SingleAsync(c => c.Number == number, cancellationToken)
            : await CaseRegister.OpenAsync(db, CaseType.Erasure, subject, Now, cancellationToken, CaseRegister.PartyOf(request.Actor));

    /// <summary>In the closing transaction: whoever else holds what was erased. Who holds what is kept is told nothing.</summary>
    private async Task<int> TellRecipientsAsync(PortalDbContext db, Case closed, IReadOnlyList<StepRecord> steps, ErasureWork work, CancellationToken cancellationToken)
    {
        var map = (await liveMap.OpenAsync(cancellationToken)).Databases?.Map;
        var act = new RecipientAct(closed.Number, closed.Subject, RecipientEvent.Erased, work.Identities, KindsOf(steps.Where(s => s.Changes)))
        {
            KeptKinds = KindsOf(steps.Where(s => s.Action == "retain")),
            Rows = work.Scope.Rows,
        };
        return await recipients.AddAsync(db, act, cancellationToken);

        List<string> KindsOf(IEnumerable<StepRecord> some) =>
            [.. some.Select(s => map?.Collections.FirstOrDefault(c => c.Id == s.Collection)?.KindKey).OfType<string>().Distinct()];
    }

    /// <summary>In the closing transaction: the last letter, to the address captured before it was erased, and the end of the account.</summary>
    private async Task TakeLeaveAsync(
        PortalDbContext db, string number, IReadOnlyList<StepRecord> steps, ErasureWork work, ErasureFarewell farewell, CancellationToken cancellationToken)
    {
        if (farewell.Address is { } address)
        {
            var receipt = PortalUrls.Receipt(links.Of(number));
            var backupsGone = DueDate.DayOf(Now).AddDays(options.Value.LongestBackupDays);
            var someKept = steps.Any(s => s.Action == "retain");
            Letter letter = await db.ErasureProposals.AnyAsync(p => p.CaseNumber == number, cancellationToken)
                ? new ErasedByStaffLetter(number, await KindsAsync(work, cancellationToken), someKept, backupsGone, receipt, PortalUrls.Case(links.Of(number, CaseLinks.OfRequests)))
                {
                    AccountIsGone = farewell is { ClosesAccount: true, AccountId: not "" },
                    AddressIsGone = farewell.ClosesAccount,
                }
                : farewell.ClosesAccount
                ? new ErasedLetter(number, someKept, backupsGone, receipt)
                : new PartlyErasedLetter(number, await KindsAsync(work, cancellationToken), receipt);
            await outbox.AddAsync(db, letter, address, farewell.Language, number, cancellationToken);
        }
        if (farewell.ClosesAccount)
        {
            // Its links, sessions and pending corrections go with it; what follows refers to it without a key. Links that came
            // with mails know the address alone.
            var hashes = work.Addresses.Select(a => MailLink.HashAddress(keys, a)).ToList();
            await db.MailLinks.Where(l => l.AccountId == farewell.AccountId || hashes.Contains(l.AddressHash)).ExecuteDeleteAsync(cancellationToken);
            await db.ScheduledErasures.Where(s => s.AccountId == farewell.AccountId).ExecuteDeleteAsync(cancellationToken);
            await db.Users.Where(u => u.Id == farewell.AccountId).ExecuteDeleteAsync(cancellationToken);
        }
    }

    private async Task<IReadOnlyList<LocalText>> KindsAsync(ErasureWork work, CancellationToken cancellationToken)
    {
        var map = (await liveMap.OpenAsync(cancellationToken)).Databases?.Map;
        var changed = work.Plan.Values.SelectMany(s => s).Where(s => s.Changes).Select(s => s.Collection).ToHashSet();
        return [.. (map?.Kinds ?? []).Where(k => map!.Collections.Any(c => c.KindKey == k.Key && changed.Contains(c.Id))).Select(k => k.Label).OfType<LocalText>()];
    }
}
