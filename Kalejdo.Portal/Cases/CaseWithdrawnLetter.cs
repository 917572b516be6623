using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Cases;

/// <summary>The person took the request back.</summary>
public sealed record CaseWithdrawnLetter(string CaseNumber, string Link) : Letter
{
    public static CaseWithdrawnLetter Sample { get; } = new(SampleLetters.CaseNumber, PortalUrls.Case(SampleLetters.Token));

    public override string Subject => CaseMailText.CaseWithdrawnSubject;

    public override string Reason => CaseMailText.ReasonAsked;

    public override Type Template => typeof(CaseWithdrawnMail);
}
