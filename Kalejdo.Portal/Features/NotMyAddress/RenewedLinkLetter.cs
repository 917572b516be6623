using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.NotMyAddress;

/// <summary>A new link instead of one that had expired, to the same address.</summary>
/// <param name="LinkAddress">One of <see cref="PortalUrls"/>.</param>
public sealed record RenewedLinkLetter(string LinkAddress) : Letter
{
    public static RenewedLinkLetter Sample { get; } = new(PortalUrls.NotMyAddressLink(SampleLetters.Token));

    public override string Subject => NotMyAddressText.RenewedSubject;

    public override string Reason => NotMyAddressText.RenewedReason;

    public override Type Template => typeof(RenewedLinkMail);

    public override bool ReachesBlocked => true;
}
