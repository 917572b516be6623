using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Correction;

/// <summary>Staff decide what the person may not change alone; the value stays as it is until then.</summary>
public sealed record CorrectionReceivedLetter(string CaseNumber, DateOnly DueOn) : Letter
{
    public static CorrectionReceivedLetter Sample { get; } = new(SampleLetters.CaseNumber, SampleLetters.Day);

    public override string Subject => CorrectionMailText.ReceivedSubject;

    public override string Reason => CorrectionMailText.ReceivedReason;

    public override Type Template => typeof(CorrectionReceivedMail);
}
