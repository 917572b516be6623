namespace Kalejdo.Portal.Features.Accounts;

/// <summary>A browser in words that its person knows it by; what else it says of itself is not kept.</summary>
internal static class Devices
{
    // The first that matches: most browsers claim to be others too.
    private static readonly (string Sign, string Word)[] Programs =
    [
        ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox/", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
    ];

    private static readonly (string Sign, string Word)[] Systems =
        [("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Macintosh", "Mac"), ("CrOS", "Chromebook"), ("Linux", "Linux")];

    /// <returns>Such as <c>Firefox, Windows</c>; empty where nothing is known.</returns>
    public static string Of(string userAgent) => string.Join(", ", new[] { Find(Programs, userAgent), Find(Systems, userAgent) }.Where(word => word is not null));

    private static string? Find((string Sign, string Word)[] known, string userAgent) =>
        known.FirstOrDefault(entry => userAgent.Contains(entry.Sign, StringComparison.Ordinal)).Word;
}
