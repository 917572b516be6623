using Quartz;

namespace Kalejdo.Portal.Features.NotMyAddress;

/// <summary>Goes on with disavowals that stand half-way, when the portal starts and every minute, as a database may be back by then; and erases what was held long enough.</summary>
[DisallowConcurrentExecution]
internal sealed partial class DisavowalJob(Disavowals disavowals, HeldAddresses held, ILogger<DisavowalJob> log) : IJob
{
    public static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var number in await disavowals.ResumeAsync(cancellationToken))
            {
                Log.Resumed(log, number);
            }

            foreach (var number in await held.ResumeAsync(cancellationToken))
            {
                Log.Resumed(log, number);
            }

            foreach (var number in await held.EraseDueAsync(cancellationToken))
            {
                Log.Erased(log, number);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // The exception's text may quote a value.
            Log.Failed(log, e.GetType().Name);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Case {Number} stood half-way and is gone on with")]
        public static partial void Resumed(ILogger logger, string number);

        [LoggerMessage(LogLevel.Information, "The address that case {Number} held is erased")]
        public static partial void Erased(ILogger logger, string number);

        [LoggerMessage(LogLevel.Error, "Disavowals that stand half-way could not be gone on with: {Exception}")]
        public static partial void Failed(ILogger logger, string exception);
    }
}
