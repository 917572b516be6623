using System.Text.RegularExpressions;

namespace Kalejdo.Portal.DataMap;

/// <summary>Reads, in the statements that SQLite keeps, what it tells in no other way: the CHECKs of a table, the expressions and the condition of an index.</summary>
internal static partial class SqliteStatement
{
    /// <summary>The CHECKs of a CREATE TABLE.</summary>
    public static IReadOnlyList<CheckRule> Checks(string statement)
    {
        var (text, tokens) = Tokens(statement);
        var (checks, depth) = (new List<CheckRule>(), 0);
        for (var i = 0; i < tokens.Count; i++)
        {
            if (depth == 1 && Is(tokens[i], "CHECK") && i + 1 < tokens.Count && tokens[i + 1].Value == "(" && Closing(tokens, i + 1) is { } end)
            {
                checks.Add(new CheckRule(i > 1 && Is(tokens[i - 2], "CONSTRAINT") ? tokens[i - 1].Value.Trim('"', '`', '[', ']', '\'') : null, text[(tokens[i + 1].Index + 1)..tokens[end].Index].Trim()));
                i = end;
                continue;
            }
            depth += Step(tokens[i]);
        }
        return checks;
    }

    /// <summary>What a CREATE INDEX orders by, and for which rows.</summary>
    public static (IReadOnlyList<string> Keys, string? Predicate) Index(string statement)
    {
        var (text, tokens) = Tokens(statement);
        var open = tokens.FindIndex(t => t.Value == "(");
        if (open < 0 || Closing(tokens, open) is not { } end)
        {
            return ([], null);
        }
        var (keys, depth, from) = (new List<string>(), 0, tokens[open].Index + 1);
        for (var i = open + 1; i <= end; i++)
        {
            if (depth == 0 && (i == end || tokens[i].Value == ","))
            {
                keys.Add(Direction().Replace(text[from..tokens[i].Index], "").Trim());
                from = tokens[i].Index + 1;
            }
            depth += Step(tokens[i]);
        }
        return (keys, end + 1 < tokens.Count && Is(tokens[end + 1], "WHERE") ? text[(tokens[end + 1].Index + 5)..].Trim() : null);
    }

    private static (string Text, List<Match> Tokens) Tokens(string statement)
    {
        var text = Token().Replace(statement, m => m.Value.StartsWith("--", StringComparison.Ordinal) || m.Value.StartsWith("/*", StringComparison.Ordinal) ? " " : m.Value);
        return (text, Token().Matches(text).ToList());
    }

    private static int? Closing(List<Match> tokens, int open)
    {
        var depth = 0;
        for (var i = open; i < tokens.Count; i++)
        {
            depth += Step(tokens[i]);
            if (depth == 0)
            {
                return i;
            }
        }
        return null;
    }

    private static int Step(Match token) => token.Value switch { "(" => 1, ")" => -1, _ => 0 };

    private static bool Is(Match token, string keyword) => token.Value.Equals(keyword, StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(@"--[^\n]*|/\*.*?(\*/|$)|'([^']|'')*'|""([^""]|"""")*""|`([^`]|``)*`|\[[^\]]*\]|\w+|\S", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Token();

    [GeneratedRegex(@"\s(ASC|DESC)\s*$", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex Direction();
}
