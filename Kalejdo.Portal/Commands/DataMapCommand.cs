using System.CommandLine;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Rights;

namespace Kalejdo.Portal.Commands;

/// <summary><c>datamap check</c>: compares the map with the live databases.</summary>
internal static class DataMapCommand
{
    public static Command Create(MapOptions options)
    {
        var check = new Command("check", "Compare the map with the live databases: 0 fine, 1 errors");
        options.AddTo(check);
        check.SetAction(async (parsed, cancellationToken) =>
        {
            var output = parsed.InvocationConfiguration.Output;
            var (map, sources, problems) = await options.ReadAsync(parsed, cancellationToken);
            var all = problems.ToList();
            if (all.TrueForAll(p => p.Severity == Severity.Warning))
            {
                all.AddRange(await LiveAsync(map, sources, cancellationToken));
            }
            foreach (var problem in all.OrderByDescending(p => p.Severity).ThenBy(p => p.At.File, StringComparer.Ordinal).ThenBy(p => p.At.Line))
            {
                await output.WriteLineAsync(problem.ToString());
            }
            var errors = all.Count(p => p.Severity == Severity.Error);
            await output.WriteLineAsync($"{map.Datasets.Count} datasets, {map.Collections.Count()} collections: {errors} errors, {all.Count - errors} warnings");
            return errors == 0 ? PortalCommands.Done : PortalCommands.Refused;
        });
        return new Command("datamap", "The data map") { check };
    }

    private static async Task<List<MapProblem>> LiveAsync(Map map, IReadOnlyList<Source> sources, CancellationToken cancellationToken)
    {
        var problems = new List<MapProblem>();
        var databases = new List<(IReadOnlyList<Dataset>, DatabaseSchema)>();
        foreach (var lone in sources.Where(s => map.Datasets.All(d => d.Key != s.Key)))
        {
            problems.Add(new MapProblem(Severity.Error, new Position("--source", 1), $"the source '{lone.Key}' belongs to no dataset; known are {string.Join(", ", map.Datasets.Select(d => d.Key))}"));
        }
        foreach (var group in map.Datasets.GroupBy(d => sources.FirstOrDefault(s => s.Key == d.Key) is { } source ? source with { Key = "" } : null))
        {
            if (group.Key is null)
            {
                problems.AddRange(group.Select(d => new MapProblem(Severity.Error, d.At, $"the dataset '{d.Key}' has no source; add --source {d.Key}=sqlite:FILE or a setting")));
                continue;
            }
            var (schema, problem) = await Databases.ReadSchemaAsync(group.Key with { Key = group.First().Key }, cancellationToken);
            if (schema is null)
            {
                problems.Add(new MapProblem(Severity.Error, group.First().At, problem!.ToString()));
                continue;
            }
            databases.Add(([.. group], schema));
        }
        problems.AddRange(MapCheck.Run(map, databases));
        return problems;
    }
}
