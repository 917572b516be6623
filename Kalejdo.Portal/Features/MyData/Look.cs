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

    private static bool IsName(Field field) => field.References.Count > 0 && !field.PrimaryKey;

    private static IEnumerable<int> Fields(DataPage page) => Enumerable.Range(0, page.Collection.Fields.Count);
}
