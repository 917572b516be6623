using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>A full erasure waits; its link undoes it.</summary>
public sealed record ErasureScheduledLetter(string CaseNumber, DateTime RunsAt, string UndoToken) : Letter
{
    public override string Subject => ErasureText.ScheduledSubject;

    public override string Reason => ErasureText.LetterReason;

    public override Type Template => typeof(ErasureScheduledMail);
}
