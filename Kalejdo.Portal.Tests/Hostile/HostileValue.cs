using FsCheck;
using FsCheck.Fluent;

namespace Kalejdo.Portal.Tests.Hostile;

/// <summary>What nobody means well by: markup, quotes of every language, numbers that are none, text that is too long or no text.</summary>
internal static class HostileValue
{
    /// <summary>Stands in every value with markup: in an answer it may stand escaped alone.</summary>
    public const string Markup = "<q9z";

    /// <summary>The same for what would break out of an attribute.</summary>
    public const string Attribute = "\" q9z=";

    private static readonly string[] Known =
    [
        "", " ", "\0", "a\0b", "\r\nSet-Cookie: q9z=1", "'", "\"", "' OR 1=1 --", "'; DROP TABLE subscriber; --", "%' OR '%'='", "$1", "{0}", "{{7*7}}", "${7*7}", "@(1+1)",
        "-1", "0", "9999999999999999999999", "1e999", "NaN", "٣", "2026-02-30", "0001-01-01", "9999-12-31", "2026-11-22T25:00", "true", "null", "undefined", "[]", "[object Object]",
        "../../../../etc/passwd", "..\\..\\web.config", "C:\\CON", "/", "//ond.example", "/\\ond.example", "https://ond.example/", "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd",
        "a@b", "a@b@c.example", "a@exempel.se\r\nBcc: ond@ond.example", "\u202Egnitteksaib\u202C", "\uFEFF", "\u0000\u0001\u001F", "\uFFFF", "\U0001F469\u200D\U0001F467", "Å̊̊̊̊", "ſ", "İ",
        "_handler", "__proto__", "Posted.Value", "contact_details", "administrator", "andra", "ja", "K-2026-AAAAAA",
        $"{Markup} onload=alert(1)>", $"\">{Markup}>", $"'>{Markup}>", $"</textarea>{Markup}>", $"</title>{Markup}>", $"-->{Markup}>", $"]]>{Markup}>", $"%3Cq9z{Markup}>", $"x{Attribute}\"1", $"x'{Attribute}1",
    ];

    public static Gen<string> Generator { get; } = Gen.Frequency(
        (6, Gen.Elements(Known)),
        (2, from text in ArbMap.Default.GeneratorFor<string>() select text ?? ""),
        (1, from text in Gen.Elements(Known) from times in Gen.Elements(2, 40, 400) select string.Concat(Enumerable.Repeat(text, times))),
        (1, from first in Gen.Elements(Known) from second in Gen.Elements(Known) select first + second));
}
