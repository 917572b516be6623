using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Accounts;

public sealed record PasswordChangedLetter : Letter
{
    public static PasswordChangedLetter Sample { get; } = new();

    public override string Subject => AccountsText.ChangedMailSubject;

    public override string Reason => AccountsText.ChangedMailReason;

    public override Type Template => typeof(PasswordChangedMail);
}
