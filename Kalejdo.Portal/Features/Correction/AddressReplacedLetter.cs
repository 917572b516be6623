using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Correction;

/// <summary>To the old address; the new one is not named.</summary>
/// <param name="UndoAddress">One of <see cref="PortalUrls"/> that opens without a session.</param>
public sealed record AddressReplacedLetter(string CaseNumber, string? UndoAddress) : Letter
{
    public static AddressReplacedLetter Sample { get; } = new(SampleLetters.CaseNumber, "/angra-adress/abc");

    public override string Subject => CorrectionMailText.ReplacedSubject;

    public override string Reason => CorrectionMailText.ReplacedReason;

    public override Type Template => typeof(AddressReplacedMail);
}
