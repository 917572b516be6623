using Kalejdo.Portal.Features.Erasure;
using Quartz;

namespace Kalejdo.Portal;

internal static class UpkeepJobs
{
    /// <summary>What is done by itself, beside the outbox: Quartz wakes it on every node, and rows' claims keep nodes apart.</summary>
    public static void AddUpkeep(this IServiceCollection services)
    {
        services.AddSingleton<ExpiredRows>();
        services.AddQuartz(quartz => quartz
            .ScheduleJob<ErasureFollowUpJob>(trigger => trigger.StartNow().WithSimpleSchedule(schedule => schedule.WithInterval(ErasureFollowUpJob.Every).RepeatForever()))
            .ScheduleJob<ExpiredRows.Job>(trigger => trigger.StartNow().WithSimpleSchedule(schedule => schedule.WithInterval(ExpiredRows.Job.Every).RepeatForever())));
    }
}
