namespace Kalejdo.Portal.Features.Erasure;

/// <summary>Goes on with unfinished erasures when the portal starts, and every minute: a database may be back by then.</summary>
internal sealed partial class UnfinishedErasures(Erasures erasures, TimeProvider time, ILogger<UnfinishedErasures> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMinutes(1), time);
        do
        {
            try
            {
                foreach (var number in await erasures.ResumeAsync(new Progress<string>(), stoppingToken))
                {
                    Log.Resumed(log, number);
                }
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The exception's text may quote a value; its type is enough to look at the case.
                Log.Failed(log, e.GetType().Name);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Case {Number} was unfinished and is closed now")]
        public static partial void Resumed(ILogger logger, string number);

        [LoggerMessage(LogLevel.Error, "Unfinished erasures could not be resumed: {Exception}")]
        public static partial void Failed(ILogger logger, string exception);
    }
}
