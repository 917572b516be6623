using System.Globalization;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Rights;

namespace Kalejdo.Portal.Features.Correction;

/// <summary>A value that its subject may correct, as it stands now.</summary>
/// <param name="Required">Whether the column refuses to be empty.</param>
internal sealed record CorrectableField(Collection Collection, Field Field, RowKey Row, string? Value, bool Required)
{
    public Rights.Identity? AsIdentity => Field.Identity is { } name && Value is not null ? new Rights.Identity(name, Value) : null;

    public string Id => $"{Collection.Id}.{Field.Name}";

    public DataMap.Correction Rule => Field.Correct!;

    /// <summary>A new address has to be confirmed by its mailbox first.</summary>
    public bool NeedsMailbox => Rule is { Rule: "email", ByStaff: false };
}

/// <summary>Finds what a person may correct among the rows that are their own.</summary>
internal sealed class CorrectableFields(LiveMap liveMap)
{
    // What may be corrected stands in short lists (contact details, profiles, devices), not in histories.
    private const int PageSize = 200;
    private const int Pages = 25;

    /// <returns>The field; null where the person has no such row or may not correct it; whether the databases could be asked.</returns>
    public async Task<(CorrectableField? Field, bool Available)> FindAsync(
        IReadOnlyList<Identity> identities, RowKey row, string field, CancellationToken cancellationToken)
    {
        var (live, _) = await liveMap.OpenAsync(cancellationToken);
        if (live is null)
        {
            return (null, false);
        }
        var collection = live.Map.Collections.FirstOrDefault(c => c.Id == row.Collection);
        if (collection?.Find(field) is not { Correct: not null } mapped)
        {
            return (null, true);
        }
        var reading = new Reading(live);
        for (var number = 1; number <= Pages; number++)
        {
            var (page, problems) = await reading.PageAsync(identities, collection.Id, number, PageSize, cancellationToken);
            if (page is null)
            {
                return (null, problems.Count == 0);
            }
            if (page.Rows.FirstOrDefault(r => Same(r.Key, row.Key)) is { } found)
            {
                var index = collection.Fields.ToList().IndexOf(mapped);
                return found.Shared || found.Anothers || found.Member || !CorrectionRules.Applies(collection, mapped, found)
                    ? (null, true)
                    : (new CorrectableField(collection, mapped, row, Convert.ToString(found.Values[index], CultureInfo.InvariantCulture), IsRequired(live, collection, mapped)), true);
            }
            if (!page.More)
            {
                break;
            }
        }
        return (null, true);
    }

    private static bool Same(IReadOnlyDictionary<string, string> one, IReadOnlyDictionary<string, string> other) =>
        one.Count > 0 && one.Count == other.Count && one.All(k => other.TryGetValue(k.Key, out var value) && value == k.Value);

    private static bool IsRequired(Databases live, Collection collection, Field field)
    {
        var mapped = live.All.SelectMany(d => d.Graph.Collections).First(c => c.Collection.Id == collection.Id);
        return mapped.ColumnOf(field).NotNull || mapped.Table.PrimaryKey.Contains(mapped.ColumnOf(field).Name) || field.Correct!.Rule is "email" or "name" or "choice";
    }
}
