using Quartz;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>Wakes what is owed after erasures.</summary>
[DisallowConcurrentExecution]
internal sealed partial class ErasureFollowUpJob(ErasureFollowUps followUps, ILogger<ErasureFollowUpJob> log) : IJob
{
    public static readonly TimeSpan Every = TimeSpan.FromMinutes(10);

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        try
        {
            await followUps.RunDueAsync(cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // The exception's text may quote a value.
            Log.Failed(log, e.GetType().Name);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "What is owed after erasures could not be done: {Exception}")]
        public static partial void Failed(ILogger logger, string exception);
    }
}
