using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Correction;

/// <summary>To the new address: the code by which the change takes effect.</summary>
public sealed record ConfirmAddressLetter(string Code) : Letter
{
    public static ConfirmAddressLetter Sample { get; } = new(SampleLetters.Code);

    public override string Subject => CorrectionMailText.ConfirmSubject;

    public override string Reason => CorrectionMailText.ConfirmReason;

    public override Type Template => typeof(ConfirmAddressMail);
}
