using System.Data.Common;
using System.Globalization;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>
/// Finds out, before anything is changed, whether the database would refuse what will be written to a collection's rows: a value that its
/// column cannot hold, a CHECK, the same values twice in a unique index, or a key that would no longer be met. The new rows are computed and
/// looked at, by the database itself.
/// </summary>
internal sealed class Constraints(Disposal disposal, MappedCollection collection)
{
    private readonly Dictionary<string, Mask> masks = disposal.MasksOf(collection).ToDictionary(m => m.Column.Name);
    private readonly Dictionary<string, string> written = Removal.Assignments(disposal, collection);

    private Table Table => collection.Table;

    private Session Session => disposal.Located.Session;

    private Dialect Sql => disposal.Located.Database.Dialect;

    public async Task<IReadOnlyList<Refusal>> FindAsync(CancellationToken cancellationToken)
    {
        var refusals = new List<Refusal>();
        var checks = Table.Checks.Where(c => Of(c.Condition, written.Keys).Any() && IsKnown(c.Condition)).ToList();
        var converted = masks.Values.Where(m => m.Value != "NULL" && m.Column.Type != ColumnType.Text).ToList();
        try
        {
            refusals.AddRange(await BrokenAsync(checks, converted, cancellationToken));
            refusals.AddRange(Table.ForeignKeys.SelectMany(k => k.Columns.Select(c => (Key: k, Column: c))).Where(x => Strategy(x.Column) == MaskingStrategy.Random).Select(x => new Refusal(
                $"it must name a row of '{x.Key.Table}', but its mask writes a random text; use null_rewrite, or let the row go ('on_erasure: delete')", FieldOf(x.Column))));
            foreach (var (child, key) in disposal.Located.Database.Graph.Schema.PointingAt(Table).Where(r => r.Key.OnUpdate is "NO ACTION" or "RESTRICT" && r.Key.ReferencedColumns.Any(masks.ContainsKey)))
            {
                if (await IsReferredToAsync(child, key, cancellationToken))
                {
                    refusals.Add(new Refusal($"rows of '{child.Name}' that stay refer to this value, so it cannot be overwritten; let them go too ('on_erasure: delete')", FieldOf(key.ReferencedColumns.First(masks.ContainsKey))));
                }
            }
            foreach (var index in Table.Indexes.Where(MayClash))
            {
                if (await ClashesAsync(index, cancellationToken))
                {
                    refusals.Add(Clash(index));
                }
            }
        }
        catch (DbException e) when (Sql.IsAboutValues(e))
        {
            // The transaction may be of no more use; the plan is refused anyway.
            refusals.Add(new Refusal(
                $"the database cannot take what would be written to {string.Join(" or ", converted.Select(m => m.Column.Name).DefaultIfEmpty("it"))}; give it a mask that fits, or let the row go ('on_erasure: delete')",
                converted is [var only] ? FieldOf(only.Column.Name) : collection.Collection.Id));
        }
        return refusals;
    }

    /// <summary>The CHECKs that any of the new rows breaks. Values are converted on the way, which fails where a column cannot hold one.</summary>
    private async Task<IEnumerable<Refusal>> BrokenAsync(List<CheckRule> checks, List<Mask> converted, CancellationToken cancellationToken)
    {
        if (checks.Count + converted.Count == 0)
        {
            return [];
        }
        // NULL is no breach.
        var broken = checks.Select(c => $"max(CASE WHEN NOT ({c.Condition}) THEN 1 ELSE 0 END)").Concat(converted.Select(m => $"count({Dialect.Quote(m.Column.Name)})"));
        var found = await Session.ReadAsync(
            $"{NewRows} SELECT {string.Join(", ", broken)} FROM new_rows",
            r => checks.Where((_, i) => !r.IsDBNull(i) && Convert.ToInt32(r.GetValue(i), CultureInfo.InvariantCulture) == 1).ToList(), cancellationToken);
        return found.SelectMany(rules => rules).Select(rule => new Refusal(
            $"the database allows only some values there (its CHECK{(rule.Name is null ? "" : $" '{rule.Name}'")}), and what an erasure would write is none of them; give it a mask that fits, or let the row go ('on_erasure: delete')",
            FieldOf(Of(rule.Condition, masks.Keys).Concat(Of(rule.Condition, written.Keys)).First())));
    }

    /// <summary>Whether rows refer, by a key of the database, to values that will be overwritten, and neither go first nor let go.</summary>
    private Task<bool> IsReferredToAsync(Table child, ForeignKey key, CancellationToken cancellationToken)
    {
        var old = string.Join(", ", key.ReferencedColumns.Select((c, i) => $"t.{Dialect.Quote(c)} AS portal_e{i}"));
        var changes = string.Join(" OR ", key.ReferencedColumns.Where(masks.ContainsKey).Select(c => masks[c].Dirty));
        var refers = string.Join(" AND ", key.Columns.Select((c, i) => $"t.{Dialect.Quote(c)} = n.portal_e{i}"));
        var of = disposal.Located.Database.Graph.Of(child);
        // Rows are masked, children first, before any are deleted.
        List<ErasureAction> lettingGo = [.. key.Deferrable ? [ErasureAction.Delete] : Array.Empty<ErasureAction>()];
        if (of is not null && disposal.Located.Collections.Contains(of) && disposal.MasksOf(of).Any(m => m.Value == "NULL" && key.Columns.Contains(m.Column.Name)))
        {
            lettingGo.AddRange([ErasureAction.Anonymise, ErasureAction.Reduce]);
        }
        var stays = of is null || !disposal.Located.Collections.Contains(of) || lettingGo.Count == 0 ? "1 = 1" : $"NOT ({disposal.Chosen(of, [.. lettingGo])})";
        return Session.AnyAsync(
            $"WITH n AS MATERIALIZED (SELECT {old} FROM {Dialect.Name(Table)} AS t WHERE {Chosen} AND ({changes})) SELECT 1 FROM n {Sql.Join} {Dialect.Name(child)} AS t ON {refers} WHERE {stays} LIMIT 1",
            cancellationToken);
    }

    /// <summary>Whether a unique index can come to hold the same values twice. Nulls never clash, random texts and hashes hardly ever.</summary>
    private bool MayClash(TableIndex index)
    {
        if (!index.Unique || index.Keys.Count == 0 || !index.Keys.Append(index.Predicate ?? "").All(IsKnown)
            || index.Columns.Any(c => c is not null && (Strategy(c) == MaskingStrategy.Random || (Strategy(c) == MaskingStrategy.Null && !index.NullsAlike))))
        {
            return false;
        }
        var constant = masks.Keys.Where(c => Strategy(c) == MaskingStrategy.Rewrite).ToList();
        var emptied = written.Keys.Where(c => !masks.ContainsKey(c) || Strategy(c) == MaskingStrategy.Null).ToList();
        var computed = string.Join(' ', index.Keys.Where((_, i) => index.Columns[i] is null || index.NullsAlike).Append(index.Predicate));
        return index.Columns.Any(c => c is not null && constant.Contains(c)) || Of(computed, constant).Any() || Of(computed, emptied).Any();
    }

    /// <summary>Whether two new rows agree in an index, or a row that stays already looks like one of them.</summary>
    private Task<bool> ClashesAsync(TableIndex index, CancellationToken cancellationToken)
    {
        var values = index.Keys.Select((_, i) => $"portal_e{i}").ToList();
        var keys = collection.Key.Select((_, i) => $"portal_k{i}").ToList();
        var held = string.Join(" AND ", index.Keys.Where(_ => !index.NullsAlike).Select(k => $"({k}) IS NOT NULL").Append(index.Predicate is null ? "1 = 1" : $"({index.Predicate})"));
        var expressions = string.Join(", ", index.Keys.Select((k, i) => $"({k}) AS portal_e{i}"));
        var same = string.Join(" AND ", values.Select(v => index.NullsAlike ? $"o.{v} IS NOT DISTINCT FROM n.{v}" : $"o.{v} = n.{v}"));
        var standing = $"SELECT {Keys("standing")}, {expressions} FROM {Dialect.Name(Table)} AS standing WHERE {held}";
        return Session.AnyAsync(
            $"{NewRows}, n AS MATERIALIZED (SELECT {string.Join(", ", keys)}, {expressions} FROM new_rows WHERE {held}) "
            + $"SELECT 1 FROM n GROUP BY {string.Join(", ", values)} HAVING count(*) > 1 "
            + $"UNION ALL SELECT 1 FROM n {Sql.Join} ({standing}) AS o ON {same} WHERE {string.Join(" OR ", keys.Select(k => $"o.{k} <> n.{k}"))} LIMIT 1",
            cancellationToken);
    }

    private Refusal Clash(TableIndex index)
    {
        var field = Of(string.Join(' ', index.Keys.Append(index.Predicate)), [.. masks.Keys.Where(c => Strategy(c) == MaskingStrategy.Rewrite), .. written.Keys]).First();
        var others = index.Columns.OfType<string>().Where(c => Strategy(c) != MaskingStrategy.Rewrite && c != field).ToList();
        var what = index.Partial || index.Columns.Contains(null) ? $"the unique index '{index.Name}' lets no two rows be alike in it" : "the column must be unique";
        return new Refusal(
            $"{(others.Count == 0 ? "" : $"together with {string.Join(", ", others)} ")}{what}, but {(Strategy(field) == MaskingStrategy.Rewrite ? "its mask writes the same value to several rows; use random_string_rewrite" : "an erasure would leave several rows alike; let the row go ('on_erasure: delete')")}",
            FieldOf(field));
    }

    /// <summary>The rows as they will be, under their keys.</summary>
    private string NewRows => $"WITH new_rows AS MATERIALIZED (SELECT {Keys("t")}, {string.Join(", ", Table.Columns.Select(c => $"{(written.TryGetValue(c.Name, out var value) ? Sql.Typed(value, c) : $"t.{Dialect.Quote(c.Name)}")} AS {Dialect.Quote(c.Name)}"))} FROM {Dialect.Name(Table)} AS t WHERE {Chosen})";

    private string Chosen => disposal.Chosen(collection, ErasureAction.Anonymise, ErasureAction.Reduce);

    private string Keys(string alias) => string.Join(", ", collection.Key.Select((k, i) => $"{Dialect.Column(alias, k, Table)} AS portal_k{i}"));

    private string FieldOf(string column) => $"{collection}.{(masks.TryGetValue(column, out var mask) ? mask.Field.Name : column)}";

    private MaskingStrategy? Strategy(string column) => masks.TryGetValue(column, out var mask) ? mask.Field.Masking?.Strategy ?? MaskingStrategy.Null : null;

    private static IEnumerable<string> Of(string sql, IEnumerable<string> columns) => columns.Where(c => CheckRule.Mentions(sql, c));

    /// <summary>What the database computes of the new values, and the row as a whole, only it knows.</summary>
    private bool IsKnown(string sql) => !sql.Contains(".*", StringComparison.Ordinal) && !Table.Columns.Any(c => c.Generated && CheckRule.Mentions(sql, c.Name));
}
