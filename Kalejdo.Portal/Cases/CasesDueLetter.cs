using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Cases;

public sealed record DueCase(string Number, DateOnly DueOn);

/// <summary>To the mailbox of staff: which cases have to be answered soon, and have not been told of before.</summary>
public sealed record CasesDueLetter(IReadOnlyList<DueCase> Cases) : Letter
{
    public static CasesDueLetter Sample { get; } = new([new("K-2026-8BCDFG", SampleLetters.Day), new("K-2026-9HJKMN", SampleLetters.Day.AddDays(5))]);

    public override string Subject => CaseMailText.CasesDueSubject;

    public override string Reason => CaseMailText.CasesDueReason;

    public override Type Template => typeof(CasesDueMail);
}
