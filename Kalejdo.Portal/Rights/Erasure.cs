using System.Data.Common;

namespace Kalejdo.Portal.Rights;

/// <summary>Erases a subject's data (GDPR Art. 17), one database at a time.</summary>
public sealed class Erasure(Databases databases, TimeProvider time)
{
    /// <summary>What would happen to each located row, counted exactly; nothing is changed.</summary>
    public async Task<ErasureOutcome> PlanAsync(IReadOnlyList<Identity> identities, ErasureScope scope, CancellationToken cancellationToken)
    {
        if (Unusable(identities, scope) is { Count: > 0 } unusable)
        {
            return new ErasureOutcome.Refused(unusable);
        }
        var (steps, carried, refusals) = (new List<ErasureStep>(), new List<CarriedValues>(), new List<Refusal>());
        foreach (var together in databases.Together)
        {
            switch (await PlanAsync(together, identities, scope, null, cancellationToken))
            {
                case ErasureOutcome.Done plan:
                    steps.AddRange(plan.Steps);
                    carried.AddRange(plan.Carried);
                    break;
                case ErasureOutcome.Refused refused:
                    refusals.AddRange(refused.Reasons);
                    break;
            }
        }
        return refusals.Count > 0 ? new ErasureOutcome.Refused(refusals) : new ErasureOutcome.Done(steps) { Carried = carried };
    }

    /// <inheritdoc cref="ExecuteAsync(string, IReadOnlyList{Identity}, ErasureScope, IReadOnlyList{CarriedValues}, Keeping, CancellationToken)"/>
    /// <remarks>What other databases have to tell is asked of them now: before any of them was erased, or it is too late.</remarks>
    public async Task<ErasureOutcome> ExecuteAsync(string key, IReadOnlyList<Identity> identities, ErasureScope scope, CancellationToken cancellationToken)
    {
        if (Unusable(identities, scope) is { Count: > 0 } unusable)
        {
            return new ErasureOutcome.Refused(unusable);
        }
        var together = databases.Together.Single(t => t.Any(d => d.Source.Key == key));
        if (together.Count == 1)
        {
            return await ExecuteAsync(key, identities, scope, [], null, cancellationToken);
        }
        var outcome = await PlanAsync(together, identities, scope, null, cancellationToken);
        return outcome is ErasureOutcome.Done plan ? await ExecuteAsync(key, identities, scope, plan.Carried, null, cancellationToken) : outcome;
    }

    /// <summary>
    /// Plans anew and carries it out in one transaction of the database behind the source <paramref name="key"/>. What was erased
    /// before is not found again, so doing it twice does it once.
    /// </summary>
    /// <param name="carried">What the whole plan had the other databases tell this one; they need not know it any longer.</param>
    /// <param name="keeping">Told before the commit which rows stay for a while.</param>
    public async Task<ErasureOutcome> ExecuteAsync(
        string key, IReadOnlyList<Identity> identities, ErasureScope scope, IReadOnlyList<CarriedValues> carried, Keeping? keeping, CancellationToken cancellationToken) =>
        Unusable(identities, scope) is { Count: > 0 } unusable
            ? new ErasureOutcome.Refused(unusable)
            : await AloneAsync(databases.All.Single(d => d.Source.Key == key), identities, scope, carried, write: true, (disposal, cancel) => disposal.ExecuteAsync(keeping, cancel), cancellationToken);

    /// <summary>The rows of the scope that a ground keeps today; null where a database does not answer.</summary>
    public async Task<IReadOnlyList<KeptRow>?> KeptAsync(IReadOnlyList<Identity> identities, ErasureScope scope, CancellationToken cancellationToken)
    {
        var kept = new List<KeptRow>();
        foreach (var together in databases.Together)
        {
            if (await PlanAsync(together, identities, scope, kept, cancellationToken) is ErasureOutcome.Refused refused && refused.Reasons.Any(r => r.Field is null))
            {
                return null;
            }
        }
        return kept;
    }

    /// <summary>How many rows a new plan would still change; null where that cannot be told.</summary>
    public Task<long?> LeftAsync(IReadOnlyList<Identity> identities, ErasureScope scope, CancellationToken cancellationToken) => LeftAsync(identities, scope, [], cancellationToken);

    /// <inheritdoc cref="LeftAsync(IReadOnlyList{Identity}, ErasureScope, CancellationToken)"/>
    /// <param name="carried">What the plan had the databases tell each other: rows are looked for by it that nothing else leads to any longer.</param>
    public async Task<long?> LeftAsync(IReadOnlyList<Identity> identities, ErasureScope scope, IReadOnlyList<CarriedValues> carried, CancellationToken cancellationToken)
    {
        List<ErasureOutcome> outcomes = [await PlanAsync(identities, scope, cancellationToken)];
        foreach (var database in databases.All.Where(d => carried.Any(c => c.Database == d.Source.Key)))
        {
            outcomes.Add(await AloneAsync(database, identities, scope, carried, write: false, (disposal, cancel) => disposal.PlanAsync(cancel), cancellationToken));
        }
        // What is found both ways is found twice; that anything is left is what counts.
        return outcomes.TrueForAll(o => o is ErasureOutcome.Done)
            ? Math.Max(Changed(outcomes[0]), outcomes.Skip(1).Sum(Changed))
            : null;

        static long Changed(ErasureOutcome outcome) => ((ErasureOutcome.Done)outcome).Steps.Where(s => s.Changes).Sum(s => s.Rows);
    }

    /// <summary>Overwrites what was deleted in the database behind the source <paramref name="key"/>.</summary>
    /// <returns>False where another program stood in the way: traces may be left, and it has to be done again.</returns>
    public async Task<bool> OverwriteAsync(string key, CancellationToken cancellationToken)
    {
        var database = databases.All.Single(d => d.Source.Key == key);
        try
        {
            return await database.Dialect.OverwriteAsync(database.Source, cancellationToken);
        }
        catch (DbException)
        {
            return false;
        }
    }

    private List<Refusal> Unusable(IReadOnlyList<Identity> identities, ErasureScope scope)
    {
        var kinds = databases.Map.Collections.Select(c => c.KindKey).Distinct().ToList();
        return
        [
            .. databases.Unknown(identities),
            .. scope.Kinds.Where(k => !kinds.Contains(k)).Select(k => new Refusal($"no map knows the kind '{k}'; known are {string.Join(", ", kinds)}")),
            .. scope.Rows.Where(r => databases.Find(r.Collection) is not { } c || c.Table.PrimaryKey.Count == 0 || c.Table.PrimaryKey.Any(k => !r.Key.ContainsKey(k)))
                .Select(r => new Refusal("no such row can be named: give a collection of the map and every column of its primary key", r.Collection)),
        ];
    }

    private async Task<ErasureOutcome> PlanAsync(
        IReadOnlyList<MappedDatabase> together, IReadOnlyList<Identity> identities, ErasureScope scope, List<KeptRow>? kept, CancellationToken cancellationToken)
    {
        try
        {
            await using var location = await Location.LocateAsync(together, SoughtFor(identities, scope), null, _ => false, cancellationToken);
            List<Disposal> disposals = [.. location.Parts.Select(p => DisposalOf(p, scope))];
            var outcome = await Disposal.PlanAsync(disposals, location.Passages, cancellationToken);
            foreach (var disposal in kept is null ? [] : disposals)
            {
                kept!.AddRange(await new KeptRows(disposal, databases.Map).RetainedAsync(cancellationToken));
            }
            return outcome is ErasureOutcome.Done plan ? plan with { Carried = await location.CarriedAsync(cancellationToken) } : outcome;
        }
        catch (DbException e)
        {
            return new ErasureOutcome.Refused([Databases.Unreachable(together[0].Source, together[0].Dialect, e)]);
        }
    }

    private async Task<ErasureOutcome> AloneAsync(
        MappedDatabase database, IReadOnlyList<Identity> identities, ErasureScope scope, IReadOnlyList<CarriedValues> carried, bool write,
        Func<Disposal, CancellationToken, Task<ErasureOutcome>> run, CancellationToken cancellationToken)
    {
        try
        {
            await using var location = await Location.LocateAloneAsync(database, SoughtFor(identities, scope), carried, write, cancellationToken);
            return await run(DisposalOf(location.Parts[0], scope), cancellationToken);
        }
        catch (DbException e)
        {
            return new ErasureOutcome.Refused([Databases.Unreachable(database.Source, database.Dialect, e)]);
        }
    }

    private static Sought SoughtFor(IReadOnlyList<Identity> identities, ErasureScope scope) => new(identities, scope.Known ? scope.Rows : []);

    private Disposal DisposalOf(Located located, ErasureScope scope) => new(located, databases.Map, scope, SwedishDays.Today(time));
}
