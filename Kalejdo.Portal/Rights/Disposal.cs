using System.Globalization;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>Decides what becomes of each located row of one database, and does it (design.md 5).</summary>
internal sealed class Disposal
{
    private const string OwnRows = "(1, 2)";
    private readonly Located located;
    private readonly Map map;
    private readonly ErasureScope scope;
    private readonly DateOnly today;
    private readonly HashSet<MappedCollection> inScope;
    private readonly Dictionary<MappedCollection, IReadOnlyList<Mask>> masks = [];
    private readonly Dictionary<MappedCollection, IReadOnlyList<Hold>> holds = [];
    private readonly Masks masking;

    public Disposal(Located located, Map map, ErasureScope scope, DateOnly today)
    {
        (this.located, this.map, this.scope, this.today) = (located, map, scope, today);
        masking = new Masks(located.Session, Sql);
        inScope = Scoped();
        foreach (var collection in located.Collections)
        {
            masks[collection] = masking.Of(collection, Links);
            holds[collection] = HoldsOn(collection);
        }
    }

    /// <summary>Something that refers to a collection's rows: a reference of the map, a foreign key of the database, or both.</summary>
    /// <param name="Child">The mapped collection that refers; null where no map knows the table.</param>
    /// <param name="OnDelete">What the database's foreign key does; null where it has none.</param>
    /// <param name="Cuttable">The columns that can be nulled to cut the reference; empty where it cannot be cut.</param>
    private sealed record Hold(
        Table Table, MappedCollection? Child, IReadOnlyList<string> ChildColumns, MappedCollection Parent, IReadOnlyList<string> ParentColumns, string? OnDelete, IReadOnlyList<string> Cuttable)
    {
        public bool Enforced => OnDelete is not null;

        public string Joined(string child, string parent) => string.Join(" AND ", ChildColumns.Zip(ParentColumns).Select(
            p => $"{child}.{Dialect.Quote(p.First)} = {parent}.{Dialect.Quote(p.Second)}"));
    }

    private Dialect Sql => located.Database.Dialect;

    private Session Session => located.Session;

    private Graph Graph => located.Database.Graph;

    private IReadOnlyList<Link> Links => Graph.Links;

    public async Task<ErasureOutcome> PlanAsync(CancellationToken cancellationToken)
    {
        foreach (var collection in located.Kept)
        {
            await Session.ExecuteAsync(
                $"UPDATE {Located.Marks(collection)} AS l SET (action, ground) = (SELECT {FirstAction(collection)}, {Ground(collection)} FROM {Dialect.Name(collection.Table)} AS t WHERE {Located.SameKey(collection, "l", "t")}) WHERE l.whose IN {OwnRows}",
                cancellationToken);
        }
        await KeepWhatIsNeededAsync(cancellationToken);
        foreach (var collection in located.Kept)
        {
            if (CutNeeded(collection, "t") is { } cut)
            {
                await Session.ExecuteAsync(
                    $"UPDATE {Located.Marks(collection)} SET action = {(int)ErasureAction.Anonymise} WHERE action = {(int)ErasureAction.Untouched} AND ({Located.PlainKeys(collection)}) IN (SELECT {Located.MarkKeys(collection, "l")} FROM {located.Rows(collection).From} WHERE l.action = {(int)ErasureAction.Untouched} AND ({cut}))",
                    cancellationToken);
            }
        }
        var steps = new List<ErasureStep>();
        var refusals = new List<Refusal>();
        foreach (var collection in located.Collections)
        {
            steps.AddRange(await CountAsync(collection, cancellationToken));
        }
        foreach (var collection in located.Collections)
        {
            if (steps.Any(s => s.Collection == collection.Collection.Id && s.Action is ErasureAction.Anonymise or ErasureAction.Reduce or ErasureAction.Pseudonymise))
            {
                refusals.AddRange(masks[collection].Select(m => m.Refusal).OfType<Refusal>());
            }
            if (collection.Table.IsView && steps.Any(s => s.Collection == collection.Collection.Id && s.Changes))
            {
                refusals.Add(new Refusal("this is a view, which cannot be erased; name its tables in the map, and its own fields 'read_only'", collection.Collection.Id));
            }
        }
        return refusals.Count > 0 ? new ErasureOutcome.Refused([.. refusals.Distinct()]) : new ErasureOutcome.Done(steps);
    }

    /// <summary>Carries out what was planned in this same transaction, and commits only if exactly the planned rows changed.</summary>
    public async Task<ErasureOutcome> ExecuteAsync(CancellationToken cancellationToken)
    {
        var outcome = await PlanAsync(cancellationToken);
        if (outcome is not ErasureOutcome.Done plan)
        {
            return outcome;
        }
        await Session.ExecuteAsync(Sql.DeferForeignKeys, cancellationToken);
        // Collections whose rows are found anew by each statement come first: their way in leads through rows that change later.
        var order = located.Collections.Where(c => !located.Kept.Contains(c)).Concat(DeletionOrder()).ToList();
        foreach (var collection in order)
        {
            var changed = plan.Steps.Where(s => s.Collection == collection.Collection.Id && s.Changes && s.Action != ErasureAction.Delete).Sum(s => s.Rows);
            if (changed > 0 && await MaskAsync(collection, cancellationToken) is var masked && masked != changed)
            {
                return Mismatch(collection, changed, masked);
            }
            if (!located.Kept.Contains(collection) && await DeleteAsync(collection, plan, cancellationToken) is { } mismatch)
            {
                return mismatch;
            }
        }
        await CutCirclesAsync(cancellationToken);
        foreach (var collection in order.Where(located.Kept.Contains))
        {
            if (await DeleteAsync(collection, plan, cancellationToken) is { } mismatch)
            {
                return mismatch;
            }
        }
        await Session.CommitAsync(cancellationToken);
        return plan;
    }

    private static ErasureOutcome.Refused Mismatch(MappedCollection collection, long planned, long executed) => new(
        [new Refusal($"the plan counts {planned} rows, but the database would change {executed} (a trigger, or a rule of its own); nothing was changed", collection.Collection.Id)]);

    /// <summary>The collections that the scope names, and those whose rows cannot live without theirs.</summary>
    private HashSet<MappedCollection> Scoped()
    {
        var named = located.Collections.Where(c => scope.IsEverything || scope.Kinds.Contains(c.Collection.KindKey) || scope.Rows.Any(r => r.Collection == c.Collection.Id)).ToHashSet();
        while (located.Collections.FirstOrDefault(c => !named.Contains(c) && Depends(c, named)) is { } dependent)
        {
            named.Add(dependent);
        }
        return named;
    }

    private bool Depends(MappedCollection collection, HashSet<MappedCollection> named) =>
        !collection.Collection.Fields.Any(f => f.Identity is not null)
        && Links.Where(l => l.Child == collection && l.Down && l.Parent != collection).Select(l => l.Parent).Distinct().ToList() is { Count: > 0 } parents
        && parents.TrueForAll(named.Contains);

    /// <summary>What the map wants with an own row, before anybody asks who needs it.</summary>
    private string FirstAction(MappedCollection collection)
    {
        if (!inScope.Contains(collection))
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
        var cases = collection.Collection.Retain.Select(r => $"WHEN {Holds(collection, r)} THEN {(int)ErasureAction.Retain} ").ToList();
        var action = cases.Count == 0 ? wanted : $"CASE {string.Concat(cases)}ELSE {wanted} END";
        return RowsInScope(collection, "t", []) is { } rows ? $"CASE WHEN {rows} THEN {action} ELSE 0 END" : action;
    }

    /// <summary>The final action of a row of a collection without marks: nobody refers to it, but it may have to let go of what goes.</summary>
    private string Action(MappedCollection collection) => CutNeeded(collection, "t") is { } cut && inScope.Contains(collection)
        ? $"CASE WHEN {FirstAction(collection)} = {(int)ErasureAction.Untouched} AND ({cut}) THEN {(int)ErasureAction.Anonymise} ELSE {FirstAction(collection)} END"
        : FirstAction(collection);

    private static string Delete { get; } = ((int)ErasureAction.Delete).ToString(CultureInfo.InvariantCulture);

    private static bool IsKey(MappedCollection collection, Column column) =>
        collection.Table.PrimaryKey.Contains(column.Name) || collection.Table.PrimaryKey.Count == 0;

    /// <summary>The conditions by which row <c>t</c> still holds something personal.</summary>
    private List<string> Dirty(MappedCollection collection) =>
        // What finds the row is to go, whatever its mask looks like.
        [.. masks[collection].Select(m => m.Dirty), .. masks[collection].Select(m => located.FoundBy(collection, m.Field)).OfType<string>()];

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

    /// <summary>The references by which the subject's own rows led to a collection: an anonymised row must not keep them.</summary>
    private IEnumerable<Hold> OwnReferences(MappedCollection collection) =>
        located.Collections.SelectMany(parent => holds.GetValueOrDefault(parent, [])).Concat(Links.Where(l => l.Child == collection).Select(HoldOf))
            .Where(h => h.Child == collection && Links.Any(l => l.Child == collection && l.Down && l.Parent == h.Parent && l.ChildColumns.SequenceEqual(h.ChildColumns)))
            .DistinctBy(h => string.Join(',', h.ChildColumns));

    /// <summary>The condition that a row is in the scope: named itself, or hanging on one that is. Null where the scope takes the whole collection.</summary>
    private string? RowsInScope(MappedCollection collection, string alias, HashSet<MappedCollection> above)
    {
        if (scope.IsEverything || scope.Kinds.Contains(collection.Collection.KindKey))
        {
            return null;
        }
        var conditions = scope.Rows.Where(r => r.Collection == collection.Collection.Id)
            .Select(row => string.Join(" AND ", collection.Table.PrimaryKey.Select(k => KeyIs(collection, alias, k, row.Key[k])))).ToList();
        if (above.Add(collection) && Depends(collection, inScope))
        {
            var parent = $"s{above.Count}";
            var hangs = Links.Where(l => l.Child == collection && l.Down && !above.Contains(l.Parent)).Select(l => (Link: l, Rows: RowsInScope(l.Parent, parent, [.. above]))).ToList();
            if (conditions.Count == 0 && hangs.Count > 0 && hangs.TrueForAll(h => h.Rows is null))
            {
                return null;
            }
            conditions.AddRange(hangs.Select(h =>
                $"EXISTS (SELECT 1 FROM {Dialect.Name(h.Link.Parent.Table)} AS {parent} WHERE {Located.Joined(h.Link, alias, parent)}{(h.Rows is null ? "" : $" AND ({h.Rows})")})"));
        }
        return conditions.Count == 0 ? "1 = 0" : string.Join(" OR ", conditions.Select(c => $"({c})"));
    }

    private string KeyIs(MappedCollection collection, string alias, string key, string value) =>
        Sql.Equal($"{alias}.{Dialect.Quote(key)}", Session.Parameter(value), value, collection.Table.Find(key)!) ?? "1 = 0";

    private string Ground(MappedCollection collection)
    {
        var cases = collection.Collection.Retain.Select((r, i) => $"WHEN {Holds(collection, r)} THEN {i} ").ToList();
        return cases.Count == 0 || !inScope.Contains(collection) ? "CAST(NULL AS integer)" : $"CASE {string.Concat(cases)}ELSE NULL END";
    }

    /// <summary>The condition that a retention ground holds for row <c>t</c> today.</summary>
    private string Holds(MappedCollection collection, Retain retain)
    {
        var rule = map.Retention[retain.Rule];
        if (retain.Collection is null)
        {
            return Condition(collection, "t");
        }
        var (holder, joined) = HolderOf(collection, retain);
        return $"EXISTS (SELECT 1 FROM {Dialect.Name(holder.Table)} AS r WHERE ({joined}) AND {Condition(holder, "r")})";

        string Condition(MappedCollection where, string alias)
        {
            var column = where.Table.Find(retain.Column)!;
            var value = $"{alias}.{Dialect.Quote(column.Name)}";
            if (rule.CountedFrom != CountedFrom.Condition || column.Type is ColumnType.Date or ColumnType.Instant)
            {
                var earliest = rule.CountedFrom == CountedFrom.Condition ? today : rule.EarliestKept(today);
                return $"({value} IS NULL OR {Sql.OnOrAfter(value, column, Session.Parameter(Sql.OnOrAfterValue(earliest, column)))})";
            }
            return retain.Values.Count > 0
                ? $"({Sql.AsText(value)} IN ({string.Join(", ", retain.Values.Select(Session.Parameter))}))"
                : column.Type == ColumnType.Boolean ? Sql.IsTrue(value, column) : $"(CAST({value} AS numeric) > 0)";
        }
    }

    /// <summary>The day that a ground's period counts from; the latest, where several rows of another collection tell it.</summary>
    private string DayOf(MappedCollection collection, Retain retain)
    {
        if (retain.Collection is null)
        {
            var own = collection.Table.Find(retain.Column)!;
            return Sql.Day($"t.{Dialect.Quote(own.Name)}", own);
        }
        var (holder, joined) = HolderOf(collection, retain);
        var column = holder.Table.Find(retain.Column)!;
        return $"(SELECT max({Sql.Day($"r.{Dialect.Quote(column.Name)}", column)}) FROM {Dialect.Name(holder.Table)} AS r WHERE {joined})";
    }

    /// <summary>The collection one reference away that a ground looks at, and the condition that its row <c>r</c> belongs to row <c>t</c>.</summary>
    private (MappedCollection Holder, string Joined) HolderOf(MappedCollection collection, Retain retain)
    {
        var holder = Graph.Collections.First(c => c.Collection.Dataset == collection.Collection.Dataset && c.Collection.Name == retain.Collection);
        var links = Links.Where(l => (l.Child == holder && l.Parent == collection) || (l.Child == collection && l.Parent == holder));
        return (holder, string.Join(" OR ", links.Select(l => $"({(l.Child == holder ? Located.Joined(l, "r", "t") : Located.Joined(l, "t", "r"))})")));
    }

    private IReadOnlyList<Hold> HoldsOn(MappedCollection parent)
    {
        var mapped = Links.Where(l => l.Parent == parent).Select(HoldOf);
        var enforced = Graph.Schema.PointingAt(parent.Table).Select(f => new Hold(
            f.Child, Graph.Of(f.Child), f.Key.Columns, parent, f.Key.ReferencedColumns, f.Key.OnDelete, Cuttable(f.Child, f.Key.Columns)));
        return [.. enforced.Concat(mapped).DistinctBy(h => $"{h.Table.Schema}.{h.Table.Name}({string.Join(',', h.ChildColumns)})")];
    }

    private static Hold HoldOf(Link link) => new(
        link.Child.Table, link.Child, link.ChildColumns, link.Parent, link.ParentColumns, null, Cuttable(link.Child.Table, link.ChildColumns));

    private static List<string> Cuttable(Table table, IReadOnlyList<string> columns)
    {
        var free = columns.Where(c => table.Find(c) is { NotNull: false, Generated: false } && !table.PrimaryKey.Contains(c)).ToList();
        // A column that another reference uses too is nulled only where there is none of its own.
        var own = free.Where(c => table.ForeignKeys.Count(k => k.Columns.Contains(c)) <= 1).ToList();
        return own.Count > 0 ? own : free;
    }

    /// <summary>The condition that row <paramref name="alias"/> of a hold's child goes away, or lets go.</summary>
    private string LetsGo(Hold hold, string alias)
    {
        if (hold.Child is not { } child || !located.Collections.Contains(child))
        {
            return "1 = 0";
        }
        // Nothing out of the scope is changed for the sake of what is in it.
        var actions = hold.Cuttable.Count > 0 && inScope.Contains(child)
            ? $"{Delete}, {(int)ErasureAction.Anonymise}, {(int)ErasureAction.Reduce}, {(int)ErasureAction.Untouched}"
            : Delete;
        if (located.Kept.Contains(child))
        {
            return $"EXISTS (SELECT 1 FROM {Located.Marks(child)} AS mh WHERE {Located.SameKey(child, "mh", alias)} AND mh.whose IN {OwnRows} AND mh.action IN ({actions}))";
        }
        var rows = located.Rows(child);
        return $"EXISTS (SELECT 1 FROM {rows.From} WHERE {string.Join(" AND ", child.Key.Select(k => $"{Dialect.Column("t", k, child.Table)} = {Dialect.Column(alias, k, child.Table)}"))} AND ({rows.Where}) AND {rows.Whose} IN {OwnRows} AND {FirstAction(child)} IN ({actions}))";
    }

    /// <summary>Rows that must go but are needed by rows that stay are reduced to their keys; those need their own parents in turn.</summary>
    private async Task KeepWhatIsNeededAsync(CancellationToken cancellationToken)
    {
        var any = true;
        while (any)
        {
            any = false;
            foreach (var collection in located.Kept.Where(c => holds[c].Count > 0))
            {
                var needed = string.Join(" OR ", holds[collection].Select(
                    h => $"EXISTS (SELECT 1 FROM {Dialect.Name(h.Table)} AS h WHERE {h.Joined("h", "t")} AND NOT {LetsGo(h, "h")})"));
                any |= await Session.ExecuteAsync(
                    $"UPDATE {Located.Marks(collection)} SET action = {(int)ErasureAction.Reduce} WHERE action = {Delete} AND ({Located.PlainKeys(collection)}) IN (SELECT {Located.MarkKeys(collection, "l")} FROM {located.Rows(collection).From} WHERE l.action = {Delete} AND ({needed}))",
                    cancellationToken) > 0;
            }
        }
        // What has nothing (left) to lose stays as it is.
        foreach (var collection in located.Kept.Where(c => holds[c].Count > 0))
        {
            string[] changes = [.. Dirty(collection), .. CutNeeded(collection, "t") is { } cut ? [cut] : Array.Empty<string>()];
            // A CASE, as NOT of a condition on NULL would be NULL.
            var clean = changes.Length == 0 ? "1 = 1" : $"CASE WHEN {string.Join(" OR ", changes)} THEN 0 ELSE 1 END = 1";
            await Session.ExecuteAsync(
                $"UPDATE {Located.Marks(collection)} SET action = {(int)ErasureAction.Untouched} WHERE action = {(int)ErasureAction.Reduce} AND ({Located.PlainKeys(collection)}) IN (SELECT {Located.MarkKeys(collection, "l")} FROM {located.Rows(collection).From} WHERE l.action = {(int)ErasureAction.Reduce} AND {clean})",
                cancellationToken);
        }
    }

    /// <summary>The condition that a row which stays refers to one that goes, or to somebody else's as well; null where none can.</summary>
    private string? CutNeeded(MappedCollection collection, string alias)
    {
        var cuts = Cuts(collection, alias).Select(c => c.Condition).ToList();
        return cuts.Count == 0 ? null : string.Join(" OR ", cuts);
    }

    private IEnumerable<(Hold Hold, string Condition)> Cuts(MappedCollection collection, string alias)
    {
        foreach (var hold in located.Kept.SelectMany(parent => holds[parent]).Where(h => h.Child == collection && h.Cuttable.Count > 0))
        {
            // A row that says nothing about a person (a product, a channel) may stay referred to.
            var shared = hold.Parent.Collection.Fields.Any(f => f.Personal && !hold.Parent.Table.PrimaryKey.Contains(f.Name)) ? $" OR mc.whose = {Whose.Shared}" : "";
            yield return (hold, $"EXISTS (SELECT 1 FROM {Dialect.Name(hold.Parent.Table)} AS c JOIN {Located.Marks(hold.Parent)} AS mc ON {Located.SameKey(hold.Parent, "mc", "c")} WHERE {hold.Joined(alias, "c")} AND (mc.action = {Delete}{shared}))");
        }
    }

    private async Task<List<ErasureStep>> CountAsync(MappedCollection collection, CancellationToken cancellationToken)
    {
        var rows = located.Rows(collection);
        var kept = located.Kept.Contains(collection);
        var (action, ground) = kept ? ("l.action", "l.ground") : (Action(collection), Ground(collection));
        if (int.TryParse(rows.Whose, out var all) && int.TryParse(action, out var only) && collection.Collection.Retain.Count == 0)
        {
            // One fate for all: counted in the index, without a look at the rows.
            var count = await Session.ReadAsync($"SELECT count(*) FROM {rows.From} WHERE {rows.Where}", r => r.GetInt64(0), cancellationToken);
            return count is [> 0] && StepOf(collection, all, (ErasureAction)only, null, null, count[0]) is { } step ? [step] : [];
        }
        var days = string.Concat(collection.Collection.Retain.Select((retain, i) => (retain, i)).Where(x => map.Retention[x.retain.Rule].Keep is not null)
            .Select(x => $"WHEN {ground} = {x.i} THEN {DayOf(collection, x.retain)} "));
        var day = days == "" ? "CAST(NULL AS text)" : $"CASE {days}END";
        var groups = await Session.ReadAsync(
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
        if (!inScope.Contains(collection))
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
        if (action == ErasureAction.Anonymise && masks[collection].Any(m => m.Pseudonym))
        {
            return new ErasureStep(id, ErasureAction.Pseudonymise, rows);
        }
        var rule = action == ErasureAction.Retain && ground is { } g ? map.Retention[collection.Collection.Retain[g].Rule] : null;
        return new ErasureStep(id, action, rows, rule, rule?.Keep is not null && day is not null ? rule.KeptUntil(SwedishDay(day)) : null);
    }

    /// <summary>A day, or an instant of UTC whose Swedish day counts.</summary>
    private static DateOnly SwedishDay(string text) => text.Length == 10
        ? DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture)
        : DateOnly.FromDateTime(TimeZoneInfo.ConvertTimeFromUtc(DateTime.ParseExact(text, "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal), SwedishDays.Zone));

    private async Task<int> MaskAsync(MappedCollection collection, CancellationToken cancellationToken)
    {
        var assignments = masks[collection].ToDictionary(m => m.Column.Name, m => m.Value);
        if (collection.Collection.OnErasure != OnErasure.Fides)
        {
            foreach (var column in OwnReferences(collection).SelectMany(h => h.Cuttable))
            {
                // A reduced row keeps its references; it stays because others need it, not to be anonymous.
                assignments.TryAdd(column, located.Kept.Contains(collection)
                    ? $"CASE WHEN {ActionIs(collection, ErasureAction.Anonymise)} THEN NULL ELSE t.{Dialect.Quote(column)} END"
                    : "NULL");
            }
        }
        foreach (var (hold, condition) in Cuts(collection, "t"))
        {
            foreach (var column in hold.Cuttable)
            {
                var otherwise = assignments.GetValueOrDefault(column, $"t.{Dialect.Quote(column)}");
                // A CASE of nothing but NULL would be text to PostgreSQL.
                assignments[column] = otherwise == "NULL" ? otherwise : $"CASE WHEN {condition} THEN NULL ELSE {otherwise} END";
            }
        }
        var set = string.Join(", ", assignments.Select(a => $"{Dialect.Quote(a.Key)} = {a.Value}"));
        var actions = $"({(int)ErasureAction.Anonymise}, {(int)ErasureAction.Reduce})";
        return await Session.ExecuteAsync($"UPDATE {Dialect.Name(collection.Table)} AS t SET {set} WHERE {Chosen(collection, actions)}", cancellationToken);
    }

    private static string ActionIs(MappedCollection collection, ErasureAction action) =>
        $"EXISTS (SELECT 1 FROM {Located.Marks(collection)} AS ma WHERE {Located.SameKey(collection, "ma", "t")} AND ma.action = {(int)action})";

    /// <summary>The condition that row <c>t</c> of a statement on the collection's table has one of the actions.</summary>
    private string Chosen(MappedCollection collection, string actions)
    {
        if (located.Kept.Contains(collection))
        {
            return $"({Located.KeyOf(collection, "t")}) IN (SELECT {Located.MarkKeys(collection, "l")} FROM {Located.Marks(collection)} AS l WHERE l.action IN {actions})";
        }
        var rows = located.Rows(collection);
        return $"({rows.Where}) AND {rows.Whose} IN {OwnRows} AND {Action(collection)} IN {actions}";
    }

    private async Task<ErasureOutcome.Refused?> DeleteAsync(MappedCollection collection, ErasureOutcome.Done plan, CancellationToken cancellationToken)
    {
        var planned = plan.Steps.Where(s => s.Collection == collection.Collection.Id && s.Action == ErasureAction.Delete).Sum(s => s.Rows);
        if (planned == 0)
        {
            return null;
        }
        var deleted = await Session.ExecuteAsync($"DELETE FROM {Dialect.Name(collection.Table)} AS t WHERE {Chosen(collection, $"({Delete})")}", cancellationToken);
        if (deleted != planned && located.Kept.Contains(collection) && !collection.Key.Contains("ctid"))
        {
            // A foreign key that cascades among rows that all go takes some of them before the statement counts them.
            var left = await Session.ReadAsync($"SELECT count(*) FROM {located.Rows(collection).From} WHERE l.action = {Delete}", r => r.GetInt64(0), cancellationToken);
            deleted = (int)(planned - left[0]);
        }
        return deleted == planned ? null : Mismatch(collection, planned, deleted);
    }

    /// <summary>Nulls references among rows that go together, where tables refer to each other or to themselves in a circle.</summary>
    private async Task CutCirclesAsync(CancellationToken cancellationToken)
    {
        // A row may refer to another that goes in the same statement, unless its key forbids even that or acts by itself.
        foreach (var hold in located.Kept.SelectMany(c => holds[c]).Where(h => h.Enforced && h.Cuttable.Count > 0 && h.Child is { } child && located.Kept.Contains(child)
            && (h.Child == h.Parent ? h.OnDelete is "RESTRICT" or "CASCADE" : Precedes(h.Parent, child))))
        {
            await Session.ExecuteAsync(
                $"UPDATE {Dialect.Name(hold.Table)} AS t SET {string.Join(", ", hold.Cuttable.Select(c => $"{Dialect.Quote(c)} = NULL"))} WHERE {Chosen(hold.Child!, $"({Delete})")}",
                cancellationToken);
        }
    }

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
                foreach (var parent in located.Kept.Where(p => holds[p].Any(h => h.Enforced && h.Child == at)))
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
        foreach (var collection in located.Kept.OrderBy(c => c.Number))
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
            foreach (var first in holds[collection].OrderBy(h => !h.Enforced).Select(h => h.Child).OfType<MappedCollection>()
                .Concat(located.Kept.Where(c => collection.Collection.EraseAfter.Contains(c.Collection.Id))).Where(located.Kept.Contains))
            {
                Visit(first);
            }
            order.Add(collection);
        }
    }
}
