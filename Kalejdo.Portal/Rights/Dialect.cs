using System.Data.Common;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>What one database engine's SQL does differently from the other's.</summary>
internal abstract class Dialect
{
    public static Dialect Of(Provider provider) => provider switch
    {
        Provider.Sqlite => new SqliteDialect(),
        Provider.Postgresql => new PostgresDialect(),
        _ => throw new ArgumentOutOfRangeException(nameof(provider)),
    };

    /// <summary>Joins that keep the order in which they are written: small located sets lead, large tables follow by index.</summary>
    public abstract string Join { get; }

    /// <summary>A statement after which small located sets lead and large tables follow by index for the rest of the transaction; null where they do anyway.</summary>
    public abstract string? SmallSetsLead { get; }

    /// <summary>Makes a table that lives no longer than the connection, or than the transaction.</summary>
    public abstract string CreateTemporaryTable(TemporaryTable table, bool forTransaction);

    /// <summary>Whether connections to a source may wait, open, for the next session.</summary>
    public abstract bool Keeps(Source source, bool write);

    /// <summary>By what a source's database is known for the same that a connection was opened to; null where the connection knows.</summary>
    public abstract object? Stamp(Source source);

    /// <summary>Whether a connection that waited still leads to the database.</summary>
    public abstract Task<bool> IsAliveAsync(DbConnection connection, CancellationToken cancellationToken);

    public abstract Task<DbConnection> OpenAsync(Source source, bool write, CancellationToken cancellationToken);

    /// <summary>A transaction that sees one state of the database; a writing one keeps other writers out.</summary>
    public abstract Task<DbTransaction> BeginAsync(DbConnection connection, bool write, CancellationToken cancellationToken);

    public abstract Task<DatabaseSchema> ReadSchemaAsync(DbConnection connection, CancellationToken cancellationToken);

    public abstract string KeyType(Table table, string key);

    /// <summary>The condition that a column holds a value given as text; null where no row can hold it.</summary>
    public abstract string? Equal(string expression, string parameter, string value, Column column);

    /// <summary>A value given as text, as it is written to a column; null where the column cannot hold it.</summary>
    public abstract string? Written(string parameter, string value, Column column);

    /// <summary>A new value as it will be once it stands in the column.</summary>
    public abstract string Typed(string value, Column column);

    /// <summary>Text without regard to case and surrounding blanks, for comparisons that need no index.</summary>
    public abstract string Fold(string expression);

    public abstract string AsText(string expression);

    /// <summary>The type in which values for a column are kept when they come from another database; one that its index can be searched by.</summary>
    public abstract string CarriedType(Column column);

    /// <summary>A value, carried as text, in that type.</summary>
    public abstract string Carried(string text, Column column);

    /// <summary>A column as it is compared with carried values.</summary>
    public abstract string Comparable(string expression, Column column);

    /// <summary>Whether a column can hold a carried value at all.</summary>
    public abstract bool CanHold(string value, Column column);

    /// <summary>The elements of a JSON array of arrays, as rows called <c>e</c>.</summary>
    public abstract string Elements(string parameter);

    /// <summary>The text at a place of such an element.</summary>
    public abstract string Element(int place);

    /// <summary>A column as an answer reads it: exact decimals and types that ADO.NET does not know as text.</summary>
    public abstract string Selected(string expression, Column column);

    /// <summary>Whether a text holds a value anywhere.</summary>
    public abstract string Contains(string text, string parameter);

    public abstract string IsTrue(string expression, Column column);

    /// <summary>Whether a date or instant is of the parameter's day (Europe/Stockholm) or a later one.</summary>
    public abstract string OnOrAfter(string expression, Column column, string parameter);

    public abstract object OnOrAfterValue(DateOnly day, Column column);

    /// <summary>The day of a date or instant as text, for grouping.</summary>
    public abstract string Day(string expression, Column column);

    /// <summary>Letters that no serial number, hash or token consists of, so that a mask is known for one.</summary>
    public const string RandomLetters = "ghijklmnopqrstuv";

    public abstract string RandomText(int length);

    /// <summary>Whether text holds no other characters than the given ones.</summary>
    public abstract string ConsistsOf(string expression, string letters);

    public abstract string Sha256(string expression);

    public abstract string HmacSha256(string expression, string innerKeyParameter, string outerKeyParameter);

    /// <summary>Puts foreign keys off until the end of the transaction, as far as the engine can.</summary>
    public abstract string DeferForeignKeys { get; }

    /// <summary>Checks the foreign keys that were put off, as far as the engine can before the end of the transaction.</summary>
    public abstract string CheckForeignKeys { get; }

    /// <summary>Overwrites what was deleted, as far as the engine can. True when nothing stood in the way.</summary>
    public abstract Task<bool> OverwriteAsync(Source source, CancellationToken cancellationToken);

    /// <summary>What went wrong in words that name no value.</summary>
    public abstract string Explain(DbException exception);

    /// <summary>Whether values are what is wrong, not the connection or other programs.</summary>
    public abstract bool IsAboutValues(DbException exception);

    /// <summary>The rule of the database that was broken; null where none was.</summary>
    public abstract BrokenRule? Broken(DbException exception);

    /// <summary>The same in words for operators.</summary>
    protected string Words(DbException exception) => Broken(exception) switch
    {
        BrokenRule.Unique => "another row already has this value, and it must be unique",
        BrokenRule.Reference => "a row would refer to one that does not exist",
        BrokenRule.NotNull => "it must not be empty",
        BrokenRule.Check => "the value is not one that is allowed there",
        _ => "nothing was changed",
    };

    public static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    public static string Name(Table table) => $"{Quote(table.Schema)}.{Quote(table.Name)}";

    /// <summary>A column of an alias; the engine's row id stands unquoted.</summary>
    public static string Column(string alias, string name, Table table) => table.RowId.Contains(name) && table.Find(name) is null ? $"{alias}.{name}" : $"{alias}.{Quote(name)}";

    /// <summary>The forms in which lower-cased text may stand where the engine's lower() knows ASCII alone.</summary>
    public static IReadOnlyList<string> LowerForms(string value)
    {
        var lower = value.Trim().ToLowerInvariant();
        var upper = value.Trim().ToUpperInvariant();
        List<string> forms = [""];
        var doubled = 0;
        for (var i = 0; i < lower.Length; i++)
        {
            // Six letters beyond ASCII make 64 forms; further ones are taken in lower case.
            var both = lower[i] > 127 && upper.Length == lower.Length && upper[i] != lower[i] && doubled++ < 6;
            var (small, large) = (lower[i], upper.Length == lower.Length ? upper[i] : lower[i]);
            forms = both ? [.. forms.SelectMany(f => new[] { f + small, f + large })] : [.. forms.Select(f => f + small)];
        }
        return forms;
    }

    public static bool Fits(string value, ColumnType type) => type.CanHold(value);

    /// <summary>The instant at which a day begins in Sweden.</summary>
    protected static DateTime StartOf(DateOnly day) => SwedishDays.StartOf(day);
}

/// <summary>Days as people in Sweden count them.</summary>
public static class SwedishDays
{
    /// <summary>Europe/Stockholm.</summary>
    public static TimeZoneInfo Zone { get; } = TimeZoneInfo.FindSystemTimeZoneById("Europe/Stockholm");

    /// <summary>What Swedish clocks show at an instant of UTC.</summary>
    public static DateTime Local(DateTime instant) => TimeZoneInfo.ConvertTimeFromUtc(instant, Zone);

    /// <summary>The instant of UTC at which a day begins.</summary>
    public static DateTime StartOf(DateOnly day) =>
        day == DateOnly.MinValue ? DateTime.MinValue : TimeZoneInfo.ConvertTimeToUtc(day.ToDateTime(TimeOnly.MinValue), Zone);

    /// <summary>The day it is in Sweden now.</summary>
    public static DateOnly Today(TimeProvider time) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(time.GetUtcNow(), Zone).DateTime);
}
