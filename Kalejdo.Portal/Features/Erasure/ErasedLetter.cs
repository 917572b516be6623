using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>Everything that may be erased is. The address is known from before.</summary>
/// <param name="SomeKept">Whether the law or an agreement keeps something.</param>
/// <param name="ReceiptAddress">One of <see cref="PortalUrls"/> that opens without a session.</param>
public sealed record ErasedLetter(string CaseNumber, bool SomeKept, DateOnly BackupsGoneBy, string? ReceiptAddress) : Letter
{
    public static ErasedLetter Sample { get; } = new(SampleLetters.CaseNumber, SomeKept: true, SampleLetters.Day, PortalUrls.Receipt(SampleLetters.Token));

    public override string Subject => ErasureMailText.ErasedSubject;

    public override string Reason => ErasureMailText.ErasedReason;

    public override Type Template => typeof(ErasedMail);

    public override bool IsFarewell => true;
}
