using System.Data.Common;
using System.Text.Json;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>Full erasures in their pause: put on record, undone, or started when the pause is over (design.md 5).</summary>
internal sealed partial class ScheduledErasures(
    IDbContextFactory<PortalDbContext> databases,
    Erasures erasures,
    Outbox outbox,
    AuditTrail audit,
    Subjects subjects,
    SelfService selfService,
    PortalKeys keys,
    IDataProtectionProvider protection,
    IOptions<ErasureOptions> settings,
    TimeProvider time,
    ILogger<ScheduledErasures> log)
{
    /// <summary>So long after a change of address, password or factor, or a new account, nothing is erased at once: whoever got in cannot destroy before its owner hears of it.</summary>
    private static readonly TimeSpan NowRefused = TimeSpan.FromDays(7);

    /// <summary>A database may be away when the pause is over, and who comes too late wants to read that.</summary>
    private static readonly TimeSpan LinkOutlives = TimeSpan.FromDays(7);

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>Puts the erasure on record and closes the account; asked for twice it stands once.</summary>
    /// <returns>Its case.</returns>
    public async Task<string> ScheduleAsync(ErasureRequest request, CancellationToken cancellationToken)
    {
        var farewell = request.Farewell ?? throw new ArgumentException("An erasure that waits belongs to an account.", nameof(request));
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await Waiting(db, farewell.AccountId).Select(s => s.CaseNumber).FirstOrDefaultAsync(cancellationToken) is { } already)
        {
            return already;
        }
        var subject = await subjects.NumberOfAsync(db, request.Identities, cancellationToken);
        var actor = await audit.NumberOfAsync(db, request.Actor, cancellationToken);
        var opened = await CaseRegister.OpenAsync(db, CaseType.Erasure, subject, Now, cancellationToken);
        var runsAt = Now + settings.Value.Pause;
        db.ScheduledErasures.Add(new ScheduledErasure
        {
            CaseNumber = opened.Number,
            AccountId = farewell.AccountId,
            RunsAt = runsAt,
            CreatedAt = Now,
            SealedPayload = ScheduledErasure.Protector(protection, opened.Number).Protect(JsonSerializer.SerializeToUtf8Bytes(request)),
        });
        foreach (var address in await AddressesAsync(db, farewell, cancellationToken))
        {
            db.MailLinks.Add(MailLink.New(keys, MailLinkPurpose.UndoErasure, address, Now, settings.Value.Pause + LinkOutlives, out var token, opened.Number, farewell.AccountId));
            await outbox.AddAsync(db, new ErasureScheduledLetter(opened.Number, runsAt, PortalUrls.UndoErasure(token)), address, farewell.Language, opened.Number, cancellationToken);
        }
        await audit.AppendAsync(db, new AuditEvent("erasure.scheduled") { Subject = subject, Actor = actor, CaseNumber = opened.Number }, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return opened.Number;
    }

    /// <summary>The erasure that an account waits for; null where it waits for none.</summary>
    public async Task<ScheduledErasure?> FindAsync(string accountId, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await Waiting(db, accountId).AsNoTracking().FirstOrDefaultAsync(cancellationToken);
    }

    /// <summary>The erasure that a mail's link can undo, whatever became of it; null where the link is unknown or was altered.</summary>
    public async Task<ScheduledErasure?> FindByLinkAsync(string token, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var hash = MailLink.HashToken(MailLinkPurpose.UndoErasure, token);
        return await db.MailLinks.AsNoTracking().Where(l => l.TokenHash == hash)
            .Join(db.ScheduledErasures, l => l.CaseNumber, s => s.CaseNumber, (_, s) => s).SingleOrDefaultAsync(cancellationToken);
    }

    /// <summary>Whether staff go on with it, after asking the person; for one that does not wait any more.</summary>
    public async Task<bool> IsWithStaffAsync(string caseNumber, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.Cases.AnyAsync(c => c.Number == caseNumber && c.Status != CaseStatus.Withdrawn, cancellationToken);
    }

    /// <returns>False where it had begun already.</returns>
    public async Task<bool> UndoAsync(string caseNumber, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await db.ScheduledErasures.SingleOrDefaultAsync(s => s.CaseNumber == caseNumber, cancellationToken) is not { StartedAt: null } scheduled)
        {
            return false;
        }
        if (scheduled.CancelledAt is not null)
        {
            return true;
        }
        var farewell = Open(scheduled).Farewell!;
        (scheduled.CancelledAt, scheduled.SealedPayload) = (Now, []);
        var withdrawn = await db.Cases.SingleAsync(c => c.Number == caseNumber, cancellationToken);
        withdrawn.Take(db, CaseStep.Withdrawn, Now, by: CaseParty.Person);
        var actor = await audit.NumberOfAsync(db, $"account:{scheduled.AccountId}", cancellationToken);
        // Whoever was told that it would happen is told that it will not.
        foreach (var address in await AddressesAsync(db, farewell, cancellationToken))
        {
            await outbox.AddAsync(db, new ErasureUndoneLetter(caseNumber), address, farewell.Language, caseNumber, cancellationToken);
        }
        await audit.AppendAsync(db, new AuditEvent("erasure.undone") { Subject = withdrawn.Subject, Actor = actor, CaseNumber = caseNumber }, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Starts what is due. Two nodes may do so at once: the intent is recorded once (<see cref="Erasures.BeginAsync"/>).</summary>
    public async Task StartDueAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var now = Now;
        foreach (var due in await db.ScheduledErasures.AsNoTracking()
            .Where(s => s.RunsAt <= now && s.StartedAt == null && s.CancelledAt == null).OrderBy(s => s.RunsAt).ToListAsync(cancellationToken))
        {
            try
            {
                // Somebody else may have asked for it, in the account of a person who was to be protected from them: staff ask the person first.
                if (await selfService.IsClosedAsync(Open(due).Identities, cancellationToken))
                {
                    await HandToStaffAsync(due.CaseNumber, cancellationToken);
                    continue;
                }
            }
            catch (DbException)
            {
                Log.Waits(log, due.CaseNumber);
                continue;
            }
            // The plan of today counts, not the one that was shown: grounds may have ended meanwhile.
            var (begun, otherwise) = await erasures.BeginAsync(Open(due) with { CaseNumber = due.CaseNumber, Shown = null, Actor = "system:pause-over" }, cancellationToken);
            if (begun is not null)
            {
                await erasures.FinishAsync(begun, new Progress<string>(), cancellationToken);
            }
            else if (otherwise is ErasureResult.Unavailable)
            {
                Log.Waits(log, due.CaseNumber);
            }
        }
    }

    private async Task HandToStaffAsync(string caseNumber, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await db.ScheduledErasures.SingleOrDefaultAsync(s => s.CaseNumber == caseNumber && s.StartedAt == null && s.CancelledAt == null, cancellationToken) is not { } scheduled)
        {
            return;
        }
        (scheduled.CancelledAt, scheduled.SealedPayload) = (Now, []);
        var handed = await db.Cases.SingleAsync(c => c.Number == caseNumber, cancellationToken);
        handed.Take(db, CaseStep.HandedToStaff, Now, "self-service-closed");
        var actor = await audit.NumberOfAsync(db, "system:pause-over", cancellationToken);
        await audit.AppendAsync(db, new AuditEvent("case.handed-to-staff") { Subject = handed.Subject, Actor = actor, CaseNumber = caseNumber, ReasonCode = "self-service-closed" }, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Whether what the account is reached or opened by is so new that nothing may be erased at once.</summary>
    public async Task<bool> CredentialsChangedLatelyAsync(string accountId, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var since = Now - NowRefused;
        return await db.Users.AnyAsync(a => a.Id == accountId && a.CredentialsChangedAt > since, cancellationToken)
            || await db.MailLinks.AnyAsync(l => l.AccountId == accountId && l.Purpose == MailLinkPurpose.UndoAddressChange && l.CreatedAt > since, cancellationToken);
    }

    private ErasureRequest Open(ScheduledErasure scheduled) =>
        JsonSerializer.Deserialize<ErasureRequest>(ScheduledErasure.Protector(protection, scheduled.CaseNumber).Unprotect(scheduled.SealedPayload))!;

    private static IQueryable<ScheduledErasure> Waiting(PortalDbContext db, string accountId) =>
        db.ScheduledErasures.Where(s => s.AccountId == accountId && s.CancelledAt == null && s.StartedAt == null);

    /// <summary>The account's address, and those that were replaced and whose owners may still object.</summary>
    private async Task<IReadOnlyList<string>> AddressesAsync(PortalDbContext db, ErasureFarewell farewell, CancellationToken cancellationToken)
    {
        var now = Now;
        var replaced = await db.MailLinks.AsNoTracking()
            .Where(l => l.AccountId == farewell.AccountId && l.Purpose == MailLinkPurpose.UndoAddressChange && l.ExpiresAt > now).ToListAsync(cancellationToken);
        return [.. new[] { farewell.Address }.Concat(replaced.Select(l => l.Address(keys))).OfType<string>().Distinct(StringComparer.OrdinalIgnoreCase)];
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The erasure of case {Number} is due, but a database does not answer; it is tried again every minute")]
        public static partial void Waits(ILogger logger, string number);
    }
}
