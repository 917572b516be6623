using System.Globalization;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Rights;

namespace Kalejdo.Portal.Features.Correction;

/// <summary>The rules of the map in the page's language.</summary>
internal static class Wording
{
    private static string Language => CultureInfo.CurrentUICulture.TwoLetterISOLanguageName;

    public static string Label(CorrectableField field) => field.Field.Label?.In(Language) ?? field.Field.Name;

    /// <summary>A value as people know it: a choice by its name.</summary>
    public static string Value(CorrectableField field, string? value) =>
        string.IsNullOrEmpty(value) ? CorrectionText.Empty : field.Rule.Choices.FirstOrDefault(c => c.Value == value)?.Label.In(Language) ?? value;

    public static string Choice(Choice choice) => choice.Label.In(Language);

    public static string? Hint(DataMap.Correction rule) => rule.Rule switch
    {
        "email" => CorrectionText.HintEmail,
        "phone" => CorrectionText.HintPhone,
        "postal_code" => CorrectionText.HintPostalCode,
        "date" => CorrectionText.HintDate,
        "text" when rule.Length is { } length => Say(CorrectionText.HintLength, length),
        _ => null,
    };

    /// <summary>What is wrong with a new value; null where it may be written.</summary>
    public static string? Problem(CorrectableField field, string? value)
    {
        if (value is null)
        {
            return field.Required ? field.Rule.Rule switch { "name" => CorrectionText.ErrorName, "email" => CorrectionText.ErrorEmail, "choice" => CorrectionText.ErrorChoice, _ => CorrectionText.ErrorEmpty } : null;
        }
        if (CorrectionRules.Problem(field.Rule, value) is null)
        {
            return value == field.Value ? CorrectionText.ErrorSame : null;
        }
        // The engine speaks English to operators; people are told by rule.
        return value.Any(char.IsControl) ? CorrectionText.ErrorControl
            : CorrectionRules.Problem(field.Rule with { Rule = "text" }, value) is not null ? Say(CorrectionText.ErrorLength, CorrectionRules.LongestOf(field.Rule))
            : field.Rule.Rule switch
            {
                "email" => CorrectionText.ErrorEmail,
                "phone" => CorrectionText.ErrorPhone,
                "postal_code" => CorrectionText.ErrorPostalCode,
                "date" => CorrectionText.ErrorDate,
                "choice" => CorrectionText.ErrorChoice,
                _ => CorrectionText.ErrorName,
            };
    }

    /// <summary>Why a value could not be written: a rule of the database, or that it does not answer.</summary>
    public static (string Title, string Text) NotDone(BrokenRule? rule) => rule switch
    {
        null => (CorrectionText.UnavailableTitle, CorrectionText.UnavailableText),
        BrokenRule.Unique => (CorrectionText.RuleTitle, CorrectionText.RuleUnique),
        BrokenRule.Reference => (CorrectionText.RuleTitle, CorrectionText.RuleReference),
        BrokenRule.NotNull => (CorrectionText.RuleTitle, CorrectionText.RuleNotNull),
        _ => (CorrectionText.RuleTitle, CorrectionText.RuleCheck),
    };

    public static string Say(string text, params object?[] values) => string.Format(CultureInfo.CurrentCulture, text, values);
}
