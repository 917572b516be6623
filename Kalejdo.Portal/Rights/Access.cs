using System.Data.Common;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Kalejdo.Portal.DataMap;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Kalejdo.Portal.Rights;

/// <summary>Shows a subject's data (GDPR Art. 15): every located row, streamed.</summary>
public sealed class Access(Databases databases)
{
    /// <summary>
    /// Reads every collection that the identities lead to, in file order, each database in one snapshot.
    /// Rows of somebody else are listed with their personal fields withheld; other members of the household with all but their names withheld,
    /// and what belongs to them is left out.
    /// </summary>
    /// <param name="identities">Verified identities of one person; their rows are united.</param>
    /// <param name="read">Takes a collection and its rows; the rows are gone when it returns.</param>
    /// <returns>Why nothing was read; empty when all was.</returns>
    public async Task<IReadOnlyList<Refusal>> ReadAsync(
        IReadOnlyList<Identity> identities, Func<LocatedCollection, Task> read, CancellationToken cancellationToken)
    {
        if (databases.Unknown(identities) is { Count: > 0 } unknown)
        {
            return unknown;
        }
        foreach (var database in databases.All)
        {
            try
            {
                await using var located = await Located.LocateAsync(database, identities, write: false, cancellationToken);
                foreach (var collection in located.Collections)
                {
                    await read(new LocatedCollection(located, collection));
                }
            }
            catch (DbException e)
            {
                return [Databases.Unreachable(database.Source, database.Dialect, e)];
            }
        }
        return [];
    }

    /// <summary>Writes the answer as JSON (<see cref="AccessJson"/>).</summary>
    /// <returns>Why nothing (or not all) was written; empty when all was.</returns>
    public async Task<IReadOnlyList<Refusal>> WriteJsonAsync(IReadOnlyList<Identity> identities, Stream output, CancellationToken cancellationToken)
    {
        if (databases.Unknown(identities) is { Count: > 0 } unknown)
        {
            return unknown;
        }
        return await AccessJson.WriteAsync(identities, output, write => ReadAsync(identities, write, cancellationToken), cancellationToken);
    }
}

/// <summary>A collection and its located rows, while its database's snapshot is open.</summary>
public sealed class LocatedCollection
{
    private readonly Located located;
    private readonly MappedCollection mapped;

    internal LocatedCollection(Located located, MappedCollection mapped)
    {
        (this.located, this.mapped) = (located, mapped);
        Types = AccessRow.TypesOf(mapped);
    }

    /// <summary>The collection as the map describes it.</summary>
    public Collection Collection => mapped.Collection;

    /// <summary>The types of the values, by the collection's fields.</summary>
    public IReadOnlyList<ColumnType> Types { get; }

    /// <summary>The rows, newest first where the map says how, otherwise by key; <see cref="AccessRow"/> is one object, moved from row to row.</summary>
    public async IAsyncEnumerable<AccessRow> RowsAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!located.MayHaveRows(mapped))
        {
            yield break;
        }
        var rows = located.Rows(mapped);
        var newest = Collection.NewestFirst is { } column ? $"t.{Dialect.Quote(mapped.Table.Find(column)!.Name)} DESC, " : "";
        var (from, where) = (rows.From, $"({rows.Where}) AND {rows.Listed} = 1");
        // An index on (parent, newest) has the rows of one parent in order; of several, the database has to sort them.
        if (newest != "" && located.OnlyWayIn(mapped) is { ChildColumns: [var child], ParentColumns: [var parent] } way
            && await located.ExposingAsync(way, parent, atMost: 1, cancellationToken) is [var only])
        {
            (from, where) = ($"{Dialect.Name(mapped.Table)} AS t", $"t.{Dialect.Quote(child)} = {located.Session.Parameter(only)}");
        }
        await using var reader = await located.Session.StreamAsync(
            $"SELECT {AccessRow.Selected(located, mapped, rows)} FROM {from} WHERE {where} ORDER BY {newest}{Located.KeyOf(mapped, "t")}", cancellationToken);
        var row = new AccessRow(reader, mapped, rows);
        while (await reader.ReadAsync(cancellationToken))
        {
            yield return row;
        }
    }
}

/// <summary>The row that a stream stands at.</summary>
public sealed class AccessRow
{
    private const int FirstField = 2;

    private readonly DbDataReader reader;
    private readonly sqlite3_stmt? sqlite;
    private readonly int? whose;
    private readonly bool households;
    private readonly Field[] fields;
    private readonly string[] key;
    private readonly JsonEncodedText[] names;
    private readonly ColumnType[] types;
    private readonly bool[] withheldOfAnother;
    private readonly bool[] withheldOfMember;
    private readonly Type?[] fixedTypes;

    internal AccessRow(DbDataReader reader, MappedCollection mapped, LocatedRows rows)
    {
        this.reader = reader;
        sqlite = (reader as SqliteDataReader)?.Handle;
        // What is the same for all rows is not read from each.
        whose = int.TryParse(rows.Whose, out var all) ? all : null;
        households = mapped.Collection.HouseholdOwn is not null;
        fields = [.. mapped.Collection.Fields];
        fixedTypes = new Type?[fields.Length];
        key = [.. mapped.Table.PrimaryKey];
        names = [.. fields.Select(f => JsonEncodedText.Encode(f.Name, JavaScriptEncoder.UnsafeRelaxedJsonEscaping))];
        types = [.. TypesOf(mapped)];
        withheldOfAnother = [.. fields.Select(f => f.Personal && f.References.Count == 0 && !mapped.Table.PrimaryKey.Contains(mapped.ColumnOf(f).Name))];
        withheldOfMember = [.. fields.Select(f => f.Personal && f.Name != mapped.Collection.HouseholdOwn && !f.Categories.Any(IsName))];
    }

    /// <summary>The types of the fields' values: the database's, or the map's where the database says text only (as SQLite files of EF Core do).</summary>
    internal static IReadOnlyList<ColumnType> TypesOf(MappedCollection mapped) => [.. mapped.Collection.Fields.Select(field => mapped.ColumnOf(field).Type switch
    {
        ColumnType.Text when field.DataType == "datetime" => ColumnType.Instant,
        ColumnType.Text when field.DataType == "date" => ColumnType.Date,
        var type => type,
    })];

    /// <summary>What a query selects to be read as such rows; its columns are named <c>whose</c>, <c>member</c> and <c>v0</c> onwards.</summary>
    internal static string Selected(Located located, MappedCollection mapped, LocatedRows rows)
    {
        var sql = located.Database.Dialect;
        // What the subject's own identity found is about the subject, whoever else lives there.
        var member = mapped.Collection.HouseholdOwn is { } name && mapped.Table.Find(name) is { } own
            ? $"CASE WHEN {sql.IsTrue($"t.{Dialect.Quote(own.Name)}", own)} OR {rows.Whose} = {Whose.Found} THEN 0 ELSE 1 END"
            : "0";
        return $"{rows.Whose} AS whose, {member} AS member"
            + string.Concat(mapped.Collection.Fields.Select((f, i) => $", {sql.Selected($"t.{Dialect.Quote(mapped.ColumnOf(f).Name)}", mapped.ColumnOf(f))} AS v{i}"));
    }

    /// <summary>Whether the row is somebody else's; its personal fields are null then (GDPR Art. 15(4)).</summary>
    public bool Anothers => (whose ?? reader.GetInt32(0)) == Whose.Anothers;

    /// <summary>Whether the row is others' as well.</summary>
    public bool Shared => (whose ?? reader.GetInt32(0)) == Whose.Shared;

    /// <summary>Whether the row is another person of the household; its personal fields but the name are null then.</summary>
    public bool Member => households && reader.GetInt32(1) == 1;

    /// <summary>
    /// The values by the map's fields: null, <see cref="long"/>, <see cref="double"/>, <see cref="bool"/> or text
    /// (exact decimals, ISO 8601 days and times, base64 bytes among it).
    /// </summary>
    public object? this[int field] =>
        (withheldOfAnother[field] && Anothers) || (withheldOfMember[field] && Member) ? null : Plain(reader.GetValue(field + FirstField), types[field]);

    /// <summary>The primary key, where its columns are among the map's fields; empty otherwise.</summary>
    public IReadOnlyDictionary<string, string> Key =>
        key.All(column => Array.Exists(fields, f => f.Name == column))
            ? key.ToDictionary(column => column, column => Convert.ToString(Plain(reader.GetValue(Array.FindIndex(fields, f => f.Name == column) + FirstField), ColumnType.Other), CultureInfo.InvariantCulture) ?? "")
            : new Dictionary<string, string>();

    internal void WriteTo(Utf8JsonWriter json)
    {
        var (anothers, member) = (Anothers, Member);
        json.WriteStartObject();
        for (var i = 0; i < fields.Length; i++)
        {
            json.WritePropertyName(names[i]);
            if ((anothers && withheldOfAnother[i]) || (member && withheldOfMember[i]))
            {
                json.WriteNullValue();
            }
            else if (!WriteTyped(json, i))
            {
                Write(json, Plain(reader.GetValue(i + FirstField), types[i]));
            }
        }
        json.WriteEndObject();
    }

    /// <summary>A whole number, without an object; null where the value is none, or withheld.</summary>
    internal long? Integer(int field) =>
        types[field] == ColumnType.Integer && !(withheldOfAnother[field] && Anothers) && !(withheldOfMember[field] && Member) && IsInteger(field) ? reader.GetInt64(field + FirstField) : null;

    private bool IsInteger(int i) => sqlite is not null
        ? raw.sqlite3_column_type(sqlite, i + FirstField) == raw.SQLITE_INTEGER
        : FixedType(i) is var stored && (stored == typeof(long) || stored == typeof(int)) && !reader.IsDBNull(i + FirstField);

    private Type FixedType(int i) => fixedTypes[i] ??= reader.GetFieldType(i + FirstField);

    /// <summary>The common types, without an object a value.</summary>
    private bool WriteTyped(Utf8JsonWriter json, int i) => sqlite is not null ? WriteSqlite(json, i, sqlite) : WritePostgres(json, i);

    // In SQLite each value has a type of its own; asked once, not by each getter.
    private bool WriteSqlite(Utf8JsonWriter json, int i, sqlite3_stmt row)
    {
        var column = i + FirstField;
        switch (raw.sqlite3_column_type(row, column))
        {
            case raw.SQLITE_NULL:
                json.WriteNullValue();
                return true;
            case raw.SQLITE_INTEGER when types[i] == ColumnType.Integer:
                json.WriteNumberValue(raw.sqlite3_column_int64(row, column));
                return true;
            case raw.SQLITE_TEXT:
                return WriteText(json, i, raw.sqlite3_column_text(row, column).utf8_to_string());
            default:
                return false;
        }
    }

    private bool WriteText(Utf8JsonWriter json, int i, string text)
    {
        if (types[i] != ColumnType.Instant)
        {
            json.WriteStringValue(text);
            return true;
        }
        if (text.Length > 40)
        {
            return false;
        }
        Span<char> iso = stackalloc char[text.Length];
        text.CopyTo(iso);
        if (IsSqlites(text))
        {
            iso[10] = 'T';
        }
        json.WriteStringValue(iso);
        return true;
    }

    private bool WritePostgres(Utf8JsonWriter json, int i)
    {
        var column = i + FirstField;
        if (reader.IsDBNull(column))
        {
            json.WriteNullValue();
            return true;
        }
        var stored = FixedType(i);
        if (types[i] == ColumnType.Integer && (stored == typeof(long) || stored == typeof(int)))
        {
            json.WriteNumberValue(reader.GetInt64(column));
            return true;
        }
        if (stored == typeof(string))
        {
            return WriteText(json, i, reader.GetString(column));
        }
        if (stored == typeof(DateTime) && types[i] != ColumnType.Date)
        {
            var instant = reader.GetDateTime(column);
            // The writer's form is ours, but for a machine's own zone.
            if (instant.Kind != DateTimeKind.Local)
            {
                json.WriteStringValue(instant);
                return true;
            }
        }
        return false;
    }

    private static void Write(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNullValue();
                break;
            case long number:
                json.WriteNumberValue(number);
                break;
            case double number when double.IsFinite(number):
                json.WriteNumberValue(number);
                break;
            case double number:
                json.WriteStringValue(number.ToString(CultureInfo.InvariantCulture));
                break;
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            default:
                json.WriteStringValue((string)value);
                break;
        }
    }


    private static bool IsName(string category) => category == "user.name" || category.StartsWith("user.name.", StringComparison.Ordinal);

    private static object? Plain(object value, ColumnType type) => value switch
    {
        DBNull => null,
        byte[] bytes => Convert.ToBase64String(bytes),
        long number when type == ColumnType.Boolean && number is 0 or 1 => number == 1,
        long number when type == ColumnType.Decimal => number.ToString(CultureInfo.InvariantCulture),
        long number => number,
        int number => (long)number,
        short number => (long)number,
        // SQLite keeps decimals as floating point; the shortest text that gives the same number back is the one that was written.
        double number when type == ColumnType.Decimal => number.ToString("R", CultureInfo.InvariantCulture),
        double number => number,
        // The shortest decimal that is this float, not the nearest double's seventeen digits.
        float number => double.Parse(number.ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture),
        decimal number => number.ToString(CultureInfo.InvariantCulture),
        bool flag => flag,
        string text when type == ColumnType.Instant => Iso(text),
        string text => text,
        DateTime day when type == ColumnType.Date => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        DateTime instant => instant.ToString(instant.Kind == DateTimeKind.Utc ? "yyyy-MM-ddTHH:mm:ss.FFFFFFF'Z'" : "yyyy-MM-ddTHH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture),
        DateOnly day => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        TimeOnly time => time.ToString("HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture),
        TimeSpan time => time.ToString("c", CultureInfo.InvariantCulture),
        IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
        var other => other.ToString(),
    };

    /// <summary>SQLite's <c>yyyy-MM-dd HH:mm:ss</c> is ISO 8601 but for its blank.</summary>
    private static string Iso(string text) => IsSqlites(text) ? string.Concat(text.AsSpan(0, 10), "T", text.AsSpan(11)) : text;

    private static bool IsSqlites(string text) => text.Length >= 19 && text[10] == ' ' && text[4] == '-' && text[13] == ':';
}
