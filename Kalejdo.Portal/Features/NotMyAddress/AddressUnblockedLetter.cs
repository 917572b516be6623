using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.NotMyAddress;

/// <summary>The owner lifted the block of the address.</summary>
public sealed record AddressUnblockedLetter : Letter
{
    public static AddressUnblockedLetter Sample { get; } = new();

    public override string Subject => NotMyAddressText.UnblockedSubject;

    public override string Reason => NotMyAddressText.UnblockedReason;

    public override Type Template => typeof(AddressUnblockedMail);
}
