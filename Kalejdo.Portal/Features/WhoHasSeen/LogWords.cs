using System.Globalization;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Features.WhoHasSeen;

/// <summary>The audit trail's codes in plain words. What happened stands in the map, as everywhere; why, here.</summary>
internal static class LogWords
{
    public static string What(Map map, LogEntry entry) => Label(map, "event", entry.Event) ?? entry.Event;

    public static string? Detail(Map map, LogEntry entry) => !StatesPurpose(entry) && entry.ReasonCode is { } code ? Label(map, "reason_code", code) ?? code : null;

    public static string Who(LogRole role) => role switch
    {
        LogRole.You => WhoHasSeenText.RoleYou,
        LogRole.AnotherAccount => WhoHasSeenText.RoleAnotherAccount,
        LogRole.CaseWorker => WhoHasSeenText.RoleCaseWorker,
        LogRole.Operator => WhoHasSeenText.RoleOperator,
        LogRole.FormerAddress => WhoHasSeenText.RoleFormerAddress,
        LogRole.Automatic => WhoHasSeenText.RoleAutomatic,
        LogRole.Recipient => WhoHasSeenText.RoleRecipient,
        LogRole.Forgotten => WhoHasSeenText.RoleForgotten,
        _ => throw new ArgumentOutOfRangeException(nameof(role)),
    };

    public static string Why(Map map, LogEntry entry) => StatesPurpose(entry) && Label(map, "reason_code", entry.ReasonCode!) is { } purpose ? purpose : (entry.Event.Split('.')[0], entry.Actor, entry.Role) switch
    {
        (_, "system:retention-ended", _) => WhoHasSeenText.WhyRetentionEnded,
        (_, "system:pause-over", _) => WhoHasSeenText.WhyPauseOver,
        (_, "system:resume", _) => WhoHasSeenText.WhyResume,
        (_, "operator:replay", _) => WhoHasSeenText.WhyReplay,
        ("access", _, LogRole.You) => entry.ReasonCode is "everything" or "portability" ? WhoHasSeenText.WhyCopy : WhoHasSeenText.WhyShow,
        ("access", _, _) => WhoHasSeenText.WhyRequest,
        ("account", _, _) => WhoHasSeenText.WhyAccount,
        ("consent", _, _) => WhoHasSeenText.WhyConsent,
        ("rectification", _, _) => WhoHasSeenText.WhyRectification,
        ("erasure", _, _) => WhoHasSeenText.WhyErasure,
        ("recipient", _, _) => WhoHasSeenText.WhyRecipient,
        ("restriction", _, _) => WhoHasSeenText.WhyRestriction,
        _ => WhoHasSeenText.WhyCase,
    };

    // Staff say why before they read.
    private static bool StatesPurpose(LogEntry entry) => entry.ReasonCode is { } code && SubscriberPass.Purposes.Contains(code);

    private static string? Label(Map map, string field, string code) => map.Find("portal", "audit_entries")?.Find(field)?.Values
        .FirstOrDefault(value => value.Value == code)?.Label?.In(CultureInfo.CurrentUICulture.TwoLetterISOLanguageName);
}
