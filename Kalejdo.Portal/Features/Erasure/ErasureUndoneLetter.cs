using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>The erasure was stopped in time.</summary>
public sealed record ErasureUndoneLetter(string CaseNumber) : Letter
{
    public static ErasureUndoneLetter Sample { get; } = new(SampleLetters.CaseNumber);

    public override string Subject => ErasureMailText.UndoneSubject;

    public override string Reason => ErasureMailText.UndoneReason;

    public override Type Template => typeof(ErasureUndoneMail);
}
