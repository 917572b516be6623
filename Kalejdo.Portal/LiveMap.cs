using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Rights;

namespace Kalejdo.Portal;

/// <summary>The configured map joined with its live databases; opened once, and again after a failure.</summary>
internal sealed class LiveMap(IConfiguration configuration) : IDisposable
{
    private readonly SemaphoreSlim opening = new(1);
    private Databases? databases;

    /// <summary>What is unwise in the map's files by themselves.</summary>
    public IReadOnlyList<MapProblem> Warnings { get; private set; } = [];

    /// <returns>The databases, or why they cannot be had now.</returns>
    public async Task<(Databases? Databases, IReadOnlyList<Refusal> Problems)> OpenAsync(CancellationToken cancellationToken)
    {
        await opening.WaitAsync(cancellationToken);
        try
        {
            if (databases is not null)
            {
                return (databases, []);
            }
            var settings = DataMapSettings.From(configuration);
            var (map, problems) = MapReader.Read(settings.Maps);
            if (problems.Where(p => p.Severity == Severity.Error).ToList() is { Count: > 0 } errors)
            {
                return (null, [.. errors.Select(e => new Refusal(e.ToString()))]);
            }
            Warnings = problems;
            (databases, var refusals) = await Databases.OpenAsync(map, settings.Sources, cancellationToken);
            return (databases, refusals);
        }
        finally
        {
            opening.Release();
        }
    }

    public void Dispose() => opening.Dispose();
}
