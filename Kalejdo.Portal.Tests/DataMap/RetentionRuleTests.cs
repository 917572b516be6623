using System.Globalization;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Tests.Support;

namespace Kalejdo.Portal.Tests.DataMap;

public sealed class RetentionRuleTests
{
    [Theory]
    [InlineData(CountedFrom.Date, null, "P10M", "2026-01-31", "2026-11-30")]
    [InlineData(CountedFrom.Date, null, "P1Y", "2024-02-29", "2025-02-28")]
    [InlineData(CountedFrom.Date, null, "P4Y", "2024-02-29", "2028-02-29")]
    [InlineData(CountedFrom.Date, null, "P90D", "2024-02-01", "2024-05-01")]
    [InlineData(CountedFrom.Date, null, "P2W", "2023-02-20", "2023-03-06")]
    [InlineData(CountedFrom.Date, null, "P1Y2M3D", "2023-11-30", "2025-02-02")]
    [InlineData(CountedFrom.Date, null, "P7Y", "9999-12-31", "9999-12-31")]
    [InlineData(CountedFrom.EndOfCalendarYear, null, "P7Y", "2019-01-01", "2026-12-31")]
    [InlineData(CountedFrom.EndOfCalendarYear, null, "P7Y", "2019-12-31", "2026-12-31")]
    // Bokföringslagen 7:2: the end of the calendar year in which the fiscal year ended.
    [InlineData(CountedFrom.EndOfCalendarYear, "06-30", "P7Y", "2019-06-30", "2026-12-31")]
    [InlineData(CountedFrom.EndOfCalendarYear, "06-30", "P7Y", "2019-07-01", "2027-12-31")]
    [InlineData(CountedFrom.EndOfFiscalYear, null, "P7Y", "2019-05-05", "2026-12-31")]
    [InlineData(CountedFrom.EndOfFiscalYear, "06-30", "P7Y", "2019-06-30", "2026-06-30")]
    [InlineData(CountedFrom.EndOfFiscalYear, "06-30", "P7Y", "2019-07-01", "2027-06-30")]
    [InlineData(CountedFrom.EndOfFiscalYear, "02-29", "P1Y", "2023-02-28", "2024-02-28")]
    [InlineData(CountedFrom.EndOfFiscalYear, "02-29", "P1Y", "2023-03-01", "2025-02-28")]
    [InlineData(CountedFrom.EndOfFiscalYear, "06-30", "P7Y", "9999-12-31", "9999-12-31")]
    // Leap years and ends of months.
    [InlineData(CountedFrom.Date, null, "P1Y", "2023-02-28", "2024-02-28")]
    [InlineData(CountedFrom.Date, null, "P1Y", "2023-03-01", "2024-03-01")]
    [InlineData(CountedFrom.Date, null, "P1Y1M", "2024-02-29", "2025-03-29")]
    [InlineData(CountedFrom.Date, null, "P13M", "2024-02-29", "2025-03-29")]
    [InlineData(CountedFrom.Date, null, "P1M", "2023-01-31", "2023-02-28")]
    [InlineData(CountedFrom.Date, null, "P1M", "2024-01-31", "2024-02-29")]
    [InlineData(CountedFrom.Date, null, "P1M", "2024-02-29", "2024-03-29")]
    [InlineData(CountedFrom.Date, null, "P1M1D", "2024-01-31", "2024-03-01")]
    [InlineData(CountedFrom.Date, null, "P1Y1D", "2024-02-29", "2025-03-01")]
    [InlineData(CountedFrom.Date, null, "P366D", "2024-02-28", "2025-02-28")]
    [InlineData(CountedFrom.Date, null, "P100Y", "2000-02-29", "2100-02-28")]
    // Fiscal years that begin in May and in September, and one that ends with February.
    [InlineData(CountedFrom.EndOfFiscalYear, "04-30", "P7Y", "2019-04-30", "2026-04-30")]
    [InlineData(CountedFrom.EndOfFiscalYear, "04-30", "P7Y", "2019-05-01", "2027-04-30")]
    [InlineData(CountedFrom.EndOfCalendarYear, "04-30", "P7Y", "2019-04-30", "2026-12-31")]
    [InlineData(CountedFrom.EndOfCalendarYear, "04-30", "P7Y", "2019-05-01", "2027-12-31")]
    [InlineData(CountedFrom.EndOfFiscalYear, "08-31", "P7Y", "2019-08-31", "2026-08-31")]
    [InlineData(CountedFrom.EndOfFiscalYear, "08-31", "P7Y", "2019-09-01", "2027-08-31")]
    [InlineData(CountedFrom.EndOfCalendarYear, "08-31", "P7Y", "2019-12-31", "2027-12-31")]
    [InlineData(CountedFrom.EndOfFiscalYear, "08-31", "P6M", "2023-09-01", "2025-02-28")]
    [InlineData(CountedFrom.EndOfFiscalYear, "08-31", "P6M", "2022-09-01", "2024-02-29")]
    [InlineData(CountedFrom.EndOfFiscalYear, "02-29", "P1Y", "2024-02-29", "2025-02-28")]
    [InlineData(CountedFrom.EndOfFiscalYear, "02-29", "P4Y", "2024-02-29", "2028-02-29")]
    [InlineData(CountedFrom.EndOfFiscalYear, "02-28", "P4Y", "2024-02-29", "2029-02-28")]
    [InlineData(CountedFrom.EndOfCalendarYear, "12-31", "P7Y", "2019-12-31", "2026-12-31")]
    public void Things_are_kept_until_their_day(CountedFrom from, string? fiscalYearEnds, string keep, string day, string until) =>
        Assert.Equal(Day(until), Rule(from, fiscalYearEnds, keep).KeptUntil(Day(day)));

    [Theory]
    [InlineData(CountedFrom.Date, null, "P10M")]
    [InlineData(CountedFrom.Date, null, "P1M1D")]
    [InlineData(CountedFrom.Date, null, "P1Y")]
    [InlineData(CountedFrom.EndOfCalendarYear, null, "P7Y")]
    [InlineData(CountedFrom.EndOfCalendarYear, "08-31", "P7Y")]
    [InlineData(CountedFrom.EndOfFiscalYear, "02-29", "P1Y")]
    [InlineData(CountedFrom.EndOfFiscalYear, "06-30", "P90D")]
    public void The_earliest_day_still_kept_is_the_first_that_is(CountedFrom from, string? fiscalYearEnds, string keep)
    {
        var rule = Rule(from, fiscalYearEnds, keep);
        // Every day of a leap year and its neighbours.
        for (var today = new DateOnly(2027, 12, 1); today < new DateOnly(2029, 2, 1); today = today.AddDays(1))
        {
            var earliest = rule.EarliestKept(today);
            Assert.True(rule.KeptUntil(earliest) >= today, $"{earliest:o} on {today:o}");
            Assert.True(rule.KeptUntil(earliest.AddDays(-1)) < today, $"the day before {earliest:o} on {today:o}");
        }
    }

    [Theory]
    [InlineData(CountedFrom.Date, null, "P1Y1M3D")]
    [InlineData(CountedFrom.EndOfFiscalYear, "04-30", "P18M")]
    [InlineData(CountedFrom.EndOfCalendarYear, "08-31", "P7Y")]
    public void What_is_kept_later_is_kept_for_every_earlier_border(CountedFrom from, string? fiscalYearEnds, string keep)
    {
        // SQL compares with one day alone, so the last day kept must never fall while the day rises.
        var rule = Rule(from, fiscalYearEnds, keep);
        var last = DateOnly.MinValue;
        for (var day = new DateOnly(2019, 1, 1); day < new DateOnly(2029, 3, 2); day = day.AddDays(1))
        {
            Assert.True(rule.KeptUntil(day) >= last, $"{day:o}");
            last = rule.KeptUntil(day);
        }
    }

    [Fact]
    public void What_is_kept_longer_than_anybody_remembers_is_kept_whatever_its_day() =>
        Assert.Equal(DateOnly.MinValue, Rule(CountedFrom.Date, null, "P900Y").EarliestKept(new DateOnly(2026, 1, 1)));

    [Theory]
    [InlineData("P7Y", 7, 0, 0)]
    [InlineData("P1Y6M", 1, 6, 0)]
    [InlineData("P2W", 0, 0, 14)]
    [InlineData("P2W3D", 0, 0, 17)]
    public void Durations_are_read(string text, int years, int months, int days) => Assert.Equal(new Period(years, months, days), Period.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("P")]
    [InlineData("7Y")]
    [InlineData("PT5H")]
    [InlineData("P-7Y")]
    [InlineData("P7Y ")]
    [InlineData("p7y")]
    [InlineData("P7,5Y")]
    [InlineData("P99999Y")]
    public void Other_texts_are_no_durations(string text) => Assert.Null(Period.Parse(text));

    [Theory]
    [InlineData("2026-10-24T21:59:59Z", "2026-10-24")]
    [InlineData("2026-10-24T22:00:00Z", "2026-10-25")]
    // The night in which summer time ends has an hour twice.
    [InlineData("2026-10-25T22:59:59Z", "2026-10-25")]
    [InlineData("2026-10-25T23:00:00Z", "2026-10-26")]
    [InlineData("2026-12-31T23:00:00Z", "2027-01-01")]
    public void Today_is_Swedens(string now, string today) =>
        Assert.Equal(Day(today), SwedishDays.Today(new ManualTimeProvider(DateTimeOffset.Parse(now, CultureInfo.InvariantCulture))));

    private static RetentionRule Rule(CountedFrom from, string? fiscalYearEnds, string keep) =>
        new("rule", new LocalText("lag", "law"), Period.Parse(keep)!, from, fiscalYearEnds is null ? null : MonthDay.Parse(fiscalYearEnds), new Position("map.yml", 1));

    private static DateOnly Day(string text) => DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture);
}
