using Kalejdo.Portal.Store;

namespace Kalejdo.Portal.Cases;

/// <summary>When a request must be answered: one month from receipt (Art. 12(3) GDPR), by the calendar on a Swedish wall.</summary>
public static class DueDate
{
    private static readonly TimeZoneInfo Sweden = TimeZoneInfo.FindSystemTimeZoneById("Europe/Stockholm");

    /// <summary>A day that the month lacks becomes its last.</summary>
    public static DateOnly Of(DateTime receivedAt) => DayOf(receivedAt).AddMonths(1);

    /// <summary>
    /// With the months it was extended by, counted from receipt like the first one, and the days that the clock stood still.
    /// </summary>
    internal static DateOnly Of(Case asked) => DayOf(asked.ReceivedAt).AddMonths(1 + asked.ExtendedBy).AddDays(asked.StoppedDays);

    /// <summary>The last day on which the time to answer may be extended: within the first month, wherever the clock stood still.</summary>
    internal static DateOnly LastToExtend(Case asked) => DayOf(asked.ReceivedAt).AddMonths(1).AddDays(asked.StoppedDays);

    /// <summary>The day it is in Sweden.</summary>
    public static DateOnly DayOf(DateTime instant) => instant.Kind == DateTimeKind.Utc
        ? DateOnly.FromDateTime(TimeZoneInfo.ConvertTimeFromUtc(instant, Sweden))
        : throw new ArgumentException($"Instants are UTC; {instant:O} is {instant.Kind}.", nameof(instant));
}
