using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>To whoever of staff asked for an erasure: a colleague approved it, or it did not come to be.</summary>
public sealed record ErasureAnsweredLetter(string CaseNumber, bool IsApproved) : Letter
{
    public static ErasureAnsweredLetter Sample { get; } = new(SampleLetters.CaseNumber, IsApproved: true);

    public override string Subject => Title;

    public override string Reason => ErasureMailText.AnsweredReason;

    public override Type Template => typeof(ErasureAnsweredMail);

    internal string Title => IsApproved ? ErasureMailText.ApprovedSubject : ErasureMailText.ReturnedSubject;

    internal string Text => IsApproved ? ErasureMailText.ApprovedText : ErasureMailText.ReturnedText;
}
