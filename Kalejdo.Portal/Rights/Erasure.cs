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
        var steps = new List<ErasureStep>();
        var refusals = new List<Refusal>();
        foreach (var database in databases.All)
        {
            switch (await RunAsync(database, identities, scope, (disposal, cancel) => disposal.PlanAsync(cancel), write: false, cancellationToken))
            {
                case ErasureOutcome.Done plan:
                    steps.AddRange(plan.Steps);
                    break;
                case ErasureOutcome.Refused refused:
                    refusals.AddRange(refused.Reasons);
                    break;
            }
        }
        return refusals.Count > 0 ? new ErasureOutcome.Refused(refusals) : new ErasureOutcome.Done(steps);
    }

    /// <summary>
    /// Plans anew and carries it out in one transaction of the database behind the source <paramref name="key"/>. What was erased
    /// before is not found again, so doing it twice does it once.
    /// </summary>
    public Task<ErasureOutcome> ExecuteAsync(string key, IReadOnlyList<Identity> identities, ErasureScope scope, CancellationToken cancellationToken) =>
        ExecuteAsync(key, identities, scope, null, cancellationToken);

    /// <summary>As above; tells which rows stay for a while before anything is final, since no identity may find them afterwards.</summary>
    public async Task<ErasureOutcome> ExecuteAsync(
        string key, IReadOnlyList<Identity> identities, ErasureScope scope, Func<IReadOnlyList<KeptRow>, CancellationToken, Task>? keeping, CancellationToken cancellationToken) =>
        Unusable(identities, scope) is { Count: > 0 } unusable
            ? new ErasureOutcome.Refused(unusable)
            : await RunAsync(databases.All.Single(d => d.Source.Key == key), identities, scope, (disposal, cancel) => disposal.ExecuteAsync(keeping, cancel), write: true, cancellationToken);

    /// <summary>The rows of the scope that a ground keeps today; null where a database does not answer.</summary>
    public async Task<IReadOnlyList<KeptRow>?> KeptAsync(IReadOnlyList<Identity> identities, ErasureScope scope, CancellationToken cancellationToken)
    {
        var kept = new List<KeptRow>();
        foreach (var database in databases.All)
        {
            var outcome = await RunAsync(
                database,
                identities,
                scope,
                async (disposal, cancel) =>
                {
                    var plan = await disposal.PlanAsync(cancel);
                    kept.AddRange(await disposal.RetainedAsync(cancel));
                    return plan;
                },
                write: false,
                cancellationToken);
            if (outcome is ErasureOutcome.Refused refused && refused.Reasons.Any(r => r.Field is null))
            {
                return null;
            }
        }
        return kept;
    }

    /// <summary>How many rows a new plan would still change; null where that cannot be told.</summary>
    public async Task<long?> LeftAsync(IReadOnlyList<Identity> identities, ErasureScope scope, CancellationToken cancellationToken) =>
        await PlanAsync(identities, scope, cancellationToken) is ErasureOutcome.Done plan ? plan.Steps.Where(s => s.Changes).Sum(s => s.Rows) : null;

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

    private async Task<ErasureOutcome> RunAsync(
        MappedDatabase database, IReadOnlyList<Identity> identities, ErasureScope scope,
        Func<Disposal, CancellationToken, Task<ErasureOutcome>> run, bool write, CancellationToken cancellationToken)
    {
        try
        {
            await using var located = await Located.LocateAsync(database, identities, null, scope.Known ? scope.Rows : [], write, cancellationToken);
            return await run(new Disposal(located, databases.Map, scope, SwedishDays.Today(time)), cancellationToken);
        }
        catch (DbException e)
        {
            return new ErasureOutcome.Refused([Databases.Unreachable(database.Source, database.Dialect, e)]);
        }
    }
}
