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
        await Session.ExecuteAsync(Located.Database.Dialect.DeferForeignKeys, cancellationToken);
        // Collections whose rows are found anew by each statement come first: their way in leads through rows that change later.
        var (found, listed) = (Located.Collections.Where(c => !Located.Kept.Contains(c)).ToList(), DeletionOrder());
        foreach (var collection in found.Concat(listed))
        {
            if (await MaskAsync(collection, cancellationToken) is { } mismatch)
            {
                return mismatch;
            }
            if (found.Contains(collection) && await DeleteAsync(collection, cancellationToken) is { } missed)
            {
                return missed;
            }
        }
        await CutCirclesAsync(cancellationToken);
        foreach (var collection in listed)
        {
            if (await DeleteAsync(collection, cancellationToken) is { } mismatch)
            {
                return mismatch;
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

    private async Task<ErasureOutcome.Refused?> MaskAsync(MappedCollection collection, CancellationToken cancellationToken)
    {
        var planned = plan.Steps.Where(s => s.Collection == collection.Collection.Id && s.Changes && s.Action != ErasureAction.Delete).Sum(s => s.Rows);
        if (planned == 0)
        {
            return null;
        }
        var set = string.Join(", ", Assignments(disposal, collection).Select(a => $"{Dialect.Quote(a.Key)} = {a.Value}"));
        var masked = await Session.ExecuteAsync(
            $"UPDATE {Dialect.Name(collection.Table)} AS t SET {set} WHERE {disposal.Chosen(collection, ErasureAction.Anonymise, ErasureAction.Reduce)}", cancellationToken);
        return masked == planned ? null : Mismatch(collection, planned, masked);
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

    private async Task<ErasureOutcome.Refused?> DeleteAsync(MappedCollection collection, CancellationToken cancellationToken)
    {
        var planned = plan.Steps.Where(s => s.Collection == collection.Collection.Id && s.Action == ErasureAction.Delete).Sum(s => s.Rows);
        if (planned == 0)
        {
            return null;
        }
        var deleted = await Session.ExecuteAsync($"DELETE FROM {Dialect.Name(collection.Table)} AS t WHERE {disposal.Chosen(collection, ErasureAction.Delete)}", cancellationToken);
        if (deleted != planned && Located.Kept.Contains(collection) && !collection.Key.Contains("ctid"))
        {
            // A foreign key that cascades among rows that all go takes some of them before the statement counts them.
            var left = await Session.ReadAsync($"SELECT count(*) FROM {Located.Rows(collection).From} WHERE l.action = {(int)ErasureAction.Delete}", r => r.GetInt64(0), cancellationToken);
            deleted = (int)(planned - left[0]);
        }
        return deleted == planned ? null : Mismatch(collection, planned, deleted);
    }

    /// <summary>Nulls references among rows that go together, where tables refer to each other or to themselves in a circle.</summary>
    private async Task CutCirclesAsync(CancellationToken cancellationToken)
    {
        // A row may refer to another that goes in the same statement, unless its key forbids even that or acts by itself.
        foreach (var hold in Located.Kept.SelectMany(c => disposal.HoldsOn(c)).Where(h => h.Enforced && h.Cuttable.Count > 0 && h.Child is { } child && Located.Kept.Contains(child)
            && IsPlanned(child) && IsPlanned(h.Parent) && (h.Child == h.Parent ? h.OnDelete is "RESTRICT" or "CASCADE" : Precedes(h.Parent, child))))
        {
            await Session.ExecuteAsync(
                $"UPDATE {Dialect.Name(hold.Table)} AS t SET {string.Join(", ", hold.Cuttable.Select(c => $"{Dialect.Quote(c)} = NULL"))} WHERE {disposal.Chosen(hold.Child!, ErasureAction.Delete)}",
                cancellationToken);
        }
    }

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
