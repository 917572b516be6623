using System.Data.Common;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Kalejdo.Portal.DataMap;
using Microsoft.Data.Sqlite;

namespace Kalejdo.Portal.Rights;

/// <summary>Shows a subject's data (GDPR Art. 15): every located row, streamed.</summary>
public sealed class Access(Databases databases)
{
    private const int FlushAt = 64 * 1024;

    /// <summary>
    /// Reads every collection that the identities lead to, in file order, each database in one snapshot.
    /// Rows of somebody else are listed with their personal fields withheld; rows of other members of the household are left out.
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

    /// <summary>
    /// Writes <c>{"identity":{…},"collections":{"dataset.collection":[{column: value}]}}</c>: numbers as JSON numbers, decimals and money as
    /// text, times in ISO 8601, binary as base64. Memory does not grow with the rows.
    /// </summary>
    /// <returns>Why nothing (or not all) was written; empty when all was.</returns>
    public async Task<IReadOnlyList<Refusal>> WriteJsonAsync(IReadOnlyList<Identity> identities, Stream output, CancellationToken cancellationToken)
    {
        if (databases.Unknown(identities) is { Count: > 0 } unknown)
        {
            return unknown;
        }
        // The answer is a file of its own, never part of a page: å and ö may stand as they are.
        await using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
        json.WriteStartObject();
        json.WriteStartObject("identity");
        foreach (var identity in identities.GroupBy(i => i.Name))
        {
            if (identity.Count() == 1)
            {
                json.WriteString(identity.Key, identity.Single().Value);
            }
            else
            {
                json.WriteStartArray(identity.Key);
                identity.ToList().ForEach(i => json.WriteStringValue(i.Value));
                json.WriteEndArray();
            }
        }
        json.WriteEndObject();
        json.WriteStartObject("collections");
        var refusals = await ReadAsync(identities, WriteAsync, cancellationToken);
        json.WriteEndObject();
        json.WriteEndObject();
        await json.FlushAsync(cancellationToken);
        return refusals;

        async Task WriteAsync(LocatedCollection collection)
        {
            json.WriteStartArray(collection.Collection.Id);
            await foreach (var row in collection.RowsAsync(cancellationToken))
            {
                row.WriteTo(json);
                if (json.BytesPending > FlushAt)
                {
                    await json.FlushAsync(cancellationToken);
                }
            }
            json.WriteEndArray();
        }
    }
}

/// <summary>A collection and its located rows, while its database's snapshot is open.</summary>
public sealed class LocatedCollection
{
    private readonly Located located;
    private readonly MappedCollection mapped;

    internal LocatedCollection(Located located, MappedCollection mapped) => (this.located, this.mapped) = (located, mapped);

    /// <summary>The collection as the map describes it.</summary>
    public Collection Collection => mapped.Collection;

    /// <summary>The rows, newest first where the map says how, otherwise by key; <see cref="AccessRow"/> is one object, moved from row to row.</summary>
    public async IAsyncEnumerable<AccessRow> RowsAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var rows = located.Rows(mapped);
        var sql = located.Database.Dialect;
        var columns = string.Concat(Collection.Fields.Select(f => $", {sql.Selected($"t.{Dialect.Quote(mapped.ColumnOf(f).Name)}", mapped.ColumnOf(f))}"));
        var newest = Collection.NewestFirst is { } column ? $"t.{Dialect.Quote(mapped.Table.Find(column)!.Name)} DESC, " : "";
        var (from, where) = (rows.From, $"({rows.Where}) AND {rows.Listed} = 1");
        // An index on (parent, newest) has the rows of one parent in order; of several, the database has to sort them.
        if (newest != "" && located.OnlyWayIn(mapped) is { ChildColumns: [var child], ParentColumns: [var parent] } way
            && await located.ExposingAsync(way, parent, atMost: 1, cancellationToken) is [var only])
        {
            (from, where) = ($"{Dialect.Name(mapped.Table)} AS t", $"t.{Dialect.Quote(child)} = {located.Session.Parameter(only)}");
        }
        await using var reader = await located.Session.StreamAsync(
            $"SELECT {rows.Whose}{columns} FROM {from} WHERE {where} ORDER BY {newest}{Located.KeyOf(mapped, "t")}", cancellationToken);
        var row = new AccessRow(reader, mapped);
        while (await reader.ReadAsync(cancellationToken))
        {
            yield return row;
        }
    }
}

/// <summary>The row that a stream stands at.</summary>
public sealed class AccessRow
{
    private readonly DbDataReader reader;
    private readonly Field[] fields;
    private readonly string[] key;
    private readonly JsonEncodedText[] names;
    private readonly ColumnType[] types;
    private readonly bool[] withheld;
    private readonly Type?[] fixedTypes;

    internal AccessRow(DbDataReader reader, MappedCollection mapped)
    {
        this.reader = reader;
        fields = [.. mapped.Collection.Fields];
        key = [.. mapped.Table.PrimaryKey];
        fixedTypes = new Type?[fields.Length];
        names = [.. fields.Select(f => JsonEncodedText.Encode(f.Name, JavaScriptEncoder.UnsafeRelaxedJsonEscaping))];
        types = [.. fields.Select(f => mapped.ColumnOf(f).Type)];
        withheld = [.. fields.Select(f => f.Personal && f.References.Count == 0 && !mapped.Table.PrimaryKey.Contains(mapped.ColumnOf(f).Name))];
    }

    /// <summary>Whether the row is somebody else's; its personal fields are null then (GDPR Art. 15(4)).</summary>
    public bool Anothers => reader.GetInt32(0) == Whose.Anothers;

    /// <summary>Whether the row is others' as well.</summary>
    public bool Shared => reader.GetInt32(0) == Whose.Shared;

    /// <summary>
    /// The values by the map's fields: null, <see cref="long"/>, <see cref="double"/>, <see cref="bool"/> or text
    /// (exact decimals, ISO 8601 days and times, base64 bytes among it).
    /// </summary>
    public object? this[int field] => withheld[field] && Anothers ? null : Plain(reader.GetValue(field + 1), types[field]);

    /// <summary>The primary key, where its columns are among the map's fields; empty otherwise.</summary>
    public IReadOnlyDictionary<string, string> Key =>
        key.All(column => Array.Exists(fields, f => f.Name == column))
            ? key.ToDictionary(column => column, column => Convert.ToString(Plain(reader.GetValue(Array.FindIndex(fields, f => f.Name == column) + 1), ColumnType.Other), CultureInfo.InvariantCulture) ?? "")
            : new Dictionary<string, string>();

    internal void WriteTo(Utf8JsonWriter json)
    {
        var anothers = Anothers;
        json.WriteStartObject();
        for (var i = 0; i < fields.Length; i++)
        {
            json.WritePropertyName(names[i]);
            if (anothers && withheld[i])
            {
                json.WriteNullValue();
            }
            else if (!WriteTyped(json, i))
            {
                Write(json, Plain(reader.GetValue(i + 1), types[i]));
            }
        }
        json.WriteEndObject();
    }

    /// <summary>The common types, without an object a value.</summary>
    private bool WriteTyped(Utf8JsonWriter json, int i)
    {
        if (reader.IsDBNull(i + 1))
        {
            json.WriteNullValue();
            return true;
        }
        // In SQLite each value has a type of its own.
        var stored = reader is SqliteDataReader ? reader.GetFieldType(i + 1) : fixedTypes[i] ??= reader.GetFieldType(i + 1);
        if (types[i] == ColumnType.Integer && (stored == typeof(long) || stored == typeof(int)))
        {
            json.WriteNumberValue(reader.GetInt64(i + 1));
            return true;
        }
        if (stored == typeof(string) && types[i] != ColumnType.Instant)
        {
            json.WriteStringValue(reader.GetString(i + 1));
            return true;
        }
        if (stored == typeof(string) && reader.GetString(i + 1) is { Length: <= 40 } text)
        {
            Span<char> iso = stackalloc char[text.Length];
            text.CopyTo(iso);
            if (IsSqlites(text))
            {
                iso[10] = 'T';
            }
            json.WriteStringValue(iso);
            return true;
        }
        if (stored == typeof(DateTime) && types[i] != ColumnType.Date)
        {
            var instant = reader.GetDateTime(i + 1);
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
