using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Correction;

/// <summary>Something was corrected, by the person or by staff.</summary>
/// <param name="Fields">By the map's names; never the values.</param>
public sealed record CorrectedLetter(string CaseNumber, IReadOnlyList<LocalText> Fields) : Letter
{
    public static CorrectedLetter Sample { get; } = new(SampleLetters.CaseNumber, SampleLetters.Kinds);

    public override string Subject => CorrectionMailText.CorrectedSubject;

    public override string Reason => CorrectionMailText.CorrectedReason;

    public override Type Template => typeof(CorrectedMail);
}
