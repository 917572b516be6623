using System.Text;
using System.Text.RegularExpressions;

namespace Kalejdo.Portal.Mail;

/// <summary>An <c>.eml</c> file as the pickup folder holds it, taken apart to be shown. It reads what we write, not every mail there is.</summary>
internal sealed partial record EmlFile(IReadOnlyList<(string Name, string Value)> Headers, string Text, string Html)
{
    public string this[string header] => Headers.FirstOrDefault(h => h.Name.Equals(header, StringComparison.OrdinalIgnoreCase)).Value ?? "";

    public static EmlFile Parse(string raw)
    {
        var (headers, body) = Split(raw.ReplaceLineEndings("\n"));
        var boundary = Boundary().Match(headers.FirstOrDefault(h => h.Name == "Content-Type").Value ?? "").Groups[1].Value;
        var parts = boundary.Length == 0 ? [] : body.Split("--" + boundary).Skip(1).Select(part => Split(part.TrimStart('\n'))).ToList();
        return new EmlFile([.. headers.Select(h => (h.Name, DecodeWords(h.Value)))], Part("text/plain"), Part("text/html"));

        string Part(string type) => parts
            .Where(part => part.Headers.Any(h => h.Name == "Content-Type" && h.Value.StartsWith(type, StringComparison.Ordinal)))
            .Select(part => DecodeQuotedPrintable(part.Body))
            .FirstOrDefault("")
            .Trim();
    }

    private static (List<(string Name, string Value)> Headers, string Body) Split(string text)
    {
        var end = text.IndexOf("\n\n", StringComparison.Ordinal);
        var head = end < 0 ? text : text[..end];
        var headers = Folded().Replace(head, " ").Split('\n')
            .Select(line => line.Split(':', 2))
            .Where(pair => pair.Length == 2)
            .Select(pair => (pair[0], pair[1].Trim()))
            .ToList();
        return (headers, end < 0 ? "" : text[(end + 2)..]);
    }

    private static string DecodeQuotedPrintable(string text)
    {
        var bytes = new List<byte>(text.Length);
        foreach (Match piece in QuotedPrintable().Matches(text.Replace("=\n", "", StringComparison.Ordinal)))
        {
            bytes.AddRange(piece.Groups[1].Success ? Convert.FromHexString(piece.Groups[1].Value) : Encoding.UTF8.GetBytes(piece.Value));
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    private static string DecodeWords(string value) => EncodedWord().Replace(
        BetweenWords().Replace(value, "?==?"),
        word => word.Groups[1].Value is "B" or "b"
            ? Encoding.UTF8.GetString(Convert.FromBase64String(word.Groups[2].Value))
            : DecodeQuotedPrintable(word.Groups[2].Value.Replace('_', ' ')));

    [GeneratedRegex("boundary=\"?([^\";]+)")]
    private static partial Regex Boundary();

    [GeneratedRegex("\n[ \t]+")]
    private static partial Regex Folded();

    [GeneratedRegex("=([0-9A-F]{2})|[^=]+|=")]
    private static partial Regex QuotedPrintable();

    [GeneratedRegex(@"=\?utf-8\?([BQ])\?([^?]*)\?=", RegexOptions.IgnoreCase)]
    private static partial Regex EncodedWord();

    [GeneratedRegex(@"\?=\s+=\?")]
    private static partial Regex BetweenWords();
}
