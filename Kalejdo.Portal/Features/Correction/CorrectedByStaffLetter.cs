using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Correction;

/// <summary>Staff corrected something on Kalejdo's own initiative; why stands at the case.</summary>
/// <param name="Fields">By the map's names; never the values.</param>
public sealed record CorrectedByStaffLetter(string CaseNumber, IReadOnlyList<LocalText> Fields, string Link) : Letter
{
    public static CorrectedByStaffLetter Sample { get; } = new(SampleLetters.CaseNumber, SampleLetters.Kinds, PortalUrls.Case(SampleLetters.Token));

    public override string Subject => CorrectionMailText.ByStaffSubject;

    public override string Reason => CorrectionMailText.CorrectedReason;

    public override Type Template => typeof(CorrectedByStaffMail);
}
