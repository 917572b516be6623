using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Staff.Personnel;

/// <param name="Link">Of <see cref="PortalUrls"/>, with its token.</param>
/// <param name="IsAgain">To somebody who had signed in before.</param>
public sealed record InvitationLetter(string Link, bool IsAgain) : Letter
{
    public static InvitationLetter Sample { get; } = new(PortalUrls.Invitation(SampleLetters.Token), false);

    public override string Subject => IsAgain ? PersonnelText.AgainMailTitle : PersonnelText.MailTitle;

    public override string Reason => PersonnelText.MailReason;

    public override Type Template => typeof(InvitationMail);
}
