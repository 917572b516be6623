using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Guests;

/// <summary>The code that proves the mailbox of somebody who asks without signing in.</summary>
public sealed record GuestCodeLetter(string Code) : Letter
{
    public static GuestCodeLetter Sample { get; } = new(SampleLetters.Code);

    public override string Subject => GuestText.CodeSubject;

    public override string Reason => GuestText.CodeReason;

    public override Type Template => typeof(GuestCodeMail);
}
