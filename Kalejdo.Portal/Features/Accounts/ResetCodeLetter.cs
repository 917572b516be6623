using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Accounts;

public sealed record ResetCodeLetter(string Code) : Letter
{
    public static ResetCodeLetter Sample { get; } = new(SampleLetters.Code);

    public override string Subject => AccountsText.ResetMailSubject;

    public override string Reason => AccountsText.ResetMailReason;

    public override Type Template => typeof(ResetCodeMail);
}
