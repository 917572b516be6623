namespace Kalejdo.Portal.DataMap;

/// <summary>A table and how much of it the map describes.</summary>
/// <param name="Described">Whether the map has it at all.</param>
/// <param name="Hidden">The columns that no map mentions.</param>
public sealed record TableCoverage(string Name, bool Described, int Columns, IReadOnlyList<string> Hidden);

/// <summary>How much of a database the map describes, where personal data could hide in the rest.</summary>
public static class MapCoverage
{
    /// <summary>The tables of the schemas that the datasets describe something of, by name.</summary>
    public static IReadOnlyList<TableCoverage> Of(IReadOnlyList<Dataset> datasets, DatabaseSchema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        var mentioned = datasets.SelectMany(dataset => dataset.Collections.Select(collection => (Collection: collection, Table: schema.Find(dataset.Schema, collection.Name))))
            .Where(mapped => mapped.Table is not null)
            .ToLookup(mapped => mapped.Table!, mapped => mapped.Collection);
        var schemas = mentioned.Select(mapped => mapped.Key.Schema).ToHashSet();
        return
        [
            .. schema.Tables.Where(table => !table.IsView && schemas.Contains(table.Schema)).OrderBy(table => table.Name, StringComparer.Ordinal)
                .Select(table => new TableCoverage(table.Name, mentioned.Contains(table), table.Columns.Count, Hidden(table, mentioned[table]))),
        ];
    }

    private static List<string> Hidden(Table table, IEnumerable<Collection> collections)
    {
        var known = collections.SelectMany(collection => collection.Fields).Select(field => table.Find(field.Name)?.Name).ToHashSet();
        return [.. table.Columns.Select(column => column.Name).Where(name => !known.Contains(name))];
    }
}
