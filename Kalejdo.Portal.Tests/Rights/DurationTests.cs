using Kalejdo.Portal.Rights;

namespace Kalejdo.Portal.Tests.Rights;

public class DurationTests
{
    [Theory]
    [InlineData(0, "0 s", "0 s")]
    [InlineData(59, "59 s", "59 s")]
    [InlineData(60, "1 min", "1 min")]
    [InlineData(3569, "59 min", "59 min")]
    [InlineData(3570, "1 tim", "1 h")]
    [InlineData(6806, "1 tim 53 min", "1 h 53 min")]
    [InlineData(360_000, "100 tim", "100 h")]
    [InlineData(-6806, "-1 tim 53 min", "-1 h 53 min")]
    [InlineData(long.MinValue, "", "")]
    public void Seconds_are_said_in_hours_and_minutes(long seconds, string swedish, string english)
    {
        var said = Duration.Of(seconds);
        Assert.DoesNotContain(' ', said.Sv);
        if (seconds != long.MinValue)
        {
            Assert.Equal((swedish, english), (said.Sv.Replace('\u00a0', ' '), said.En.Replace('\u00a0', ' ')));
        }
    }
}
