using System.Security.Cryptography;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Staff.AccessLog;

internal enum LogActor
{
    /// <summary>By itself.</summary>
    Portal,
    Person,
    Staff,
    Operator,
    Recipient,

    /// <summary>Whom the number stood for has expired.</summary>
    Forgotten,
}

/// <param name="Name">Of staff and recipients alone; it stands outside the chain.</param>
internal sealed record LogLine(AuditEntry Entry, LogActor Actor, string? Name);

/// <param name="Older">Where the older ones begin; null where there are none.</param>
internal sealed record LogPage(IReadOnlyList<LogLine> Lines, long? Older);

/// <summary>The audit trail for whoever oversees the portal. That it was read is on record first.</summary>
internal sealed class LogReading(IDbContextFactory<PortalDbContext> databases, AuditTrail audit)
{
    public const int PageSize = 50;

    /// <param name="before">Null for the newest.</param>
    /// <param name="actor">Who reads, by the audit's names.</param>
    /// <returns>The newest first; null where the end of the log takes no entry any more, so that reading it could not be put on record.</returns>
    public async Task<LogPage?> ReadAsync(LogFilter filter, long? before, string actor, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (!await RecordAsync(db, "log.read", null, actor, cancellation))
        {
            return null;
        }

        var wanted = filter.On(db.AuditEntries.AsNoTracking());
        if (before is not null)
        {
            wanted = wanted.Where(row => row.Sequence < before);
        }

        var entries = await wanted.OrderByDescending(row => row.Sequence).Take(PageSize + 1).ToListAsync(cancellation);
        var shown = entries.Take(PageSize).ToList();
        return new LogPage(await NameAsync(db, shown, cancellation), entries.Count > PageSize ? shown[^1].Sequence : null);
    }

    /// <summary>All that the filter wants, the oldest first, as they are read.</summary>
    /// <returns>Null as <see cref="ReadAsync"/>.</returns>
    public async Task<IAsyncEnumerable<AuditEntry>?> ExportAsync(LogFilter filter, string actor, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await RecordAsync(db, "log.exported", null, actor, cancellation) ? StreamAsync(filter) : null;
    }

    /// <summary>Walks the chain from its first entry.</summary>
    public async Task<AuditVerdict> VerifyAsync(string actor, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var verdict = await audit.VerifyAsync(db, cancellation);
        await RecordAsync(db, "log.verified", verdict is AuditVerdict.Intact ? "chain-whole" : "chain-broken", actor, cancellation);
        return verdict;
    }

    private async IAsyncEnumerable<AuditEntry> StreamAsync(LogFilter filter)
    {
        await using var db = await databases.CreateDbContextAsync();
        await foreach (var entry in filter.On(db.AuditEntries.AsNoTracking()).OrderBy(row => row.Sequence).AsAsyncEnumerable())
        {
            yield return entry;
        }
    }

    /// <returns>False where the end of the trail was tampered with: it takes no entry.</returns>
    private async Task<bool> RecordAsync(PortalDbContext db, string what, string? reason, string actor, CancellationToken cancellation)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        try
        {
            var number = await audit.NumberOfAsync(db, actor, cancellation);
            await audit.AppendAsync(db, new AuditEvent(what) { Actor = number, ReasonCode = reason }, cancellation);
        }
        catch (CryptographicException)
        {
            return false;
        }

        await transaction.CommitAsync(cancellation);
        return true;
    }

    private async Task<IReadOnlyList<LogLine>> NameAsync(PortalDbContext db, IReadOnlyList<AuditEntry> entries, CancellationToken cancellation)
    {
        var numbers = entries.Select(row => row.Actor).OfType<long>().Distinct().ToList();
        var people = await db.AuditPeople.AsNoTracking().Where(row => numbers.Contains(row.Number)).ToDictionaryAsync(row => row.Number, audit.WhoIs, cancellation);
        var staff = people.Values.Where(who => who.StartsWith("staff:", StringComparison.Ordinal)).Select(who => who["staff:".Length..]).ToList();
        var names = await db.Users.AsNoTracking().Where(row => staff.Contains(row.Id)).ToDictionaryAsync(row => $"staff:{row.Id}", row => row.Name ?? row.Email, cancellation);
        foreach (var recipient in people.Values.Any(who => who.StartsWith("recipient:", StringComparison.Ordinal)) ? await db.Recipients.AsNoTracking().ToListAsync(cancellation) : [])
        {
            names[$"recipient:{recipient.Id}"] = recipient.NameSv;
        }

        return [.. entries.Select(row => row.Actor is { } number && people.GetValueOrDefault(number) is { } who
            ? new LogLine(row, ActorOf(who), names.GetValueOrDefault(who))
            : new LogLine(row, row.Actor is null ? LogActor.Portal : LogActor.Forgotten, null))];
    }

    private static LogActor ActorOf(string who) => who.Split(':')[0] switch
    {
        "staff" => LogActor.Staff,
        "operator" => LogActor.Operator,
        "system" => LogActor.Portal,
        "recipient" => LogActor.Recipient,
        // Whoever it is: subscribers, address owners and guests are nobody's business here.
        _ => LogActor.Person,
    };
}
