using System.Text.RegularExpressions;

namespace Kalejdo.Portal.DataMap;

/// <summary>Tells triggers that only refuse a change from those that may copy what is erased, keep it or bring it back. In doubt it is the latter.</summary>
internal static partial class TriggerBody
{
    /// <summary>Whether a SQLite trigger does nothing but raise an error.</summary>
    public static bool OnlyRaisesInSqlite(string statement) =>
        Plain(statement) is var plain && SqliteBody().Match(plain) is { Success: true } body && Raise().IsMatch(body.Value) && !Writes().IsMatch(body.Value) && !body.Value.Contains("ignore");

    /// <summary>Whether a PL/pgSQL function does nothing but raise an exception, or let the change pass.</summary>
    public static bool OnlyRaisesInPostgres(string language, string source) =>
        language == "plpgsql" && Plain(source) is var plain && Exception().IsMatch(plain) && !Writes().IsMatch(plain) && !Acts().IsMatch(plain)
        && Calls().Matches(plain).All(call => Harmless.Contains(call.Groups["name"].Value));

    private static readonly HashSet<string> Harmless = ["if", "and", "or", "not", "exists", "in", "when", "elsif", "case", "now", "coalesce", "nullif", "current_setting", "format", "exception", "values"];

    /// <summary>Without comments, texts and quoted names, in small letters.</summary>
    private static string Plain(string sql) => Noise().Replace(sql, " ").ToLowerInvariant();

    [GeneratedRegex(@"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|""(?:[^""]|"""")*""|`[^`]*`|\[[^\]]*\]", RegexOptions.Singleline)]
    private static partial Regex Noise();

    [GeneratedRegex(@"\bbegin\b.*", RegexOptions.Singleline)]
    private static partial Regex SqliteBody();

    [GeneratedRegex(@"\braise\s*\(\s*(abort|fail|rollback)", RegexOptions.ExplicitCapture)]
    private static partial Regex Raise();

    [GeneratedRegex(@"\b(insert|update|delete|replace|merge|truncate|copy|create|alter|drop|grant)\b", RegexOptions.ExplicitCapture)]
    private static partial Regex Writes();

    [GeneratedRegex(@"\braise\s+exception\b")]
    private static partial Regex Exception();

    /// <summary>Running, calling, telling, swallowing, and assigning: a trigger may write what was masked back into the row.</summary>
    [GeneratedRegex(@"\b(perform|execute|call|notify|into|raise\s+(debug|log|info|notice|warning)|return\s+null)\b|:=|(^|;|\b(begin|then|else|loop)\b)\s*[\w.]+\s*=", RegexOptions.ExplicitCapture)]
    private static partial Regex Acts();

    [GeneratedRegex(@"\b(?<name>\w+)\s*\(")]
    private static partial Regex Calls();
}
