using Kalejdo.Portal.Recipients;
using Kalejdo.Portal.Store;

namespace Kalejdo.Portal.Features.Staff.Partners;

public enum AgreementState
{
    /// <summary>Kalejdo's own system, which needs none.</summary>
    NotNeeded,
    None,
    InForce,

    /// <summary>In force, with its last day within <see cref="AgreementWatch.WarnDays"/> and none that follows.</summary>
    Ending,
    Ended,
    ToCome,
}

/// <summary>A recipient in the list of them all.</summary>
/// <param name="LastDay">Of what is in force, where it has one.</param>
public sealed record PartnerLine(long Id, string Name, RecipientKind Kind, RecipientChannel Channel, AgreementState State, DateOnly? LastDay);

/// <param name="Secrets">When each key that counts now was made, and when it ends.</param>
internal sealed record PartnerView(
    Recipient Recipient, PartnerLine Line, IReadOnlyList<RecipientAgreement> Agreements, IReadOnlyList<(DateTime Made, DateTime? Retires)> Secrets, IReadOnlyList<RecipientNotice> Notices);

/// <summary>What an agreement says, as somebody wants to write it down.</summary>
internal sealed record AgreementWords(string Sv, string En);

internal sealed record WantedAgreement(DateOnly From, DateOnly? To, IReadOnlyList<string> Kinds, AgreementWords Task, AgreementWords Receives, AgreementWords StoredIn);

internal abstract record PartnerAnswer
{
    private PartnerAnswer()
    {
    }

    public sealed record Done(long Id) : PartnerAnswer;

    public sealed record NameTaken : PartnerAnswer;

    /// <summary>One of the same kinds holds on some of the same days.</summary>
    public sealed record Overlaps(RecipientAgreement Other) : PartnerAnswer;

    public sealed record EndsBeforeItBegins : PartnerAnswer;

    /// <param name="Shown">Once, and never again.</param>
    public sealed record NewKey(string Shown) : PartnerAnswer;

    /// <param name="Answer">Null where a mail was posted.</param>
    public sealed record Tested(WebhookAnswer? Answer) : PartnerAnswer;

    public sealed record Unknown : PartnerAnswer;
}

/// <summary>Which days an agreement holds on.</summary>
internal static class AgreementDays
{
    public static bool Meets(this RecipientAgreement one, DateOnly from, DateOnly? to) => (to is null || one.InForceFrom <= to) && (one.InForceTo is null || one.InForceTo >= from);

    public static bool HoldsOn(this RecipientAgreement one, DateOnly day) => one.Meets(day, day);

    /// <summary>Whether something follows it without a day between.</summary>
    public static bool IsFollowed(this RecipientAgreement one, IEnumerable<RecipientAgreement> all) =>
        one.InForceTo is not { } last || all.Any(other => other.Id != one.Id && other.HoldsOn(last.AddDays(1)));

}
