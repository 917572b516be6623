using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Restriction;

/// <summary>Staff paused the use of a kind; why stands at the case.</summary>
/// <param name="Kind">By the map's label.</param>
public sealed record PauseBegunByStaffLetter(string CaseNumber, LocalText Kind, string Link) : Letter
{
    public static PauseBegunByStaffLetter Sample { get; } = new(SampleLetters.CaseNumber, SampleLetters.Kinds[0], PortalUrls.Case(SampleLetters.Token));

    public override string Subject => RestrictionMailText.BegunSubject;

    public override string Reason => RestrictionMailText.ByStaffReason;

    public override Type Template => typeof(PauseBegunByStaffMail);
}
