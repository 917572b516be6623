using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Rights;

namespace Kalejdo.Portal.Features.MyData;

/// <summary>Which fields are shown first, and in which form.</summary>
internal static class Look
{
    private const int ColumnsOfTable = 5;

    /// <summary>Many rows of few fields, none of which can be corrected, read best as a table.</summary>
    public static bool IsTable(Collection collection) =>
        collection.HouseholdOwn is null && collection.Fields.All(field => field.Correct is null)
        && collection.Fields.Count(field => !field.Technical || IsName(field)) <= ColumnsOfTable;

    /// <summary>The fields to be shown first: a reference only where the rows' names say what it leads to.</summary>
    public static IReadOnlyList<int> First(DataPage page) =>
        [.. Fields(page).Where(i => !page.Collection.Fields[i].Technical || page.Rows.Any(row => row.Names.ContainsKey(i)))];

    public static IReadOnlyList<int> Technical(DataPage page) => [.. Fields(page).Except(First(page))];

    /// <summary>Whether rows are always kept on a ground that does not end: it looks at a column that is never empty.</summary>
    public static bool IsAlwaysKept(Map map, Collection collection) => collection.OnErasure == OnErasure.Retain && collection.Retain.Any(retain =>
        retain is { Collection: null, Values: [] } && collection.Find(retain.Column) is { PrimaryKey: true } or { Identity: not null }
        && map.Retention.TryGetValue(retain.Rule, out var rule) && rule.CountedFrom == CountedFrom.Condition);

    private static bool IsName(Field field) => field.References.Count > 0 && !field.PrimaryKey;

    private static IEnumerable<int> Fields(DataPage page) => Enumerable.Range(0, page.Collection.Fields.Count);
}
