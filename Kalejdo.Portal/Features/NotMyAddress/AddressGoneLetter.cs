using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.NotMyAddress;

/// <summary>To the subscriber, at another address of theirs: one that stood in their agreement was removed.</summary>
public sealed record AddressGoneLetter : Letter
{
    public static AddressGoneLetter Sample { get; } = new();

    public override string Subject => NotMyAddressText.GoneSubject;

    public override string Reason => NotMyAddressText.GoneReason;

    public override Type Template => typeof(AddressGoneMail);
}
