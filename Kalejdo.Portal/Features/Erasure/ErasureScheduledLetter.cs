using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>Everything is to be erased after a pause, and until then it can be undone.</summary>
/// <param name="At">When, in UTC.</param>
/// <param name="UndoAddress">One of <see cref="PortalUrls"/> that opens without a session.</param>
public sealed record ErasureScheduledLetter(string CaseNumber, DateTime At, string UndoAddress) : Letter
{
    public static ErasureScheduledLetter Sample { get; } = new(SampleLetters.CaseNumber, SampleLetters.Moment, PortalUrls.UndoErasure(SampleLetters.Token));

    public override string Subject => ErasureMailText.ScheduledSubject;

    public override string Reason => ErasureMailText.ScheduledReason;

    public override Type Template => typeof(ErasureScheduledMail);
}
