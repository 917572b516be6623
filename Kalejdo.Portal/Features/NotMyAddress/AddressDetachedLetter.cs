using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.NotMyAddress;

/// <summary>The receipt of a disavowal whose address had been confirmed, with the way back.</summary>
/// <param name="UndoAddress">One of <see cref="PortalUrls"/>.</param>
public sealed record AddressDetachedLetter(string CaseNumber, DateTime Until, string UndoAddress) : Letter
{
    public static AddressDetachedLetter Sample { get; } = new(SampleLetters.CaseNumber, SampleLetters.Moment, PortalUrls.UndoDisavowal(SampleLetters.Token));

    public override string Subject => NotMyAddressText.RemovedSubject;

    public override string Reason => NotMyAddressText.RemovedReason;

    public override Type Template => typeof(AddressDetachedMail);

    public override bool ReachesBlocked => true;
}
