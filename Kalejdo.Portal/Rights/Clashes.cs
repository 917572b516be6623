using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>Finds out, before anything is changed, whether a collection's masks would give two rows the same values in a unique index over several columns.</summary>
internal sealed class Clashes(Disposal disposal, MappedCollection collection)
{
    private readonly Dictionary<string, Mask> masks = disposal.MasksOf(collection).ToDictionary(m => m.Column.Name);

    public async Task<IReadOnlyList<Refusal>> FindAsync(CancellationToken cancellationToken)
    {
        var refusals = new List<Refusal>();
        foreach (var index in collection.Table.Indexes.Where(i => i.Unique && !i.Partial && i.Columns.Count > 1 && i.Columns.All(c => c is not null)))
        {
            var columns = index.Columns.OfType<string>().ToList();
            var written = columns.Where(c => Strategy(c) == MaskingStrategy.Rewrite).ToList();
            // Nulls never clash, and random texts hardly ever.
            if (written.Count > 0 && !columns.Exists(c => Strategy(c) is MaskingStrategy.Null or MaskingStrategy.Random) && await ClashesAsync(columns, written, cancellationToken))
            {
                refusals.Add(new Refusal(
                    $"together with {string.Join(", ", columns.Except(written))} the column must be unique, but its mask writes the same value to several rows; use random_string_rewrite",
                    $"{collection}.{masks[written[0]].Field.Name}"));
            }
        }
        return refusals;
    }

    private MaskingStrategy? Strategy(string column) => masks.TryGetValue(column, out var mask) ? mask.Field.Masking?.Strategy ?? MaskingStrategy.Null : null;

    /// <summary>Whether two rows to be masked agree in what is left of them, or a row that stays already looks like one.</summary>
    private async Task<bool> ClashesAsync(List<string> columns, List<string> written, CancellationToken cancellationToken)
    {
        var (session, table) = (disposal.Located.Session, Dialect.Name(collection.Table));
        var chosen = disposal.Chosen(collection, ErasureAction.Anonymise, ErasureAction.Reduce);
        var filled = string.Join(" AND ", columns.Select(c => $"t.{Dialect.Quote(c)} IS NOT NULL"));
        var unchanged = columns.Except(written).Select(Dialect.Quote).ToList();
        var groups = unchanged.Count == 0 ? "" : $" GROUP BY {string.Join(", ", unchanged.Select(c => $"t.{c}"))}";
        if (await session.AnyAsync($"SELECT 1 FROM {table} AS t WHERE {chosen} AND {filled}{groups} HAVING count(*) > 1 LIMIT 1", cancellationToken))
        {
            return true;
        }
        var same = string.Join(" AND ", unchanged.Select(c => $"o.{c} = t.{c}").Concat(written.Select(c => $"o.{Dialect.Quote(c)} = {masks[c].Value}")));
        var other = string.Join(" OR ", collection.Key.Select(k => $"{Dialect.Column("o", k, collection.Table)} <> {Dialect.Column("t", k, collection.Table)}"));
        return await session.AnyAsync($"SELECT 1 FROM {table} AS t JOIN {table} AS o ON {same} WHERE {chosen} AND {filled} AND ({other}) LIMIT 1", cancellationToken);
    }
}
