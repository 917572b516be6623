using System.Text.Json;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>What an erasure came to.</summary>
internal abstract record ErasureResult
{
    private ErasureResult()
    {
    }

    /// <summary>Nobody was found, or nothing of them that could go or must stay: no case was opened.</summary>
    /// <param name="Overwritten">False where another program kept a database from being overwritten: an earlier erasure may have left traces.</param>
    public sealed record NothingFound(bool Overwritten) : ErasureResult;

    /// <summary>Done and closed.</summary>
    /// <param name="Left">Rows that a new look still finds although the plan does not keep them.</param>
    /// <param name="Overwritten">False where another program kept a database from being overwritten: traces may be left.</param>
    public sealed record Erased(string Case, IReadOnlyList<StepRecord> Steps, long? Left, bool Overwritten) : ErasureResult;

    /// <summary>Refused whole; staff decide, within the case's time.</summary>
    public sealed record Refused(string Case, IReadOnlyList<Refusal> Reasons) : ErasureResult;

    /// <summary>Begun, but a database could not be reached; the next start goes on.</summary>
    public sealed record Unfinished(string Case, IReadOnlyList<Refusal> Reasons) : ErasureResult;

    /// <summary>The data has changed since its plan was shown; nothing was recorded.</summary>
    public sealed record Changed : ErasureResult;

    /// <summary>The configured databases cannot be used now; nothing was recorded.</summary>
    public sealed record Unavailable(IReadOnlyList<Refusal> Reasons) : ErasureResult;
}

/// <summary>
/// Erases with evidence (design.md 5): the intent is recorded before the first destructive statement, each database is changed in
/// its own transaction, and a kill anywhere leaves a working set from which <see cref="ResumeAsync"/> goes on to the same end.
/// </summary>
internal sealed partial class Erasures(
    LiveMap liveMap,
    IDbContextFactory<PortalDbContext> databases,
    AuditTrail audit,
    Subjects subjects,
    PortalKeys keys,
    Outbox outbox,
    CaseLinks links,
    IDataProtectionProvider protection,
    IOptions<StoreOptions> options,
    TimeProvider time,
    ILogger<Erasures> log)
{
    private static readonly TimeSpan Claim = TimeSpan.FromMinutes(10);

    // The last part is this life's: a container's process has the same number in every life.
    private readonly string me = $"{Environment.MachineName}/{Environment.ProcessId}/{Guid.NewGuid():N}";

    /// <param name="actor">Who does it, by the audit's names, such as <c>operator:command-line</c>.</param>
    /// <param name="progress">Told after each step that is on disk.</param>
    public async Task<ErasureResult> EraseAsync(
        IReadOnlyList<Identity> identities, ErasureScope scope, string actor, IProgress<string> progress, CancellationToken cancellationToken)
    {
        var (begun, otherwise) = await BeginAsync(new ErasureRequest(identities, scope, actor), cancellationToken);
        if (begun is null)
        {
            return otherwise!;
        }
        progress.Report($"case {begun.Case}: intent recorded");
        return await FinishAsync(begun, progress, cancellationToken);
    }

    /// <summary>Plans, and puts the intent on record.</summary>
    /// <returns>What <see cref="FinishAsync"/> carries out, or why there is nothing to carry out.</returns>
    public async Task<(BegunErasure? Begun, ErasureResult? Otherwise)> BeginAsync(ErasureRequest request, CancellationToken cancellationToken)
    {
        var (live, problems) = await liveMap.OpenAsync(cancellationToken);
        if (live is null)
        {
            return (null, new ErasureResult.Unavailable(problems));
        }
        if (live.Unknown(request.Identities) is { Count: > 0 } unknown)
        {
            return (null, new ErasureResult.Unavailable(unknown));
        }
        // A slip of the pen is no request that staff must decide.
        if (request.Scope.Kinds.Except(live.Map.Collections.Select(c => c.KindKey)).Select(k => new Refusal($"no map knows the kind '{k}'")).ToList() is { Count: > 0 } slips)
        {
            return (null, new ErasureResult.Unavailable(slips));
        }
        var plan = new Dictionary<string, IReadOnlyList<StepRecord>>();
        switch (await new Rights.Erasure(live, time).PlanAsync(request.Identities, request.Scope, cancellationToken))
        {
            // A pause that is over waits for a database that does not answer; it is no refusal.
            case ErasureOutcome.Refused refused when request.CaseNumber is not null && refused.Reasons.All(r => r.Field is null):
                return (null, new ErasureResult.Unavailable(refused.Reasons));
            case ErasureOutcome.Refused refused:
                return (null, new ErasureResult.Refused(await RecordRefusalAsync(request, refused.Reasons, cancellationToken), refused.Reasons));
            // An account is closed also where the databases hold nothing (any more).
            case ErasureOutcome.Done { Steps.Count: 0 } when request.Farewell is not { ClosesAccount: true }:
                // Who asks again because the file was busy the first time finds nothing, but means this.
                return (null, new ErasureResult.NothingFound(await OverwriteAsync(live, new Rights.Erasure(live, time), cancellationToken)));
            case ErasureOutcome.Done done when request.Shown is { } shown && shown != ErasureRequest.Fingerprint(done.Steps.Select(StepRecord.Of)):
                return (null, new ErasureResult.Changed());
            case ErasureOutcome.Done done:
                foreach (var key in live.Keys)
                {
                    plan[key] = [.. done.Steps.Where(s => live.KeyOf(s.Collection) == key).Select(StepRecord.Of)];
                }
                break;
        }
        var work = new ErasureWork(request.Identities, request.Scope, plan, new Dictionary<string, IReadOnlyList<StepRecord>>(), request.Farewell);
        return await RecordIntentAsync(work, request, cancellationToken) is { } number
            ? (new BegunErasure(number, work, live, request.Actor), null)
            : (null, new ErasureResult.Changed());
    }

    /// <summary>Carries out what was begun.</summary>
    public Task<ErasureResult> FinishAsync(BegunErasure begun, IProgress<string> progress, CancellationToken cancellationToken) =>
        CarryOutAsync(begun.Databases, begun.Case, begun.Work, begun.Actor, progress, cancellationToken);

    /// <summary>Goes on with what a kill or an unreachable database left behind.</summary>
    /// <returns>The cases that were closed.</returns>
    public async Task<IReadOnlyList<string>> ResumeAsync(IProgress<string> progress, CancellationToken cancellationToken)
    {
        var closed = new List<string>();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (!await db.WorkingSets.AnyAsync(cancellationToken))
        {
            return closed;
        }
        var (live, problems) = await liveMap.OpenAsync(cancellationToken);
        if (live is null)
        {
            Log.CannotResume(log, string.Join("; ", problems));
            return closed;
        }
        foreach (var number in await db.WorkingSets.OrderBy(w => w.CreatedAt).Select(w => w.CaseNumber).ToListAsync(cancellationToken))
        {
            if (await ClaimAsync(number, cancellationToken) is { } work)
            {
                progress.Report($"case {number}: resumed");
                if (await CarryOutAsync(live, number, work, "system:resume", progress, cancellationToken) is ErasureResult.Erased)
                {
                    closed.Add(number);
                }
            }
        }
        return closed;
    }

    private async Task<string> RecordRefusalAsync(ErasureRequest request, IReadOnlyList<Refusal> reasons, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var (subject, who) = (await subjects.NumberOfAsync(db, request.Identities, cancellationToken), await audit.NumberOfAsync(db, request.Actor, cancellationToken));
        var opened = await CaseAsync(db, request, subject, cancellationToken);
        opened.Status = CaseStatus.Received;
        opened.ReasonCode = "plan-refused";
        opened.OutcomeJson = JsonSerializer.Serialize(reasons);
        // Staff decide: meanwhile the account is its owner's again.
        var now = Now;
        await db.ScheduledErasures.Where(s => s.CaseNumber == request.CaseNumber).ExecuteUpdateAsync(set => set.SetProperty(s => s.CancelledAt, now), cancellationToken);
        await audit.AppendAsync(db, new AuditEvent("erasure.plan-refused") { Subject = subject, Actor = who, CaseNumber = opened.Number, ReasonCode = "plan-refused" }, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return opened.Number;
    }

    /// <returns>Its case; null where it was undone, or started by another node, meanwhile.</returns>
    private async Task<string?> RecordIntentAsync(ErasureWork work, ErasureRequest request, CancellationToken cancellationToken)
    {
        // Data protection makes its keys in this same database: inside the transaction it would wait for ourselves.
        Protect("", work);
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (request.CaseNumber is not null && !await StartAsync(db, request.CaseNumber, cancellationToken))
        {
            return null;
        }
        var (subject, who) = (await subjects.NumberOfAsync(db, work.Identities, cancellationToken), await audit.NumberOfAsync(db, request.Actor, cancellationToken));
        var opened = await CaseAsync(db, request, subject, cancellationToken);
        opened.Status = CaseStatus.InProgress;
        opened.PlanJson = JsonSerializer.Serialize(work.Plan);
        var scope = work.Scope switch
        {
            { IsEverything: true } => null,
            { Rows.Count: 0 } => JsonSerializer.Serialize(work.Scope.Kinds),
            // A row's key may be an address. Never an empty list of kinds: replayed, that would be everything.
            _ => JsonSerializer.Serialize(new { Rows = keys.Seal("ledger rows", JsonSerializer.SerializeToUtf8Bytes(work.Scope)) }),
        };
        db.Ledger.AddRange(work.Identities.Select(i => LedgerEntry.Intended(keys, opened.Number, i.Name, Subjects.Normal(i), scope, Now)));
        db.WorkingSets.Add(new WorkingSet
        {
            CaseNumber = opened.Number,
            CreatedAt = Now,
            ClaimedBy = me,
            ClaimedUntil = Now + Claim,
            Payload = Protect(opened.Number, work),
        });
        await audit.AppendAsync(db, new AuditEvent("erasure.intended") { Subject = subject, Actor = who, CaseNumber = opened.Number }, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return opened.Number;
    }

    /// <summary>An erasure in its pause starts once, and not after it was undone.</summary>
    private async Task<bool> StartAsync(PortalDbContext db, string number, CancellationToken cancellationToken)
    {
        var now = Now;
        return await db.ScheduledErasures.Where(s => s.CaseNumber == number && s.StartedAt == null && s.CancelledAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(s => s.StartedAt, now), cancellationToken) == 1;
    }

    private async Task<Case> CaseAsync(PortalDbContext db, ErasureRequest request, long subject, CancellationToken cancellationToken) =>
        request.CaseNumber is { } number
            ? await db.Cases.SingleAsync(c => c.Number == number, cancellationToken)
            : await CaseRegister.OpenAsync(db, CaseType.Erasure, subject, Now, cancellationToken);

    private async Task<ErasureResult> CarryOutAsync(
        Databases live, string number, ErasureWork work, string actor, IProgress<string> progress, CancellationToken cancellationToken)
    {
        var erasure = new Rights.Erasure(live, time);
        foreach (var key in live.Keys.Where(k => !work.Done.ContainsKey(k)))
        {
            switch (await erasure.ExecuteAsync(key, work.Identities, work.Scope, KeepAsync, cancellationToken))
            {
                case ErasureOutcome.Refused refused:
                    await ReleaseAsync(number, cancellationToken);
                    return new ErasureResult.Unfinished(number, refused.Reasons);
                case ErasureOutcome.Done done:
                    progress.Report($"case {number}: {key} erased");
                    IReadOnlyList<StepRecord> steps = [.. done.Steps.Select(StepRecord.Of)];
                    // Killed between the database's commit and this line, nothing is found the second time: what was planned was done.
                    work = work with { Done = new Dictionary<string, IReadOnlyList<StepRecord>>(work.Done) { [key] = steps.Any(s => s.Changes) ? steps : work.Plan.GetValueOrDefault(key, steps) } };
                    await SaveAsync(number, work, cancellationToken);
                    progress.Report($"case {number}: {key} recorded");
                    break;
            }
        }
        var left = await erasure.LeftAsync(work.Identities, work.Scope, cancellationToken);
        var overwritten = await OverwriteAsync(live, erasure, cancellationToken);
        progress.Report($"case {number}: overwritten");
        var result = new ErasureResult.Erased(number, [.. live.Keys.SelectMany(k => work.Done[k])], left, overwritten);
        await CloseAsync(result, work, actor, cancellationToken);
        progress.Report($"case {number}: closed");
        return result;

        // Before the database's commit: afterwards nobody could find these rows any more.
        async Task KeepAsync(IReadOnlyList<KeptRow> rows, CancellationToken cancel)
        {
            if (work.Keeping(rows) is var keeping && keeping != work)
            {
                work = keeping;
                await SaveAsync(number, work, cancel);
            }
        }
    }

    private static async Task<bool> OverwriteAsync(Databases live, Rights.Erasure erasure, CancellationToken cancellationToken)
    {
        var overwritten = true;
        foreach (var key in live.Keys)
        {
            overwritten &= await erasure.OverwriteAsync(key, cancellationToken);
        }
        return overwritten;
    }

    private async Task CloseAsync(ErasureResult.Erased result, ErasureWork work, string actor, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await db.WorkingSets.FindAsync([result.Case], cancellationToken) is not { } working)
        {
            // Another node was faster.
            return;
        }
        var closed = await db.Cases.SingleAsync(c => c.Number == result.Case, cancellationToken);
        closed.Status = result.Left == 0 ? CaseStatus.Done : CaseStatus.PartlyDone;
        closed.ClosedAt = result.Left == 0 ? Now : null;
        closed.ReasonCode = result.Left == 0 ? null : "rows-left";
        closed.OutcomeJson = JsonSerializer.Serialize(new ErasureOutcomeRecord(result.Steps, result.Left, result.Overwritten));
        db.WorkingSets.Remove(working);
        db.RetainedRows.AddRange(EndedRetention.Remember(keys, result.Case, closed.Subject, work.Kept, DueDate.DayOf(Now)));
        db.Ledger.Add(LedgerEntry.Completed(result.Case, Now, TimeSpan.FromDays(options.Value.LongestBackupDays)));
        var who = await audit.NumberOfAsync(db, actor, cancellationToken);
        if (work.Farewell is { } farewell)
        {
            await TakeLeaveAsync(db, result, work, farewell, cancellationToken);
        }
        await audit.AppendAsync(db, new AuditEvent("erasure.done") { Subject = closed.Subject, Actor = who, CaseNumber = result.Case, ReasonCode = closed.ReasonCode }, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>In the closing transaction: the last letter, to the address captured before it was erased, and the end of the account.</summary>
    private async Task TakeLeaveAsync(PortalDbContext db, ErasureResult.Erased result, ErasureWork work, ErasureFarewell farewell, CancellationToken cancellationToken)
    {
        if (farewell.Address is { } address)
        {
            var receipt = PortalUrls.Receipt(links.Of(result.Case));
            var backupsGone = DueDate.DayOf(Now).AddDays(options.Value.LongestBackupDays);
            Letter letter = farewell.ClosesAccount
                ? new ErasedLetter(result.Case, result.Steps.Any(s => s.Action == "retain"), backupsGone, receipt)
                : new PartlyErasedLetter(result.Case, await KindsAsync(work, cancellationToken), receipt);
            await outbox.AddAsync(db, letter, address, farewell.Language, result.Case, cancellationToken);
        }
        if (farewell.ClosesAccount)
        {
            // Its links, sessions and pending corrections go with it; what follows refers to it without a key.
            await db.MailLinks.Where(l => l.AccountId == farewell.AccountId).ExecuteDeleteAsync(cancellationToken);
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

    private async Task SaveAsync(string number, ErasureWork work, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var payload = Protect(number, work);
        var until = Now + Claim;
        await db.WorkingSets.Where(w => w.CaseNumber == number)
            .ExecuteUpdateAsync(set => set.SetProperty(w => w.Payload, payload).SetProperty(w => w.ClaimedBy, me).SetProperty(w => w.ClaimedUntil, until), cancellationToken);
    }

    private async Task ReleaseAsync(string number, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await db.WorkingSets.Where(w => w.CaseNumber == number)
            .ExecuteUpdateAsync(set => set.SetProperty(w => w.ClaimedBy, (string?)null).SetProperty(w => w.ClaimedUntil, (DateTime?)null), cancellationToken);
    }

    /// <summary>Takes a working set that nobody works on; null where somebody does.</summary>
    private async Task<ErasureWork?> ClaimAsync(string number, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var working = await db.WorkingSets.AsNoTracking().SingleOrDefaultAsync(w => w.CaseNumber == number, cancellationToken);
        if (working is null || (working.ClaimedUntil > Now && !IsDead(working.ClaimedBy)))
        {
            return null;
        }
        var until = Now + Claim;
        var claimed = await db.WorkingSets.Where(w => w.CaseNumber == number && w.ClaimedBy == working.ClaimedBy && w.ClaimedUntil == working.ClaimedUntil)
            .ExecuteUpdateAsync(set => set.SetProperty(w => w.ClaimedBy, me).SetProperty(w => w.ClaimedUntil, until).SetProperty(w => w.Attempts, w => w.Attempts + 1), cancellationToken);
        return claimed == 1 ? ErasureWork.FromBytes(WorkingSet.Protector(protection, number).Unprotect(working.Payload)) : null;
    }

    /// <summary>A claim of this machine whose process is gone need not run out first.</summary>
    private bool IsDead(string? claimedBy)
    {
        if (claimedBy?.Split('/') is not [var machine, var id, ..] || machine != Environment.MachineName || !int.TryParse(id, out var process))
        {
            return claimedBy is null;
        }
        if (process == Environment.ProcessId)
        {
            return claimedBy != me;
        }
        try
        {
            using var alive = System.Diagnostics.Process.GetProcessById(process);
            return alive.HasExited;
        }
        catch (ArgumentException)
        {
            return true;
        }
    }

    private byte[] Protect(string number, ErasureWork work) => WorkingSet.Protector(protection, number).Protect(work.ToBytes());

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Unfinished erasures wait, because the data map's databases cannot be used: {Reasons}")]
        public static partial void CannotResume(ILogger logger, string reasons);
    }
}
