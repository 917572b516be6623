using System.Globalization;
using Kalejdo.Portal.Components;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Recipients;
using Kalejdo.Portal.Store;

namespace Kalejdo.Portal.Features.Staff.Partners;

internal static class PartnerWords
{
    public static string Of(RecipientKind kind) => kind == RecipientKind.Partner ? PartnersText.KindPartner : PartnersText.KindOwn;

    public static string Of(RecipientChannel channel) => channel == RecipientChannel.Mail ? PartnersText.ChannelMail : PartnersText.ChannelWebhook;

    public static string Of(PartnerLine line) => line.State switch
    {
        AgreementState.NotNeeded => PartnersText.StateNotNeeded,
        AgreementState.None => PartnersText.StateNone,
        AgreementState.Ended => PartnersText.StateEnded,
        AgreementState.ToCome => PartnersText.StateToCome,
        AgreementState.Ending => Say(PartnersText.StateEnding, Day(line.LastDay)),
        AgreementState.InForce when line.LastDay is { } last => Say(PartnersText.StateUntil, Day(last)),
        AgreementState.InForce => PartnersText.StateInForce,
        _ => throw new ArgumentOutOfRangeException(nameof(line)),
    };

    public static NoticeKind Colour(AgreementState state) => state switch
    {
        AgreementState.InForce => NoticeKind.Success,
        AgreementState.Ending => NoticeKind.Warning,
        AgreementState.None or AgreementState.Ended => NoticeKind.Danger,
        _ => NoticeKind.Info,
    };

    public static string Of(WebhookAnswer? answer) => answer switch
    {
        null => PartnersText.TestMailed,
        WebhookAnswer.Done or WebhookAnswer.Taken => PartnersText.TestTaken,
        WebhookAnswer.Gone => PartnersText.TestGone,
        WebhookAnswer.NotTaken notTaken => Say(PartnersText.TestRefused, notTaken.Code),
        _ => throw new ArgumentOutOfRangeException(nameof(answer)),
    };

    public static string Day(DateOnly? day) => day is { } known ? known.ToString("d MMMM yyyy", CultureInfo.CurrentCulture) : PartnersText.NoEnd;

    private static string Say(string text, string value) => string.Format(CultureInfo.CurrentCulture, text, value);

    public static string Kinds(Map? map, string kinds) => string.Join(", ", PartnerAgreements.Words(kinds).Select(kind => Kind(map, kind)));

    public static string Kind(Map? map, string kind) => map?.Kinds.FirstOrDefault(known => known.Key == kind)?.Label?.In(CultureInfo.CurrentUICulture.TwoLetterISOLanguageName) ?? kind;
}
