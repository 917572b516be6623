namespace Kalejdo.Portal.DataMap;

/// <summary>A place in a map file; lines count from 1.</summary>
public sealed record Position(string File, int Line)
{
    /// <inheritdoc/>
    public override string ToString() => $"{File}:{Line}";
}

/// <summary>How bad a problem of a map is: an error stops the start, a warning is shown to staff.</summary>
public enum Severity
{
    /// <summary>The map works, but something in it is ignored or unwise.</summary>
    Warning,

    /// <summary>The map cannot be used.</summary>
    Error,
}

/// <summary>What is wrong with a map, where, and what to write instead.</summary>
public sealed record MapProblem(Severity Severity, Position At, string Message)
{
    private const int LongestMessage = 600;

    /// <summary>The sentence, on one line whatever the names in it hold.</summary>
    public string Message { get; } = OneLine(Message);

    /// <inheritdoc/>
    public override string ToString() => $"{At}: {(Severity == Severity.Error ? "error" : "warning")}: {Message}";

    // Names come from files and databases; a line feed or an escape sequence in one must not pass for a message of ours.
    private static string OneLine(string text)
    {
        var cut = text.Length > LongestMessage ? text[..LongestMessage] + "…" : text;
        return cut.Any(IsUnprintable) ? string.Concat(cut.Select(c => IsUnprintable(c) ? '\uFFFD' : c)) : cut;
    }

    private static bool IsUnprintable(char c) => char.IsControl(c) || c is '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}

/// <summary>The problems found so far; a file of nothing but slips does not fill the memory with them.</summary>
internal sealed class MapProblems
{
    private const int Most = 1000;
    private readonly List<MapProblem> all = [];
    private readonly Dictionary<Severity, int> counts = [];

    public IReadOnlyList<MapProblem> All => all;

    public bool AnyError => counts.ContainsKey(Severity.Error);

    public void Error(Position at, string message) => Add(Severity.Error, at, message);

    public void Warn(Position at, string message) => Add(Severity.Warning, at, message);

    private void Add(Severity severity, Position at, string message)
    {
        var count = counts[severity] = counts.GetValueOrDefault(severity) + 1;
        if (count <= Most)
        {
            all.Add(new MapProblem(severity, at, count < Most ? message : "there are too many problems to name; correct those above first"));
        }
    }
}
