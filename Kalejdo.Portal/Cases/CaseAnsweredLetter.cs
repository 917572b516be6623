using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Cases;

/// <summary>Staff have answered; the answer stands on the case's page.</summary>
public sealed record CaseAnsweredLetter(string CaseNumber, string Link) : Letter
{
    public static CaseAnsweredLetter Sample { get; } = new(SampleLetters.CaseNumber, PortalUrls.Case(SampleLetters.Token));

    public override string Subject => CaseMailText.CaseAnsweredSubject;

    public override string Reason => CaseMailText.ReasonAsked;

    public override Type Template => typeof(CaseAnsweredMail);
}
