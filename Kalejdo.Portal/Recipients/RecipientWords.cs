using System.Globalization;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Components;
using Kalejdo.Portal.Store;

namespace Kalejdo.Portal.Recipients;

/// <summary>Notices in the words of whoever reads of them.</summary>
internal static class RecipientWords
{
    /// <summary>To the recipient: what happened, and so what it is to do.</summary>
    public static string Done(RecipientEvent what) => what switch
    {
        RecipientEvent.Erased => RecipientsText.Erased,
        RecipientEvent.Corrected => RecipientsText.Corrected,
        RecipientEvent.Restricted => RecipientsText.Restricted,
        RecipientEvent.RestrictionLifted => RecipientsText.RestrictionLifted,
        RecipientEvent.AddressRemoved => RecipientsText.AddressRemoved,
        RecipientEvent.AddressBlocked => RecipientsText.AddressBlocked,
        _ => throw new ArgumentOutOfRangeException(nameof(what)),
    };

    /// <summary>To the person: how far it is.</summary>
    public static string State(RecipientNotice notice) => notice switch
    {
        { State: RecipientNoticeState.Acknowledged, EndedAt: { } at } => Words(RecipientsText.StateAcknowledged, Day(at)),
        { State: RecipientNoticeState.Sent, SentAt: { } at } => Words(RecipientsText.StateSent, Day(at)),
        { State: RecipientNoticeState.Failed } => RecipientsText.StateFailed,
        { State: RecipientNoticeState.NotSent } => RecipientsText.StateNotSent,
        { Attempts: > 0 } => RecipientsText.StateNotReached,
        _ => RecipientsText.StateWaiting,
    };

    public static NoticeKind Colour(RecipientNotice notice) => notice.State switch
    {
        RecipientNoticeState.Acknowledged => NoticeKind.Success,
        RecipientNoticeState.Failed or RecipientNoticeState.NotSent => NoticeKind.Warning,
        _ => NoticeKind.Info,
    };

    private static string Words(string text, string day) => string.Format(CultureInfo.CurrentCulture, text, day);

    private static string Day(DateTime instant) => DueDate.DayOf(instant).ToString("d MMMM yyyy", CultureInfo.CurrentCulture);
}
