using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Features.Staff.DataMap;

/// <summary>A database as the map sees it.</summary>
/// <param name="Key">The first of its datasets.</param>
/// <param name="Left">Collections that take no part in finding people: skipped, or said to identify nobody.</param>
public sealed record MapDatabase(string Key, IReadOnlyList<TableCoverage> Tables, Graph Graph, IReadOnlyList<Collection> Left);

/// <param name="At">When it was looked at.</param>
/// <param name="Problems">What <c>datamap check</c> says, the worst first.</param>
internal sealed record MapReport(DateTime At, Map Map, IReadOnlyList<MapProblem> Problems, IReadOnlyList<MapDatabase> Databases);

/// <summary>Compares the configured map with its databases once, when the portal starts; what it found is shown until the next start.</summary>
internal sealed class MapHealth(LiveMap liveMap, TimeProvider time)
{
    private MapReport? report;

    /// <returns>Null where the databases cannot be had now.</returns>
    public async Task<MapReport?> ReadAsync(CancellationToken cancellation)
    {
        if (report is null && (await liveMap.OpenAsync(cancellation)).Databases is { } databases)
        {
            var map = databases.Map;
            var parts = databases.All.Select(database => (Datasets: (IReadOnlyList<Dataset>)[.. map.Datasets.Where(dataset => database.Has(dataset.Key))], database.Graph)).ToList();
            report = new MapReport(
                time.GetUtcNow().UtcDateTime,
                map,
                [
                    .. liveMap.Warnings.Concat(MapCheck.Run(map, [.. parts.Select(part => (part.Datasets, part.Graph.Schema))]))
                        .OrderByDescending(problem => problem.Severity).ThenBy(problem => problem.At.File, StringComparer.Ordinal).ThenBy(problem => problem.At.Line),
                ],
                [
                    .. parts.Select(part => new MapDatabase(
                        part.Datasets[0].Key, MapCoverage.Of(part.Datasets, part.Graph.Schema), part.Graph,
                        [.. part.Datasets.SelectMany(dataset => dataset.Collections).Where(collection => collection.SkipProcessing || collection.Anonymous)])),
                ]);
        }

        return report;
    }
}
