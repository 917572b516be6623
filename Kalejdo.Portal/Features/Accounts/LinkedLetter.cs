using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Accounts;

public sealed record LinkedLetter : Letter
{
    public static LinkedLetter Sample { get; } = new();

    public override string Subject => AccountsText.LinkedMailSubject;

    public override string Reason => AccountsText.LinkedMailReason;

    public override Type Template => typeof(LinkedMail);
}
