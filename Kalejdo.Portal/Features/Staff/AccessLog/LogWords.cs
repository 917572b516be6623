using System.Globalization;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Features.Staff.AccessLog;

/// <summary>The codes of the log in the map's words.</summary>
internal static class LogWords
{
    public static IEnumerable<Choice> Events(Map map) => Values(map, "event");

    public static string? Of(Map? map, string field, string? code) => code is null || map is null ? code
        : In(Values(map, field).FirstOrDefault(value => value.Value == code)?.Label) ?? code;

    public static string Of(LogActor actor) => actor switch
    {
        LogActor.Portal => LogText.ActorPortal,
        LogActor.Person => LogText.ActorPerson,
        LogActor.Staff => LogText.ActorStaff,
        LogActor.Operator => LogText.ActorOperator,
        LogActor.Recipient => LogText.ActorRecipient,
        LogActor.Forgotten => LogText.ActorForgotten,
        _ => throw new ArgumentOutOfRangeException(nameof(actor)),
    };

    public static string Of(AuditVerdict.Broken broken) => string.Format(CultureInfo.CurrentCulture, broken.Flaw switch
    {
        AuditFlaw.Changed => LogText.FlawChanged,
        AuditFlaw.Missing => LogText.FlawMissing,
        AuditFlaw.Added => LogText.FlawAdded,
        AuditFlaw.Reordered => LogText.FlawReordered,
        AuditFlaw.EndMoved => LogText.FlawEndMoved,
        _ => throw new ArgumentOutOfRangeException(nameof(broken)),
    }, broken.Sequence);

    public static string? In(LocalText? text) => text?.In(CultureInfo.CurrentUICulture.TwoLetterISOLanguageName);

    private static IReadOnlyList<Choice> Values(Map map, string field) => map.Find("portal", "audit_entries")?.Find(field)?.Values ?? [];
}
