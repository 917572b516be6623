using System.Text.RegularExpressions;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Kalejdo.Portal.Tests.DataMap;

/// <summary>What docs/data-map.md shows is run here, in its order, as it stands there.</summary>
public sealed partial class DataMapDocumentTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("portal-document-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task The_walk_from_a_database_to_a_map_works_as_it_is_told()
    {
        var commands = 0;
        foreach (var (info, content) in Blocks())
        {
            switch (info.Split(' '))
            {
                case ["sql", var database]:
                    Execute(Path.Combine(folder, database), content);
                    break;
                case ["yaml", var file]:
                    await File.WriteAllTextAsync(Path.Combine(folder, file), content, TestContext.Current.CancellationToken);
                    break;
                case ["yaml", "in", var file]:
                    Assert.Contains(content, await File.ReadAllTextAsync(Path.Combine(folder, file), TestContext.Current.CancellationToken), StringComparison.Ordinal);
                    break;
                case ["console"]:
                    commands += await RunAsync(content);
                    break;
            }
        }

        Assert.Equal(6, commands);
    }

    [Fact]
    public void The_examples_of_the_format_are_read_without_a_word()
    {
        var examples = Blocks().Where(b => b.Info == "yaml").ToList();
        Assert.Equal(2, examples.Count);
        foreach (var (_, content) in examples)
        {
            var file = Path.Combine(folder, "example.yml");
            File.WriteAllText(file, content.Contains("dataset:", StringComparison.Ordinal) ? content : content + "dataset: [{fides_key: shop, collections: [{name: t, fields: [{name: id}]}]}]\n");

            Assert.Empty(MapReader.Read([file]).Problems);
        }
    }

    private async Task<int> RunAsync(string console)
    {
        const string Program = "$ dotnet run --project Kalejdo.Portal -- ";
        var sessions = console.Split(Program, StringSplitOptions.RemoveEmptyEntries);
        foreach (var session in sessions)
        {
            var lines = session.TrimEnd().Split('\n');
            var run = await PortalProcess.RunAsync(folder, [.. lines[0].Split(' ')]);
            var said = run.Output == "" ? run.Error : run.Output;
            var expected = string.Join('\n', lines[1..]);
            // "…" alone on a line stands for any number of lines.
            var pattern = "^" + Regex.Escape(expected).Replace("…\\n", "(.*\\n)*?", StringComparison.Ordinal) + "\\s*$";
            Assert.True(expected == "" ? run.Output == "" : Regex.IsMatch(said, pattern), $"{lines[0]}\nsays\n{said}\nbut the document\n{expected}");
        }

        return sessions.Length;
    }

    private static IEnumerable<(string Info, string Content)> Blocks()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Kalejdo.Portal.sln")))
        {
            root = root.Parent ?? throw new DirectoryNotFoundException("Kalejdo.Portal.sln stands in no folder above the tests.");
        }

        return Fence().Matches(File.ReadAllText(Path.Combine(root.FullName, "docs", "data-map.md"))).Select(m => (m.Groups["info"].Value, m.Groups["content"].Value));
    }

    private static void Execute(string database, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={database};Pooling=False");
        connection.Open();
        foreach (var statement in sql.Split(";\n", StringSplitOptions.RemoveEmptyEntries))
        {
            using var command = connection.CreateCommand();
            command.CommandText = statement;
            command.ExecuteNonQuery();
        }
    }

    [GeneratedRegex(@"^```(?<info>[^\n`]*)\n(?<content>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();
}
