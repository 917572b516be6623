namespace Kalejdo.Portal.DataMap;

/// <summary>What has to change in a map file after its database has changed.</summary>
/// <param name="At">The line to paste behind or to change, or the first one to delete.</param>
/// <param name="What">What has changed, and what to do.</param>
/// <param name="Paste">Lines to paste, indented for their place; none where nothing is to be pasted.</param>
public sealed record MapChange(Position At, string What, IReadOnlyList<string> Paste)
{
    /// <summary>The last line to delete; null where nothing is to be deleted.</summary>
    public int? DeleteTo { get; init; }
}

/// <summary>Finds what a map lacks or has too much since its database changed. Only what the database knows: categories and labels stay a person's.</summary>
public static class MapUpdate
{
    /// <summary>The changes to make, by file and line.</summary>
    public static IReadOnlyList<MapChange> Find(IReadOnlyList<(IReadOnlyList<Dataset> Datasets, DatabaseSchema Schema)> databases)
    {
        var changes = databases.SelectMany(d => new OneDatabase(d.Datasets, d.Schema).Find());
        return [.. changes.OrderBy(c => c.At.File, StringComparer.Ordinal).ThenBy(c => c.At.Line)];
    }

    private sealed class OneDatabase
    {
        private readonly IReadOnlyList<Dataset> datasets;
        private readonly DatabaseSchema schema;
        private readonly Graph graph;
        private readonly List<(Dataset Dataset, Table Table)> unmapped = [];
        private readonly MapEntries entries;

        public OneDatabase(IReadOnlyList<Dataset> datasets, DatabaseSchema schema)
        {
            (this.datasets, this.schema) = (datasets, schema);
            graph = new Graph(datasets, schema);
            var names = new Dictionary<(string, string), (string, string)>();
            var subjects = new List<Table>();
            foreach (var collection in datasets.SelectMany(d => d.Collections.Select(c => (Dataset: d, Collection: c))))
            {
                if (schema.Find(collection.Dataset.Schema, collection.Collection.Name) is { } table)
                {
                    names.TryAdd((table.Schema, table.Name), (collection.Dataset.Key, collection.Collection.Name));
                    subjects.AddRange(collection.Collection.Fields.Any(f => f.Identity is not null) ? [table] : Array.Empty<Table>());
                }
            }
            foreach (var table in schema.Tables.Where(t => !t.IsView && MapEntries.IsReadable(t.Name)).OrderBy(t => t.Name, StringComparer.Ordinal))
            {
                // A schema is described by the first dataset that names it.
                if (!names.ContainsKey((table.Schema, table.Name)) && datasets.FirstOrDefault(d => d.Schema is null ? table.InDefaultSchema : d.Schema == table.Schema) is { } home)
                {
                    unmapped.Add((home, table));
                }
            }
            unmapped.ForEach(u => names.Add((u.Table.Schema, u.Table.Name), (u.Dataset.Key, u.Table.Name)));
            entries = new MapEntries(schema, names, subjects);
        }

        public IEnumerable<MapChange> Find() =>
        [
            .. datasets.SelectMany(d => d.Collections.SelectMany(c => Collection(d, c))),
            .. unmapped.Select(u => NewTable(u.Dataset, u.Table)),
            .. graph.Collections.SelectMany(ForeignKeys),
            .. graph.Collections.SelectMany(c => c.Collection.Fields.Where(f => c.Table.Find(f.Name) is not null).Select(f => Mask(c, f)).OfType<MapChange>()),
        ];

        private IEnumerable<MapChange> Collection(Dataset dataset, Collection collection)
        {
            if (schema.Find(dataset.Schema, collection.Name) is not { } table)
            {
                yield return Delete(collection.At, collection.Lines!, $"the table '{collection.Name}' is gone");
                yield break;
            }
            foreach (var field in collection.Fields)
            {
                if (table.Find(field.Name) is not { } column)
                {
                    yield return Delete(field.At, field.Lines!, $"the column '{field.Name}' of '{collection.Name}' is gone");
                    continue;
                }
                foreach (var reference in field.References.Where(IsGone))
                {
                    yield return new MapChange(reference.At, $"what the reference to '{reference.Collection}.{reference.Field}' names is gone; delete the reference", []);
                }
                if (field.DataType is { } type && !MapCheck.Fits(type, column))
                {
                    yield return new MapChange(field.At, $"the column '{field.Name}' of '{collection.Name}' is {column.TypeName} now; {(MapEntries.DataTypeOf(column.Type) is { } fitting ? $"change 'data_type: {type}' to 'data_type: {fitting}'" : $"delete 'data_type: {type}'")}", []);
                }
                // A map may leave keys out; one that names a part of one names them all.
                var key = table.PrimaryKey.Contains(column.Name);
                if (field.PrimaryKey != key && table.PrimaryKey.Count > 0 && collection.Fields.Any(f => f.PrimaryKey))
                {
                    yield return new MapChange(field.At, key
                        ? $"the column '{field.Name}' is part of the primary key of '{collection.Name}' now; write 'primary_key: true' under its 'fides_meta:'"
                        : $"the column '{field.Name}' is no longer part of the primary key of '{collection.Name}'; delete its 'primary_key: true'", []);
                }
            }
            var mentioned = datasets.SelectMany(d => d.Collections.Where(c => schema.Find(d.Schema, c.Name) == table)).SelectMany(c => c.Fields).Select(f => table.Find(f.Name)?.Name).ToHashSet();
            var missing = table.Columns.Where(c => !mentioned.Contains(c.Name) && MapEntries.IsReadable(c.Name)).ToList();
            if (missing.Count > 0)
            {
                var last = collection.Fields[^1].Lines!;
                yield return new MapChange(
                    collection.At with { Line = last.Last }, $"the table '{collection.Name}' has columns that no map mentions: {string.Join(", ", missing.Select(c => c.Name))}; paste behind this line, in 'fields:'",
                    [.. missing.SelectMany(c => entries.Field(table, c, Indent(last)))]);
            }
        }

        private MapChange NewTable(Dataset dataset, Table table)
        {
            var last = dataset.Collections.Count > 0 ? dataset.Collections[^1].Lines! : null;
            return new MapChange(
                dataset.At with { Line = last?.Last ?? dataset.Lines!.Last }, $"no map mentions the table '{table.Name}'; paste behind this line, in 'collections:' of '{dataset.Key}'",
                entries.Collection(table, last is null ? dataset.Lines!.Indent + 2 : Indent(last)));
        }

        private IEnumerable<MapChange> ForeignKeys(MappedCollection mapped)
        {
            foreach (var key in MapCheck.UnknownKeys(mapped, graph).Where(entries.CanRefer))
            {
                // A column that the map does not have yet brings its references along.
                foreach (var field in key.Columns.Select(name => mapped.Collection.Fields.FirstOrDefault(f => mapped.Table.Find(f.Name)?.Name == name)).OfType<Field>())
                {
                    var first = field.References.Count == 0;
                    var indent = field.Lines!.Indent + 2;
                    yield return new MapChange(
                        field.At, $"the foreign key {mapped.Collection.Name}({string.Join(", ", key.Columns)}) to {key.Table} is no reference of the map; paste under {(first ? "'fides_meta:'" : "'references:'")} of '{field.Name}'",
                        [.. first ? [new string(' ', indent) + "references:"] : Array.Empty<string>(), .. entries.Reference(mapped.Table, key, mapped.Table.Find(field.Name)!.Name, indent + 2)]);
                }
            }
        }

        private MapChange? Mask(MappedCollection mapped, Field field)
        {
            if (MapCheck.MaskProblem(mapped, field, graph) is not { Severity: Severity.Error } problem)
            {
                return null;
            }
            var mask = field.Masking is null ? MapEntries.Mask(mapped.Table, mapped.ColumnOf(field)) : null;
            var blanks = new string(' ', field.Lines!.Indent + 2);
            return new MapChange(field.At, mask is null ? problem.Message : $"{problem.Message}; or paste under its 'fides_meta:'", mask is null ? [] : [.. mask.Select(line => blanks + line)]);
        }

        private bool IsGone(Reference reference) =>
            datasets.FirstOrDefault(d => d.Key == reference.Dataset) is { } dataset
            && schema.Find(dataset.Schema, reference.Collection)?.Find(reference.Field) is null;

        private static MapChange Delete(Position at, EntryLines lines, string what) =>
            new(at with { Line = lines.First }, $"{what}; delete {(lines.Last > lines.First ? $"the lines {lines.First} to {lines.Last}" : $"the line {lines.First}")}", []) { DeleteTo = lines.Last };

        /// <summary>Where the dash of an entry stands.</summary>
        private static int Indent(EntryLines lines) => Math.Max(0, lines.Indent - 2);
    }
}
