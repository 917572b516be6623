using System.Globalization;
using Kalejdo.Portal.Components;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Features.Staff.Outgoing;

internal static class OutgoingWords
{
    public static string What(Map? map, OutgoingLine line, bool notice) =>
        (notice ? Label(map, "recipient_notices", "event", line.What) : Label(map, "outbox", "template", line.What)) ?? line.What;

    public static string Of(OutgoingState state) => state switch
    {
        OutgoingState.Waiting => OutgoingText.StateWaiting,
        OutgoingState.Retrying => OutgoingText.StateRetrying,
        OutgoingState.Sent => OutgoingText.StateSent,
        OutgoingState.Done => OutgoingText.StateDone,
        OutgoingState.Failed => OutgoingText.StateFailed,
        _ => throw new ArgumentOutOfRangeException(nameof(state)),
    };

    public static NoticeKind Colour(OutgoingState state) => state switch
    {
        OutgoingState.Retrying => NoticeKind.Warning,
        OutgoingState.Done => NoticeKind.Success,
        OutgoingState.Failed => NoticeKind.Danger,
        _ => NoticeKind.Info,
    };

    public static string Of(OutgoingChoice choice) => choice switch
    {
        OutgoingChoice.All => OutgoingText.ChoiceAll,
        OutgoingChoice.Waiting => OutgoingText.ChoiceWaiting,
        OutgoingChoice.Done => OutgoingText.ChoiceDone,
        OutgoingChoice.Failed => OutgoingText.ChoiceFailed,
        _ => throw new ArgumentOutOfRangeException(nameof(choice)),
    };

    /// <summary>Why something is not there: in words, and the code for whoever runs the servers.</summary>
    public static string? Why(Map? map, string? code, bool notice) => code switch
    {
        null => null,
        "address" => OutgoingText.WhyAddress,
        "unreadable" => OutgoingText.WhyUnreadable,
        "program-error" => OutgoingText.WhyProgram,
        "pickup-folder" => OutgoingText.WhyFolder,
        "no-smtputf8" => OutgoingText.WhyLetters,
        "sender-refused" => OutgoingText.WhySender,
        "timeout" when !notice => OutgoingText.WhyServerSlow,
        "connection" when !notice => OutgoingText.WhyServerAway,
        ['s', 'm', 't', 'p', '-', '4', ..] => Say(OutgoingText.WhyServerLater, code),
        ['s', 'm', 't', 'p', '-', ..] => Say(OutgoingText.WhyServerRefused, code),
        ['h', 't', 't', 'p', '-', ..] => Say(OutgoingText.WhyHttp, code[5..]),
        _ => Label(map, "audit_entries", "reason_code", code) ?? code,
    };

    private static string Say(string text, string code) => string.Format(CultureInfo.CurrentCulture, text, code);

    private static string? Label(Map? map, string collection, string field, string code) => map?.Find("portal", collection)?.Find(field)?.Values
        .FirstOrDefault(value => value.Value == code)?.Label?.In(CultureInfo.CurrentUICulture.TwoLetterISOLanguageName);
}
