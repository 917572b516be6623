using Microsoft.Extensions.Options;
using Quartz;

namespace Kalejdo.Portal.Recipients;

internal static class RecipientServices
{
    public static void AddRecipients(this IServiceCollection services)
    {
        services.AddOptions<RecipientsOptions>().BindConfiguration(RecipientsOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<RecipientsOptions>, RecipientsOptions.Validator>();
        services.AddSingleton<RecipientRegister>();
        services.AddSingleton<PartnerAgreements>();
        services.AddSingleton<RecipientNotices>();
        services.AddSingleton<RecipientProgress>();
        services.AddSingleton<RecipientAnswers>();
        services.AddSingleton<RecipientCallback>();
        services.AddSingleton<WebhookClient>();
        services.AddSingleton<RecipientSender>();
        services.AddQuartz(quartz => quartz.ScheduleJob<RecipientSender.Job>(trigger => trigger
            .StartNow()
            .WithSimpleSchedule(schedule => schedule.WithInterval(RecipientSender.Job.Every).RepeatForever())));
    }
}
