using System.Globalization;

namespace Kalejdo.Portal.Features.Staff.Record;

/// <summary>Fideslang's names in plain words; one that is not known here stands as it is.</summary>
internal static class RecordWords
{
    public static string Basis(string? basis) => basis switch
    {
        null => RecordText.NotStated,
        "Contract" => RecordText.BasisContract,
        "Consent" => RecordText.BasisConsent,
        "Legitimate interests" => RecordText.BasisInterests,
        "Legal obligations" => RecordText.BasisLaw,
        "Vital interests" => RecordText.BasisVital,
        "Public interest" => RecordText.BasisPublic,
        _ => basis,
    };

    public static string Person(string subject) => subject switch
    {
        "customer" => RecordText.PersonCustomer,
        "next_of_kin" => RecordText.PersonNextOfKin,
        "prospect" => RecordText.PersonProspect,
        "visitor" => RecordText.PersonVisitor,
        "anonymous_user" => RecordText.PersonAnonymous,
        "employee" => RecordText.PersonEmployee,
        _ => subject,
    };

    /// <summary>Joined by commas, the first letter alone large.</summary>
    public static string List(IEnumerable<string> parts)
    {
        var text = string.Join(", ", parts.Distinct().Select((part, index) => index == 0 ? part : Within(part)));
        return text.Length == 0 ? RecordText.NotStated : char.ToUpper(text[0], CultureInfo.CurrentCulture) + text[1..];
    }

    // IP and TV stay as they are.
    private static string Within(string label) =>
        label.Length > 1 && char.IsUpper(label[1]) ? label : char.ToLower(label[0], CultureInfo.CurrentCulture) + label[1..];
}
