using Quartz;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>Looks each hour for kept rows whose ground has ended: so they go soon after the midnight that ends it.</summary>
[DisallowConcurrentExecution]
internal sealed partial class EndedRetentionJob(EndedRetention retention, ILogger<EndedRetentionJob> log) : IJob
{
    public static readonly TimeSpan Every = TimeSpan.FromHours(1);

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        try
        {
            if (await retention.EraseEndedAsync(cancellationToken) is > 0 and var count)
            {
                Log.Erased(log, count);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // The exception's text may quote a value; its type is enough to look at the cases.
            Log.Failed(log, e.GetType().Name);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "What had been kept and is kept no longer was erased in {Count} cases")]
        public static partial void Erased(ILogger logger, int count);

        [LoggerMessage(LogLevel.Error, "Kept rows whose ground has ended could not be erased: {Exception}")]
        public static partial void Failed(ILogger logger, string exception);
    }
}
