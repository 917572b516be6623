using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Restriction;

/// <summary>A pause is to end: before it does (Art. 18(3)).</summary>
/// <param name="Kind">By the map's label.</param>
/// <param name="Earliest">Not before that day.</param>
/// <param name="ReasonCode">Of <see cref="PauseEnds.Reasons"/>.</param>
public sealed record PauseEndsLetter(string CaseNumber, LocalText Kind, DateOnly Earliest, string ReasonCode) : Letter
{
    public static PauseEndsLetter Sample { get; } = new(SampleLetters.CaseNumber, SampleLetters.Kinds[0], SampleLetters.Day, PauseEnds.Reasons[0]);

    public override string Subject => RestrictionMailText.EndsSubject;

    public override string Reason => RestrictionMailText.EndsReason;

    public override Type Template => typeof(PauseEndsMail);
}
