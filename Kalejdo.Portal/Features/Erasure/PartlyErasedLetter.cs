using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>Some kinds, or a single row, are erased.</summary>
public sealed record PartlyErasedLetter(string CaseNumber, IReadOnlyList<LocalText> Kinds, string ReceiptToken) : Letter
{
    public override string Subject => ErasureText.PartlySubject;

    public override string Reason => ErasureText.LetterReason;

    public override Type Template => typeof(PartlyErasedMail);
}
