using System.Data.Common;
using System.Text;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>A map together with the live databases it describes; every right is exercised through it.</summary>
public sealed class Databases : IDisposable
{
    private Databases(Map map, IReadOnlyList<MappedDatabase> all) => (Map, All) = (map, all);

    /// <summary>The map.</summary>
    public Map Map { get; }

    /// <summary>The keys of the sources, one a database, in the order in which erasures take them.</summary>
    public IReadOnlyList<string> Keys => [.. InErasureOrder().Select(d => d.Source.Key)];

    /// <summary>The key of the source in which a collection (<c>dataset.collection</c>) lies; null where the map does not know it.</summary>
    public string? KeyOf(string collection) => All.FirstOrDefault(d => d.Graph.Collections.Any(c => c.Collection.Id == collection))?.Source.Key;

    internal IReadOnlyList<MappedDatabase> All { get; }

    /// <summary>The databases by groups between which references lead; most are alone.</summary>
    internal IReadOnlyList<IReadOnlyList<MappedDatabase>> Together => [.. All.GroupBy(d => All.First(d.Connected().Contains)).Select(g => g.ToList())];

    internal MappedCollection? Find(string collection) => All.SelectMany(d => d.Graph.Collections).FirstOrDefault(c => c.Collection.Id == collection);

    /// <summary>
    /// Reads the schema of each source and joins it with the map. Nothing stays open.
    /// </summary>
    /// <returns>The databases; or, where a source is missing, unreachable or does not fit the map, null and the problems.</returns>
    public static async Task<(Databases? Databases, IReadOnlyList<Refusal> Problems)> OpenAsync(
        Map map, IReadOnlyList<Source> sources, CancellationToken cancellationToken)
    {
        var problems = new List<Refusal>();
        problems.AddRange(map.Datasets.Where(d => sources.All(s => s.Key != d.Key)).Select(d => new Refusal(
            $"the dataset '{d.Key}' has no source; add --source {d.Key}=sqlite:FILE or a setting Sources:{d.Key}")));
        problems.AddRange(sources.Where(s => map.Datasets.All(d => d.Key != s.Key)).Select(s => new Refusal(
            $"the source '{s.Key}' belongs to no dataset; known are {string.Join(", ", map.Datasets.Select(d => d.Key))}")));
        problems.AddRange(sources.GroupBy(s => s.Key).Where(g => g.Count() > 1).Select(g => new Refusal($"the source '{g.Key}' is given twice")));
        if (problems.Count > 0)
        {
            return (null, problems);
        }
        var all = new List<MappedDatabase>();
        // Datasets of one connection are one database: one transaction, and references between them are joins.
        foreach (var group in InOrder(map).GroupBy(d => sources.First(s => s.Key == d.Key) with { Key = "" }))
        {
            var source = group.Key with { Key = group.First().Key };
            var (schema, problem) = await ReadSchemaAsync(source, cancellationToken);
            if (schema is null)
            {
                problems.Add(problem!);
                continue;
            }
            problems.AddRange(group.SelectMany(d => MapCheck.Structure(d, schema)).Select(p => new Refusal(p.ToString())));
            all.Add(new MappedDatabase(source, Dialect.Of(source.Provider), new Graph([.. group], schema)));
        }
        if (problems.Count > 0)
        {
            return (null, problems);
        }
        MappedDatabase.Connect(all);
        return (new Databases(map, all), []);
    }

    /// <summary>Reads one source's schema.</summary>
    /// <returns>The schema, or why it cannot be read.</returns>
    public static async Task<(DatabaseSchema? Schema, Refusal? Problem)> ReadSchemaAsync(Source source, CancellationToken cancellationToken)
    {
        var dialect = Dialect.Of(source.Provider);
        try
        {
            await using var connection = await dialect.OpenAsync(source, write: false, cancellationToken);
            return (await dialect.ReadSchemaAsync(connection, cancellationToken), null);
        }
        catch (DbException e)
        {
            return (null, Unreachable(source, dialect, e));
        }
        catch (ArgumentException)
        {
            return (null, new Refusal($"the connection of '{source.Key}' is not a {source.Provider} connection string"));
        }
    }

    /// <summary>Closes the connections that wait for whoever comes next; they may be used all the same.</summary>
    public void Dispose()
    {
        foreach (var database in All)
        {
            database.Connections.Dispose();
        }
    }

    /// <summary>Refuses identities that the map does not know, and those without a value.</summary>
    public IReadOnlyList<Refusal> Unknown(IReadOnlyList<Identity> identities) =>
    [
        .. identities.Where(i => !Map.IdentityNames.Contains(i.Name)).Select(i => new Refusal(
            $"no map knows the identity '{i.Name}'; known are {string.Join(", ", Map.IdentityNames)}")),
        .. identities.Where(i => string.IsNullOrWhiteSpace(i.Value)).Select(i => new Refusal($"the identity '{i.Name}' has no value")),
        .. identities.Where(i => i.Value.Length > 1000).Select(i => new Refusal($"the identity '{i.Name}' is longer than 1,000 characters")),
        .. identities.Where(i => i.Value.EnumerateRunes().Any(r => Rune.IsControl(r) || r == Rune.ReplacementChar)).Select(i => new Refusal($"the identity '{i.Name}' holds control characters or broken ones")),
    ];

    /// <summary>What went wrong, in the database that said so: another one may have been asked for the sake of this.</summary>
    internal static Refusal Unreachable(Source source, Dialect dialect, DbException e) => Session.FailedIn(e) is { } failed
        ? new($"the database '{failed.Source.Key}': {failed.Dialect.Explain(e)}")
        : new($"the database '{source.Key}': {dialect.Explain(e)}");

    /// <summary>
    /// Databases after those that their datasets name with <c>after</c>, and otherwise after those to which their rows lead: as long as
    /// these do not lead back, an erasure that broke off between the two can be planned anew from nothing.
    /// </summary>
    private List<MappedDatabase> InErasureOrder()
    {
        var order = new List<MappedDatabase>();
        var entered = new HashSet<MappedDatabase>();
        All.ToList().ForEach(Visit);
        return order;

        void Visit(MappedDatabase database)
        {
            if (entered.Add(database))
            {
                var leads = database.Crossings.Where(c => c.Link.Down && c.Parent == database).Select(c => c.Child)
                    .Concat(database.Crossings.Where(c => c.Link.Up && c.Child == database).Select(c => c.Parent));
                // What the map says counts for more.
                Before(database).Concat(leads.Where(l => !Precedes(database, l, []))).ToList().ForEach(Visit);
                order.Add(database);
            }
        }

        IEnumerable<MappedDatabase> Before(MappedDatabase database)
        {
            var after = Map.Datasets.Where(d => database.Has(d.Key)).SelectMany(d => d.After).ToHashSet();
            return All.Where(d => d != database && after.Any(d.Has));
        }

        bool Precedes(MappedDatabase first, MappedDatabase second, HashSet<MappedDatabase> seen) =>
            seen.Add(second) && Before(second).Any(d => d == first || Precedes(first, d, seen));
    }

    /// <summary>Datasets after those that they name with Fideslang's <c>after</c>.</summary>
    private static List<Dataset> InOrder(Map map)
    {
        var order = new List<Dataset>();
        var entered = new HashSet<string>();
        map.Datasets.ToList().ForEach(Visit);
        return order;

        void Visit(Dataset dataset)
        {
            if (entered.Add(dataset.Key))
            {
                map.Datasets.Where(d => dataset.After.Contains(d.Key)).ToList().ForEach(Visit);
                order.Add(dataset);
            }
        }
    }
}
