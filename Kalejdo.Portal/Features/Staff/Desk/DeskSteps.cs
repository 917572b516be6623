using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;

namespace Kalejdo.Portal.Features.Staff.Desk;

/// <summary>The steps of staff, with the letter that each owes the person.</summary>
internal sealed class DeskSteps(CaseHandling handling, CaseLetters letters)
{
    public Task<StepResult> TakeAsync(WantedStep wanted, CancellationToken cancellationToken) => handling.TakeAsync(
        wanted,
        (db, asked) => LetterOf(wanted, asked) is { } letter ? letters.AddAsync(db, asked, letter, cancellationToken) : Task.CompletedTask,
        cancellationToken);

    private static Func<string, Letter>? LetterOf(WantedStep taken, Case asked) => taken.Step switch
    {
        CaseStep.IdentificationAsked => link => new IdentificationAskedLetter(asked.Number, asked.WaitsUntil!.Value, asked.StoppedAt is not null, PortalUrls.Case(link)),
        CaseStep.Extended => link => new CaseExtendedLetter(asked.Number, asked.DueOn, PortalUrls.Case(link)),
        CaseStep.Done => link => new CaseAnsweredLetter(asked.Number, PortalUrls.Case(link)),
        CaseStep.Refused => link => new CaseRefusedLetter(asked.Number, taken.ReasonCode!, PortalUrls.Case(link)),
        // That somebody works on it, or has seen proof of who asks, stands on the case's page.
        _ => null,
    };
}
