using System.CommandLine;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Rights;

namespace Kalejdo.Portal.Commands;

/// <summary>The verbs of the data map: a first one, its check, its upkeep.</summary>
internal static class DataMapCommand
{
    public static Command Create(MapOptions options) => new("datamap", "The data map")
    {
        DataMapDraftCommand.Create(),
        DataMapCheckCommand.Create(options),
        DataMapUpdateCommand.Create(options),
    };

    /// <summary>Reads the schemas of the databases in which the map's datasets lie; what stands in the way is a problem of the map.</summary>
    public static async Task<(List<(IReadOnlyList<Dataset> Datasets, DatabaseSchema Schema)> Databases, List<MapProblem> Problems)> ReadSchemasAsync(
        Map map, IReadOnlyList<Source> sources, CancellationToken cancellationToken)
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
        return (databases, problems);
    }
}
