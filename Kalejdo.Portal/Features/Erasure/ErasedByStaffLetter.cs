using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>Staff have erased something, which the person need not have asked for.</summary>
/// <param name="Kinds">By the map's names.</param>
/// <param name="SomeKept">Whether the law or an agreement keeps something.</param>
/// <param name="ReceiptAddress">One of <see cref="PortalUrls"/> that opens without a session; so does the case's.</param>
/// <param name="CaseAddress">Where the reason stands.</param>
public sealed record ErasedByStaffLetter(
    string CaseNumber, IReadOnlyList<LocalText> Kinds, bool SomeKept, DateOnly BackupsGoneBy, string ReceiptAddress, string CaseAddress) : Letter
{
    public static ErasedByStaffLetter Sample { get; } = new(
        SampleLetters.CaseNumber, SampleLetters.Kinds, SomeKept: true, SampleLetters.Day, PortalUrls.Receipt(SampleLetters.Token), PortalUrls.Case(SampleLetters.Token))
    {
        AccountIsGone = true,
    };

    /// <summary>Whether the person had an account, and it went too.</summary>
    public bool AccountIsGone { get; init; }

    /// <summary>Whether the address went too.</summary>
    public bool AddressIsGone { get; init; }

    public override string Subject => ErasureMailText.ByStaffSubject;

    public override string Reason => ErasureMailText.ByStaffReason;

    public override Type Template => typeof(ErasedByStaffMail);

    public override bool IsFarewell => AddressIsGone;
}
