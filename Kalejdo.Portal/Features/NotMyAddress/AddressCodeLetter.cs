using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.NotMyAddress;

/// <summary>The code that proves the mailbox, for somebody who came without a link.</summary>
public sealed record AddressCodeLetter(string Code) : Letter
{
    public static AddressCodeLetter Sample { get; } = new(SampleLetters.Code);

    public override string Subject => NotMyAddressText.CodeSubject;

    public override string Reason => NotMyAddressText.CodeReason;

    public override Type Template => typeof(AddressCodeMail);

    public override bool ReachesBlocked => true;
}
