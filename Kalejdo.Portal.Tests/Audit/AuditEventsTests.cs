using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Kalejdo.Portal.Tests.Audit;

/// <summary>docs/audit-events.md names what the code writes, and nothing else.</summary>
public sealed partial class AuditEventsTests
{
    private static readonly string[] Sources =
    [
        .. Directory.EnumerateFiles(Path.Combine(Root(), "Kalejdo.Portal"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal)).Select(File.ReadAllText),
    ];

    private static readonly string[] Listed =
    [
        .. File.ReadAllText(Path.Combine(Root(), "docs/audit-events.md")).Split("## Events")[1].Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .SelectMany(line => Regex.Matches(line.Split('|')[1], "`([^`]+)`")).Select(match => match.Groups[1].Value),
    ];

    /// <summary>The names of events in the portal's code: all such literals where entries are made, and those of a listed feature anywhere.</summary>
    internal static IReadOnlySet<string> InCode { get; } = Sources
        .SelectMany(text => Literals().Matches(text).Select(match => match.Groups[1].Value)
            .Where(name => Made().IsMatch(text) || Listed.Any(known => known.Split('.')[0] == name.Split('.')[0])))
        .ToHashSet();

    [Fact]
    public void Every_event_is_listed()
    {
        Assert.Contains("erasure.done", InCode);
        Assert.Empty(InCode.Except(Listed));
    }

    [Fact]
    public void Every_listed_event_is_written_somewhere() => Assert.Empty(Listed.Except(InCode));

    /// <summary>A name that is put together of parts is found by no search.</summary>
    [Fact]
    public void Names_are_whole() => Assert.DoesNotContain(Sources, text => PutTogether().IsMatch(text));

    private static string Root([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "../..");

    [GeneratedRegex(@"\bAuditEvent\(")]
    private static partial Regex Made();

    [GeneratedRegex("\"([a-z]+\\.[a-z]+(?:-[a-z]+)*)\"")]
    private static partial Regex Literals();

    [GeneratedRegex("AuditEvent\\([^)]*\\$\"")]
    private static partial Regex PutTogether();
}
