using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Protection;

/// <summary>To every address held, as it may not be the subscriber who closed it.</summary>
public sealed record FrozenLetter : Letter
{
    public static FrozenLetter Sample { get; } = new();

    public override string Subject => ProtectionText.FrozenMailSubject;

    public override string Reason => ProtectionText.FrozenMailReason;

    public override Type Template => typeof(FrozenMail);
}
