using Kalejdo.Portal.Audit;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Recipients;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Quartz;

namespace Kalejdo.Portal.Features.Restriction;

/// <summary>A pause in force, for staff who decide whether it may end.</summary>
/// <param name="Mailed">Whether there is an address to mail to.</param>
/// <param name="ToldOn">The day on which the person was told of its end; null as long as they were not.</param>
internal sealed record OpenPause(RestrictedKind Paused, LocalText Label, bool Mailed, DateOnly? ToldOn);

/// <summary>What deciding the end of a pause came to.</summary>
internal abstract record PauseEnd
{
    private PauseEnd()
    {
    }

    /// <param name="Earliest">The day on which it can end at the earliest.</param>
    public sealed record Decided(DateOnly Earliest) : PauseEnd;

    /// <summary>No mail reaches the person: they have to be told on paper first.</summary>
    public sealed record NobodyTold : PauseEnd;

    /// <summary>They cannot have been told on a day to come, or before the pause began.</summary>
    public sealed record WrongDay : PauseEnd;

    /// <summary>The case paused nothing, or its end is decided already.</summary>
    public sealed record NothingPaused : PauseEnd;
}

/// <summary>
/// Ends pauses that staff decided to end: first the person is told, then they have some days to answer, then it ends (Art. 18(3)). A
/// letter that was never delivered ends nothing.
/// </summary>
internal sealed partial class PauseEnds(
    LiveMap liveMap, IDbContextFactory<PortalDbContext> databases, AuditTrail audit, Outbox outbox, RecipientNotices recipients, PortalKeys keys,
    IOptions<RestrictionOptions> options, TimeProvider time)
{
    public const string Job = "system:notice-over";

    /// <summary>Why a pause may end, as the audit's reason codes.</summary>
    public static IReadOnlyList<string> Reasons { get; } = ["accuracy-verified", "data-corrected", "use-is-lawful", "claims-settled", "objection-answered"];

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <returns>Null where the case pauses nothing (any more).</returns>
    public async Task<OpenPause?> FindAsync(string caseNumber, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.RestrictedKinds.AsNoTracking().SingleOrDefaultAsync(row => row.CaseNumber == caseNumber && row.EndedAt == null, cancellationToken) is { } paused
            ? new OpenPause(
                paused, await LabelAsync(paused, cancellationToken), (await AccountOfAsync(db, paused, cancellationToken)).Address is not null,
                paused.EndDecidedAt is null ? null : await ToldOnAsync(db, paused, cancellationToken))
            : null;
    }

    /// <param name="toldOn">The day on which a letter on paper was sent; null sends a mail.</param>
    public async Task<PauseEnd> DecideAsync(string caseNumber, string reason, DateOnly? toldOn, string actor, CancellationToken cancellationToken)
    {
        if (!Reasons.Contains(reason))
        {
            throw new ArgumentOutOfRangeException(nameof(reason));
        }
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await db.RestrictedKinds.SingleOrDefaultAsync(row => row.CaseNumber == caseNumber && row.EndedAt == null && row.EndDecidedAt == null, cancellationToken) is not { } paused)
        {
            return new PauseEnd.NothingPaused();
        }
        var today = SwedishDays.Today(time);
        if (toldOn > today || toldOn < DateOnly.FromDateTime(SwedishDays.Local(paused.Since)))
        {
            return new PauseEnd.WrongDay();
        }
        var earliest = (toldOn ?? today).AddDays(options.Value.NoticeDays + 1);
        (paused.EndDecidedAt, paused.EndReasonCode, paused.ToldOn) = (Now, reason, toldOn);
        if (toldOn is null)
        {
            if (await AccountOfAsync(db, paused, cancellationToken) is not ({ } address, var language))
            {
                return new PauseEnd.NobodyTold();
            }
            await outbox.AddAsync(db, new PauseEndsLetter(paused.CaseNumber, await LabelAsync(paused, cancellationToken), earliest, reason), address, language, paused.CaseNumber, cancellationToken);
            if (!db.ChangeTracker.Entries<OutboxMail>().Any())
            {
                // Its owner wants no mail to the address.
                return new PauseEnd.NobodyTold();
            }
        }
        var who = await audit.NumberOfAsync(db, actor, cancellationToken);
        await audit.AppendAsync(db, new AuditEvent("restriction.end-decided") { Subject = paused.Subject, Actor = who, CaseNumber = caseNumber, ReasonCode = reason }, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new PauseEnd.Decided(earliest);
    }

    /// <summary>Ends those whose people were told long enough ago; each once, with any number of nodes.</summary>
    /// <returns>How many.</returns>
    public async Task<int> EndDueAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var ended = 0;
        foreach (var id in await db.RestrictedKinds.Where(row => row.EndDecidedAt != null && row.EndedAt == null).Select(row => row.Id).ToListAsync(cancellationToken))
        {
            ended += await EndAsync(id, cancellationToken) ? 1 : 0;
        }
        return ended;
    }

    private async Task<bool> EndAsync(long id, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await db.RestrictedKinds.SingleOrDefaultAsync(row => row.Id == id && row.EndedAt == null, cancellationToken) is not { } paused
            || await ToldOnAsync(db, paused, cancellationToken) is not { } told
            || SwedishDays.Today(time) <= told.AddDays(options.Value.NoticeDays))
        {
            return false;
        }
        paused.EndedAt = Now;
        await TellRecipientsAsync(db, paused, cancellationToken);
        if (await AccountOfAsync(db, paused, cancellationToken) is ({ } address, var language))
        {
            await outbox.AddAsync(db, new PauseEndedLetter(paused.CaseNumber, await LabelAsync(paused, cancellationToken)), address, language, paused.CaseNumber, cancellationToken);
        }
        var who = await audit.NumberOfAsync(db, Job, cancellationToken);
        await audit.AppendAsync(db, new AuditEvent("restriction.ended") { Subject = paused.Subject, Actor = who, CaseNumber = paused.CaseNumber, ReasonCode = paused.EndReasonCode }, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>By what the account knows the person; of who has none, staff tell the recipients.</summary>
    private async Task TellRecipientsAsync(PortalDbContext db, RestrictedKind paused, CancellationToken cancellationToken)
    {
        var links = await db.AccountLinks.AsNoTracking().Where(row => row.AccountId == paused.AccountId).OrderBy(row => row.Id).ToListAsync(cancellationToken);
        var identities = links.Select(link => new Identity(link.IdentityName, link.Value(keys))).ToList();
        await recipients.AddAsync(db, new RecipientAct(paused.CaseNumber, paused.Subject, RecipientEvent.RestrictionLifted, identities, [paused.Kind]), cancellationToken);
    }

    /// <summary>The day on which the person was told; null as long as the letter has not been delivered.</summary>
    private static async Task<DateOnly?> ToldOnAsync(PortalDbContext db, RestrictedKind paused, CancellationToken cancellationToken)
    {
        if (paused.ToldOn is { } onPaper)
        {
            return onPaper;
        }
        var sent = await db.Outbox.Where(mail => mail.CaseNumber == paused.CaseNumber && mail.Template == nameof(PauseEndsLetter)).MinAsync(mail => mail.SentAt, cancellationToken);
        return sent is { } at ? DateOnly.FromDateTime(SwedishDays.Local(at)) : null;
    }

    private static async Task<(string? Address, string Language)> AccountOfAsync(PortalDbContext db, RestrictedKind paused, CancellationToken cancellationToken)
    {
        var account = await db.Users.AsNoTracking().SingleOrDefaultAsync(row => row.Id == paused.AccountId, cancellationToken);
        return (account is { EmailConfirmed: true } ? account.Email : null, account?.Language ?? "both");
    }

    private async Task<LocalText> LabelAsync(RestrictedKind paused, CancellationToken cancellationToken) =>
        (await liveMap.OpenAsync(cancellationToken)).Databases?.Map.Kinds.FirstOrDefault(kind => kind.Key == paused.Kind)?.Label ?? new LocalText(paused.Kind, paused.Kind);

    [DisallowConcurrentExecution]
    internal sealed partial class Round(PauseEnds ends, ILogger<PauseEnds> log) : IJob
    {
        public static readonly TimeSpan Every = TimeSpan.FromHours(1);

        public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
        {
            try
            {
                await ends.EndDueAsync(cancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The exception's text may quote a value.
                Failed(log, e.GetType().Name);
            }
        }

        [LoggerMessage(LogLevel.Error, "Pauses whose notice is over could not be ended: {Exception}; the next hour tries again")]
        private static partial void Failed(ILogger logger, string exception);
    }
}
