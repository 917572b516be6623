using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Cases;

/// <summary>What trying a step came to.</summary>
internal abstract record StepResult
{
    private StepResult()
    {
    }

    public sealed record Taken : StepResult;

    /// <summary>From where the case stands the step does not lead anywhere.</summary>
    public sealed record OutOfOrder(CaseStatus Status) : StepResult;

    /// <summary>It is not theirs to take.</summary>
    public sealed record NotTheirs : StepResult;

    /// <summary>The time to answer can be extended once, and only until that day.</summary>
    public sealed record TooLate(DateOnly Until, bool Already) : StepResult;

    /// <summary>Somebody else took a step since this one's page was shown.</summary>
    public sealed record Overtaken(CaseStatus Status) : StepResult;
}

/// <summary>A row of the table of steps.</summary>
/// <param name="To">Null where the status stays as it is.</param>
internal sealed record StepRule(CaseStep Step, CaseStatus[] From, CaseStatus? To, CaseParty[] By);

/// <summary>The one place that says from which status which step leads where, and who may take it (docs/cases.md).</summary>
internal static class CaseSteps
{
    /// <summary>Asked for within so many days of receipt, proof of identity stops the clock: it was asked for without delay (Art. 12(6)).</summary>
    public const int WithoutDelay = 7;

    /// <summary>So many days the person has to show who they are; then the request lapses, and may be made anew.</summary>
    public const int DaysToAnswer = 30;

    public const int MostMonths = 2;

    /// <summary>Why a case is partly done that is done but for a recipient that was not told, or never answered.</summary>
    public const string RecipientsNotTold = "recipients-not-told";

    private static readonly CaseStatus[] Open =
        [CaseStatus.Received, CaseStatus.WaitingForYou, CaseStatus.InProgress, CaseStatus.WaitingForRecipients, CaseStatus.PartlyDone];

    private static readonly CaseStatus[] Running = [.. Open.Except([CaseStatus.WaitingForYou])];

    public static IReadOnlyList<StepRule> Rules { get; } =
    [
        new(CaseStep.Begun, [CaseStatus.Received, CaseStatus.PartlyDone], CaseStatus.InProgress, [CaseParty.Staff, CaseParty.Portal]),
        new(CaseStep.WordsAdded, Open, null, [CaseParty.Person]),
        new(CaseStep.IdentificationAsked, [CaseStatus.Received, CaseStatus.InProgress], CaseStatus.WaitingForYou, [CaseParty.Staff]),
        new(CaseStep.Identified, [CaseStatus.WaitingForYou], CaseStatus.InProgress, [CaseParty.Person, CaseParty.Staff]),
        new(CaseStep.Extended, Running, null, [CaseParty.Staff]),
        new(CaseStep.HandedToStaff, [CaseStatus.Received, CaseStatus.InProgress], CaseStatus.Received, [CaseParty.Portal]),
        new(CaseStep.RecipientsAwaited, [CaseStatus.Received, CaseStatus.InProgress, CaseStatus.PartlyDone], CaseStatus.WaitingForRecipients, [CaseParty.Staff, CaseParty.Portal]),
        new(CaseStep.PartlyDone, [CaseStatus.InProgress, CaseStatus.WaitingForRecipients], CaseStatus.PartlyDone, [CaseParty.Staff, CaseParty.Portal]),
        new(CaseStep.Done, Running, CaseStatus.Done, [CaseParty.Staff, CaseParty.Portal]),
        new(CaseStep.Refused, Open, CaseStatus.Refused, [CaseParty.Staff, CaseParty.Portal]),
        new(CaseStep.Withdrawn, [CaseStatus.Received, CaseStatus.WaitingForYou, CaseStatus.InProgress, CaseStatus.PartlyDone], CaseStatus.Withdrawn, [CaseParty.Person, CaseParty.Staff, CaseParty.Portal]),
        new(CaseStep.Expired, [CaseStatus.WaitingForYou], CaseStatus.Expired, [CaseParty.Portal]),
    ];

    /// <summary>Whether the step could be taken now; as far as the table and the clock say.</summary>
    public static StepResult Try(Case asked, CaseStep step, CaseParty by, DateTime now)
    {
        var rule = Rules.Single(rule => rule.Step == step);
        if (!rule.By.Contains(by))
        {
            return new StepResult.NotTheirs();
        }
        if (!rule.From.Contains(asked.Status) || (step == CaseStep.Withdrawn && !MayBeWithdrawn(asked)) || (step == CaseStep.Begun && by == CaseParty.Staff && asked.Type == CaseType.Disavowal))
        {
            return new StepResult.OutOfOrder(asked.Status);
        }
        var until = DueDate.LastToExtend(asked);
        return step == CaseStep.Extended && (asked.ExtendedBy > 0 || DueDate.DayOf(now) > until)
            ? new StepResult.TooLate(until, asked.ExtendedBy > 0)
            : new StepResult.Taken();
    }

    /// <summary>
    /// Takes a step: status, clock and history of the case, in the caller's transaction. Where it is refused, nothing is changed.
    /// The caller puts it on record in the audit and saves.
    /// </summary>
    /// <param name="asked">Tracked by <paramref name="db"/>, and read in its transaction.</param>
    /// <param name="sealedWords">Of <see cref="CaseEvent.Seal"/>.</param>
    /// <param name="months">By how many months the time to answer is extended: 1 or 2.</param>
    public static StepResult Take(
        PortalDbContext db, Case asked, CaseStep step, CaseParty by, DateTime now, string? reasonCode = null, byte[]? sealedWords = null, int months = MostMonths)
    {
        if (Try(asked, step, by, now) is not StepResult.Taken taken)
        {
            return Try(asked, step, by, now);
        }
        var rule = Rules.Single(rule => rule.Step == step);
        if (asked.Status == CaseStatus.WaitingForYou && rule.To is not null)
        {
            StartClock(asked, now);
        }
        if (step == CaseStep.IdentificationAsked)
        {
            asked.WaitsUntil = DueDate.DayOf(now).AddDays(DaysToAnswer);
            asked.StoppedAt = DueDate.DayOf(now) <= DueDate.DayOf(asked.ReceivedAt).AddDays(WithoutDelay) ? now : null;
        }
        else if (step == CaseStep.Extended)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(months, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(months, MostMonths);
            asked.ExtendedBy = months;
            asked.DueOn = DueDate.Of(asked);
        }
        if (rule.To is { } to)
        {
            asked.Status = to;
            asked.ClosedAt = Open.Contains(to) ? null : now;
            // Why it is where it is; what was asked for or said on the way stands in the history.
            asked.ReasonCode = step is CaseStep.IdentificationAsked or CaseStep.Identified or CaseStep.Begun ? asked.ReasonCode : reasonCode;
        }
        // Also a step that changes nothing of the case is one that somebody else has to know of.
        if (db.Entry(asked) is { State: EntityState.Unchanged } unchanged)
        {
            unchanged.Property(row => row.Version).IsModified = true;
        }
        Note(db, asked, step, by, now, reasonCode, sealedWords);
        return taken;
    }

    /// <summary>A step of the portal's own, which it takes where it knows that it may.</summary>
    public static void Take(this Case asked, PortalDbContext db, CaseStep step, DateTime now, string? reasonCode = null, CaseParty by = CaseParty.Portal)
    {
        if (Take(db, asked, step, by, now, reasonCode) is not StepResult.Taken and var refused)
        {
            throw new InvalidOperationException($"Case {asked.Number} cannot take the step {step}: {refused}.");
        }
    }

    public static bool IsOpen(this Case asked) => Open.Contains(asked.Status);

    internal static void Note(PortalDbContext db, Case asked, CaseStep step, CaseParty by, DateTime now, string? reasonCode, byte[]? sealedWords) =>
        db.CaseEvents.Add(new CaseEvent { CaseNumber = asked.Number, At = now, Step = step, By = by, ReasonCode = reasonCode, SealedWords = sealedWords });

    private static void StartClock(Case asked, DateTime now)
    {
        if (asked.StoppedAt is { } since)
        {
            asked.StoppedDays += DueDate.DayOf(now).DayNumber - DueDate.DayOf(since).DayNumber;
            asked.DueOn = DueDate.Of(asked);
        }
        (asked.StoppedAt, asked.WaitsUntil) = (null, null);
    }

    /// <summary>What is being destroyed, or has been in part, cannot be called back; a disavowed address can while it is held.</summary>
    private static bool MayBeWithdrawn(Case asked) => (asked.Status, asked.Type) switch
    {
        (CaseStatus.InProgress, CaseType.Erasure or CaseType.Disavowal) => false,
        (CaseStatus.PartlyDone, not CaseType.Disavowal) => false,
        _ => true,
    };
}
