using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Cases;

/// <summary>Nobody showed who they are in time; the request may be made anew.</summary>
public sealed record RequestLapsedLetter(string CaseNumber, string Link) : Letter
{
    public static RequestLapsedLetter Sample { get; } = new(SampleLetters.CaseNumber, PortalUrls.Case(SampleLetters.Token));

    public override string Subject => CaseMailText.RequestLapsedSubject;

    public override string Reason => CaseMailText.ReasonAsked;

    public override Type Template => typeof(RequestLapsedMail);
}
