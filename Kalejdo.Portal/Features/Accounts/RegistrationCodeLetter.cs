using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Accounts;

public sealed record RegistrationCodeLetter(string Code) : Letter
{
    public static RegistrationCodeLetter Sample { get; } = new(SampleLetters.Code);

    public override string Subject => AccountsText.RegisterMailSubject;

    public override string Reason => AccountsText.RegisterMailReason;

    public override Type Template => typeof(RegistrationCodeMail);
}
