using System.Globalization;

namespace Kalejdo.Portal;

/// <summary>Every address of the portal, for pages, mails and tests.</summary>
internal static class PortalUrls
{
    public const string Home = "/";
    public const string About = "/om";
    public const string CollectedAutomatically = "/om/automatiskt";
    public const string Partners = "/om/partner";
    public const string Accessibility = "/tillganglighet";

    public const string NotMyAddress = "/inte-min-adress";
    public const string NotMyAddressCode = "/inte-min-adress/kod";
    public const string NotMyAddressLinkRoute = "/inte-min-adress/lank/{Token}";

    /// <summary>POST only.</summary>
    public const string Language = "/sprak";

    public const string ErrorRoute = "/fel/{Code:int}";
    public const string ErrorPattern = "/fel/{0}";

    public static string Error(int code) => string.Create(CultureInfo.InvariantCulture, $"/fel/{code}");

    /// <param name="token">Of the mail that it came with.</param>
    public static string NotMyAddressLink(string token) => $"/inte-min-adress/lank/{token}";

    /// <summary>Other people's pages that ours link to.</summary>
    public static class Elsewhere
    {
        public const string Imy = "https://www.imy.se/";
        public const string Pts = "https://www.pts.se/";
    }
}
