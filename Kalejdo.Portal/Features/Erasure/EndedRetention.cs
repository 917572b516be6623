using System.Security.Cryptography;
using System.Text.Json;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>
/// Erases what an earlier erasure had to keep, on the day after the last on which its ground holds (design.md 5.7): with a case, ledger
/// and audit of its own, like any erasure. A kill leaves the keys in place, and what is gone already is not found a second time.
/// </summary>
internal sealed partial class EndedRetention(
    LiveMap liveMap, IDbContextFactory<PortalDbContext> databases, Erasures erasures, Restrictions restrictions, PortalKeys keys, TimeProvider time, ILogger<EndedRetention> log)
{
    private const string Actor = "system:retention-ended";

    // So many rows are named in one statement.
    private const int RowsTogether = 200;
    private static readonly TimeSpan Claim = TimeSpan.FromMinutes(30);

    private DateOnly Today => SwedishDays.Today(time);

    /// <summary>The keys of what a closing erasure keeps, by the day on which somebody has to look at them.</summary>
    public static IEnumerable<RetainedRows> Remember(PortalKeys keys, string caseNumber, long subject, IReadOnlyList<KeptRow> kept, DateOnly today)
    {
        var retained = kept.Where(k => k.Rule is not null).ToList();
        if (retained.Count == 0)
        {
            return [];
        }
        // Rows that are kept for others' sake alone come after these, on the first day on which one of them goes.
        return InChunks(keys, caseNumber, subject, retained, today)
            .Concat(InChunks(keys, caseNumber, subject, [.. kept.Where(k => k.Rule is null).Select(k => k with { Until = retained.Min(Until) })], today));

        DateOnly Until(KeptRow row) => row.Until ?? today;
    }

    /// <summary>Erases all whose day has come, any number of nodes at once.</summary>
    /// <returns>How many erasures were carried out.</returns>
    public async Task<int> EraseEndedAsync(CancellationToken cancellationToken)
    {
        var (live, _) = await liveMap.OpenAsync(cancellationToken);
        var erased = 0;
        while (live is not null && await ClaimAsync(cancellationToken) is { Count: > 0 } due)
        {
            foreach (var rows in due)
            {
                erased += await EraseAsync(live, rows, cancellationToken) ? 1 : 0;
            }
        }
        return erased;
    }

    /// <summary>Takes what is due of one erasure, all of it, as its rows depend on each other.</summary>
    private async Task<List<RetainedRows>> ClaimAsync(CancellationToken cancellationToken)
    {
        var (now, today, me) = (time.GetUtcNow().UtcDateTime, Today, $"{Environment.MachineName}/{Environment.ProcessId}/{RandomNumberGenerator.GetHexString(16)}");
        var until = now + Claim;
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var free = db.RetainedRows.Where(r => r.DueOn <= today && (r.ClaimedUntil == null || r.ClaimedUntil <= now));
        if (!await free.AnyAsync(cancellationToken))
        {
            return [];
        }
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var number = await free.OrderBy(r => r.DueOn).ThenBy(r => r.Id).Select(r => r.CaseNumber).FirstOrDefaultAsync(cancellationToken);
        await free.Where(r => r.CaseNumber == number)
            .ExecuteUpdateAsync(set => set.SetProperty(r => r.ClaimedBy, me).SetProperty(r => r.ClaimedUntil, until), cancellationToken);
        var claimed = await db.RetainedRows.AsNoTracking().Where(r => r.ClaimedBy == me).OrderBy(r => r.DueOn).ThenBy(r => r.Id).ToListAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return claimed;
    }

    /// <returns>Whether anything was erased. What cannot be looked at now stays claimed, and is tried again when the claim has run out.</returns>
    private async Task<bool> EraseAsync(Databases live, RetainedRows rows, CancellationToken cancellationToken)
    {
        var all = JsonSerializer.Deserialize<List<RowKey>>(rows.Keys(keys))!;
        var rights = new Rights.Erasure(live, time);
        // The map may no longer know a collection: nobody can tell then what its rows are.
        var mapped = all.Where(r => live.KeyOf(r.Collection) is not null).ToList();
        if (await rights.KeptAsync([], Scope(mapped), cancellationToken) is not { } answered)
        {
            return false;
        }
        // What its person had paused waits for the end of that, however long its ground has ended.
        var paused = await restrictions.KindsAsync(rows.Subject, cancellationToken);
        var kindOf = live.Map.Collections.ToDictionary(c => c.Id, c => c.KindKey);
        var kept = answered.Where(k => mapped.Exists(r => Name(r) == Name(k.Row)))
            .UnionBy(mapped.Where(r => paused.Contains(kindOf[r.Collection])).Select(r => new KeptRow(r, null, null)), k => Name(k.Row)).ToList();
        var ended = mapped.ExceptBy(kept.Select(k => Name(k.Row)), Name).ToList();
        var (erased, standing) = (false, false);
        if (ended.Count > 0)
        {
            switch (await rights.PlanAsync([], Scope(ended), cancellationToken))
            {
                // Something paused would go with it.
                case ErasureOutcome.Done plan when Restrictions.Touched(live.Map, plan.Steps, paused).Count > 0:
                    standing = true;
                    break;
                case ErasureOutcome.Done plan when plan.Steps.Any(s => s.Changes):
                    Identity[] subject = [new(Subjects.IdentityName, rows.Subject.ToString(System.Globalization.CultureInfo.InvariantCulture))];
                    if (await erasures.EraseAsync(subject, Scope(ended), Actor, new Progress<string>(), cancellationToken) is not ErasureResult.Erased)
                    {
                        Log.Waits(log, rows.CaseNumber);
                        return false;
                    }
                    erased = true;
                    standing = await rights.PlanAsync([], Scope(ended), cancellationToken) is ErasureOutcome.Done { Steps.Count: > 0 };
                    break;
                case ErasureOutcome.Done plan:
                    standing = plan.Steps.Count > 0;
                    break;
                default:
                    Log.Waits(log, rows.CaseNumber);
                    return false;
            }
        }
        await LookAgainAsync(rows, [.. kept.Select(k => k with { Row = mapped.Find(r => Name(r) == Name(k.Row))! })], standing ? ended : [], cancellationToken);
        return erased;
    }

    /// <summary>In place of what was looked at: what is still kept, and what such rows still need.</summary>
    private async Task LookAgainAsync(RetainedRows done, IReadOnlyList<KeptRow> kept, IReadOnlyList<RowKey> standing, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.RetainedRows.Where(r => r.Id == done.Id).ExecuteDeleteAsync(cancellationToken);
        db.RetainedRows.AddRange(InChunks(keys, done.CaseNumber, done.Subject, kept, Today));
        var others = await db.RetainedRows.Where(r => r.Subject == done.Subject).Select(r => (DateOnly?)r.DueOn).MinAsync(cancellationToken);
        if ((others ?? kept.Select(k => (DateOnly?)Today).FirstOrDefault()) is { } next)
        {
            db.RetainedRows.AddRange(InChunks(keys, done.CaseNumber, done.Subject, [.. standing.Select(r => new KeptRow(r, null, next.AddDays(-1)))], Today));
        }
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static IEnumerable<RetainedRows> InChunks(PortalKeys keys, string caseNumber, long subject, IReadOnlyList<KeptRow> rows, DateOnly today) =>
        rows.GroupBy(r => r.Until is { } until && until >= today ? until.AddDays(1) : today.AddDays(1))
            .SelectMany(day => day.Chunk(RowsTogether).Select(chunk =>
                RetainedRows.Of(keys, caseNumber, subject, day.Key, JsonSerializer.SerializeToUtf8Bytes(chunk.Select(r => r.Row)))));

    private static ErasureScope Scope(IReadOnlyList<RowKey> rows) => new([], rows) { Known = true };

    private static string Name(RowKey row) => ErasureWork.NameOf(row);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "What case {Number} kept, and whose ground has ended, could not be erased now; it is tried again")]
        public static partial void Waits(ILogger logger, string number);
    }
}
