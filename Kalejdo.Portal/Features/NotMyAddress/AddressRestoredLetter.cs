using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.NotMyAddress;

/// <summary>Its owner wanted the address back, and has it.</summary>
public sealed record AddressRestoredLetter(string CaseNumber) : Letter
{
    public static AddressRestoredLetter Sample { get; } = new(SampleLetters.CaseNumber);

    public override string Subject => NotMyAddressText.RestoredSubject;

    public override string Reason => NotMyAddressText.RestoredReason;

    public override Type Template => typeof(AddressRestoredMail);

    public override bool ReachesBlocked => true;
}
