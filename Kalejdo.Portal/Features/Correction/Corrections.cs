using System.Text.Json;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Recipients;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Correction;

/// <summary>What a recorded correction came to.</summary>
/// <param name="Case">Its case; null where it was refused before there was anything to record.</param>
internal sealed record CorrectionResult(RectificationOutcome Outcome, string? Case);

/// <summary>
/// Corrects with evidence (design.md 6): the case stands before the value is changed and is closed after it. A kill in between leaves
/// an open case, which staff see; neither case nor audit holds a value.
/// </summary>
internal sealed class Corrections(
    LiveMap liveMap, IDbContextFactory<PortalDbContext> databases, AuditTrail audit, Subjects subjects, Restrictions restrictions, RecipientNotices recipients, TimeProvider time)
{
    /// <param name="actor">Who does it, by the audit's names, such as <c>operator:command-line</c>.</param>
    public Task<CorrectionResult> CorrectAsync(
        IReadOnlyList<Identity> identities, string field, RowKey? key, string? oldValue, string? newValue, string actor, CancellationToken cancellationToken) =>
        CorrectAsync(identities, field, key, oldValue, newValue, actor, null, cancellationToken);

    /// <param name="whenDone">What stands or falls with the record of a correction, or of its being left to staff, such as letters.</param>
    public async Task<CorrectionResult> CorrectAsync(
        IReadOnlyList<Identity> identities, string field, RowKey? key, string? oldValue, string? newValue, string actor,
        Func<PortalDbContext, Case, Task>? whenDone, CancellationToken cancellationToken)
    {
        var (live, problems) = await liveMap.OpenAsync(cancellationToken);
        if (live is null)
        {
            return Refused(problems[0]);
        }
        // A slip of the pen is no request: what could never be corrected is refused without a case.
        if (live.Unknown(identities) is [var unknown, ..])
        {
            return Refused(unknown);
        }
        var rule = field.Split('.') is [var dataset, var collection, var name] ? live.Map.Find(dataset, collection)?.Find(name)?.Correct : null;
        if (rule is not null && CorrectionRules.Problem(rule, newValue) is { } problem)
        {
            return Refused(new Refusal(problem, field));
        }
        var rectification = new Rectification(live);
        if (rule is null)
        {
            return new CorrectionResult(await rectification.CorrectAsync(identities, field, key, oldValue, newValue, cancellationToken), null);
        }
        if (!Restrictions.IsOwnAct(actor) && await IsRestrictedAsync(live, identities, field, actor, cancellationToken) is { } restricted)
        {
            return Refused(restricted);
        }
        var number = await OpenAsync(identities, field, actor, cancellationToken);
        var outcome = await rectification.CorrectAsync(identities, field, key, oldValue, newValue, cancellationToken);
        await CloseAsync(number, live.Map, field, identities, outcome, actor, outcome is RectificationOutcome.Stale ? null : whenDone, cancellationToken);
        return new CorrectionResult(outcome, number);

        static CorrectionResult Refused(Refusal reason) => new(new RectificationOutcome.Refused(reason), null);
    }

    /// <summary>What somebody had paused is not corrected without them, unless it was paused to be checked (docs/decisions/12).</summary>
    private async Task<Refusal?> IsRestrictedAsync(Databases live, IReadOnlyList<Identity> identities, string field, string actor, CancellationToken cancellationToken)
    {
        if (await restrictions.InForceByAnyIdentityAsync(live, identities, cancellationToken) is not { } paused)
        {
            return new Refusal("a database could not be read", field);
        }
        var kind = live.Map.Collections.First(c => field.StartsWith($"{c.Id}.", StringComparison.Ordinal)).KindKey;
        if (!paused.Any(row => row.Kind == kind && row.Ground != RestrictionGround.Accuracy))
        {
            return null;
        }
        await restrictions.RecordUpheldAsync(identities, actor, "rectification", cancellationToken);
        return new Refusal($"the person asked to have the use of {kind} paused (GDPR Art. 18)", field);
    }

    private async Task<string> OpenAsync(IReadOnlyList<Identity> identities, string field, string actor, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var (subject, who) = (await subjects.NumberOfAsync(db, identities, cancellationToken), await audit.NumberOfAsync(db, actor, cancellationToken));
        var opened = await CaseRegister.OpenAsync(db, CaseType.Rectification, subject, time.GetUtcNow().UtcDateTime, cancellationToken, CaseRegister.PartyOf(actor));
        opened.Take(db, CaseStep.Begun, opened.ReceivedAt);
        opened.PlanJson = JsonSerializer.Serialize(new { field });
        await audit.AppendAsync(db, new AuditEvent("rectification.intended") { Subject = subject, Actor = who, CaseNumber = opened.Number }, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return opened.Number;
    }

    private async Task CloseAsync(
        string number, Map map, string field, IReadOnlyList<Identity> identities, RectificationOutcome outcome, string actor, Func<PortalDbContext, Case, Task>? whenDone, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var closed = await db.Cases.SingleAsync(c => c.Number == number, cancellationToken);
        var (step, reason) = outcome switch
        {
            RectificationOutcome.Corrected when await TellRecipientsAsync(db, closed, map, field, identities, cancellationToken) > 0 => (CaseStep.RecipientsAwaited, null),
            RectificationOutcome.Corrected => (CaseStep.Done, null),
            RectificationOutcome.Stale => (CaseStep.Refused, "stale"),
            // A database that could not be reached: the request stands, and staff see to it.
            _ => (CaseStep.HandedToStaff, "not-possible"),
        };
        closed.Take(db, step, time.GetUtcNow().UtcDateTime, reason);
        closed.OutcomeJson = JsonSerializer.Serialize(new { rows = (outcome as RectificationOutcome.Corrected)?.Rows ?? 0 });
        if (whenDone is not null)
        {
            await whenDone(db, closed);
        }
        var who = await audit.NumberOfAsync(db, actor, cancellationToken);
        var name = outcome is RectificationOutcome.Corrected ? "rectification.done" : "rectification.refused";
        await audit.AppendAsync(db, new AuditEvent(name) { Subject = closed.Subject, Actor = who, CaseNumber = number, ReasonCode = closed.ReasonCode }, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private async Task<int> TellRecipientsAsync(PortalDbContext db, Case closed, Map map, string field, IReadOnlyList<Identity> identities, CancellationToken cancellationToken)
    {
        // An identity is corrected wherever it stood.
        var identity = map.Collections.SelectMany(c => c.Fields.Where(f => $"{c.Id}.{f.Name}" == field)).Select(f => f.Identity).FirstOrDefault();
        var kinds = identity is null ? await recipients.KindsOfFieldsAsync([field], cancellationToken) : await recipients.KindsWithAsync(identity, cancellationToken);
        return await recipients.AddAsync(db, new RecipientAct(closed.Number, closed.Subject, RecipientEvent.Corrected, identities, kinds) { Field = field }, cancellationToken);
    }
}

internal static class CorrectedCase
{
    /// <summary>Whether the value is corrected; its recipients may have to follow yet.</summary>
    public static bool IsCorrected(this Case made) => made.Status is CaseStatus.Done or CaseStatus.WaitingForRecipients;
}
