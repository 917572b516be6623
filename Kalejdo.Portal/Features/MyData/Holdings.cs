using Kalejdo.Portal.Cases;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Rights;

namespace Kalejdo.Portal.Features.MyData;

/// <summary>How much there is of a kind.</summary>
/// <param name="Kind">Null where the map tells no kinds and the collection stands for itself.</param>
/// <param name="Household">Rows of other people of the household.</param>
internal sealed record Holding(string Key, Kind? Kind, Collection Collection, long Rows, long Household);

/// <summary>What is held of one service; the last one may have no name.</summary>
internal sealed record ServiceHoldings(Service? Service, IReadOnlyList<Holding> Kinds);

/// <summary>What is held about a person, by service and kind.</summary>
internal sealed class Holdings(LiveMap liveMap, Subjects subjects)
{
    /// <returns>Null where the databases cannot be read now.</returns>
    public async Task<IReadOnlyList<ServiceHoldings>?> OfAsync(LinkedSubject subject, CancellationToken cancellationToken)
    {
        if (await liveMap.OpenAsync(cancellationToken) is not ({ } databases, _))
        {
            return null;
        }
        var numbers = await subjects.NumbersAsync(subject.Identities, cancellationToken);
        IReadOnlyList<Identity> identities = databases.Map.IdentityNames.Contains(Subjects.IdentityName) ? [.. subject.Identities, .. numbers] : subject.Identities;
        var (counts, problems) = await new Reading(databases).CountAsync(identities, cancellationToken);
        if (problems.Count > 0)
        {
            return null;
        }
        var map = databases.Map;
        var holdings = counts.GroupBy(count => count.Collection.KindKey)
            .Select(kind => new Holding(
                kind.Key, map.Kinds.FirstOrDefault(k => k.Key == kind.Key), kind.First().Collection, kind.First().Listed, kind.Sum(count => count.Household)))
            .ToList();
        return
        [
            .. map.Services.Select(service => (Service?)service).Append(null)
                .Select(service => new ServiceHoldings(
                    service,
                    [.. holdings.Where(holding => ServiceOf(map, holding) == service).OrderBy(holding => map.Kinds.TakeWhile(kind => kind != holding.Kind).Count())]))
                .Where(service => service.Kinds.Count > 0),
        ];
    }

    private static Service? ServiceOf(Map map, Holding holding) => map.Services.FirstOrDefault(service => service.Key == holding.Kind?.Service);
}
