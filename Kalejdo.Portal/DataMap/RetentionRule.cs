using System.Globalization;
using System.Text.RegularExpressions;

namespace Kalejdo.Portal.DataMap;

/// <summary>What the days of a retention rule count from.</summary>
public enum CountedFrom
{
    /// <summary>The day itself.</summary>
    Date,

    /// <summary>31 December of the day's year.</summary>
    EndOfCalendarYear,

    /// <summary>The end of the fiscal year that holds the day.</summary>
    EndOfFiscalYear,

    /// <summary>No day: the ground lasts as long as its condition holds.</summary>
    Condition,
}

/// <summary>Why something must stay although its subject wants it gone (GDPR Art. 17(3)), and how long.</summary>
/// <param name="Keep">The period; null where a condition decides.</param>
/// <param name="FiscalYearEnds">The last day of the fiscal year, where it is not the calendar year.</param>
public sealed record RetentionRule(
    string Name, LocalText Ground, Period? Keep, CountedFrom CountedFrom, MonthDay? FiscalYearEnds, Position At)
{
    /// <summary>
    /// The last day on which something of <paramref name="day"/> is kept; days are those of Europe/Stockholm. The one place where this is
    /// computed: SQL only compares with <see cref="EarliestKept"/>, which asks here.
    /// </summary>
    /// <exception cref="InvalidOperationException">The rule is a condition, which knows no last day.</exception>
    public DateOnly KeptUntil(DateOnly day)
    {
        if (Keep is null)
        {
            throw new InvalidOperationException($"The retention rule '{Name}' is a condition.");
        }
        var start = CountedFrom switch
        {
            CountedFrom.EndOfCalendarYear => new DateOnly((FiscalYearEnds?.OnOrAfter(day) ?? day).Year, 12, 31),
            CountedFrom.EndOfFiscalYear => (FiscalYearEnds ?? new MonthDay(12, 31)).OnOrAfter(day),
            _ => day,
        };
        return Keep.After(start);
    }

    /// <summary>The earliest day whose things are still kept on <paramref name="today"/>: later ones are too.</summary>
    public DateOnly EarliestKept(DateOnly today)
    {
        // KeptUntil never falls as its day rises, so the border is found by halving.
        var (kept, gone) = (today, today.AddYears(-Math.Min(today.Year - 1, 300)));
        if (KeptUntil(gone) >= today)
        {
            return DateOnly.MinValue;
        }
        while (KeptUntil(kept) < today)
        {
            kept = kept.AddYears(1);
        }
        while (kept.DayNumber - gone.DayNumber > 1)
        {
            var middle = DateOnly.FromDayNumber((kept.DayNumber + gone.DayNumber) / 2);
            (kept, gone) = KeptUntil(middle) >= today ? (middle, gone) : (kept, middle);
        }
        return kept;
    }
}

/// <summary>An ISO 8601 duration of whole years, months, weeks and days.</summary>
public sealed partial record Period(int Years, int Months, int Days)
{
    /// <summary>Reads <c>P7Y</c>, <c>P1Y6M</c>, <c>P2W</c>, <c>P90D</c>; null for anything else.</summary>
    public static Period? Parse(string text)
    {
        var match = Iso8601().Match(text);
        return match.Success && text.Length > 1 && text.Length < 20
            ? new Period(Number("y"), Number("m"), Number("w") * 7 + Number("d"))
            : null;

        int Number(string group) =>
            match.Groups[group].Success ? int.Parse(match.Groups[group].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture) : 0;
    }

    /// <summary>
    /// The day this long after <paramref name="day"/>: years and months at once, then days. A day that the month lacks becomes its last, so
    /// a year after 29 February is 28 February, and P1Y1M is P13M.
    /// </summary>
    public DateOnly After(DateOnly day) =>
        // Systems write 9999-12-31 for "never".
        day.Year + Years + ((Months + 11) / 12) + ((Days + 364) / 365) > 9998 ? DateOnly.MaxValue : day.AddMonths((Years * 12) + Months).AddDays(Days);

    [GeneratedRegex(@"^P(?:(?<y>\d{1,3})Y)?(?:(?<m>\d{1,4})M)?(?:(?<w>\d{1,4})W)?(?:(?<d>\d{1,5})D)?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Iso8601();
}

/// <summary>A day of the year.</summary>
public sealed record MonthDay(int Month, int Day)
{
    /// <summary>Reads <c>06-30</c>; null for anything else.</summary>
    public static MonthDay? Parse(string text) =>
        // A leap year, so that 02-29 counts as a day.
        DateOnly.TryParseExact($"2000-{text}", "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            ? new MonthDay(day.Month, day.Day)
            : null;

    /// <summary>The first such day on or after <paramref name="day"/>; 29 February is the 28th in other years.</summary>
    public DateOnly OnOrAfter(DateOnly day)
    {
        var same = In(day.Year);
        return same >= day ? same : day.Year == 9999 ? DateOnly.MaxValue : In(day.Year + 1);
    }

    private DateOnly In(int year) => new(year, Month, Math.Min(Day, DateTime.DaysInMonth(year, Month)));
}
