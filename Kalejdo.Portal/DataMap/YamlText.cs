using System.Globalization;
using System.Text;

namespace Kalejdo.Portal.DataMap;

/// <summary>Writes names as YAML: plain where that is safe, otherwise in double quotes, always on one line.</summary>
internal static class YamlText
{
    private static readonly HashSet<string> Taken = new(["null", "true", "false", "yes", "no", "on", "off", "y", "n"], StringComparer.OrdinalIgnoreCase);

    /// <summary>A name as a value; it fits into a comment as well.</summary>
    public static string Of(string name) =>
        name.Length > 0 && (char.IsAsciiLetter(name[0]) || name[0] == '_') && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.') && !Taken.Contains(name) ? name : Quoted(name);

    private static string Quoted(string name)
    {
        var text = new StringBuilder("\"");
        foreach (var c in name)
        {
            if (c is '"' or '\\')
            {
                text.Append('\\').Append(c);
            }
            else if (c < ' ' || (c > '~' && !char.IsLetterOrDigit(c)))
            {
                text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
            }
            else
            {
                text.Append(c);
            }
        }
        return text.Append('"').ToString();
    }
}
