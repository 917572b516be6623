using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>The last letter: everything is erased.</summary>
public sealed record ErasedLetter(string CaseNumber, string ReceiptToken) : Letter
{
    public override string Subject => ErasureText.ErasedSubject;

    public override string Reason => ErasureText.LetterReason;

    public override Type Template => typeof(ErasedMail);
}
