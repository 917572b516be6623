namespace Kalejdo.Portal.DataMap;

/// <summary>What one part of a map says of another: the names it uses must exist, and those it gives must differ.</summary>
internal static class MapNames
{
    private const int MostNamed = 20;

    public static void Check(Map map, MapProblems problems)
    {
        Twice(map.Datasets, d => d.Key, d => d.At, problems);
        Twice(map.Systems, s => s.Key, s => s.At, problems);
        Twice(map.Services, s => s.Key, s => s.At, problems);
        Twice(map.Kinds, k => k.Key, k => k.At, problems);
        var collections = map.Collections.GroupBy(c => c.Id).ToDictionary(g => g.Key, g => g.First());
        var datasets = map.Datasets.Select(d => d.Key).ToHashSet();
        var kinds = map.Kinds.Select(k => k.Key).ToHashSet();
        var services = map.Services.Select(s => s.Key).ToHashSet();

        foreach (var collection in collections.Values)
        {
            Collection(collection, collections, datasets, map, problems);
            if (collection.Kind is { } kind && !kinds.Contains(kind))
            {
                problems.Error(collection.At, $"there is no kind '{kind}'; known are {Names(kinds)}");
            }
        }
        foreach (var dataset in map.Datasets)
        {
            foreach (var other in dataset.After.Where(other => !datasets.Contains(other)))
            {
                problems.Warn(dataset.At, $"there is no dataset '{other}' to come after; known are {Names(datasets)}");
            }
        }
        foreach (var kind in map.Kinds.Where(k => k.Service is not null && !services.Contains(k.Service)))
        {
            problems.Error(kind.At, $"there is no service '{kind.Service}'; known are {Names(services)}");
        }
        foreach (var declaration in map.Systems.SelectMany(s => s.Declarations))
        {
            foreach (var kind in declaration.Kinds.Where(k => !kinds.Contains(k)))
            {
                problems.Error(declaration.At, $"there is no kind '{kind}'; known are {Names(kinds)}");
            }
        }
    }

    private static void Collection(Collection collection, Dictionary<string, Collection> collections, HashSet<string> datasets, Map map, MapProblems problems)
    {
        foreach (var reference in collection.Fields.SelectMany(f => f.References))
        {
            if (!datasets.Contains(reference.Dataset))
            {
                problems.Error(reference.At, $"there is no dataset '{reference.Dataset}' in the map; known are {Names(datasets)}");
            }
            else if (!collections.TryGetValue($"{reference.Dataset}.{reference.Collection}", out var target))
            {
                problems.Error(reference.At, $"the dataset '{reference.Dataset}' has no collection '{reference.Collection}'");
            }
            else if (target.Find(reference.Field) is null)
            {
                problems.Error(reference.At, $"the collection '{target.Id}' has no field '{reference.Field}'; known are {Fields(target)}");
            }
        }
        foreach (var retain in collection.Retain)
        {
            if (!map.Retention.ContainsKey(retain.Rule))
            {
                problems.Error(retain.At, $"there is no retention rule '{retain.Rule}'; known are {Names(map.Retention.Keys)}");
            }
            var holder = retain.Collection is null ? collection : collections.GetValueOrDefault($"{collection.Dataset}.{retain.Collection}");
            if (holder is null)
            {
                problems.Error(retain.At, $"the dataset '{collection.Dataset}' has no collection '{retain.Collection}'");
            }
            else if (holder.Find(retain.Column) is null)
            {
                problems.Error(retain.At, $"the collection '{holder.Id}' has no field '{retain.Column}'; known are {Fields(holder)}");
            }
        }
        foreach (var column in collection.Fields.Select(f => f.VerifiedBy).Concat(collection.Fields.Select(f => f.Correct?.OnlyWith)).Append(collection.HouseholdOwn).Append(collection.NewestFirst)
            .Append(collection.Consent?.Given).Append(collection.Consent?.Withdrawn).Append(collection.Consent?.Purpose).OfType<string>())
        {
            if (collection.Find(column) is null)
            {
                problems.Error(collection.At, $"the collection '{collection.Id}' has no field '{column}'; known are {Fields(collection)}");
            }
        }
        foreach (var other in collection.After.Concat(collection.EraseAfter).Where(other => !collections.ContainsKey(other)))
        {
            problems.Error(collection.At, $"there is no collection '{other}' to come after; write 'dataset.collection'");
        }
    }

    private static void Twice<T>(IReadOnlyList<T> items, Func<T, string> key, Func<T, Position> at, MapProblems problems)
    {
        foreach (var twice in items.GroupBy(key).Where(g => g.Key != "" && g.Count() > 1))
        {
            problems.Error(at(twice.Last()), $"'{twice.Key}' is defined twice; rename one");
        }
    }

    private static string Fields(Collection collection) => Names(collection.Fields.Select(f => f.Name));

    private static string Names(IEnumerable<string> names)
    {
        var first = names.Take(MostNamed + 1).ToList();
        return first.Count == 0 ? "none" : string.Join(", ", first.Take(MostNamed)) + (first.Count > MostNamed ? ", …" : "");
    }
}
