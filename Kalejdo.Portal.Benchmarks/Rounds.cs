using System.Diagnostics;

namespace Kalejdo.Portal.Benchmarks;

/// <summary>
/// Takes the two sides of a job in turns, so that whatever else loads the machine falls on both, and compares medians.
/// </summary>
internal sealed record Rounds(int Fewest, int Most, TimeSpan Enough)
{
    public async Task<Measured> MeasureAsync(Job job, CancellationToken cancellationToken)
    {
        List<TimeSpan> engine = [], other = [];
        try
        {
            // Once each to warm up: compiled code, open connections, pages in memory.
            await RoundAsync(job, engineFirst: true, cancellationToken);
            var begun = Stopwatch.GetTimestamp();
            while (engine.Count < Most && (engine.Count < Fewest || Stopwatch.GetElapsedTime(begun) < Enough))
            {
                var (ours, theirs) = await RoundAsync(job, engineFirst: engine.Count % 2 == 0, cancellationToken);
                engine.Add(ours);
                other.Add(theirs);
            }
        }
        finally
        {
            if (job.After is not null)
            {
                await job.After(CancellationToken.None);
            }
        }
        return new Measured(job, engine, other);
    }

    private static async Task<(TimeSpan Engine, TimeSpan Other)> RoundAsync(Job job, bool engineFirst, CancellationToken cancellationToken)
    {
        var first = await TimeAsync(engineFirst ? job.Engine : job.Other);
        var second = await TimeAsync(engineFirst ? job.Other : job.Engine);
        return first.Result != second.Result
            ? throw new InvalidOperationException($"{job.Name}: the two sides differ ({first.Result} and {second.Result}).")
            : engineFirst ? (first.Time, second.Time) : (second.Time, first.Time);

        async Task<(TimeSpan Time, long Result)> TimeAsync(Func<CancellationToken, Task<long>> work)
        {
            if (job.Before is not null)
            {
                await job.Before(cancellationToken);
            }
            // Each side pays for its own garbage only.
            GC.Collect();
            GC.WaitForPendingFinalizers();
            var begun = Stopwatch.GetTimestamp();
            var result = await work(cancellationToken);
            return (Stopwatch.GetElapsedTime(begun), result);
        }
    }
}
