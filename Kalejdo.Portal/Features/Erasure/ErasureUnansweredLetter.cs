using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>To the mailbox of staff: a colleague's erasure has waited for a second person for three days.</summary>
public sealed record ErasureUnansweredLetter(string CaseNumber) : Letter
{
    public static ErasureUnansweredLetter Sample { get; } = new(SampleLetters.CaseNumber);

    public override string Subject => ErasureMailText.UnansweredSubject;

    public override string Reason => ErasureMailText.UnansweredReason;

    public override Type Template => typeof(ErasureUnansweredMail);
}
