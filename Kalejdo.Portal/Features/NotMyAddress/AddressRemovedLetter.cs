using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.NotMyAddress;

/// <summary>The receipt of a disavowal, and the last there is to this address.</summary>
public sealed record AddressRemovedLetter(string CaseNumber) : Letter
{
    public static AddressRemovedLetter Sample { get; } = new(SampleLetters.CaseNumber);

    public override string Subject => NotMyAddressText.RemovedSubject;

    public override string Reason => NotMyAddressText.RemovedReason;

    public override Type Template => typeof(AddressRemovedMail);

    public override bool IsFarewell => true;

    public override bool ReachesBlocked => true;
}
