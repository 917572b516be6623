using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Features.Acknowledgement;
using Kalejdo.Portal.Features.Correction;
using Kalejdo.Portal.Features.Erasure;
using Kalejdo.Portal.Features.Guests;
using Kalejdo.Portal.Features.Mailbox;
using Kalejdo.Portal.Features.MyCases;
using Kalejdo.Portal.Features.MyData;
using Kalejdo.Portal.Features.NotMyAddress;
using Kalejdo.Portal.Features.Protection;
using Kalejdo.Portal.Features.Restriction;
using Kalejdo.Portal.Features.Staff.AccessLog;
using Kalejdo.Portal.Features.Staff.AddressDesk;
using Kalejdo.Portal.Features.Staff.DataMap;
using Kalejdo.Portal.Features.Staff.Desk;
using Kalejdo.Portal.Features.Staff.Incidents;
using Kalejdo.Portal.Features.Staff.Outgoing;
using Kalejdo.Portal.Features.Staff.Partners;
using Kalejdo.Portal.Features.Staff.Personnel;
using Kalejdo.Portal.Features.Staff.Record;
using Kalejdo.Portal.Features.Staff.Registration;
using Kalejdo.Portal.Features.Staff.Subscriber;
using Kalejdo.Portal.Features.WhoHasSeen;
using Kalejdo.Portal.Layout;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Recipients;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.Options;
using Quartz;

namespace Kalejdo.Portal;

/// <summary>What the portal is made of, and the way of a request through it.</summary>
internal static class Portal
{
    // The longest form is a request of 5,000 characters, or a passkey.
    private const int MostBytes = 256 * 1024;

    /// <summary>The portal with all its services, for the web host and for the verbs of the command line.</summary>
    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = args,
            // The portal's own folder, so that it can be started from any other.
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.AddPortal();
        return builder.Build();
    }

    private static void AddPortal(this WebApplicationBuilder builder)
    {
        PutSettingsFirst(builder.Configuration);
        // Else the static files of a build that was not published are found in Development only.
        builder.WebHost.UseStaticWebAssets();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MostBytes;
        });

        var services = builder.Services;
        services.AddValidated<PortalOptions, PortalOptions.Validator>("Portal");
        services.AddOptions<PortalOptions>()
            .Validate<IConfiguration>(
                (_, settings) => settings["AllowedHosts"]?.Contains('*', StringComparison.Ordinal) != true,
                "AllowedHosts names hosts one by one (separated by semicolons); the public address's own needs no naming.")
            .Validate<IConfiguration>(
                // The framework's own switch would believe whoever connects.
                (_, settings) => !settings.GetValue("ForwardedHeaders_Enabled", false),
                "ASPNETCORE_FORWARDEDHEADERS_ENABLED lets anybody say where they come from. Remove it, and name the proxies in Portal:Proxies.");
        services.AddValidated<ControllerOptions, ControllerOptions.Validator>("Controller");
        services.AddValidated<ErasureOptions, ErasureOptions.Validator>("Erasure");
        services.AddValidated<RestrictionOptions, RestrictionOptions.Validator>("Restriction");

        services.AddValidated<CaseOptions, CaseOptions.Validator>("Cases");
        services.AddValidated<LimitOptions, LimitOptions.Validator>("Limits");
        services.AddValidated<OpenIdOptions, OpenIdOptions.Validator>(OpenIdOptions.Section);

        services.AddSingleton(TimeProvider.System);
        services.AddPortalStore(builder.Configuration);
        services.AddSingleton<AuditTrail>();
        services.AddHttpContextAccessor();
        services.AddScoped<CurrentSubject>();
        services.AddSingleton<SelfService>();
        services.AddSingleton<AttemptLimits>();
        services.AddSingleton<RefusedRequests>();
        services.AddRateLimiter(_ => { });
        services.ConfigureOptions<RateLimits>();
        services.AddScoped<OneTimeCodes>();
        services.AddAccounts();
        services.AddSingleton<Subjects>();
        services.AddSingleton<Restrictions>();
        services.AddSingleton<LiveMap>();
        services.AddSingleton<RowLinks>();
        services.AddSingleton<CaseLinks>();
        services.AddSingleton<ReceiptKeys>();
        services.AddSingleton<CaseHandling>();
        services.AddSingleton<CaseFiles>();
        services.AddSingleton<CaseLetters>();
        services.AddSingleton<CaseClock>();
        services.AddSingleton<CaseRequests>();
        services.AddSingleton<OwnCases>();
        services.AddSingleton<GuestRequests>();
        services.AddSingleton<Holdings>();
        services.AddSingleton<KindReading>();
        services.AddSingleton<OpenCases>();
        services.AddSingleton<AddressNotices>();
        services.AddSingleton<SubjectLog>();
        services.AddSingleton<ReturnedMail>();
        services.AddSingleton<Pausing>();
        services.AddSingleton<PauseEnds>();
        services.AddSingleton<Protections>();
        services.AddSingleton<ProtectionReviews>();
        services.AddScoped<StaffCircuit>();
        services.AddSingleton<DeskCases>();
        services.AddSingleton<Assignments>();
        services.AddSingleton<CaseLooks>();
        services.AddSingleton<SavedViews>();
        services.AddSingleton<DeskSteps>();
        services.AddSingleton<DeskTasks>();
        services.AddSingleton<SubscriberPasses>();
        services.AddSingleton<SubscriberSearch>();
        services.AddSingleton<StandingAddresses>();
        services.AddSingleton<SubscriberPeople>();
        services.AddSingleton<StaffCorrections>();
        services.AddSingleton<RequestRegistration>();
        services.AddSingleton<IncidentRegister>();
        services.AddSingleton<AddressRegister>();
        services.AddSingleton<Personnel>();
        services.AddSingleton<DeskPauses>();
        services.AddSingleton<MapHealth>();
        services.AddSingleton<LogReading>();
        services.AddSingleton<OutgoingMails>();
        services.AddSingleton<OutgoingNotices>();
        services.AddSingleton<PartnerDesk>();
        services.AddSingleton<AgreementWatch>();
        services.AddSingleton<ProcessingRecord>();
        services.AddSingleton<Consents>();
        services.AddSingleton<Corrections>();
        services.AddSingleton<CorrectableFields>();
        services.AddScoped<PendingCorrections>();
        services.AddSingleton<AddressObjections>();
        services.AddSingleton<Erasures>();
        services.AddSingleton<ErasureRecords>();
        services.AddSingleton<ErasureClaims>();
        services.AddSingleton<ErasureFollowUps>();
        services.AddSingleton<ErasureActs>();
        services.AddSingleton<ErasurePlans>();
        services.AddSingleton<ErasureProposals>();
        services.AddSingleton<ProposalClock>();
        services.AddSingleton<ActTokens>();
        services.AddSingleton<ScheduledErasures>();
        services.AddHostedService<DueErasures>();
        services.AddHostedService<UnfinishedErasures>();
        services.AddSingleton<EndedRetention>();
        services.AddSingleton<ErasureReplay>();
        services.AddQuartz(quartz => quartz.ScheduleJob<EndedRetentionJob>(trigger => trigger
            .StartNow()
            .WithSimpleSchedule(schedule => schedule.WithInterval(EndedRetentionJob.Every).RepeatForever())));
        services.AddMail();
        services.AddRecipients();
        services.AddSingleton<OpenNotices>();
        services.AddSingleton<ExpiredRows>();
        services.AddRecurring<CaseClock.Job>(CaseClock.Job.Every);
        services.AddRecurring<ProposalClock.Job>(ProposalClock.Job.Every);
        services.AddRecurring<AgreementWatch.Job>(AgreementWatch.Job.Every);
        services.AddRecurring<ErasureFollowUpJob>(ErasureFollowUpJob.Every);
        services.AddRecurring<DisavowalJob>(DisavowalJob.Every);
        services.AddRecurring<PauseEnds.Round>(PauseEnds.Round.Every);
        services.AddRecurring<ProtectionReviews.Job>(ProtectionReviews.Job.Every);
        services.AddRecurring<ExpiredRows.Job>(ExpiredRows.Job.Every);
        services.AddSingleton<Mails>();
        services.AddSingleton<LetterGallery>();
        services.AddValidated<DisavowalOptions, DisavowalOptions.Validator>("Disavowal");
        services.AddSingleton<Disavowals>();
        services.AddSingleton<HeldAddresses>();
        services.AddSingleton<BlockedAddresses>();
        services.AddSingleton<DisavowalReplay>();
        services.AddRequestLocalization(Languages.Configure);
        services.AddSingleton<ErasureSteps>();
        services.AddRazorComponents()
            // What a broken connection leaves behind waits for its return in memory.
            .AddInteractiveServerComponents(circuits => circuits.DisconnectedCircuitMaxRetained = 50)
            .AddHubOptions(hub => hub.MaximumReceiveMessageSize = 32 * 1024);
        services.AddAntiforgery();
        services.Configure<FormOptions>(form =>
            (form.ValueCountLimit, form.KeyLengthLimit, form.ValueLengthLimit, form.MultipartBodyLengthLimit) = (256, 256, MostBytes / 2, MostBytes));
        services.AddHsts(hsts => (hsts.MaxAge, hsts.IncludeSubDomains) = (TimeSpan.FromDays(365), true));
        services.AddOptions<HostFilteringOptions>().Configure<IOptions<PortalOptions>, IConfiguration>((hosts, portal, settings) => hosts.AllowedHosts =
        [
            .. portal.Value.PublicAddress.IsLoopback ? ["localhost", "127.0.0.1", "[::1]"] : new[] { portal.Value.PublicAddress.Host },
            .. settings["AllowedHosts"]?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [],
        ]);
        services.ConfigureOptions<CookieSettings>();
    }

    public static void UsePortal(this WebApplication app)
    {
        var portal = app.Services.GetRequiredService<IOptions<PortalOptions>>().Value;
        app.UseProxies(portal);
        if (portal.IsHttps)
        {
            // TLS may end at a proxy; whatever it speaks to us, people came over HTTPS.
            app.Use((context, next) =>
            {
                context.Request.Scheme = Uri.UriSchemeHttps;
                return next(context);
            });
            app.UseHsts();
        }

        app.UseHead();
        app.UseSecurityHeaders();
        app.UseRequestLocalization();
        app.UseExceptionHandler(PortalUrls.Error(StatusCodes.Status500InternalServerError), createScopeForErrors: true);
        app.UseStatusCodePagesWithReExecute(PortalUrls.ErrorPattern, createScopeForStatusCodePages: true);
        app.Use(async (context, next) =>
        {
            // An error page is only looked at: shown for a refused POST it must not be refused in its turn.
            if (ShowsError(context))
            {
                context.Request.Method = HttpMethods.Get;
            }

            // Here in words; what does not tell its length is cut off by the server.
            if (context.Request.ContentLength > MostBytes && !ShowsError(context))
            {
                context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
                return;
            }

            await next(context);

            // A page that refuses a form names a content type but says nothing; our error page takes such answers for finished.
            if (context.Response is { StatusCode: StatusCodes.Status400BadRequest, HasStarted: false })
            {
                context.Response.ContentType = null;
            }
        });
        // Here, not before everything: what HEAD asks for has become GET, and error pages find their routes.
        app.UseRouting();
        app.RefuseNul();
        app.UseAuthentication();
        app.UseRateLimiter();
        app.UseAuthorization();
        app.UseClosedAccounts();
        app.UseAntiforgery();

        app.MapStaticAssets().AllowAnonymous().DisableRateLimiting();
        app.MapLanguageSwitch();
        app.MapDownloads();
        app.MapSignOut();
        app.MapPasskeys();
        app.MapOpenIdCallback();
        app.MapReceiptFiles();
        app.MapAnswerFiles();
        RecipientCallback.Map(app);
        RecordFile.Map(app);
        LogFile.Map(app);
        Mails.Map(app);
        LetterGallery.Map(app);
        app.MapRazorComponents<App>().AddLiveParts();
    }

    /// <summary>Whether the request goes through once more, to be answered by an error page.</summary>
    public static bool ShowsError(HttpContext context) =>
        context.Features.Get<IStatusCodeReExecuteFeature>() is not null || context.Features.Get<IExceptionHandlerFeature>() is not null;

    /// <summary>Where a request comes from, as the proxies say that the settings name. Its scheme and host nobody says: they are those of the public address.</summary>
    private static void UseProxies(this IApplicationBuilder app, PortalOptions portal)
    {
        if (portal.Proxies.Length > 0)
        {
            // Back through as many of ours as there are.
            var forwarded = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor, ForwardLimit = null };
            forwarded.KnownProxies.Clear();
            forwarded.KnownIPNetworks.Clear();
            foreach (var proxy in portal.ProxyNetworks)
            {
                forwarded.KnownIPNetworks.Add(proxy);
            }

            app.UseForwardedHeaders(forwarded);
        }
    }

    /// <summary>HEAD answers as GET does, but for the body; pages themselves know GET and POST only.</summary>
    private static void UseHead(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (HttpMethods.IsHead(context.Request.Method))
        {
            context.Request.Method = HttpMethods.Get;
            context.Response.Body = Stream.Null;
        }

        return next(context);
    });

    /// <summary>
    /// The character NUL is in no text that people write, and PostgreSQL takes none: a look-up with it would fail, not find nothing.
    /// Paths and forms with it are refused by the framework.
    /// </summary>
    private static void RefuseNul(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (context.Request.Query.Any(field => field.Value.Any(text => text?.Contains('\0', StringComparison.Ordinal) == true)))
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return Task.CompletedTask;
        }

        return next(context);
    });

    // appsettings.json comes last in rank: the host's variables (ASPNETCORE_URLS) would otherwise lose to it.
    private static void PutSettingsFirst(ConfigurationManager configuration)
    {
        var sources = configuration.Sources;
        var settings = sources.OfType<JsonConfigurationSource>().First(source => source.Path == "appsettings.json");
        sources.Remove(settings);
        sources.Insert(0, settings);
    }

    /// <summary>Quartz wakes it on every node; rows' claims keep nodes apart.</summary>
    private static void AddRecurring<TJob>(this IServiceCollection services, TimeSpan every)
        where TJob : class, IJob => services.AddQuartz(quartz => quartz.ScheduleJob<TJob>(trigger => trigger
            .StartNow()
            .WithSimpleSchedule(schedule => schedule.WithInterval(every).RepeatForever())));

    private static void AddValidated<TOptions, TValidator>(this IServiceCollection services, string section)
        where TOptions : class
        where TValidator : class, IValidateOptions<TOptions>
    {
        services.AddOptions<TOptions>().BindConfiguration(section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<TOptions>, TValidator>();
    }
}
