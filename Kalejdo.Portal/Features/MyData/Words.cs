using System.Globalization;
using System.Text.RegularExpressions;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Rights;

namespace Kalejdo.Portal.Features.MyData;

/// <summary>What the map and the databases hold, in the words of whoever looks.</summary>
internal static partial class Words
{
    public static string? In(LocalText? text) => text?.In(CultureInfo.CurrentUICulture.TwoLetterISOLanguageName);

    public static string Of(Kind? kind, Collection collection) => In(kind?.Label) ?? Of(collection);

    /// <summary>A collection by its own label, else by its kind's.</summary>
    public static string Of(Map map, Collection collection) => collection.Label is null ? Of(map.Kinds.FirstOrDefault(kind => kind.Key == collection.Kind), collection) : Of(collection);

    /// <summary>A map written for Fides has no labels; its names must do.</summary>
    public static string Of(Collection collection) => In(collection.Label) ?? Readable(collection.Name);

    public static string Of(Field field) => In(field.Label) ?? field.Description ?? Readable(field.Name);

    /// <summary>A value as people write it; null where there is none.</summary>
    public static string? Of(Field field, ColumnType type, object? value) => value switch
    {
        null or "" => null,
        bool flag => flag ? MyDataText.Yes : MyDataText.No,
        _ when Chosen(field, value) is { } label => label,
        long seconds when field.Unit == Unit.Seconds => In(Duration.Of(seconds)),
        string text when type == ColumnType.Instant => Instant(text) ?? text,
        string text when type == ColumnType.Date => Day(text) ?? text,
        string text when type == ColumnType.Decimal && decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) =>
            number.ToString(decimal.Round(number, 2) == number ? "N2" : "N6", CultureInfo.CurrentCulture),
        string text => text,
        IFormattable number => number.ToString(null, CultureInfo.CurrentCulture),
        _ => value.ToString(),
    };

    /// <summary>A label within a sentence: its first letter small, unless it begins with an abbreviation.</summary>
    public static string Within(string label) =>
        label.Length > 1 && char.IsUpper(label[1]) ? label : char.ToLower(label[0], CultureInfo.CurrentCulture) + label[1..];

    /// <summary>As <see cref="Instant"/>, for the columns of a table.</summary>
    public static string? ShortInstant(string? text) => Formatted(text, MyDataText.ShortInstantFormat);

    /// <summary>An ISO 8601 instant as the day and time it was in Sweden.</summary>
    public static string? Instant(string? text) => Formatted(text, MyDataText.InstantFormat);

    /// <summary>The day in Sweden of an ISO 8601 instant.</summary>
    public static string? DayOf(string? text) => Formatted(text, MyDataText.DayFormat);

    public static string Count(long rows) => rows == 1 ? MyDataText.OneRow : $"{Number(rows)} {MyDataText.Rows}";

    /// <summary>How many there are, as far as they are counted.</summary>
    public static string Number(long rows) => rows > Reading.CountedTo
        ? $"{MyDataText.MoreThan} {Reading.CountedTo.ToString("N0", CultureInfo.CurrentCulture)}"
        : rows.ToString("N0", CultureInfo.CurrentCulture);

    /// <summary>A Fideslang legal basis as a sentence; an unknown one as it stands.</summary>
    public static string LegalBasis(string basis) => basis switch
    {
        "Contract" => MyDataText.BasisContract,
        "Consent" => MyDataText.BasisConsent,
        "Legitimate interests" => MyDataText.BasisInterests,
        "Legal obligations" => MyDataText.BasisLaw,
        "Vital interests" => MyDataText.BasisVital,
        "Public interest" => MyDataText.BasisPublic,
        _ => basis,
    };

    private static string? Formatted(string? text, string format) =>
        text is not null && DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var instant)
            ? TimeZoneInfo.ConvertTimeFromUtc(instant, SwedishDays.Zone).ToString(format, CultureInfo.CurrentCulture)
            : null;

    private static string? Chosen(Field field, object value)
    {
        var code = Convert.ToString(value, CultureInfo.InvariantCulture);
        return In(field.Values.Concat(field.Correct?.Choices ?? []).FirstOrDefault(choice => choice.Value == code)?.Label);
    }

    private static string? Day(string text) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day.ToString(MyDataText.DayFormat, CultureInfo.CurrentCulture) : null;

    private static string Readable(string name) =>
        Separators().Replace(name, " ") is { Length: > 0 } words ? char.ToUpper(words[0], CultureInfo.CurrentCulture) + words[1..] : name;

    [GeneratedRegex("[_-]+")]
    private static partial Regex Separators();
}
