using System.Globalization;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>
/// Decides what becomes of each located row of one database (design.md 5): the decisions stand beside the rows' keys, in the marks, and
/// <see cref="Removal"/> carries them out in the same transaction.
/// </summary>
internal sealed class Disposal
{
    /// <summary>Of the sorts of <see cref="Whose"/>.</summary>
    public const string OwnRows = "(1, 2)";
    private readonly Map map;
    private readonly ScopedRows scoped;
    private readonly Dictionary<MappedCollection, IReadOnlyList<Mask>> masks = [];
    private readonly Dictionary<MappedCollection, IReadOnlyList<Hold>> holds = [];
    private readonly HashSet<(MappedCollection, ErasureAction)> decided = [];

    public Disposal(Located located, Map map, ErasureScope scope, DateOnly today)
    {
        (Located, this.map) = (located, map);
        Grounds = new Grounds(located.Database.Graph, Sql, Session, map, today);
        scoped = new ScopedRows(located, scope);
        var masking = new Masks(located.Session, Sql);
        foreach (var collection in located.Collections)
        {
            masks[collection] = masking.Of(collection, located.Database.Links);
            holds[collection] = Hold.On(collection, located.Database.Graph);
        }
    }

    public Located Located { get; }

    /// <summary>The grounds on which rows are retained.</summary>
    public Grounds Grounds { get; }

    private Dialect Sql => Located.Database.Dialect;

    private Session Session => Located.Session;

    private IReadOnlyList<Link> Links => Located.Database.Links;

    /// <summary>Decides in one database by itself.</summary>
    public Task<ErasureOutcome> PlanAsync(CancellationToken cancellationToken) => PlanAsync([this], Located.Passages, cancellationToken);

    /// <summary>Decides in several databases together: rows of one may need rows of another.</summary>
    public static async Task<ErasureOutcome> PlanAsync(IReadOnlyList<Disposal> together, IReadOnlyList<Passage> passages, CancellationToken cancellationToken)
    {
        await TellScopeAsync(together, passages, cancellationToken);
        foreach (var one in together)
        {
            await one.DecideFirstAsync(cancellationToken);
        }
        do
        {
            foreach (var (passage, _, child) in Ends(together, passages))
            {
                await passage.AskForNeedAsync($"l.action IN ({Delete}, {(int)ErasureAction.Reduce})", $"NOT {child.LetsGo(Hold.Of(passage.Link), "x")}", cancellationToken);
            }
        }
        while (await KeepAsync(together, cancellationToken));
        foreach (var (passage, parent, _) in Ends(together, passages).Where(e => e.Parent.Located.Takes(e.Passage.Link.Parent)))
        {
            await passage.TellAsync(passage.Gone, parent.GoneOf(passage.Link.Parent, "l"), cancellationToken);
        }
        var (steps, refusals) = (new List<ErasureStep>(), new List<Refusal>());
        foreach (var one in together)
        {
            await one.LeaveWhatIsCleanAsync(cancellationToken);
            await one.CutAsync(cancellationToken);
            var census = new Census(one, one.map);
            var counted = await census.CountAsync(cancellationToken);
            steps.AddRange(counted);
            refusals.AddRange(await census.RefusalsAsync(counted, cancellationToken));
        }
        return refusals.Count > 0 ? new ErasureOutcome.Refused([.. refusals.Distinct()]) : new ErasureOutcome.Done(steps);
    }

    public Task<ErasureOutcome> ExecuteAsync(CancellationToken cancellationToken) => ExecuteAsync(null, cancellationToken);

    /// <summary>Carries out what was planned in this same transaction, and commits only if exactly the planned rows changed.</summary>
    /// <param name="keeping">Told before the commit which rows stay for a while.</param>
    public async Task<ErasureOutcome> ExecuteAsync(Keeping? keeping, CancellationToken cancellationToken)
    {
        var outcome = await PlanAsync(cancellationToken);
        return outcome is ErasureOutcome.Done plan && await new Removal(this, plan, keeping is null ? null : new KeptRows(this, map), keeping).RunAsync(cancellationToken) is { } mismatch ? mismatch : outcome;
    }

    /// <summary>The action of row <c>t</c>, its ground's place in the map, and the day that the ground counts from, once it is planned.</summary>
    public (string Action, string Ground, string Day) Decided(MappedCollection collection)
    {
        var (action, ground) = Located.Kept.Contains(collection) ? ("l.action", "l.ground") : (Action(collection), Ground(collection));
        var days = string.Concat(collection.Collection.Retain.Select((retain, i) => (retain, i)).Where(x => map.Retention[x.retain.Rule].Keep is not null)
            .Select(x => $"WHEN {ground} = {x.i} THEN {Grounds.DayOf(collection, x.retain)} "));
        return (action, ground, days == "" ? "CAST(NULL AS text)" : $"CASE {days}END");
    }

    /// <summary>Whether any of a collection's rows can be in the scope.</summary>
    public bool InScope(MappedCollection collection) => scoped.Has(collection);

    /// <summary>How each personal column of a collection is overwritten.</summary>
    public IReadOnlyList<Mask> MasksOf(MappedCollection collection) => masks[collection];

    /// <summary>What refers to a collection's rows in this database.</summary>
    public IReadOnlyList<Hold> HoldsOn(MappedCollection collection) => holds[collection];

    /// <summary>The references by which the subject's own rows led to a collection: an anonymised row must not keep them.</summary>
    public IEnumerable<Hold> OwnReferences(MappedCollection collection) =>
        Located.Collections.SelectMany(parent => holds.GetValueOrDefault(parent, [])).Concat(Links.Where(l => l.Child == collection).Select(Hold.Of))
            .Where(h => h.Child == collection && Links.Any(l => l.Child == collection && l.Down && l.Parent == h.Parent && l.ChildColumns.SequenceEqual(h.ChildColumns)))
            .DistinctBy(h => string.Join(',', h.ChildColumns));

    /// <summary>The references from a collection that are cut where a condition holds for row <paramref name="alias"/>: what they refer to goes, or is somebody else's as well.</summary>
    public IEnumerable<(Hold Hold, string Condition)> Cuts(MappedCollection collection, string alias)
    {
        foreach (var hold in Located.Kept.Where(MayBeGone).SelectMany(parent => holds[parent]).Where(h => h.Child == collection && h.Cuttable.Count > 0))
        {
            var gone = $"SELECT t.* FROM {Dialect.Name(hold.Parent.Table)} AS t JOIN {Located.Marks(hold.Parent)} AS mc ON {Located.SameKey(hold.Parent, "mc", "t")} WHERE {GoneOf(hold.Parent, "mc")}";
            yield return (hold, $"EXISTS (SELECT 1 FROM ({gone}) AS c WHERE {hold.Joined(alias, "c")})");
        }
        foreach (var passage in Located.Passages.Where(p => p.Link.Child == collection))
        {
            if (Hold.Of(passage.Link) is { Cuttable.Count: > 0 } hold && passage.Gone is { } gone)
            {
                yield return (hold, gone.Among(alias));
            }
        }
    }

    /// <summary>The condition that row <c>t</c> of a statement on the collection's table has one of the actions.</summary>
    public string Chosen(MappedCollection collection, params ErasureAction[] actions)
    {
        var numbers = Numbers(actions);
        if (Located.Kept.Contains(collection))
        {
            return $"({Located.KeyOf(collection, "t")}) IN (SELECT {Located.MarkKeys(collection, "l")} FROM {Located.Marks(collection)} AS l WHERE l.action IN ({numbers}))";
        }
        var rows = Located.Rows(collection);
        return $"({rows.Where}) AND {rows.Whose} IN {OwnRows} AND {Action(collection)} IN ({numbers})";
    }

    private static string Numbers(IEnumerable<ErasureAction> actions) => string.Join(", ", actions.Select(a => ((int)a).ToString(CultureInfo.InvariantCulture)));

    private static string Delete { get; } = Numbers([ErasureAction.Delete]);

    /// <summary>The passages whose two databases are both at hand.</summary>
    private static IEnumerable<(Passage Passage, Disposal Parent, Disposal Child)> Ends(IReadOnlyList<Disposal> together, IReadOnlyList<Passage> passages) =>
        from passage in passages
        let parent = together.FirstOrDefault(d => d.Holds(passage.Link.Parent))
        let child = together.FirstOrDefault(d => d.Holds(passage.Link.Child))
        where parent is not null && child is not null
        select (passage, parent, child);

    private bool Holds(MappedCollection collection) => Located.Database.Graph.Collections.Contains(collection);

    /// <summary>Tells the databases which rows of the others are in the scope, as what hangs on them is too; a chain may lead over all of them.</summary>
    private static async Task TellScopeAsync(IReadOnlyList<Disposal> together, IReadOnlyList<Passage> passages, CancellationToken cancellationToken)
    {
        var hanging = Ends(together, passages).Where(e => e.Parent.scoped.Hangs(e.Passage.Link)).ToList();
        foreach (var _ in hanging)
        {
            foreach (var (passage, parent, _) in hanging)
            {
                await passage.TellAsync(passage.Scoped, parent.scoped.Condition(passage.Link.Parent, "t") ?? "1 = 1", cancellationToken);
            }
        }
    }

    private async Task DecideFirstAsync(CancellationToken cancellationToken)
    {
        var found = Located.Kept.Where(Located.MayHaveRows).ToList();
        await Session.ExecuteAllAsync(
            [.. found.Select(c => $"UPDATE {Located.Marks(c)} AS l SET (action, ground) = (SELECT {FirstAction(c)}, {Ground(c)} FROM {Dialect.Name(c.Table)} AS t WHERE {Located.SameKey(c, "l", "t")}) WHERE l.whose IN {OwnRows}")],
            cancellationToken);
        // From here on nobody asks for rows of which there are none. SQLite combines five hundred queries at most.
        foreach (var some in found.Chunk(100))
        {
            decided.UnionWith(await Session.ReadAsync(
                string.Join(" UNION ALL ", some.Select((c, i) => $"SELECT DISTINCT {i} AS place, action FROM {Located.Marks(c)} WHERE action IS NOT NULL")),
                r => (some[r.GetInt32(0)], (ErasureAction)r.GetInt32(1)), cancellationToken));
        }
    }

    /// <summary>What the map wants with an own row, before anybody asks who needs it.</summary>
    private string FirstAction(MappedCollection collection)
    {
        if (!scoped.Has(collection))
        {
            return "0";
        }
        var wanted = collection.Collection.OnErasure switch
        {
            OnErasure.Delete => Delete,
            OnErasure.Anonymise => MaskOrLeave(collection),
            OnErasure.Retain => collection.Collection.Otherwise == OnErasure.Anonymise ? MaskOrLeave(collection) : Delete,
            // A row whose key is the personal value cannot lose it: it goes.
            _ => masks[collection].Any(m => m.Refusal is not null && IsKey(collection, m.Column)) ? Delete : MaskOrLeave(collection),
        };
        var cases = collection.Collection.Retain.Select(r => $"WHEN {Grounds.Holds(collection, r)} THEN {(int)ErasureAction.Retain} ").ToList();
        var action = cases.Count == 0 ? wanted : $"CASE {string.Concat(cases)}ELSE {wanted} END";
        return scoped.Condition(collection, "t") is { } rows ? $"CASE WHEN {rows} THEN {action} ELSE 0 END" : action;
    }

    /// <summary>The final action of a row of a collection without marks: nobody refers to it, but it may have to let go of what goes.</summary>
    public string Action(MappedCollection collection)
    {
        var first = FirstAction(collection);
        return first != Delete && scoped.Has(collection) && CutNeeded(collection, "t") is { } cut
            ? $"CASE WHEN {first} = {(int)ErasureAction.Untouched} AND ({cut}) THEN {(int)ErasureAction.Anonymise} ELSE {first} END"
            : first;
    }

    private static bool IsKey(MappedCollection collection, Column column) =>
        collection.Table.PrimaryKey.Contains(column.Name) || collection.Table.PrimaryKey.Count == 0;

    /// <summary>The conditions by which row <c>t</c> still holds something personal.</summary>
    private List<string> Dirty(MappedCollection collection) =>
        // What finds the row is to go, whatever its mask looks like.
        [.. masks[collection].Select(m => m.Dirty), .. masks[collection].Select(m => Located.Identification.FoundBy(collection, m.Field)).OfType<string>()];

    private string MaskOrLeave(MappedCollection collection)
    {
        var dirty = Dirty(collection);
        if (collection.Collection.OnErasure != OnErasure.Fides)
        {
            dirty.AddRange(OwnReferences(collection).SelectMany(h => h.Cuttable).Select(c => $"t.{Dialect.Quote(c)} IS NOT NULL"));
        }
        return dirty.Count == 0
            ? $"{(int)ErasureAction.Untouched}"
            : $"CASE WHEN {string.Join(" OR ", dirty)} THEN {(int)ErasureAction.Anonymise} ELSE {(int)ErasureAction.Untouched} END";
    }

    /// <summary>Which of its grounds keeps row <c>t</c>, by number; NULL where none does.</summary>
    public string Ground(MappedCollection collection)
    {
        var cases = collection.Collection.Retain.Select((r, i) => $"WHEN {Grounds.Holds(collection, r)} THEN {i} ").ToList();
        return cases.Count == 0 || !scoped.Has(collection) ? "CAST(NULL AS integer)" : $"CASE {string.Concat(cases)}ELSE NULL END";
    }

    /// <summary>The condition that row <paramref name="alias"/> of a hold's child goes away, or lets go.</summary>
    private string LetsGo(Hold hold, string alias)
    {
        if (hold.Child is not { } child || !Located.Collections.Contains(child))
        {
            return "1 = 0";
        }
        // Nothing out of the scope is changed for the sake of what is in it.
        var actions = hold.Cuttable.Count > 0 && scoped.Has(child)
            ? Numbers([ErasureAction.Delete, ErasureAction.Anonymise, ErasureAction.Reduce, ErasureAction.Untouched])
            : Delete;
        if (Located.Kept.Contains(child))
        {
            return $"EXISTS (SELECT 1 FROM {Located.Marks(child)} AS mh WHERE {Located.SameKey(child, "mh", alias)} AND mh.whose IN {OwnRows} AND mh.action IN ({actions}))";
        }
        var rows = Located.Rows(child);
        return $"EXISTS (SELECT 1 FROM {rows.From} WHERE {string.Join(" AND ", child.Key.Select(k => $"{Dialect.Column("t", k, child.Table)} = {Dialect.Column(alias, k, child.Table)}"))} AND ({rows.Where}) AND {rows.Whose} IN {OwnRows} AND {FirstAction(child)} IN ({actions}))";
    }

    private static async Task<bool> KeepAsync(IReadOnlyList<Disposal> together, CancellationToken cancellationToken)
    {
        var any = false;
        foreach (var one in together)
        {
            any |= await one.KeepWhatIsNeededAsync(cancellationToken);
        }
        return any;
    }

    private bool MayBeNeeded(MappedCollection collection) => holds[collection].Count > 0 || Located.Passages.Any(p => p.Link.Parent == collection && p.Needed is not null);

    /// <summary>The condition that row <c>t</c>, which must go, is needed by one that stays; null where none can.</summary>
    private string? Needed(MappedCollection collection)
    {
        List<string> needed =
        [
            .. holds[collection].Where(h => !GoesAlong(h)).Select(h => $"EXISTS (SELECT 1 FROM {Dialect.Name(h.Table)} AS h WHERE {h.Joined("h", "t")} AND NOT {LetsGo(h, "h")})"),
            .. Located.Passages.Where(p => p.Link.Parent == collection).Select(p => p.Needed).OfType<Carried>().Select(c => c.Among("t")),
        ];
        return needed.Count == 0 ? null : string.Join(" OR ", needed);
    }

    /// <summary>Whether all that refers to an own row by a hold was found by that very reference, and goes too: nobody need look at a history row by row.</summary>
    private bool GoesAlong(Hold hold) =>
        hold.Child is { } child && Located.OnlyWayIn(child) is { } way && way.Parent == hold.Parent
        && way.ChildColumns.SequenceEqual(hold.ChildColumns) && way.ParentColumns.SequenceEqual(hold.ParentColumns)
        && Located.Rows(child).Whose == $"{Whose.Own}" && FirstAction(child) == Delete;

    /// <summary>Rows that must go but are needed by rows that stay are reduced to their keys; those need their own parents in turn.</summary>
    private async Task<bool> KeepWhatIsNeededAsync(CancellationToken cancellationToken)
    {
        var any = false;
        for (var asked = Located.Kept.Where(MayBeNeeded).ToList(); asked.Count > 0;)
        {
            var reduced = await ChangeAsync(ErasureAction.Delete, ErasureAction.Reduce, asked.Select(c => (c, Needed(c))), cancellationToken);
            any |= reduced.Count > 0;
            asked = [.. Located.Kept.Where(c => holds[c].Any(h => h.Child is { } child && reduced.Contains(child)))];
        }
        return any;
    }

    /// <summary>What has nothing (left) to lose stays as it is.</summary>
    private async Task LeaveWhatIsCleanAsync(CancellationToken cancellationToken)
    {
        await ChangeAsync(ErasureAction.Reduce, ErasureAction.Untouched, Located.Kept.Where(MayBeNeeded).Select(c => (c, (string?)Clean(c))), cancellationToken);

        string Clean(MappedCollection collection)
        {
            string[] changes = [.. Dirty(collection), .. CutNeeded(collection, "t") is { } cut ? [cut] : Array.Empty<string>()];
            // A CASE, as NOT of a condition on NULL would be NULL.
            return changes.Length == 0 ? "1 = 1" : $"CASE WHEN {string.Join(" OR ", changes)} THEN 0 ELSE 1 END = 1";
        }
    }

    private async Task CutAsync(CancellationToken cancellationToken) =>
        await ChangeAsync(ErasureAction.Untouched, ErasureAction.Anonymise, Located.Kept.Select(c => (c, CutNeeded(c, "t"))), cancellationToken);

    /// <summary>Gives rows of some collections another action where a condition holds for row <c>t</c>; where there is none, to no row.</summary>
    /// <returns>The collections in which any were.</returns>
    private async Task<List<MappedCollection>> ChangeAsync(
        ErasureAction from, ErasureAction to, IEnumerable<(MappedCollection Collection, string? Condition)> conditions, CancellationToken cancellationToken)
    {
        var asked = conditions.Where(c => c.Condition is not null && decided.Contains((c.Collection, from))).ToList();
        var changed = await Session.ExecuteAllAsync(
            [.. asked.Select(a => $"UPDATE {Located.Marks(a.Collection)} SET action = {(int)to} WHERE action = {(int)from} AND ({Located.PlainKeys(a.Collection)}) IN (SELECT {Located.MarkKeys(a.Collection, "l")} FROM {Located.Rows(a.Collection).From} WHERE l.action = {(int)from} AND ({a.Condition}))")],
            cancellationToken);
        List<MappedCollection> any = [.. asked.Zip(changed).Where(a => a.Second > 0).Select(a => a.First.Collection)];
        decided.UnionWith(any.Select(c => (c, to)));
        return any;
    }

    /// <summary>Whether references to any of a collection's rows may have to be cut.</summary>
    private bool MayBeGone(MappedCollection collection) => decided.Contains((collection, ErasureAction.Delete)) || Located.Evidence.Doubtful.Contains(collection);

    /// <summary>The condition that a row which stays refers to one that goes, or to somebody else's as well; null where none can.</summary>
    private string? CutNeeded(MappedCollection collection, string alias)
    {
        var cuts = Cuts(collection, alias).Select(c => c.Condition).ToList();
        return cuts.Count == 0 ? null : string.Join(" OR ", cuts);
    }

    /// <summary>The condition that what stays must not refer to the marked row <c>t</c>: it goes, or is shared and says something about a person.</summary>
    private string GoneOf(MappedCollection parent, string marks)
    {
        // A row without anything personal (a product, or what an earlier erasure left) may stay referred to.
        var dirty = masks[parent].Select(m => m.Dirty).ToList();
        return dirty.Count == 0 ? $"{marks}.action = {Delete}" : $"({marks}.action = {Delete} OR ({marks}.whose = {Whose.Shared} AND ({string.Join(" OR ", dirty)})))";
    }
}
