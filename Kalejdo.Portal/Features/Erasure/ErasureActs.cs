using System.Collections.Concurrent;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>
/// Erasures asked for on a page: each act once, however often its button is pressed, and carried on when the person leaves the page.
/// A kill leaves the working set, from which the next start goes on.
/// </summary>
internal sealed partial class ErasureActs(Erasures erasures, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<ErasureActs> log)
{
    private static readonly TimeSpan Remembered = TimeSpan.FromHours(1);
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(2);
    private readonly ConcurrentDictionary<string, Act> acts = new();

    /// <param name="act">The one press of a button, as the page named it.</param>
    /// <returns>The result where it was there soon; <see cref="ErasureResult.Unfinished"/> where it is still on its way.</returns>
    public async Task<ErasureResult> EraseAsync(string act, ErasureRequest request, CancellationToken cancellationToken)
    {
        foreach (var old in acts.Where(a => a.Value.At + Remembered < time.GetUtcNow()))
        {
            acts.TryRemove(old);
        }
        // What is begun is begun: the person's leaving does not cancel it.
        var (begun, otherwise, finishing) = await acts.GetOrAdd(act, _ => new Act(time.GetUtcNow(), new(() => BeginAsync(request)))).Beginning.Value.WaitAsync(cancellationToken);
        if (begun is null)
        {
            acts.TryRemove(act, out _);
            return otherwise!;
        }
        await Task.WhenAny(finishing!, Task.Delay(Short, time, cancellationToken));
        return finishing!.IsCompletedSuccessfully ? await finishing : new ErasureResult.Unfinished(begun.Case, []);
    }

    private async Task<(BegunErasure?, ErasureResult?, Task<ErasureResult>?)> BeginAsync(ErasureRequest request)
    {
        var (begun, otherwise) = await erasures.BeginAsync(request, lifetime.ApplicationStopping);
        return (begun, otherwise, begun is null ? null : Task.Run(() => FinishAsync(begun)));
    }

    private async Task<ErasureResult> FinishAsync(BegunErasure begun)
    {
        try
        {
            return await erasures.FinishAsync(begun, new Progress<string>(), lifetime.ApplicationStopping);
        }
        catch (Exception e)
        {
            // The exception's text may quote a value; its type is enough to look at the case, whose working set is resumed.
            Log.Failed(log, begun.Case, e.GetType().Name);
            return new ErasureResult.Unfinished(begun.Case, []);
        }
    }

    private sealed record Act(DateTimeOffset At, Lazy<Task<(BegunErasure? Begun, ErasureResult? Otherwise, Task<ErasureResult>? Finishing)>> Beginning);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "The erasure of case {Number} broke off and waits to be resumed: {Exception}")]
        public static partial void Failed(ILogger logger, string number, string exception);
    }
}
