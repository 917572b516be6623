using System.Text.Json;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>
/// What is owed after an erasure is closed (design.md 5): what was deleted is overwritten as soon as the files are free; in the first
/// night the erased identity is looked for in free text, for which every table is read, and the mails in the pickup folder go.
/// </summary>
internal sealed partial class ErasureFollowUps(
    LiveMap liveMap,
    IDbContextFactory<PortalDbContext> databases,
    IDataProtectionProvider protection,
    PickupFolder mails,
    TimeProvider time,
    ILogger<ErasureFollowUps> log)
{
    // So long the node that closed the case has the first try to itself.
    private static readonly TimeSpan First = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Again = TimeSpan.FromHours(1);
    private static readonly TimeSpan Claim = TimeSpan.FromHours(1);

    // The last letter is on its way for a while, and whoever tries the portal out wants to read it.
    private static readonly TimeSpan LastLetter = TimeSpan.FromHours(1);
    private static readonly TimeOnly Night = new(3, 0);

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>The day that the receipt names.</summary>
    public static DateOnly OverwriteBy(DateTime closed) => DateOnly.FromDateTime(SwedishDays.Local(NightAfter(closed)));

    /// <summary>Overwrites what was deleted in every database.</summary>
    /// <returns>False where another program stood in the way.</returns>
    public static async Task<bool> OverwriteAsync(Databases live, TimeProvider time, CancellationToken cancellationToken)
    {
        var (erasure, overwritten) = (new Rights.Erasure(live, time), true);
        foreach (var key in live.Keys)
        {
            overwritten &= await erasure.OverwriteAsync(key, cancellationToken);
        }
        return overwritten;
    }

    /// <summary>In the closing transaction.</summary>
    public void Add(PortalDbContext db, string number, IReadOnlyList<StepRecord> steps, ErasureWork work) => db.ErasureFollowUps.Add(new ErasureFollowUp
    {
        CaseNumber = number,
        // Whoever keeps an agreement keeps an address: only of who is erased altogether nothing may be left.
        SealedPayload = work.Scope.IsEverything && (work.Farewell is not null || steps.Any(s => s.Changes))
            ? ErasureFollowUp.Protector(protection, number).Protect(JsonSerializer.SerializeToUtf8Bytes(new Person(work.Identities, work.Addresses)))
            : null,
        AwaitsOverwrite = true,
        CreatedAt = Now,
        DueAt = Now + First,
    });

    /// <summary>Right after closing; what cannot be overwritten now is tried again by <see cref="RunDueAsync"/>.</summary>
    public async Task<bool> OverwriteAsync(string number, Databases live, CancellationToken cancellationToken)
    {
        var overwritten = await OverwriteAsync(live, time, cancellationToken);
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await db.ErasureFollowUps.FindAsync([number], cancellationToken) is { AwaitsOverwrite: true } row)
        {
            await RecordAsync(db, row, overwritten, cancellationToken);
            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
        return overwritten;
    }

    /// <summary>Does what is due. Any number of nodes may: rows are claimed, and a claim that a kill left behind runs out.</summary>
    public async Task RunDueAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var now = Now;
        var due = await db.ErasureFollowUps.Where(f => f.DueAt <= now && (f.ClaimedUntil == null || f.ClaimedUntil <= now)).OrderBy(f => f.DueAt).Select(f => f.CaseNumber).ToListAsync(cancellationToken);
        foreach (var number in due)
        {
            var (me, until) = (Guid.NewGuid().ToString("N"), now + Claim);
            var claimed = await db.ErasureFollowUps.Where(f => f.CaseNumber == number && f.DueAt <= now && (f.ClaimedUntil == null || f.ClaimedUntil <= now))
                .ExecuteUpdateAsync(set => set.SetProperty(f => f.ClaimedBy, me).SetProperty(f => f.ClaimedUntil, until), cancellationToken);
            if (claimed == 1)
            {
                await RunAsync(number, cancellationToken);
            }
        }
    }

    private async Task RunAsync(string number, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var row = await db.ErasureFollowUps.SingleAsync(f => f.CaseNumber == number, cancellationToken);
        var (live, _) = await liveMap.OpenAsync(cancellationToken);
        // Files first, and what was found: the record of it is one short transaction.
        var overwritten = row.AwaitsOverwrite && live is not null && await OverwriteAsync(live, time, cancellationToken);
        IReadOnlyList<StaffTask>? found = null;
        if (row.SealedPayload is { } sealedPayload && NightAfter(row.CreatedAt) <= Now && live is not null)
        {
            var person = JsonSerializer.Deserialize<Person>(ErasureFollowUp.Protector(protection, number).Unprotect(sealedPayload))!;
            await mails.RemoveAsync(person.Addresses, row.CreatedAt + LastLetter, cancellationToken);
            found = await SearchAsync(db, number, person.Identities, live, cancellationToken);
        }
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        (row.ClaimedBy, row.ClaimedUntil) = (null, null);
        if (found is not null)
        {
            var known = await db.StaffTasks.Where(t => t.CaseNumber == number).Select(t => new { t.Kind, t.Place }).ToListAsync(cancellationToken);
            db.StaffTasks.AddRange(found.Where(f => !known.Exists(k => k.Kind == f.Kind && k.Place == f.Place)));
            row.SealedPayload = null;
            if (found.Count > 0)
            {
                Log.TracesFound(log, number, found.Count);
            }
        }
        await RecordAsync(db, row, overwritten || !row.AwaitsOverwrite, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>On the receipt, in the caller's transaction; what is no longer owed is forgotten.</summary>
    private async Task RecordAsync(PortalDbContext db, ErasureFollowUp row, bool overwritten, CancellationToken cancellationToken)
    {
        var (now, today) = (Now, SwedishDays.Today(time));
        if (row.AwaitsOverwrite)
        {
            var closed = await db.Cases.SingleAsync(c => c.Number == row.CaseNumber, cancellationToken);
            var outcome = ErasureOutcomeRecord.FromJson(closed.OutcomeJson!);
            if (overwritten)
            {
                closed.OutcomeJson = (outcome with { Overwritten = true, OverwrittenOn = today }).ToJson();
                row.AwaitsOverwrite = false;
            }
            else if (today > outcome.OverwriteBy && !await db.StaffTasks.AnyAsync(t => t.CaseNumber == row.CaseNumber && t.Kind == StaffTaskKind.OverwriteLate, cancellationToken))
            {
                db.StaffTasks.Add(new StaffTask { CaseNumber = row.CaseNumber, Kind = StaffTaskKind.OverwriteLate, Place = "", Rows = 0, CreatedAt = now });
                Log.Late(log, row.CaseNumber);
            }
        }
        if (row is { AwaitsOverwrite: false, SealedPayload: null })
        {
            db.ErasureFollowUps.Remove(row);
            return;
        }
        var night = NightAfter(row.CreatedAt);
        row.DueAt = row.AwaitsOverwrite || night <= now ? now + Again : night;
    }

    /// <returns>Null where a database could not be read: the next round tries again.</returns>
    private async Task<IReadOnlyList<StaffTask>?> SearchAsync(PortalDbContext db, string number, IReadOnlyList<Identity> identities, Databases live, CancellationToken cancellationToken)
    {
        var json = await db.Cases.Where(c => c.Number == number).Select(c => c.OutcomeJson).SingleAsync(cancellationToken);
        // What the plan kept may name the person.
        var kept = ErasureOutcomeRecord.FromJson(json!).Steps.Where(s => !s.Changes).Select(s => s.Collection).ToHashSet();
        var found = new List<StaffTask>();
        foreach (var key in live.Keys)
        {
            var (traces, problem) = await new Traces(live).FindAsync(key, identities, cancellationToken);
            if (problem is not null)
            {
                return null;
            }
            found.AddRange(traces.Where(t => t.Collection is null || !kept.Contains(t.Collection)).Select(t => new StaffTask
            {
                CaseNumber = number,
                Kind = StaffTaskKind.TraceFound,
                Place = $"{key}.{t.Table}.{t.Column}",
                Rows = t.Rows,
                CreatedAt = Now,
            }));
        }
        return found;
    }

    /// <summary>The first night that the last letter has had its time before.</summary>
    private static DateTime NightAfter(DateTime closed)
    {
        var earliest = SwedishDays.Local(closed + LastLetter);
        var day = DateOnly.FromDateTime(earliest);
        return TimeZoneInfo.ConvertTimeToUtc((TimeOnly.FromDateTime(earliest) <= Night ? day : day.AddDays(1)).ToDateTime(Night), SwedishDays.Zone);
    }

    private sealed record Person(IReadOnlyList<Identity> Identities, IReadOnlyList<string> Addresses);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "After the erasure of case {Number} the identity still stands in {Count} columns; staff have tasks for them")]
        public static partial void TracesFound(ILogger logger, string number, int count);

        [LoggerMessage(LogLevel.Error, "What case {Number} erased is not overwritten yet: another program keeps a database open. Staff have a task for it")]
        public static partial void Late(ILogger logger, string number);
    }
}
