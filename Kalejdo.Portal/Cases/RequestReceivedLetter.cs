using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Cases;

/// <summary>What somebody asked for in their own words has a number, a day and a place to follow it.</summary>
public sealed record RequestReceivedLetter(string CaseNumber, DateOnly DueOn, string Link) : Letter
{
    public static RequestReceivedLetter Sample { get; } = new(SampleLetters.CaseNumber, SampleLetters.Day, PortalUrls.Case(SampleLetters.Token));

    public override string Subject => CaseMailText.RequestReceivedSubject;

    public override string Reason => CaseMailText.ReasonAsked;

    public override Type Template => typeof(RequestReceivedMail);
}
