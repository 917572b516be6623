using System.Globalization;
using Kalejdo.Portal.Cases;

namespace Kalejdo.Portal.Tests.Cases;

public class DueDateTests
{
    [Theory]
    [InlineData("2026-03-02T09:30:00Z", "2026-04-02")]
    // The month lacks the day.
    [InlineData("2026-01-31T12:00:00Z", "2026-02-28")]
    [InlineData("2028-01-31T12:00:00Z", "2028-02-29")]
    [InlineData("2028-01-30T12:00:00Z", "2028-02-29")]
    [InlineData("2028-02-29T12:00:00Z", "2028-03-29")]
    [InlineData("2026-02-28T12:00:00Z", "2026-03-28")]
    [InlineData("2026-03-31T12:00:00Z", "2026-04-30")]
    [InlineData("2026-12-31T12:00:00Z", "2027-01-31")]
    [InlineData("2100-01-29T12:00:00Z", "2100-02-28")]
    // Late in the evening by UTC it is tomorrow in Sweden; by an hour in winter, two in summer.
    [InlineData("2026-01-30T22:59:59Z", "2026-02-28")]
    [InlineData("2026-02-28T23:00:00Z", "2026-04-01")]
    [InlineData("2026-12-31T23:30:00Z", "2027-02-01")]
    [InlineData("2026-06-30T21:59:59Z", "2026-07-30")]
    [InlineData("2026-06-30T22:00:00Z", "2026-08-01")]
    public void Is_one_month_from_the_swedish_day_of_receipt(string received, string due) =>
        Assert.Equal(
            DateOnly.Parse(due, CultureInfo.InvariantCulture),
            DueDate.Of(DateTime.Parse(received, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal)));

    [Fact]
    public void Takes_no_instant_but_utc() =>
        Assert.Throws<ArgumentException>(() => DueDate.Of(new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Unspecified)));
}
