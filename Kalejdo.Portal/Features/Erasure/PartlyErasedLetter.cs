using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>What was chosen is erased.</summary>
/// <param name="Kinds">By the map's names.</param>
/// <param name="ReceiptAddress">One of <see cref="PortalUrls"/> that opens without a session.</param>
public sealed record PartlyErasedLetter(string CaseNumber, IReadOnlyList<LocalText> Kinds, string? ReceiptAddress) : Letter
{
    public static PartlyErasedLetter Sample { get; } = new(SampleLetters.CaseNumber, SampleLetters.Kinds, PortalUrls.Receipt(SampleLetters.Token));

    public override string Subject => ErasureMailText.PartlySubject;

    public override string Reason => ErasureMailText.PartlyReason;

    public override Type Template => typeof(PartlyErasedMail);
}
