using System.Globalization;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>Counts what was decided for the rows of one database, by asking for exactly the rows that <see cref="Removal"/> will change; and tells what of it cannot be done.</summary>
internal sealed class Census(Disposal disposal, Map map)
{
    private Located Located => disposal.Located;

    /// <summary>What cannot be done of it.</summary>
    public async Task<List<Refusal>> RefusalsAsync(IReadOnlyList<ErasureStep> steps, CancellationToken cancellationToken)
    {
        var refusals = new List<Refusal>();
        foreach (var collection in Located.Collections)
        {
            var actions = steps.Where(s => s.Collection == collection.Collection.Id && s.Changes).Select(s => s.Action).ToHashSet();
            if (actions.Count == 0)
            {
                continue;
            }
            if (collection.Table.IsView)
            {
                refusals.Add(new Refusal("this is a view, which cannot be erased; name its tables in the map, and its own fields 'read_only'", collection.Collection.Id));
            }
            if (actions.Any(a => a != ErasureAction.Delete))
            {
                var impossible = disposal.MasksOf(collection).Select(m => m.Refusal).OfType<Refusal>().ToList();
                refusals.AddRange(impossible);
                refusals.AddRange(impossible.Count > 0 ? [] : await new Constraints(disposal, collection).FindAsync(cancellationToken));
            }
        }
        return refusals;
    }

    /// <summary>What becomes of how many rows.</summary>
    public async Task<List<ErasureStep>> CountAsync(CancellationToken cancellationToken)
    {
        var steps = new List<ErasureStep>();
        foreach (var collection in Located.Collections.Where(Located.MayHaveRows))
        {
            steps.AddRange(await CountAsync(collection, cancellationToken));
        }
        return steps;
    }

    private async Task<List<ErasureStep>> CountAsync(MappedCollection collection, CancellationToken cancellationToken)
    {
        var rows = Located.Rows(collection);
        var (action, ground, day) = disposal.Decided(collection);
        if (int.TryParse(rows.Whose, out var all) && int.TryParse(action, out var only) && collection.Collection.Retain.Count == 0)
        {
            // One fate for all: counted in the index, without a look at the rows.
            var count = await Located.Session.ReadAsync($"SELECT count(*) FROM {rows.From} WHERE {rows.Where}", r => r.GetInt64(0), cancellationToken);
            return count is [> 0] && StepOf(collection, all, (ErasureAction)only, null, null, count[0]) is { } step ? [step] : [];
        }
        var groups = await Located.Session.ReadAsync(
            $"SELECT whose, action, ground, day, count(*) FROM (SELECT {rows.Whose} AS whose, {action} AS action, {ground} AS ground, {day} AS day FROM {rows.From} WHERE {rows.Where}) AS counted GROUP BY whose, action, ground, day",
            r => (Whose: Number(r, 0) ?? 0, Action: (ErasureAction)(Number(r, 1) ?? 0), Ground: Number(r, 2), Day: r.IsDBNull(3) ? null : r.GetString(3), Rows: r.GetInt64(4)),
            cancellationToken);
        return [.. groups.Select(g => StepOf(collection, g.Whose, g.Action, g.Ground, g.Day, g.Rows)).OfType<ErasureStep>()
            .GroupBy(s => s with { Rows = 0 }).Select(g => g.Key with { Rows = g.Sum(s => s.Rows) })
            .OrderBy(s => s.Action).ThenBy(s => s.Until)];

        static int? Number(System.Data.Common.DbDataReader r, int i) => r.IsDBNull(i) ? null : Convert.ToInt32(r.GetValue(i), CultureInfo.InvariantCulture);
    }

    private ErasureStep? StepOf(MappedCollection collection, int whose, ErasureAction action, int? ground, string? day, long rows)
    {
        if (!disposal.InScope(collection))
        {
            return null;
        }
        var id = collection.Collection.Id;
        if (whose == Whose.Shared)
        {
            return new ErasureStep(id, ErasureAction.Shared, rows);
        }
        if (whose == Whose.Anothers)
        {
            return new ErasureStep(id, ErasureAction.Untouched, rows);
        }
        if (action == ErasureAction.None)
        {
            return null;
        }
        if (action == ErasureAction.Anonymise && disposal.MasksOf(collection).Any(m => m.Pseudonym))
        {
            return new ErasureStep(id, ErasureAction.Pseudonymise, rows);
        }
        var rule = action == ErasureAction.Retain && ground is { } g ? map.Retention[collection.Collection.Retain[g].Rule] : null;
        return new ErasureStep(id, action, rows, rule, rule?.Keep is not null && day is not null ? rule.KeptUntil(Grounds.SwedishDay(day)) : null);
    }
}
