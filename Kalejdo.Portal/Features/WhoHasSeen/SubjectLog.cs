using System.Globalization;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.WhoHasSeen;

internal enum LogRole
{
    You,

    /// <summary>Another account that is linked to the same agreement.</summary>
    AnotherAccount,
    CaseWorker,
    Operator,

    /// <summary>Who reads an address that was replaced.</summary>
    FormerAddress,

    /// <summary>The portal by itself.</summary>
    Automatic,

    /// <summary>A partner, or a system of Kalejdo's own, that was told of an act.</summary>
    Recipient,

    /// <summary>Whom the number stood for has expired.</summary>
    Forgotten,
}

/// <param name="Actor">By the audit's names, to tell the purpose by; never shown.</param>
internal sealed record LogEntry(DateTime At, LogRole Role, string? Actor, string Event, string? ReasonCode, string? CaseNumber);

/// <param name="Map">Whose words name events and reasons.</param>
/// <param name="Pages">At least one.</param>
internal sealed record LogPage(Map Map, IReadOnlyList<LogEntry> Entries, int Number, int Pages);

/// <summary>What the audit trail says of a person, for that person: by role, never by an employee's name.</summary>
internal sealed class SubjectLog(LiveMap liveMap, IDbContextFactory<PortalDbContext> databases, Subjects subjects, AuditTrail audit, TimeProvider time)
{
    public const int PageSize = 25;

    /// <param name="othersOnly">Without what the person did.</param>
    /// <returns>The page, or the last one there is; null where the words for it cannot be had now.</returns>
    public async Task<LogPage?> ReadAsync(LinkedSubject subject, bool othersOnly, int page, CancellationToken cancellationToken)
    {
        if ((await liveMap.OpenAsync(cancellationToken)).Databases?.Map is not { } map)
        {
            return null;
        }
        var numbers = (await subjects.NumbersAsync(subject.Identities, cancellationToken)).Select(n => long.Parse(n.Value, CultureInfo.InvariantCulture)).ToList();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (await audit.FindNumberAsync(db, $"account:{subject.AccountId}", cancellationToken) is { } account)
        {
            numbers.Add(account);
        }

        var now = time.GetUtcNow().UtcDateTime;
        var hashes = numbers.Select(audit.SecretHash).ToList();
        var noLongerSecret = db.SecretDisclosures.Where(row => hashes.Contains(row.SubjectHash) && row.Until <= now).Select(row => row.Sequence);
        var mine = db.AuditEntries.AsNoTracking().Where(row => numbers.Contains(row.Subject!.Value) || noLongerSecret.Contains(row.Sequence));
        if (othersOnly)
        {
            mine = mine.Where(row => row.Actor == null || !numbers.Contains(row.Actor.Value));
        }
        var pages = Math.Max(1, (await mine.CountAsync(cancellationToken) + PageSize - 1) / PageSize);
        page = Math.Min(page, pages);
        var entries = await mine.OrderByDescending(row => row.Sequence).Skip((page - 1) * PageSize).Take(PageSize).ToListAsync(cancellationToken);

        var actors = entries.Select(row => row.Actor).OfType<long>().Except(numbers).ToList();
        var people = await db.AuditPeople.AsNoTracking().Where(row => actors.Contains(row.Number)).ToDictionaryAsync(row => row.Number, audit.WhoIs, cancellationToken);
        return new LogPage(map, [.. entries.Select(Entry)], page, pages);

        LogEntry Entry(AuditEntry row)
        {
            var actor = row.Actor is { } number ? people.GetValueOrDefault(number) : null;
            var role = row.Actor switch
            {
                null => LogRole.Automatic,
                { } who when numbers.Contains(who) => LogRole.You,
                _ => RoleOf(actor),
            };
            return new LogEntry(row.At, role, actor, row.Event, row.ReasonCode, row.CaseNumber);
        }
    }

    private static LogRole RoleOf(string? actor) => actor?.Split(':')[0] switch
    {
        null => LogRole.Forgotten,
        "operator" => LogRole.Operator,
        "staff" => LogRole.CaseWorker,
        "system" => LogRole.Automatic,
        // Who holds the link to their case, without signing in.
        "case-link" => LogRole.You,
        "address" => LogRole.FormerAddress,
        "recipient" => LogRole.Recipient,
        _ => LogRole.AnotherAccount,
    };
}
