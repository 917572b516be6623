using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>Carries out what was decided for the rows of one database (design.md 5), in the transaction in which it was decided.</summary>
/// <param name="kept">Where somebody wants to be told of the rows that stay.</param>
internal sealed class Removal(Disposal disposal, ErasureOutcome.Done plan, KeptRows? kept, Keeping? keeping)
{
    private Located Located => disposal.Located;

    private Session Session => disposal.Located.Session;

    /// <summary>Masks and deletes, and commits only if exactly the planned rows changed.</summary>
    /// <returns>Why it was not committed; null where it was.</returns>
    public async Task<ErasureOutcome.Refused?> RunAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<KeptRow> retained = kept is null ? [] : await kept.RetainedAsync(cancellationToken);
        // Collections whose rows are found anew by each statement come first: their way in leads through rows that change later.
        var (found, listed) = (Located.Collections.Where(c => !Located.Kept.Contains(c)).ToList(), DeletionOrder());
        List<Change> changes =
        [
            new(Located.Database.Dialect.DeferForeignKeys),
            .. found.SelectMany(c => (Change?[])[Mask(c), Delete(c)]).OfType<Change>(),
            .. listed.Select(Mask).OfType<Change>(),
            .. CutCircles(),
            .. listed.Select(Delete).OfType<Change>(),
        ];
        var changed = await Session.ExecuteAllAsync([.. changes.Select(c => c.Sql)], cancellationToken);
        foreach (var (change, rows) in changes.Zip(changed))
        {
            if (change is { Collection: { } collection, Planned: { } planned } && await ChangedAsync(change, rows, cancellationToken) is var executed && executed != planned)
            {
                return Mismatch(collection, planned, executed);
            }
        }
        if (retained.Count > 0)
        {
            // What was reduced is known by its masks from now on.
            await keeping!([.. retained, .. await kept!.ReducedAsync(cancellationToken)], cancellationToken);
        }
        await Session.CommitAsync(cancellationToken);
        return null;
    }

    private static ErasureOutcome.Refused Mismatch(MappedCollection collection, long planned, long executed) => new(
        [new Refusal($"the plan counts {planned} rows, but the database would change {executed} (a trigger, or a rule of its own); nothing was changed", collection.Collection.Id)]);

    /// <summary>A statement, and how many rows of a collection it must change, where that is known.</summary>
    private sealed record Change(string Sql, MappedCollection? Collection = null, long? Planned = null, bool IsDeletion = false);

    private Change? Mask(MappedCollection collection)
    {
        var planned = plan.Steps.Where(s => s.Collection == collection.Collection.Id && s.Changes && s.Action != ErasureAction.Delete).Sum(s => s.Rows);
        if (planned == 0)
        {
            return null;
        }
        var set = string.Join(", ", Assignments(disposal, collection).Select(a => $"{Dialect.Quote(a.Key)} = {a.Value}"));
        return new Change($"UPDATE {Dialect.Name(collection.Table)} AS t SET {set} WHERE {disposal.Chosen(collection, ErasureAction.Anonymise, ErasureAction.Reduce)}", collection, planned);
    }

    /// <summary>The new value of each column that is overwritten: masks, and references that are cut.</summary>
    public static Dictionary<string, string> Assignments(Disposal disposal, MappedCollection collection)
    {
        var assignments = disposal.MasksOf(collection).ToDictionary(m => m.Column.Name, m => m.Value);
        if (collection.Collection.OnErasure != OnErasure.Fides)
        {
            foreach (var column in disposal.OwnReferences(collection).SelectMany(h => h.Cuttable))
            {
                // A reduced row keeps its references; it stays because others need it, not to be anonymous.
                assignments.TryAdd(column, disposal.Located.Kept.Contains(collection)
                    ? $"CASE WHEN {ActionIs(collection, ErasureAction.Anonymise)} THEN NULL ELSE t.{Dialect.Quote(column)} END"
                    : "NULL");
            }
        }
        foreach (var (hold, condition) in disposal.Cuts(collection, "t"))
        {
            foreach (var column in hold.Cuttable)
            {
                var otherwise = assignments.GetValueOrDefault(column, $"t.{Dialect.Quote(column)}");
                // A CASE of nothing but NULL would be text to PostgreSQL.
                assignments[column] = otherwise == "NULL" ? otherwise : $"CASE WHEN {condition} THEN NULL ELSE {otherwise} END";
            }
        }
        return assignments;
    }

    private static string ActionIs(MappedCollection collection, ErasureAction action) =>
        $"EXISTS (SELECT 1 FROM {Located.Marks(collection)} AS ma WHERE {Located.SameKey(collection, "ma", "t")} AND ma.action = {(int)action})";

    private Change? Delete(MappedCollection collection)
    {
        var planned = plan.Steps.Where(s => s.Collection == collection.Collection.Id && s.Action == ErasureAction.Delete).Sum(s => s.Rows);
        return planned == 0
            ? null
            : new Change($"DELETE FROM {Dialect.Name(collection.Table)} AS t WHERE {disposal.Chosen(collection, ErasureAction.Delete)}", collection, planned, IsDeletion: true);
    }

    private async Task<long> ChangedAsync(Change change, int rows, CancellationToken cancellationToken)
    {
        if (change is { IsDeletion: true, Collection: { } collection, Planned: { } planned } && rows != planned && Located.Kept.Contains(collection) && !collection.Key.Contains("ctid"))
        {
            // A foreign key that cascades among rows that all go takes some of them before the statement counts them.
            var left = await Session.ReadAsync($"SELECT count(*) FROM {Located.Rows(collection).From} WHERE l.action = {(int)ErasureAction.Delete}", r => r.GetInt64(0), cancellationToken);
            return planned - left[0];
        }
        return rows;
    }

    /// <summary>Nulls references among rows that go together, where tables refer to each other or to themselves in a circle.</summary>
    private IEnumerable<Change> CutCircles() =>
        // A row may refer to another that goes in the same statement, unless its key forbids even that or acts by itself.
        Located.Kept.SelectMany(c => disposal.HoldsOn(c)).Where(h => h.Enforced && h.Cuttable.Count > 0 && h.Child is { } child && Located.Kept.Contains(child)
                && IsPlanned(child) && IsPlanned(h.Parent) && (h.Child == h.Parent ? h.OnDelete is "RESTRICT" or "CASCADE" : Precedes(h.Parent, child)))
            .Select(h => new Change(
                $"UPDATE {Dialect.Name(h.Table)} AS t SET {string.Join(", ", h.Cuttable.Select(c => $"{Dialect.Quote(c)} = NULL"))} WHERE {disposal.Chosen(h.Child!, ErasureAction.Delete)}"));

    private bool IsPlanned(MappedCollection collection) => plan.Steps.Any(s => s.Collection == collection.Collection.Id && s.Action == ErasureAction.Delete);

    /// <summary>Whether <paramref name="first"/> is (also) a child of <paramref name="second"/>, so that neither can simply go first.</summary>
    private bool Precedes(MappedCollection first, MappedCollection second)
    {
        var seen = new HashSet<MappedCollection>();
        var open = new Stack<MappedCollection>([first]);
        while (open.TryPop(out var at))
        {
            if (at == second)
            {
                return true;
            }
            if (seen.Add(at))
            {
                foreach (var parent in Located.Kept.Where(p => disposal.HoldsOn(p).Any(h => h.Enforced && h.Child == at)))
                {
                    open.Push(parent);
                }
            }
        }
        return false;
    }

    /// <summary>Children before parents, and what the map wants erased first before the rest.</summary>
    private List<MappedCollection> DeletionOrder()
    {
        var order = new List<MappedCollection>();
        var entered = new HashSet<MappedCollection>();
        foreach (var collection in Located.Kept.OrderBy(c => c.Number))
        {
            Visit(collection);
        }
        return order;

        void Visit(MappedCollection collection)
        {
            if (!entered.Add(collection))
            {
                return;
            }
            // Enforced keys last, so that in a circle they are the ones that are honoured.
            foreach (var first in disposal.HoldsOn(collection).OrderBy(h => !h.Enforced).Select(h => h.Child).OfType<MappedCollection>()
                .Concat(Located.Kept.Where(c => collection.Collection.EraseAfter.Contains(c.Collection.Id))).Where(Located.Kept.Contains))
            {
                Visit(first);
            }
            order.Add(collection);
        }
    }
}
