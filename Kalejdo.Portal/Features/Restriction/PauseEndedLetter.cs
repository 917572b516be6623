using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Restriction;

/// <summary>A pause is over.</summary>
/// <param name="Kind">By the map's label.</param>
public sealed record PauseEndedLetter(string CaseNumber, LocalText Kind) : Letter
{
    public static PauseEndedLetter Sample { get; } = new(SampleLetters.CaseNumber, SampleLetters.Kinds[0]);

    public override string Subject => RestrictionMailText.EndedSubject;

    public override string Reason => RestrictionMailText.EndedReason;

    public override Type Template => typeof(PauseEndedMail);
}
