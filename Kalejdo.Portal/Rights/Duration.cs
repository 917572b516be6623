using System.Globalization;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>A number of seconds as people say it: to the minute, to the second below one.</summary>
internal static class Duration
{
    // A number is not parted from its word at the end of a line.
    private const char Blank = '\u00a0';

    public static LocalText Of(long seconds)
    {
        if (seconds is > -60 and < 60)
        {
            return Say(seconds, "s", "s");
        }
        var minutes = (long)Math.Round(seconds / 60d, MidpointRounding.AwayFromZero);
        var (hours, rest) = (Say(minutes / 60, "tim", "h"), Say(Math.Abs(minutes % 60), "min", "min"));
        return (minutes / 60, minutes % 60) switch
        {
            (0, _) => Say(minutes, "min", "min"),
            (_, 0) => hours,
            _ => new($"{hours.Sv}{Blank}{rest.Sv}", $"{hours.En}{Blank}{rest.En}"),
        };
    }

    private static LocalText Say(long number, string swedish, string english)
    {
        var digits = number.ToString(CultureInfo.InvariantCulture);
        return new($"{digits}{Blank}{swedish}", $"{digits}{Blank}{english}");
    }
}
