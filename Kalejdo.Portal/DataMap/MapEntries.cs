using System.Globalization;

namespace Kalejdo.Portal.DataMap;

/// <summary>Writes a table or column as an entry of a map, with what the database knows and guesses at the rest.</summary>
internal sealed class MapEntries
{
    private const string Guess = " # guess";
    private readonly IReadOnlyDictionary<(string Schema, string Table), (string Dataset, string Collection)> names;
    private readonly Dictionary<(string Schema, string Table), int> steps = [];

    /// <param name="names">What the map calls the tables that it has, or will have.</param>
    /// <param name="subjects">The tables in which people are found; references are guessed to lead away from them.</param>
    public MapEntries(
        DatabaseSchema schema, IReadOnlyDictionary<(string Schema, string Table), (string Dataset, string Collection)> names, IEnumerable<Table> subjects)
    {
        this.names = names;
        var open = new Queue<Table>(subjects);
        open.ToList().ForEach(t => steps[(t.Schema, t.Name)] = 0);
        while (open.TryDequeue(out var at))
        {
            var parents = at.ForeignKeys.Select(k => schema.Tables.FirstOrDefault(t => t.Schema == k.Schema && t.Name == k.Table)).OfType<Table>();
            foreach (var next in parents.Concat(schema.PointingAt(at).Select(p => p.Child)))
            {
                if (steps.TryAdd((next.Schema, next.Name), steps[(at.Schema, at.Name)] + 1))
                {
                    open.Enqueue(next);
                }
            }
        }
    }

    /// <summary>Whether a name can stand in a map at all.</summary>
    public static bool IsReadable(string name) => !string.IsNullOrWhiteSpace(name);

    /// <summary>The identity that a column would be, by its name: text and whole numbers alone.</summary>
    public static string? IdentityOf(Column column) => column.Type is ColumnType.Text or ColumnType.Integer ? CategoryGuess.Of(column.Name).Identity : null;

    /// <summary>The lines of a collection's entry.</summary>
    public IReadOnlyList<string> Collection(Table table, int indent)
    {
        var (outer, inner) = (new string(' ', indent), new string(' ', indent + 2));
        List<string> lines = [$"{outer}- name: {YamlText.Of(names[(table.Schema, table.Name)].Collection)}", $"{inner}# portal: {{kind: …, label: {{sv: …, en: …}}, on_erasure: …}}"];
        if (table.PrimaryKey.Count == 0)
        {
            lines.Add($"{inner}# The table has no primary key: equal rows cannot be told apart.");
        }
        foreach (var key in table.ForeignKeys)
        {
            if (!table.IsIndexed(key.Columns))
            {
                lines.Add($"{inner}# The foreign key {Names(key.Columns)} has no index: CREATE INDEX … ON {YamlText.Of(table.Name)} ({Names(key.Columns)})");
            }
            if (!CanRefer(key))
            {
                lines.Add($"{inner}# The foreign key {Names(key.Columns)} to {YamlText.Of(key.Schema)}.{YamlText.Of(key.Table)} ({Names(key.ReferencedColumns)}) cannot be written as a reference: its table is not in the map, or a name has a dot.");
            }
        }
        if (table.Columns.Any(c => Overwritten(table, c) && c.NotNull && Mask(table, c) is null))
        {
            lines.AddRange([$"{inner}fides_meta:", $"{inner}  masking_strategy_override: # guess: a NOT NULL column allows no mask, so the row would go", $"{inner}    strategy: delete"]);
        }
        lines.Add($"{inner}fields:");
        lines.AddRange(table.Columns.Where(c => IsReadable(c.Name)).SelectMany(c => Field(table, c, indent + 4)));
        if (table.Columns.Any(c => !IsReadable(c.Name)))
        {
            lines.Add($"{inner}# A column whose name is empty or blank is left out.");
        }
        return lines;
    }

    /// <summary>The lines of a field's entry.</summary>
    public IReadOnlyList<string> Field(Table table, Column column, int indent)
    {
        var (outer, inner) = (new string(' ', indent), new string(' ', indent + 2));
        var guess = CategoryGuess.Of(column.Name);
        List<string> lines = [$"{outer}- name: {YamlText.Of(column.Name)}", $"{inner}data_categories: [{guess.Category}]{Guess}"];
        if (DataMap.Field.IsPersonal(guess.Category))
        {
            lines.Add($"{inner}# portal: {{label: {{sv: …, en: …}}}}");
        }
        var meta = Meta(table, column, indent + 4).ToList();
        return meta.Count == 0 ? lines : [.. lines, $"{inner}fides_meta:", .. meta];
    }

    private IEnumerable<string> Meta(Table table, Column column, int indent)
    {
        var blanks = new string(' ', indent);
        if (table.PrimaryKey.Contains(column.Name))
        {
            yield return $"{blanks}primary_key: true";
        }
        if (IdentityOf(column) is { } identity)
        {
            yield return $"{blanks}identity: {identity}{Guess}";
        }
        var references = table.ForeignKeys.Where(k => k.Columns.Contains(column.Name) && CanRefer(k)).SelectMany(k => Reference(table, k, column.Name, indent + 2)).ToList();
        if (references.Count > 0)
        {
            yield return $"{blanks}references:";
        }
        foreach (var line in references)
        {
            yield return line;
        }
        if (DataTypeOf(column.Type) is { } type)
        {
            yield return $"{blanks}data_type: {type}";
        }
        if (column.MaxLength is { } length)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{blanks}length: {length}");
        }
        if (column.NotNull && Overwritten(table, column) && Mask(table, column) is { } mask)
        {
            foreach (var line in mask)
            {
                yield return blanks + line;
            }
        }
    }

    /// <summary>Whether a foreign key can be a reference of the map.</summary>
    public bool CanRefer(ForeignKey key) =>
        names.TryGetValue((key.Schema, key.Table), out var target) && key.ReferencedColumns.Count == key.Columns.Count
        && key.ReferencedColumns.Append(target.Collection).All(n => IsReadable(n) && !n.Contains('.', StringComparison.Ordinal));

    /// <summary>One column's part of a foreign key, as an item of <c>references:</c>.</summary>
    public IEnumerable<string> Reference(Table table, ForeignKey key, string column, int indent)
    {
        var blanks = new string(' ', indent);
        var target = names[(key.Schema, key.Table)];
        var at = key.Columns.ToList().IndexOf(column);
        yield return $"{blanks}- dataset: {YamlText.Of(target.Dataset)}";
        yield return $"{blanks}  field: {YamlText.Of($"{target.Collection}.{key.ReferencedColumns[at]}")}";
        var (child, parent) = (Steps(table.Schema, table.Name), Steps(key.Schema, key.Table));
        if (child < int.MaxValue)
        {
            yield return $"{blanks}  direction: {(parent <= child ? "from" : "to")}{Guess}";
        }
        if (key.Columns.Count > 1)
        {
            yield return $"{blanks}  portal: {{reference: {YamlText.Of(key.Name)}}}";
        }
    }

    /// <summary>A mask that the column can hold, as lines of <c>fides_meta:</c>; null where none fits every row.</summary>
    public static IReadOnlyList<string>? Mask(Table table, Column column)
    {
        if (column.Type == ColumnType.Text)
        {
            return ["masking_strategy_override: # NOT NULL: it cannot be emptied", "  strategy: random_string_rewrite"];
        }
        var value = column.Type switch
        {
            ColumnType.Integer or ColumnType.Decimal or ColumnType.Real => "\"0\"",
            ColumnType.Boolean => "\"false\"",
            ColumnType.Date => "\"1900-01-01\"",
            ColumnType.Instant => "\"1900-01-01 00:00:00\"",
            ColumnType.Time => "\"00:00:00\"",
            _ => null,
        };
        return value is null || table.Indexes.Any(i => i.Unique && i.Columns.Contains(column.Name))
            ? null
            : ["masking_strategy_override: # NOT NULL: it cannot be emptied", "  strategy: string_rewrite", $"  configuration: {{rewrite_value: {value}}}"];
    }

    /// <summary>Fideslang's word for a type, where it has one.</summary>
    public static string? DataTypeOf(ColumnType type) => type switch
    {
        ColumnType.Text => "string",
        ColumnType.Integer => "integer",
        ColumnType.Decimal or ColumnType.Real => "float",
        ColumnType.Boolean => "boolean",
        _ => null,
    };

    /// <summary>Whether an erasure would overwrite the column, by the guesses.</summary>
    private static bool Overwritten(Table table, Column column) =>
        DataMap.Field.IsPersonal(CategoryGuess.Of(column.Name).Category) && !column.Generated && !table.PrimaryKey.Contains(column.Name)
        && (IdentityOf(column) is not null || !table.ForeignKeys.Any(k => k.Columns.Contains(column.Name)))
        && !table.Columns.Any(c => table.PrimaryKey.Contains(c.Name) && IdentityOf(c) is not null);

    private int Steps(string at, string table) => steps.GetValueOrDefault((at, table), int.MaxValue);

    private static string Names(IEnumerable<string> columns) => string.Join(", ", columns.Select(YamlText.Of));
}
