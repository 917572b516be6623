using System.Data.Common;
using System.Text.Json;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>What replaying the ledger came to.</summary>
/// <param name="Steps">Of all erasures together.</param>
/// <param name="Again">How many erasures were done again (or would be).</param>
/// <param name="CameBack">Cases whose people were left alone, because they came back since.</param>
/// <param name="Left">Rows that are still found; null in a dry run, and where it cannot be told.</param>
/// <param name="Problems">What could not be done.</param>
internal sealed record ReplayResult(IReadOnlyList<StepRecord> Steps, int Again, IReadOnlyList<string> CameBack, long? Left, IReadOnlyList<string> Problems);

/// <summary>
/// Does erasures again on databases that were restored from a backup (design.md 5.7). The ledger knows identities by keyed hashes alone: so
/// every identity that stands in the databases is hashed in one pass, and those that the ledger knows are erased, with a case each, as any.
/// </summary>
internal sealed class ErasureReplay(
    LiveMap liveMap,
    IDbContextFactory<PortalDbContext> databases,
    Erasures erasures,
    AuditTrail audit,
    PortalKeys keys,
    IOptions<StoreOptions> options,
    TimeProvider time)
{
    private const string Actor = "operator:replay";

    private sealed record Line(string Case, string Name, string? ScopeJson, DateTime RecordedAt);

    private sealed record Again(string Case, DateTime ErasedAt, ErasureScope Scope)
    {
        public HashSet<Identity> Identities { get; } = [];

        /// <summary>Those of somebody who came after the erasure.</summary>
        public HashSet<Identity> Later { get; } = [];
    }

    /// <param name="backupTaken">When the restored backup was taken; erasures that were completed before are not in it any more.</param>
    public async Task<ReplayResult> ReplayAsync(DateTime backupTaken, bool dryRun, IProgress<string> progress, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        if (time.GetUtcNow().UtcDateTime - backupTaken > TimeSpan.FromDays(options.Value.LongestBackupDays))
        {
            problems.Add($"The backup is older than Store:LongestBackupDays ({options.Value.LongestBackupDays}): the ledger may have forgotten erasures that it holds.");
        }
        var (live, refusals) = await liveMap.OpenAsync(cancellationToken);
        if (live is null)
        {
            return new ReplayResult([], 0, [], null, [.. problems, .. refusals.Select(r => r.ToString())]);
        }
        await RecordAsync(dryRun ? "replay.planned" : "replay.begun", cancellationToken);
        var (steps, left, count) = (new List<StepRecord>(), (long?)0, 0);
        var all = await FindAsync(live, backupTaken, problems, cancellationToken);
        foreach (var again in all.OrderBy(a => a.ErasedAt))
        {
            IReadOnlyList<Identity> identities = [.. again.Identities.Except(again.Later)];
            if (identities.Count == 0)
            {
                continue;
            }
            switch (await new Rights.Erasure(live, time).PlanAsync(identities, again.Scope, cancellationToken))
            {
                case ErasureOutcome.Refused refused:
                    problems.AddRange(refused.Reasons.Select(r => $"case {again.Case}: {r}"));
                    break;
                case ErasureOutcome.Done plan when !plan.Steps.Any(s => s.Changes):
                    break;
                case ErasureOutcome.Done plan when dryRun:
                    count++;
                    steps.AddRange(plan.Steps.Select(StepRecord.Of));
                    break;
                default:
                    switch (await erasures.EraseAsync(identities, again.Scope, Actor, progress, cancellationToken))
                    {
                        case ErasureResult.Erased erased:
                            count++;
                            steps.AddRange(erased.Steps);
                            left += erased.Left;
                            break;
                        case ErasureResult.Unfinished unfinished:
                            problems.Add($"case {unfinished.Case} is unfinished; the next start goes on with it.");
                            break;
                        default:
                            problems.Add($"case {again.Case} could not be done again.");
                            break;
                    }
                    break;
            }
        }
        if (!dryRun)
        {
            await RecordAsync("replay.done", cancellationToken);
        }
        return new ReplayResult(
            [.. steps.GroupBy(s => s with { Rows = 0 }).Select(g => g.Key with { Rows = g.Sum(s => s.Rows) }).OrderBy(s => s.Collection, StringComparer.Ordinal).ThenBy(s => s.Until)],
            count,
            [.. all.Where(a => a.Later.Count > 0).Select(a => a.Case)],
            dryRun ? null : left,
            problems);
    }

    private async Task<IReadOnlyList<Again>> FindAsync(Databases live, DateTime backupTaken, List<string> problems, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        // What was completed before is not in the backup; of what was completed later, some of it may be.
        var before = db.Ledger.Where(l => l.Event == LedgerEvent.Completed && l.RecordedAt < backupTaken).Select(l => l.CaseNumber);
        var lines = await db.Ledger.AsNoTracking()
            .Where(l => l.Event == LedgerEvent.Intended && !before.Contains(l.CaseNumber))
            .Select(l => new { l.CaseNumber, l.IdentityName, l.IdentityHash, l.ScopeJson, l.RecordedAt }).ToListAsync(cancellationToken);
        var known = lines.ToLookup(l => (l.IdentityName!, l.IdentityHash!), l => new Line(l.CaseNumber, l.IdentityName!, l.ScopeJson, l.RecordedAt));
        var cases = new Dictionary<string, Again>();

        foreach (var line in known.SelectMany(l => l).Where(l => l.Name == Subjects.IdentityName && ScopeOf(l.ScopeJson).Known))
        {
            // Kept rows whose ground had ended: their keys say which, nobody needs to be found.
            var subject = await db.Cases.Where(c => c.Number == line.Case).Select(c => (long?)c.Subject).SingleOrDefaultAsync(cancellationToken);
            Of(line).Identities.Add(new Identity(Subjects.IdentityName, (subject ?? 0).ToString(System.Globalization.CultureInfo.InvariantCulture)));
        }
        foreach (var key in live.Keys.Where(_ => known.Count > 0))
        {
            try
            {
                await foreach (var standing in new StandingIdentities(live).ReadAsync(key, cancellationToken))
                {
                    foreach (var form in Forms(standing.Identity))
                    {
                        foreach (var line in known[(form.Name, LedgerEntry.HashIdentity(keys, form.Name, form.Value))].Where(l => l.Name != Subjects.IdentityName))
                        {
                            var again = Of(line);
                            again.Identities.Add(form);
                            if (standing.Since > line.RecordedAt)
                            {
                                again.Later.Add(form);
                            }
                        }
                    }
                }
            }
            catch (DbException)
            {
                problems.Add($"the database '{key}' could not be read to its end");
            }
        }
        foreach (var again in cases.Values.Where(a => a.Scope.IsEverything))
        {
            foreach (var identity in again.Identities)
            {
                // The account went with the erasure; one that is linked now was made by somebody who came back.
                var link = AccountLink.Hash(keys, identity.Name, identity.Value);
                if (await db.AccountLinks.AnyAsync(l => l.ValueHash == link && l.LinkedAt > again.ErasedAt, cancellationToken))
                {
                    again.Later.Add(identity);
                }
            }
        }
        return [.. cases.Values];

        Again Of(Line line) => cases.TryGetValue(line.Case, out var there) ? there : cases[line.Case] = new Again(line.Case, line.RecordedAt, ScopeOf(line.ScopeJson));
    }

    private static IEnumerable<Identity> Forms(Identity standing) =>
        new[] { Subjects.Normal(standing), standing.Value.Trim(), standing.Value }.Distinct().Select(value => standing with { Value = value });

    private ErasureScope ScopeOf(string? json)
    {
        if (json is null)
        {
            return ErasureScope.Everything;
        }
        using var scope = JsonDocument.Parse(json);
        return scope.RootElement.ValueKind == JsonValueKind.Array
            ? ErasureScope.OfKinds(scope.RootElement.Deserialize<string[]>()!)
            : JsonSerializer.Deserialize<ErasureScope>(keys.Unseal("ledger rows", scope.RootElement.GetProperty("Rows").GetBytesFromBase64()))!;
    }

    private async Task RecordAsync(string what, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await audit.AppendAsync(db, new AuditEvent(what) { Actor = await audit.NumberOfAsync(db, Actor, cancellationToken) }, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
