using System.Globalization;
using System.Text.RegularExpressions;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>The rules that <c>correct:</c> names.</summary>
public static partial class CorrectionRules
{
    private const int DefaultLength = 200;

    /// <summary>How many characters a value may have.</summary>
    public static int LongestOf(Correction rule) => rule.Length ?? DefaultLength;

    /// <summary>Whether the field is the row's to have a value in: it has one, or has what <see cref="Correction.OnlyWith"/> asks for.</summary>
    public static bool Applies(Collection collection, Field field, DataRow row)
    {
        ArgumentNullException.ThrowIfNull(collection);
        ArgumentNullException.ThrowIfNull(field);
        ArgumentNullException.ThrowIfNull(row);
        return field.Correct is { OnlyWith: var other } && (other is null || IsFilled(field.Name) || IsFilled(other));

        bool IsFilled(string name)
        {
            for (var i = 0; i < collection.Fields.Count; i++)
            {
                if (collection.Fields[i].Name == name)
                {
                    return row.Values[i] is not (null or "");
                }
            }
            return false;
        }
    }

    /// <summary>What is wrong with a new value; null where it keeps the rule. An empty value clears the column and is fine.</summary>
    public static string? Problem(Correction rule, string? value)
    {
        if (value is null)
        {
            return null;
        }
        if (value.Any(c => char.IsControl(c) && (rule.Rule != "text" || c is not ('\n' or '\r' or '\t'))))
        {
            return "the value holds control characters";
        }
        if (value.Length > LongestOf(rule))
        {
            return $"the value is longer than {LongestOf(rule)} characters";
        }
        return rule.Rule switch
        {
            "email" when !Email().IsMatch(value) => "this is not an e-mail address; one looks like namn@exempel.se",
            "phone" when !Phone().IsMatch(value) => "this is not a phone number; one looks like 070-123 45 67 or +46 70 123 45 67",
            "postal_code" when !PostalCode().IsMatch(value) => "this is not a Swedish postal code; one looks like 123 45",
            "name" when string.IsNullOrWhiteSpace(value) => "a name cannot be empty",
            "date" when !DateOnly.TryParseExact(value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _) => "this is not a date; one looks like 1980-12-31",
            "choice" when rule.Choices.All(c => c.Value != value) => $"choose one of {string.Join(", ", rule.Choices.Select(c => c.Value))}",
            _ => null,
        };
    }

    // Whether an address exists only its mailbox can say (it is confirmed by a code); this catches slips.
    [GeneratedRegex(@"^[^\s@""<>]{1,64}@[^\s@""<>.]+(\.[^\s@""<>.]+)+$", RegexOptions.ExplicitCapture)]
    private static partial Regex Email();

    [GeneratedRegex(@"^\+?[0-9][0-9 \-()]{4,24}$")]
    private static partial Regex Phone();

    [GeneratedRegex(@"^[0-9]{3} ?[0-9]{2}$")]
    private static partial Regex PostalCode();
}
