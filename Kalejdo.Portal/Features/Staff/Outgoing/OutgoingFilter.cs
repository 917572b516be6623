using System.Globalization;
using Microsoft.AspNetCore.WebUtilities;

namespace Kalejdo.Portal.Features.Staff.Outgoing;

internal enum OutgoingChoice
{
    All,
    Waiting,
    Done,
    Failed,
}

/// <param name="Notices">What recipients are told; else mails.</param>
internal sealed record OutgoingFilter(bool Notices, OutgoingChoice Choice, string? CaseNumber)
{
    public const string SortField = "vad";
    public const string ChoiceField = "lage";
    public const string CaseField = "arende";
    public const string NoticesValue = "besked";
    public const string MailsValue = "mejl";

    private static readonly (OutgoingChoice Choice, string Value)[] Values =
        [(OutgoingChoice.All, "alla"), (OutgoingChoice.Waiting, "vantar"), (OutgoingChoice.Done, "skickat"), (OutgoingChoice.Failed, "misslyckat")];

    public static string ValueOf(OutgoingChoice choice) => Array.Find(Values, value => value.Choice == choice).Value;

    /// <summary>What is not known is all.</summary>
    public static OutgoingFilter Read(string? sort, string? choice, string? caseNumber) => new(
        sort == NoticesValue, Array.Find(Values, value => value.Value == choice).Choice, caseNumber?.Trim().ToUpperInvariant() is { Length: > 0 } number ? number : null);

    /// <param name="before">The number that the page ends before; null for the newest.</param>
    /// <param name="done">What was done a moment ago.</param>
    public string Address(long? before = null, OutgoingAnswer? done = null) => QueryHelpers.AddQueryString(PortalUrls.Outbox, new Dictionary<string, string?>
    {
        [SortField] = Notices ? NoticesValue : null,
        [ChoiceField] = Choice == OutgoingChoice.All ? null : ValueOf(Choice),
        [CaseField] = CaseNumber,
        ["fore"] = before?.ToString(CultureInfo.InvariantCulture),
        ["klart"] = done?.ToString(),
    });
}
