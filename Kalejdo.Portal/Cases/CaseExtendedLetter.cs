using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Cases;

/// <summary>The answer takes longer; why stands on the case's page.</summary>
public sealed record CaseExtendedLetter(string CaseNumber, DateOnly DueOn, string Link) : Letter
{
    public static CaseExtendedLetter Sample { get; } = new(SampleLetters.CaseNumber, SampleLetters.Day, PortalUrls.Case(SampleLetters.Token));

    public override string Subject => CaseMailText.CaseExtendedSubject;

    public override string Reason => CaseMailText.ReasonAsked;

    public override Type Template => typeof(CaseExtendedMail);
}
