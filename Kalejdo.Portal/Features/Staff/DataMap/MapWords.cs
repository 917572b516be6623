using System.Globalization;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Features.Staff.DataMap;

internal static class MapWords
{
    public static string Of(Map map, Collection collection) =>
        In(collection.Label) ?? In(map.Kinds.FirstOrDefault(kind => kind.Key == collection.Kind)?.Label) ?? collection.Name;

    public static string Of(OnErasure what) => what switch
    {
        OnErasure.Delete => DataMapText.Deleted,
        OnErasure.Anonymise => DataMapText.Anonymised,
        OnErasure.Retain => DataMapText.Retained,
        OnErasure.Fides => DataMapText.Masked,
        _ => throw new ArgumentOutOfRangeException(nameof(what)),
    };

    /// <summary>As wide as a box of the picture is.</summary>
    public static string Short(string text, int letters) => text.Length <= letters ? text : text[..(letters - 1)].TrimEnd() + "…";

    private static string? In(LocalText? text) => text?.In(CultureInfo.CurrentUICulture.TwoLetterISOLanguageName);
}
