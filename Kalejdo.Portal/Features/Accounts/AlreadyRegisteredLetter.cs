using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Accounts;

public sealed record AlreadyRegisteredLetter : Letter
{
    public static AlreadyRegisteredLetter Sample { get; } = new();

    public override string Subject => AccountsText.KnownMailSubject;

    public override string Reason => AccountsText.KnownMailReason;

    public override Type Template => typeof(AlreadyRegisteredMail);
}
