using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Cases;

/// <summary>A step that somebody wants to take.</summary>
/// <param name="Actor">Who, by the audit's names, such as <c>account:…</c>.</param>
/// <param name="Version">Of the case as its page showed it; null where whoever takes the step has not looked.</param>
internal sealed record WantedStep(string CaseNumber, CaseStep Step, CaseParty By, string Actor, int? Version = null)
{
    public string? ReasonCode { get; init; }

    public string? Words { get; init; }

    public int Months { get; init; } = CaseSteps.MostMonths;

    /// <summary>Not even by accident in a log.</summary>
    public override string ToString() => $"{CaseNumber} {Step}";
}

/// <summary>Takes the steps of people and of the clock: case, history, audit and letter stand or fall together. Steps that are refused are on record too.</summary>
internal sealed class CaseHandling(IDbContextFactory<PortalDbContext> databases, AuditTrail audit, PortalKeys keys, TimeProvider time)
{
    /// <param name="whenTaken">What stands or falls with it, such as a letter.</param>
    public async Task<StepResult> TakeAsync(WantedStep wanted, Func<PortalDbContext, Case, Task> whenTaken, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var asked = await db.Cases.SingleAsync(row => row.Number == wanted.CaseNumber, cancellationToken);
        var result = wanted.Version is { } seen && seen != asked.Version
            ? new StepResult.Overtaken(asked.Status)
            : CaseSteps.Take(
                db, asked, wanted.Step, wanted.By, time.GetUtcNow().UtcDateTime, wanted.ReasonCode, CaseEvent.Seal(keys, asked.Number, wanted.Words), wanted.Months);
        var actor = await audit.NumberOfAsync(db, wanted.Actor, cancellationToken);
        if (result is StepResult.Taken)
        {
            await whenTaken(db, asked);
            await audit.AppendAsync(db, new AuditEvent(EventOf(wanted.Step)) { Subject = asked.Subject, Actor = actor, CaseNumber = asked.Number, ReasonCode = wanted.ReasonCode }, cancellationToken);
        }
        else
        {
            await audit.AppendAsync(db, new AuditEvent("case.step-refused") { Subject = asked.Subject, Actor = actor, CaseNumber = asked.Number, ReasonCode = CodeOf(result) }, cancellationToken);
        }
        await transaction.CommitAsync(cancellationToken);
        return result;
    }

    /// <summary>What the audit calls it.</summary>
    internal static string EventOf(CaseStep step) => step switch
    {
        CaseStep.Received => "case.received",
        CaseStep.Begun => "case.begun",
        CaseStep.WordsAdded => "case.words-added",
        CaseStep.IdentificationAsked => "case.identification-asked",
        CaseStep.Identified => "case.identified",
        CaseStep.Extended => "case.extended",
        CaseStep.HandedToStaff => "case.handed-to-staff",
        CaseStep.RecipientsAwaited => "case.recipients-awaited",
        CaseStep.PartlyDone => "case.partly-done",
        CaseStep.Done => "case.done",
        CaseStep.Refused => "case.refused",
        CaseStep.Withdrawn => "case.withdrawn",
        CaseStep.Expired => "case.expired",
        _ => throw new ArgumentOutOfRangeException(nameof(step)),
    };

    private static string CodeOf(StepResult refused) => refused switch
    {
        StepResult.OutOfOrder => "out-of-order",
        StepResult.NotTheirs => "not-theirs",
        StepResult.TooLate => "too-late",
        StepResult.Overtaken => "overtaken",
        _ => throw new ArgumentOutOfRangeException(nameof(refused)),
    };
}
