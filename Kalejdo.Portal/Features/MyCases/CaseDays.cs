using System.Globalization;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Store;

namespace Kalejdo.Portal.Features.MyCases;

/// <summary>When a case is answered, as people say it.</summary>
internal static class CaseDays
{
    public static string Day(DateOnly day) => day.ToString("d MMMM yyyy", CultureInfo.CurrentCulture);

    public static string Deadline(Case asked, DateOnly today) => asked switch
    {
        { ClosedAt: { } closed } => Say(MyCasesText.DeadlineClosed, Day(DueDate.DayOf(closed))),
        { Status: CaseStatus.WaitingForYou, WaitsUntil: { } until } => Say(MyCasesText.DeadlineYours, Day(until)),
        _ when asked.DueOn < today => Say(MyCasesText.DeadlineMissed, Day(asked.DueOn)),
        _ when asked.DueOn == today => Say(MyCasesText.DeadlineToday, Day(asked.DueOn)),
        _ when asked.DueOn == today.AddDays(1) => Say(MyCasesText.DeadlineTomorrow, Day(asked.DueOn)),
        _ => Say(MyCasesText.DeadlineDays, Day(asked.DueOn), asked.DueOn.DayNumber - today.DayNumber),
    };

    /// <summary>What happens next.</summary>
    public static string Next(CaseFile file) => file.Case switch
    {
        { Status: CaseStatus.WaitingForYou, StoppedAt: not null } => MyCasesText.NextWaitingStopped,
        { Status: CaseStatus.WaitingForYou } => Say(MyCasesText.NextWaiting, Day(file.Case.DueOn)),
        { Status: CaseStatus.Received } when file.IsThePortals => MyCasesText.NextPause,
        { Status: CaseStatus.Received } => MyCasesText.NextReceived,
        { Status: CaseStatus.InProgress } when file.IsThePortals => MyCasesText.NextErasing,
        { Status: CaseStatus.InProgress } => MyCasesText.NextInProgress,
        { Status: CaseStatus.WaitingForRecipients } => MyCasesText.NextRecipients,
        { Status: CaseStatus.PartlyDone, Type: CaseType.Disavowal } when file.IsThePortals => MyCasesText.NextHeld,
        { Status: CaseStatus.PartlyDone } => MyCasesText.NextPartlyDone,
        { Status: CaseStatus.Refused } => MyCasesText.NextRefused,
        { Status: CaseStatus.Withdrawn or CaseStatus.Expired } => MyCasesText.NextAgain,
        _ => MyCasesText.NextDone,
    };

    private static string Say(string text, params object?[] values) => string.Format(CultureInfo.CurrentCulture, text, values);
}
