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
        // All in one round trip; SQLite combines five hundred queries at most.
        foreach (var some in Located.Collections.Where(Located.MayHaveRows).Chunk(100))
        {
            var groups = await Located.Session.ReadAsync(
                string.Join(" UNION ALL ", some.Select(Counted)),
                r => (Collection: some[r.GetInt32(0)], Whose: Number(r, 1) ?? 0, Action: (ErasureAction)(Number(r, 2) ?? 0), Ground: Number(r, 3), Day: r.IsDBNull(4) ? null : r.GetString(4), Rows: r.GetInt64(5)),
                cancellationToken);
            steps.AddRange(some.SelectMany(collection => groups.Where(g => g.Collection == collection && g.Rows > 0)
                .Select(g => StepOf(collection, g.Whose, g.Action, g.Ground, g.Day, g.Rows)).OfType<ErasureStep>()
                .GroupBy(s => s with { Rows = 0 }).Select(g => g.Key with { Rows = g.Sum(s => s.Rows) })
                .OrderBy(s => s.Action).ThenBy(s => s.Until)));
        }
        return steps;

        static int? Number(System.Data.Common.DbDataReader r, int i) => r.IsDBNull(i) ? null : Convert.ToInt32(r.GetValue(i), CultureInfo.InvariantCulture);
    }

    /// <summary>A query of the rows of a collection by their fate.</summary>
    private string Counted(MappedCollection collection, int place)
    {
        var rows = Located.Rows(collection);
        var (action, ground, day) = disposal.Decided(collection);
        // One fate for all: counted in the index, without a look at the rows.
        return int.TryParse(rows.Whose, out _) && int.TryParse(action, out _) && collection.Collection.Retain.Count == 0
            ? $"SELECT {place} AS place, {rows.Whose} AS whose, {action} AS action, CAST(NULL AS integer) AS ground, CAST(NULL AS text) AS day, count(*) AS counted FROM {rows.From} WHERE {rows.Where}"
            : $"SELECT {place}, whose, action, ground, day, count(*) FROM (SELECT {rows.Whose} AS whose, {action} AS action, {ground} AS ground, {day} AS day FROM {rows.From} WHERE {rows.Where}) AS counted GROUP BY whose, action, ground, day";
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
