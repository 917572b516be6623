using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace Kalejdo.Portal.Mail;

/// <summary>The text part of a mail out of the elements that our letters are made of, so that both say the same.</summary>
internal static partial class PlainText
{
    public static string Of(string html)
    {
        var text = new StringBuilder();
        var link = "";
        foreach (Match piece in Piece().Matches(html))
        {
            if (!piece.Groups["name"].Success)
            {
                Append(text, Blank().Replace(WebUtility.HtmlDecode(piece.Value), " "));
                continue;
            }

            var (opens, name) = (!piece.Groups["end"].Success, piece.Groups["name"].Value);
            switch (name)
            {
                case "a" when opens:
                    link = WebUtility.HtmlDecode(Href().Match(piece.Value).Groups[1].Value);
                    break;
                case "a":
                    text.Append(": ").Append(link);
                    break;
                case "br":
                    EndLines(text, 1);
                    break;
                case "hr":
                    EndLines(text, 2);
                    text.Append("--");
                    EndLines(text, 2);
                    break;
                case "li" when opens:
                    EndLines(text, 1);
                    text.Append("- ");
                    break;
                case "dd" when opens:
                    EndLines(text, 1);
                    text.Append("  ");
                    break;
                case "span" when opens:
                    // Set apart by the style in HTML, by a comma here.
                    text.Length -= text.Length > 0 && text[^1] == ' ' ? 1 : 0;
                    text.Append(", ");
                    break;
                case "dt" or "dd" or "li":
                    EndLines(text, 1);
                    break;
                case "h1" or "h2" or "p" or "ul" or "ol" or "dl" or "div" or "address" or "section":
                    EndLines(text, 2);
                    break;
                default:
                    break;
            }
        }

        return text.ToString().Trim();
    }

    // At the start of a line a blank is only the template's indentation.
    private static void Append(StringBuilder text, string words) =>
        text.Append(text.Length == 0 || text[^1] is '\n' or ' ' ? words.TrimStart(' ') : words);

    private static void EndLines(StringBuilder text, int wanted)
    {
        while (text.Length > 0 && text[^1] == ' ')
        {
            text.Length--;
        }

        var found = 0;
        while (found < text.Length && text[^(found + 1)] == '\n')
        {
            found++;
        }

        text.Append('\n', text.Length == 0 ? 0 : Math.Max(wanted - found, 0));
    }

    [GeneratedRegex("<!--.*?-->|<(?<end>/)?(?<name>[a-z][a-z0-9]*)[^>]*>|[^<]+", RegexOptions.Singleline)]
    private static partial Regex Piece();

    [GeneratedRegex("href=\"([^\"]*)\"")]
    private static partial Regex Href();

    // Not \s: a no-break space keeps numbers together.
    [GeneratedRegex("[ \t\r\n]+")]
    private static partial Regex Blank();
}
