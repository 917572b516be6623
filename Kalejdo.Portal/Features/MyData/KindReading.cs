using System.Data.Common;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Rights;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.MyData;

internal abstract record KindRead
{
    private KindRead()
    {
    }

    /// <param name="Kind">Null where the map tells no kinds and a collection stands for itself.</param>
    public sealed record Found(
        string Key, Kind? Kind, IReadOnlyList<PrivacyDeclaration> Purposes, IReadOnlyList<KindPart> Parts, Map Map) : KindRead;

    /// <summary>The map has no such kind, or the person can have nothing of it.</summary>
    public sealed record Missing : KindRead;

    /// <summary>The rows that the page's number once stood for are gone.</summary>
    /// <param name="Last">The last page there is.</param>
    public sealed record Beyond(int Last) : KindRead;

    /// <summary>The databases cannot be read now.</summary>
    public sealed record Unavailable : KindRead;
}

/// <summary>One page of a collection of a kind, each row with what belongs to it.</summary>
/// <param name="Pages">How many pages there are; at least one. Null where nobody counts so far.</param>
public sealed record KindPart(DataPage Page, int Number, int Size, int? Pages, IReadOnlyList<KindBelongings> Belongings);

/// <summary>Rows of another collection of the kind that belong to the rows of a page, as lines do to invoices.</summary>
/// <param name="Reference">The field that says to which row each belongs.</param>
public sealed record KindBelongings(DataPage Page, int Reference, Func<DataRow, DataRow, bool> BelongsTo);

/// <summary>Reads what a person has of one kind, a page at a time.</summary>
internal sealed partial class KindReading(LiveMap liveMap, Subjects subjects, ILogger<KindReading> log)
{
    public const int RowsOfTable = 25;
    private const int RowsInFull = 10;
    private const int BelongingRows = 500;

    /// <param name="pass">Where staff read: what is on record then is why.</param>
    /// <param name="part">The collection that is leafed through; the others begin at their first page.</param>
    public async Task<KindRead> ReadAsync(LinkedSubject subject, string kind, string? part, int page, CancellationToken cancellationToken, SubscriberPass? pass = null)
    {
        if (await liveMap.OpenAsync(cancellationToken) is not ({ } databases, _))
        {
            return new KindRead.Unavailable();
        }
        var map = databases.Map;
        var collections = map.Collections.Where(collection => collection.KindKey == kind && !collection.Anonymous && !collection.SkipProcessing).ToList();
        if (collections.Count == 0 || (part is not null && collections.All(collection => collection.Id != part)))
        {
            return new KindRead.Missing();
        }
        var (reading, identities) = (new Reading(databases), await RecordAsync(subject, kind, map, pass, cancellationToken));
        var inner = collections.Where(collection => ParentOf(collection, collections) is not null).ToList();
        var parts = new List<KindPart>();
        foreach (var collection in collections.Except(inner))
        {
            var (number, size) = (collection.Id == part ? page : 1, Look.IsTable(collection) ? RowsOfTable : RowsInFull);
            var (rows, problems) = await reading.PageAsync(identities, collection.Id, number, size, cancellationToken);
            if (problems.Count > 0)
            {
                return new KindRead.Unavailable();
            }
            if (rows is null)
            {
                continue;
            }
            var counted = (int)Math.Max(1, (rows.Count!.Listed + size - 1) / size);
            if (number > counted && rows.Rows.Count == 0)
            {
                return new KindRead.Beyond(counted);
            }
            int? pages = rows.Count.Listed > Reading.CountedTo ? null : counted;
            var belongings = new List<KindBelongings>();
            foreach (var belonging in inner.Where(b => rows.Rows.Count > 0 && ParentOf(b, collections)!.Value.Collection == collection))
            {
                var (own, problem) = await reading.BelongingAsync(identities, belonging.Id, rows, BelongingRows, cancellationToken);
                if (problem.Count > 0)
                {
                    return new KindRead.Unavailable();
                }
                if (own is not null)
                {
                    var (_, reference, belongsTo) = ParentOf(belonging, collections)!.Value;
                    belongings.Add(new KindBelongings(own, reference, belongsTo));
                }
            }
            parts.Add(new KindPart(rows, number, size, pages, belongings));
        }
        return parts.Count == 0 && collections.All(collection => databases.KeyOf(collection.Id) is null)
            ? new KindRead.Missing()
            : new KindRead.Found(kind, map.Kinds.FirstOrDefault(k => k.Key == kind), map.Kinds.Where(k => k.Key == kind).SelectMany(map.PurposesOf).Select(p => p.Declaration).ToList(), parts, map);
    }

    /// <summary>The other collection of the kind whose rows alone lead to these, and how to tell which row does.</summary>
    private static (Collection Collection, int Reference, Func<DataRow, DataRow, bool> BelongsTo)? ParentOf(Collection collection, List<Collection> collections)
    {
        var references = collection.Fields.SelectMany((field, i) => field.References.Where(r => r.Direction != Direction.To).Select(r => (Field: i, Reference: r))).ToList();
        return references is [var (own, only)]
            && !collection.Fields.Any(field => field.Identity is not null)
            && collections.FirstOrDefault(c => c != collection && c.Dataset == only.Dataset && c.Name == only.Collection) is { } parent
            && parent.Fields.TakeWhile(field => field.Name != only.Field).Count() is var target && target < parent.Fields.Count
            ? (parent, own, (row, above) => row.Values[own] is not null && Equals(row.Values[own], above.Values[target]))
            : null;
    }

    /// <summary>What people read of their own they may read although it cannot be put on record just now.</summary>
    private async Task<IReadOnlyList<Identity>> RecordAsync(LinkedSubject subject, string kind, Map map, SubscriberPass? pass, CancellationToken cancellationToken)
    {
        if (pass is not null)
        {
            var known = await subjects.RecordReadAsync(subject.Identities, $"staff:{subject.AccountId}", pass.Purpose, cancellationToken, pass.CaseNumber);
            return map.IdentityNames.Contains(Subjects.IdentityName) ? [.. subject.Identities, .. known] : subject.Identities;
        }
        try
        {
            var numbers = await subjects.RecordReadAsync(subject.Identities, actor: null, kind, cancellationToken);
            return map.IdentityNames.Contains(Subjects.IdentityName) ? [.. subject.Identities, .. numbers] : subject.Identities;
        }
        catch (Exception e) when (e is DbException or DbUpdateException)
        {
            Log.NotRecorded(log, e.GetType().Name);
            return subject.Identities;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "A read could not be put on record: {Exception}")]
        public static partial void NotRecorded(ILogger logger, string exception);
    }
}
