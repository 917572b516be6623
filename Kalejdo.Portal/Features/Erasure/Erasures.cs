using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>
/// Erases with evidence (design.md 5): the intent is recorded before the first destructive statement, each database is changed in
/// its own transaction, and a kill anywhere leaves a working set from which <see cref="ResumeAsync"/> goes on to the same end.
/// </summary>
internal sealed partial class Erasures(
    LiveMap liveMap,
    IDbContextFactory<PortalDbContext> databases,
    ErasureRecords records,
    ErasureClaims claims,
    ErasureFollowUps followUps,
    Restrictions restrictions,
    TimeProvider time,
    ILogger<Erasures> log)
{
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
        IReadOnlyList<CarriedValues> carried = [];
        switch (await new Rights.Erasure(live, time).PlanAsync(request.Identities, request.Scope, cancellationToken))
        {
            // A pause that is over waits for a database that does not answer; it is no refusal.
            case ErasureOutcome.Refused refused when request.CaseNumber is not null && refused.Reasons.All(r => r.Field is null):
                return (null, new ErasureResult.Unavailable(refused.Reasons));
            case ErasureOutcome.Refused refused:
                return (null, new ErasureResult.Refused(await records.RefuseAsync(request, refused.Reasons, cancellationToken), refused.Reasons));
            // An account is closed also where the databases hold nothing (any more).
            case ErasureOutcome.Done { Steps.Count: 0 } when request.Farewell is not { ClosesAccount: true }:
                // Who asks again because the file was busy the first time finds nothing, but means this.
                return (null, new ErasureResult.NothingFound(await ErasureFollowUps.OverwriteAsync(live, time, cancellationToken)));
            case ErasureOutcome.Done done when request.Shown is { } shown && shown != ErasureRequest.Fingerprint(done.Steps.Select(StepRecord.Of)):
                return (null, new ErasureResult.Changed());
            case ErasureOutcome.Done done when request.Approved is { } approved && ErasureRequest.Exceeds(done.Steps.Select(StepRecord.Of), approved):
                return (null, new ErasureResult.Outgrown());
            case ErasureOutcome.Done done when !Restrictions.IsOwnAct(request.Actor) && await RestrictedAsync(live, request, done, cancellationToken) is { } restricted:
                return (null, restricted);
            case ErasureOutcome.Done done:
                carried = done.Carried;
                foreach (var key in live.Keys)
                {
                    plan[key] = [.. done.Steps.Where(s => live.KeyOf(s.Collection) == key).Select(StepRecord.Of)];
                }
                break;
        }
        var work = new ErasureWork(request.Identities, request.Scope, plan, new Dictionary<string, IReadOnlyList<StepRecord>>(), request.Farewell) { Carried = carried };
        return await records.IntendAsync(work, request, cancellationToken) is { } number
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
            if (await claims.TakeAsync(number, cancellationToken) is { } work)
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

    /// <summary>Erasing is a use too: what somebody had paused is left alone, unless they erase it themselves (docs/decisions/12).</summary>
    private async Task<ErasureResult?> RestrictedAsync(Databases live, ErasureRequest request, ErasureOutcome.Done plan, CancellationToken cancellationToken)
    {
        if (await restrictions.InForceByAnyIdentityAsync(live, request.Identities, cancellationToken) is not { } paused)
        {
            return new ErasureResult.Unavailable([new Refusal("a database could not be read")]);
        }
        if (Restrictions.Touched(live.Map, plan.Steps, paused.Select(row => row.Kind).ToHashSet()) is not { Count: > 0 } touched)
        {
            return null;
        }
        await restrictions.RecordUpheldAsync(request.Identities, request.Actor, "erasure", cancellationToken);
        return new ErasureResult.Restricted(touched);
    }

    private async Task<ErasureResult> CarryOutAsync(
        Databases live, string number, ErasureWork work, string actor, IProgress<string> progress, CancellationToken cancellationToken)
    {
        var erasure = new Rights.Erasure(live, time);
        foreach (var key in live.Keys.Where(k => !work.Done.ContainsKey(k)))
        {
            switch (await erasure.ExecuteAsync(key, work.Identities, work.Scope, work.Carried, KeepAsync, cancellationToken))
            {
                case ErasureOutcome.Refused refused:
                    await claims.ReleaseAsync(number, refused.Reasons, cancellationToken);
                    return new ErasureResult.Unfinished(number, refused.Reasons);
                case ErasureOutcome.Done done:
                    progress.Report($"case {number}: {key} erased");
                    IReadOnlyList<StepRecord> steps = [.. done.Steps.Select(StepRecord.Of)];
                    // Killed between the database's commit and this line, nothing is found the second time: what was planned was done.
                    work = work with { Done = new Dictionary<string, IReadOnlyList<StepRecord>>(work.Done) { [key] = steps.Any(s => s.Changes) ? steps : work.Plan.GetValueOrDefault(key, steps) } };
                    await claims.SaveAsync(number, work, cancellationToken);
                    progress.Report($"case {number}: {key} recorded");
                    break;
            }
        }
        var left = await erasure.LeftAsync(work.Identities, work.Scope, work.Carried, cancellationToken);
        IReadOnlyList<StepRecord> all = [.. live.Keys.SelectMany(k => work.Done[k])];
        await records.CloseAsync(number, all, left, work, actor, cancellationToken);
        progress.Report($"case {number}: closed");
        var overwritten = await followUps.OverwriteAsync(number, live, cancellationToken);
        progress.Report($"case {number}: {(overwritten ? "overwritten" : "waits to be overwritten")}");
        return new ErasureResult.Erased(number, all, left, overwritten);

        // Before the database's commit: afterwards nobody could find these rows any more.
        async Task KeepAsync(IReadOnlyList<KeptRow> rows, CancellationToken cancel)
        {
            if (work.Keeping(rows) is var keeping && keeping != work)
            {
                work = keeping;
                await claims.SaveAsync(number, work, cancel);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Unfinished erasures wait, because the data map's databases cannot be used: {Reasons}")]
        public static partial void CannotResume(ILogger logger, string reasons);
    }
}
