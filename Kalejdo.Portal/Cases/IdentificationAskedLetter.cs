using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Cases;

/// <summary>Staff have reason to doubt who asks; until they know, nothing is done.</summary>
public sealed record IdentificationAskedLetter(string CaseNumber, DateOnly WaitsUntil, bool Stopped, string Link) : Letter
{
    public static IdentificationAskedLetter Sample { get; } = new(SampleLetters.CaseNumber, SampleLetters.Day, true, PortalUrls.Case(SampleLetters.Token));

    public override string Subject => CaseMailText.IdentificationAskedSubject;

    public override string Reason => CaseMailText.ReasonAsked;

    public override Type Template => typeof(IdentificationAskedMail);
}
