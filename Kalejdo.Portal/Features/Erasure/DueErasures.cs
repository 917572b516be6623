namespace Kalejdo.Portal.Features.Erasure;

/// <summary>Starts full erasures whose pause is over, every minute.</summary>
internal sealed partial class DueErasures(ScheduledErasures scheduled, TimeProvider time, ILogger<DueErasures> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMinutes(1), time);
        do
        {
            try
            {
                await scheduled.StartDueAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The exception's text may quote a value.
                Log.Failed(log, e.GetType().Name);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Due erasures could not be started: {Exception}")]
        public static partial void Failed(ILogger logger, string exception);
    }
}
