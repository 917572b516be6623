using System.Globalization;
using Kalejdo.Portal.Rights;

namespace Kalejdo.Portal.Mail;

/// <summary>Days and times as letters write them, in Swedish time and the letter's language.</summary>
public static class LetterTime
{
    public static string Moment(DateTime utc) =>
        TimeZoneInfo.ConvertTimeFromUtc(DateTime.SpecifyKind(utc, DateTimeKind.Utc), SwedishDays.Zone).ToString(LetterText.MomentFormat, CultureInfo.CurrentCulture);

    public static string Day(DateOnly day) => day.ToString("d MMMM yyyy", CultureInfo.CurrentCulture);
}
