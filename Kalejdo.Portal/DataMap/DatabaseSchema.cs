using System.Globalization;
using System.Text.RegularExpressions;

namespace Kalejdo.Portal.DataMap;

/// <summary>What a live database says of itself: tables, keys, references and indexes, independent of the engine.</summary>
public sealed record DatabaseSchema(IReadOnlyList<Table> Tables)
{
    /// <summary>
    /// The table called <paramref name="name"/> in <paramref name="schema"/> (null: the default one). SQLite's names ignore case,
    /// so a name that differs in case only is taken where there is no exact one.
    /// </summary>
    public Table? Find(string? schema, string name)
    {
        var candidates = Tables.Where(t => schema is null ? t.InDefaultSchema : t.Schema == schema).ToList();
        return candidates.FirstOrDefault(t => t.Name == name)
            ?? candidates.FirstOrDefault(t => t.IgnoreCase && t.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>The foreign keys that point at <paramref name="table"/>, with the tables that hold them.</summary>
    public IEnumerable<(Table Child, ForeignKey Key)> PointingAt(Table table) =>
        from child in Tables from key in child.ForeignKeys where key.Schema == table.Schema && key.Table == table.Name select (child, key);
}

/// <summary>A table or view.</summary>
/// <param name="PrimaryKey">Its columns, in key order; empty where there is none.</param>
/// <param name="RowId">What tells rows apart inside one transaction better than the primary key, or where there is none: the engine's own names for a row's place, or unique columns.</param>
/// <param name="ForeignKeys">Those of its partitions too.</param>
/// <param name="Triggers">Triggers and rules that may do more than refuse a change; those of its partitions too.</param>
public sealed record Table(
    string Schema,
    string Name,
    bool InDefaultSchema,
    bool IgnoreCase,
    bool IsView,
    IReadOnlyList<string> RowId,
    IReadOnlyList<Column> Columns,
    IReadOnlyList<string> PrimaryKey,
    IReadOnlyList<ForeignKey> ForeignKeys,
    IReadOnlyList<TableIndex> Indexes,
    IReadOnlyList<string> Triggers)
{
    /// <summary>The rules that each of its rows must keep to, beyond types and keys.</summary>
    public IReadOnlyList<CheckRule> Checks { get; init; } = [];

    /// <summary>The column called <paramref name="name"/>.</summary>
    public Column? Find(string name) =>
        Columns.FirstOrDefault(c => c.Name == name)
        ?? (IgnoreCase ? Columns.FirstOrDefault(c => c.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) : null);

    /// <summary>Whether an index leads to the rows with given values in <paramref name="columns"/>: one that begins with any of them.</summary>
    public bool IsIndexed(IReadOnlyCollection<string> columns) =>
        (PrimaryKey is [var key, ..] && columns.Contains(key)) || Indexes.Any(i => !i.Partial && i.Columns is [{ } first, ..] && columns.Contains(first));

    /// <summary>Whether at most one row holds a given combination of values in <paramref name="columns"/>.</summary>
    public bool IsUnique(IReadOnlyCollection<string> columns) =>
        (PrimaryKey.Count > 0 && PrimaryKey.All(columns.Contains)) || Indexes.Any(i => i.Unique && !i.Partial && i.Columns.All(c => c is not null && columns.Contains(c)));
}

/// <summary>What sort of value a column holds, as far as answers and masks care.</summary>
public enum ColumnType
{
    /// <summary>Characters.</summary>
    Text,

    /// <summary>Whole numbers.</summary>
    Integer,

    /// <summary>Exact decimals and money.</summary>
    Decimal,

    /// <summary>Floating point.</summary>
    Real,

    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>A day.</summary>
    Date,

    /// <summary>A point in time; UTC where the column knows no zone.</summary>
    Instant,

    /// <summary>A time of day.</summary>
    Time,

    /// <summary>Bytes.</summary>
    Binary,

    /// <summary>JSON, arrays and whatever else is shown as the engine writes it.</summary>
    Other,
}

/// <summary>What fits into columns.</summary>
public static class ColumnTypes
{
    /// <summary>Whether a column of the type can hold <paramref name="value"/>, written as text.</summary>
    public static bool CanHold(this ColumnType type, string value) => type switch
    {
        ColumnType.Integer => long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
        ColumnType.Decimal or ColumnType.Real => decimal.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _),
        ColumnType.Boolean => bool.TryParse(value, out _),
        ColumnType.Date => DateOnly.TryParseExact(value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        ColumnType.Instant => DateTime.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out _),
        ColumnType.Time => TimeOnly.TryParse(value, CultureInfo.InvariantCulture, out _),
        ColumnType.Binary => false,
        _ => true,
    };
}

/// <summary>A column.</summary>
/// <param name="TypeName">The type as the database names it.</param>
/// <param name="MaxLength">The longest text in characters, where the database limits it.</param>
/// <param name="Generated">The database computes it; it cannot be written.</param>
public sealed record Column(string Name, string TypeName, ColumnType Type, bool NotNull, int? MaxLength, bool Generated)
{
    /// <summary>Whether an instant knows its time zone; otherwise it is taken for UTC.</summary>
    public bool Zoned => Type == ColumnType.Instant && TypeName.EndsWith("with time zone", StringComparison.Ordinal);
}

/// <summary>A foreign key.</summary>
/// <param name="Schema">The schema of the table it points at.</param>
/// <param name="OnDelete">What deleting the referenced row does: NO ACTION, RESTRICT, CASCADE, SET NULL or SET DEFAULT.</param>
public sealed record ForeignKey(
    string Name, string Schema, string Table, IReadOnlyList<string> Columns, IReadOnlyList<string> ReferencedColumns, string OnDelete, bool Deferrable)
{
    /// <summary>What overwriting the referenced value does.</summary>
    public string OnUpdate { get; init; } = "NO ACTION";
}

/// <summary>An index.</summary>
/// <param name="Columns">Its columns in order; null for an expression.</param>
/// <param name="Definition">The statement that makes it, where the engine keeps one.</param>
public sealed record TableIndex(string Name, bool Unique, bool Partial, IReadOnlyList<string?> Columns, string Definition)
{
    /// <summary>What it orders by: each column or expression, as SQL; empty where that is not known.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>The condition of the rows that it holds; null where it holds all.</summary>
    public string? Predicate { get; init; }

    /// <summary>Whether two nulls are the same to it.</summary>
    public bool NullsAlike => Definition.Contains("NULLS NOT DISTINCT", StringComparison.Ordinal);
}

/// <summary>A CHECK.</summary>
/// <param name="Name">Its name, where it has one.</param>
/// <param name="Condition">What must not be false, as SQL over the table's columns.</param>
public sealed record CheckRule(string? Name, string Condition)
{
    /// <summary>Whether a piece of SQL may speak of a column.</summary>
    public static bool Mentions(string sql, string column) => Regex.IsMatch(sql, $@"(?<!\w){Regex.Escape(column)}(?!\w)", RegexOptions.IgnoreCase);
}
