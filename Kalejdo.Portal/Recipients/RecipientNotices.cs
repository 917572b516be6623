using System.Security.Cryptography;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Recipients;

/// <summary>
/// Writes down whom an act is to be told to (Art. 19): each partner with an agreement in force for one of its kinds, and each of Kalejdo's own
/// systems that acts on one. In the transaction of the act; <see cref="RecipientSender"/> sends what was committed.
/// </summary>
internal sealed class RecipientNotices(LiveMap liveMap, PartnerAgreements agreements, PortalKeys keys, IOptions<PortalOptions> portal, TimeProvider time)
{
    /// <summary>Adds the notices to the context; the caller saves and commits them together with the act. Told twice of one act, they are written once.</summary>
    /// <returns>How many of the case's recipients have still to say that it is done: where there are any, the case awaits them.</returns>
    public async Task<int> AddAsync(PortalDbContext db, RecipientAct act, CancellationToken cancellation)
    {
        var map = (await liveMap.OpenAsync(cancellation)).Databases?.Map;
        var inForce = await agreements.InForce(db).AsNoTracking().ToListAsync(cancellation);
        var told = await db.RecipientNotices.AsNoTracking().Where(row => row.CaseNumber == act.CaseNumber)
            .Select(row => new { row.RecipientId, row.Event, Ended = row.EndedAt != null }).ToListAsync(cancellation);
        var awaited = told.Count(row => !row.Ended);
        foreach (var recipient in await db.Recipients.AsNoTracking().OrderBy(row => row.Id).ToListAsync(cancellation))
        {
            var kinds = act.Kinds.Intersect(KindsOf(recipient, map, inForce)).Order(StringComparer.Ordinal).ToList();
            if (kinds.Count > 0 && !told.Exists(row => row.RecipientId == recipient.Id && row.Event == act.Event))
            {
                Add(db, recipient, act, kinds, map);
                awaited++;
            }
        }

        return awaited;
    }

    /// <summary>The kinds that fields belong to, by the map's names of them (<c>dataset.collection.field</c>).</summary>
    public async Task<IReadOnlyCollection<string>> KindsOfFieldsAsync(IEnumerable<string> fields, CancellationToken cancellation)
    {
        var map = (await liveMap.OpenAsync(cancellation)).Databases?.Map;
        return [.. fields.Select(field => map?.Collections.FirstOrDefault(collection => collection.Id == field[..field.LastIndexOf('.')])?.KindKey).OfType<string>().Distinct()];
    }

    /// <summary>The kinds in which an identity stands.</summary>
    public async Task<IReadOnlyCollection<string>> KindsWithAsync(string identity, CancellationToken cancellation) =>
        [.. ((await liveMap.OpenAsync(cancellation)).Databases?.Map.Collections ?? []).Where(collection => collection.Fields.Any(field => field.Identity == identity)).Select(collection => collection.KindKey).Distinct()];

    /// <summary>The kinds that a recipient may hear of today.</summary>
    public static IEnumerable<string> KindsOf(Recipient recipient, Map? map, IReadOnlyList<RecipientAgreement> inForce) => recipient.Kind == RecipientKind.Partner
        ? inForce.Where(row => row.RecipientId == recipient.Id).SelectMany(row => PartnerAgreements.Words(row.Kinds))
        : map?.Systems.Where(system => system.Key == recipient.Key).SelectMany(system => system.Declarations).SelectMany(declaration => declaration.Kinds) ?? [];

    private void Add(PortalDbContext db, Recipient recipient, RecipientAct act, List<string> kinds, Map? map)
    {
        var (id, now) = ($"msg_{RandomNumberGenerator.GetHexString(32, lowercase: true)}", time.GetUtcNow().UtcDateTime);
        var known = PartnerAgreements.Words(recipient.IdentityNames);
        var payload = new RecipientPayload(RecipientPayload.TypeOf(act.Event), now, new RecipientPayload.Details(
            act.CaseNumber,
            keys.Hash($"recipient reference {recipient.Id}", act.Subject.ToString(System.Globalization.CultureInfo.InvariantCulture))[..32],
            [.. act.Identities.Where(identity => known.Contains(identity.Name)).Distinct()],
            kinds,
            act.KeptKinds.Intersect(kinds).ToList() is { Count: > 0 } kept ? kept : null,
            act.Rows.Where(row => IsOf(row, kinds, map)).ToList() is { Count: > 0 } rows ? rows : null,
            act.Field,
            new Uri(portal.Value.PublicAddress, PortalUrls.RecipientCallback)));
        db.RecipientNotices.Add(new RecipientNotice
        {
            MessageId = id,
            CaseNumber = act.CaseNumber,
            Subject = act.Subject,
            RecipientId = recipient.Id,
            RecipientSv = recipient.NameSv,
            RecipientEn = recipient.NameEn,
            Event = act.Event,
            Kinds = string.Join(' ', kinds),
            SealedPayload = RecipientNotice.Seal(keys, id, payload.ToBytes()),
            State = RecipientNoticeState.Waiting,
            CreatedAt = now,
            DueAt = now,
        });
    }

    private static bool IsOf(RowKey row, List<string> kinds, Map? map) =>
        map?.Collections.FirstOrDefault(collection => collection.Id == row.Collection) is { } collection && kinds.Contains(collection.KindKey);
}
