namespace Kalejdo.Portal.Benchmarks;

/// <summary>The same work done twice: by the engine, and by what it is measured against.</summary>
/// <param name="Limit">The longest time that is aimed at, in times of the other side's.</param>
/// <param name="Aim">The aim in the words of the README.</param>
/// <param name="Engine">Does the work; its result (rows, bytes) must be the other side's.</param>
/// <param name="Before">What each side's each round begins with, outside its time.</param>
/// <param name="After">What the job leaves to be cleaned up.</param>
internal sealed record Job(
    string Group, string Name, string Against, double Limit, string Aim, Func<CancellationToken, Task<long>> Engine, Func<CancellationToken, Task<long>> Other,
    Func<CancellationToken, Task>? Before = null, Func<CancellationToken, Task>? After = null);

/// <summary>What a job came to: the times of both sides.</summary>
internal sealed record Measured(Job Job, IReadOnlyList<TimeSpan> EngineTimes, IReadOnlyList<TimeSpan> OtherTimes)
{
    public TimeSpan Engine { get; } = Median(EngineTimes);

    public TimeSpan Other { get; } = Median(OtherTimes);

    public double Ratio => Engine / Other;

    /// <summary>The ratio of the shortest times: on a loaded machine nearer to the truth than that of the medians.</summary>
    public double BestRatio => EngineTimes.Min() / OtherTimes.Min();

    public bool Met => Ratio <= Job.Limit;

    private static TimeSpan Median(IReadOnlyList<TimeSpan> times)
    {
        var sorted = times.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}
