using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Restriction;

/// <summary>The use of a kind is paused.</summary>
/// <param name="Kind">By the map's label.</param>
public sealed record PauseBegunLetter(string CaseNumber, LocalText Kind) : Letter
{
    public static PauseBegunLetter Sample { get; } = new(SampleLetters.CaseNumber, SampleLetters.Kinds[0]);

    public override string Subject => RestrictionMailText.BegunSubject;

    public override string Reason => RestrictionMailText.BegunReason;

    public override Type Template => typeof(PauseBegunMail);
}
