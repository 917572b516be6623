using System.Text.RegularExpressions;

namespace Kalejdo.Portal.Tests;

/// <summary>Who may know whom (design: section 1), read off the source: a name in a file is a reference.</summary>
public partial class ArchitectureTests
{
    [Fact]
    public void The_data_map_and_the_rights_could_be_a_library_of_their_own()
    {
        AssertKnowsOf("DataMap", [], IsOursOrWeb);
        AssertKnowsOf("Rights", ["DataMap"], IsOursOrWeb);
    }

    [Fact]
    public void The_store_knows_none_of_the_others() => AssertKnowsOf("Store", [], IsOurs);

    [Fact]
    public void The_components_know_no_data() => AssertKnowsOf("Components", [], IsOurs);

    [Fact]
    public void A_feature_reaches_another_through_addresses_alone()
    {
        var features = Directory.GetDirectories(Path.Combine(Source, "Features"));
        Assert.NotEmpty(features);
        foreach (var feature in features)
        {
            AssertKnowsOf($"Features/{Path.GetFileName(feature)}", [], name => name.StartsWith("Kalejdo.Portal.Features.", StringComparison.Ordinal));
        }
    }

    private static void AssertKnowsOf(string folder, string[] others, Func<string, bool> guarded)
    {
        var allowed = others.Append(folder).Select(known => "Kalejdo.Portal." + known.Replace('/', '.')).ToArray();
        var forbidden = References(folder)
            .Where(name => guarded(name) && !allowed.Any(known => name == known || name.StartsWith(known + ".", StringComparison.Ordinal)))
            .Distinct();
        Assert.True(!forbidden.Any(), $"{folder} names {string.Join(", ", forbidden)}.");
    }

    private static string Source { get; } = FindSource();

    private static bool IsOursOrWeb(string name) => IsOurs(name)
        || name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal)
        || name.StartsWith("Microsoft.EntityFrameworkCore", StringComparison.Ordinal);

    private static bool IsOurs(string name) => name.StartsWith("Kalejdo.Portal.", StringComparison.Ordinal);

    // A file's own namespace is left out, as is what stands in comments; a folder not yet there refers to nothing.
    private static IEnumerable<string> References(string folder) =>
        from file in Directory.Exists(Path.Combine(Source, folder)) ? Directory.GetFiles(Path.Combine(Source, folder), "*", SearchOption.AllDirectories) : []
        where Path.GetExtension(file) is ".cs" or ".razor"
        from line in File.ReadLines(file)
        where !line.StartsWith("namespace ", StringComparison.Ordinal) && !line.TrimStart().StartsWith("//", StringComparison.Ordinal)
        // The purposes of data protection are named like types.
        from Match match in Name().Matches(Path.GetExtension(file) == ".cs" ? Quoted().Replace(line, "") : line)
        select match.Value;

    private static string FindSource()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Kalejdo.Portal.sln")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("Kalejdo.Portal.sln stands in no folder above the tests.");
        }

        return Path.Combine(folder.FullName, "Kalejdo.Portal");
    }

    [GeneratedRegex(@"\b(Kalejdo\.Portal|Microsoft)\.[A-Za-z_.]+")]
    private static partial Regex Name();

    [GeneratedRegex("\"[^\"]*\"")]
    private static partial Regex Quoted();
}
