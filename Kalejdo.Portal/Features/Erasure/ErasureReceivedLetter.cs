using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>The portal could not erase by itself; staff decide, and nothing is erased until then.</summary>
public sealed record ErasureReceivedLetter(string CaseNumber, DateOnly DueOn) : Letter
{
    public static ErasureReceivedLetter Sample { get; } = new(SampleLetters.CaseNumber, SampleLetters.Day);

    public override string Subject => ErasureMailText.ReceivedSubject;

    public override string Reason => ErasureMailText.ReceivedReason;

    public override Type Template => typeof(ErasureReceivedMail);
}
