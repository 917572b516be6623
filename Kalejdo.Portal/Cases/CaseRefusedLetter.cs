using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Cases;

/// <summary>Staff have said no: on which ground, and where to complain.</summary>
public sealed record CaseRefusedLetter(string CaseNumber, string Ground, string Link) : Letter
{
    public static CaseRefusedLetter Sample { get; } = new(SampleLetters.CaseNumber, RefusalGrounds.LegalObligation, PortalUrls.Case(SampleLetters.Token));

    public override string Subject => CaseMailText.CaseRefusedSubject;

    public override string Reason => CaseMailText.ReasonAsked;

    public override Type Template => typeof(CaseRefusedMail);
}
