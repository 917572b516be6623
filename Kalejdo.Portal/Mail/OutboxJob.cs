using System.Data.Common;
using Quartz;

namespace Kalejdo.Portal.Mail;

/// <summary>Looks for mails whose time has come; what was just committed rings by itself.</summary>
internal sealed class OutboxJob(OutboxSignal signal) : IJob
{
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(15);

    public ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        signal.Ring();
        return ValueTask.CompletedTask;
    }
}

/// <summary>Sends as long as the portal runs.</summary>
internal sealed partial class OutboxService(OutboxSignal signal, OutboxSender sender, ILogger<OutboxService> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await sender.RunAsync(signal, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure) when (failure is DbException or InvalidOperationException)
            {
                // The database may be locked or away: the next round tries again.
                Log.Failed(log, failure.GetType().Name);
                await signal.WaitAsync(stoppingToken);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "The outbox could not be read or written ({Failure}); the next round tries again.")]
        public static partial void Failed(ILogger logger, string failure);
    }
}
