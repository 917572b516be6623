using System.Globalization;
using Kalejdo.Portal.Rights;
using static Kalejdo.Portal.Tests.Support.MappedDatabaseUnderTest;
using static Kalejdo.Portal.Tests.Support.MapText;

namespace Kalejdo.Portal.Tests.DataMap;

/// <summary>The day that the person is told is the last on which the databases keep the row, to the second, in Swedish days.</summary>
public sealed class RetentionDayTests
{
    private const string Day = "DATE";
    private const string Utc = "TIMESTAMP";
    private const string Zoned = "TIMESTAMP WITH TIME ZONE";

    [Theory]
    // The evening of 31 December in UTC is New Year in Sweden.
    [InlineData(Utc, "2025-12-31 22:59:59", "keep: P7Y, counted_from: end_of_calendar_year", "2032-12-31")]
    [InlineData(Utc, "2025-12-31 23:00:00", "keep: P7Y, counted_from: end_of_calendar_year", "2033-12-31")]
    [InlineData(Zoned, "2025-12-31 23:00:00+00:00", "keep: P7Y, counted_from: end_of_calendar_year", "2033-12-31")]
    [InlineData(Zoned, "2026-01-01 00:59:59+02:00", "keep: P7Y, counted_from: end_of_calendar_year", "2032-12-31")]
    [InlineData(Day, "2025-12-31", "keep: P7Y, counted_from: end_of_calendar_year", "2032-12-31")]
    // In summer the day begins an hour earlier.
    [InlineData(Utc, "2026-06-30 21:59:59", "keep: P7Y, counted_from: end_of_fiscal_year, fiscal_year_ends: 06-30", "2033-06-30")]
    [InlineData(Utc, "2026-06-30 22:00:00", "keep: P7Y, counted_from: end_of_fiscal_year, fiscal_year_ends: 06-30", "2034-06-30")]
    // Fiscal years that begin in May and September.
    [InlineData(Utc, "2026-04-30 21:59:59", "keep: P7Y, counted_from: end_of_fiscal_year, fiscal_year_ends: 04-30", "2033-04-30")]
    [InlineData(Utc, "2026-04-30 22:00:00", "keep: P7Y, counted_from: end_of_fiscal_year, fiscal_year_ends: 04-30", "2034-04-30")]
    [InlineData(Zoned, "2026-08-31 22:00:00+00:00", "keep: P7Y, counted_from: end_of_calendar_year, fiscal_year_ends: 08-31", "2034-12-31")]
    // The days on which the clocks change: 23 and 25 hours long.
    [InlineData(Utc, "2026-03-28 23:00:00", "keep: P1D, counted_from: date", "2026-03-30")]
    [InlineData(Utc, "2026-03-29 21:59:59", "keep: P1D, counted_from: date", "2026-03-30")]
    [InlineData(Utc, "2026-03-29 22:00:00", "keep: P1D, counted_from: date", "2026-03-31")]
    [InlineData(Utc, "2026-10-24 22:00:00", "keep: P1D, counted_from: date", "2026-10-26")]
    [InlineData(Utc, "2026-10-25 22:59:59", "keep: P1D, counted_from: date", "2026-10-26")]
    [InlineData(Utc, "2026-10-25 23:00:00", "keep: P1D, counted_from: date", "2026-10-27")]
    // The last day is itself one of those.
    [InlineData(Day, "2026-03-22", "keep: P1W, counted_from: date", "2026-03-29")]
    [InlineData(Day, "2026-10-18", "keep: P1W, counted_from: date", "2026-10-25")]
    // Leap days.
    [InlineData(Day, "2024-02-29", "keep: P1Y, counted_from: date", "2025-02-28")]
    [InlineData(Utc, "2024-02-28 23:00:00", "keep: P1Y, counted_from: date", "2025-02-28")]
    [InlineData(Day, "2027-01-31", "keep: P13M, counted_from: date", "2028-02-29")]
    public async Task The_day_told_is_the_last_day_kept(string type, string stored, string rule, string until)
    {
        foreach (var provider in Enum.GetValues<Provider>())
        {
            await using var shop = await CreateAsync(provider,
                $"CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, stored {type}); INSERT INTO customer VALUES (1, 'a@exempel.example', '{stored}');",
                Dataset(Collection("customer", "on_erasure: retain, retain: {rule: r, from: stored}", Key(), Identity(), Plain("stored"))) + Retention($"r: {{ground: {{sv: a, en: b}}, {rule}}}"));
            var end = TimeZoneInfo.ConvertTimeToUtc(DateTime.ParseExact(until, "yyyy-MM-dd", CultureInfo.InvariantCulture).AddDays(1), SwedishDays.Zone);

            shop.Time.Advance(new DateTimeOffset(end, TimeSpan.Zero) - shop.Time.GetUtcNow() - TimeSpan.FromSeconds(1));
            Assert.Equal([$"customer retain 1 r {until}"], await shop.PlanAsync("a@exempel.example"));
            shop.Time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(["customer delete 1"], await shop.PlanAsync("a@exempel.example"));
        }
    }
}
