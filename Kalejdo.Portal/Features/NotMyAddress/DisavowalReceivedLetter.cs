using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.NotMyAddress;

/// <summary>Somebody has confirmed the address, so people look at it before anything changes.</summary>
public sealed record DisavowalReceivedLetter(string CaseNumber, DateOnly DueOn) : Letter
{
    public static DisavowalReceivedLetter Sample { get; } = new(SampleLetters.CaseNumber, SampleLetters.Day);

    public override string Subject => NotMyAddressText.ReceivedSubject;

    public override string Reason => NotMyAddressText.ReceivedReason;

    public override Type Template => typeof(DisavowalReceivedMail);

    public override bool ReachesBlocked => true;
}
