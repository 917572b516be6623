using Kalejdo.Portal.Store;
using Microsoft.Extensions.Options;
using Quartz;

namespace Kalejdo.Portal.Mail;

internal static class MailServices
{
    public static void AddMail(this IServiceCollection services)
    {
        services.AddOptions<MailOptions>().BindConfiguration(MailOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<MailOptions>, MailOptions.Validator>();

        services.AddSingleton<LetterPrinter>();
        services.AddSingleton<Outbox>();
        services.AddSingleton<OutboxSignal>();
        services.AddSingleton<PickupFolder>();
        services.ConfigurePortalDbContext((provider, builder) => builder.AddInterceptors(provider.GetRequiredService<OutboxSignal>()));

#if FULL_FEED
        services.AddSingleton<MailKitTokens>();
#endif
        services.AddSingleton<Func<IMailTransport>>(provider =>
        {
            var options = provider.GetRequiredService<IOptions<MailOptions>>();
            return options.Value.Transport == MailTransport.Smtp
#if FULL_FEED
                ? () => new MailKitTransport(options, provider.GetRequiredService<MailKitTokens>())
#else
                ? () => new SmtpTransport(options)
#endif
                : () => new PickupTransport(options, provider.GetRequiredService<IConfiguration>());
        });
        services.AddSingleton<OutboxSender>();
        services.AddHostedService<OutboxService>();

        // In memory on every node: it only wakes, and the rows' claims keep nodes apart.
        services.AddQuartz(quartz => quartz.ScheduleJob<OutboxJob>(trigger => trigger
            .StartNow()
            .WithSimpleSchedule(schedule => schedule.WithInterval(OutboxJob.Every).RepeatForever())));
        services.AddQuartzHostedService();
    }
}
