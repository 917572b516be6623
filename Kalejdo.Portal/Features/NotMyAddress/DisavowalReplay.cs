using System.Data.Common;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.NotMyAddress;

/// <summary>What replaying the disavowals came to.</summary>
/// <param name="Again">How many addresses were taken away again (or would be).</param>
/// <param name="CameBack">Cases whose addresses were left alone, as somebody has given them to us since.</param>
internal sealed record DisavowalReplayResult(int Again, IReadOnlyList<string> CameBack, IReadOnlyList<string> Problems);

/// <summary>
/// Takes disowned addresses away again that a restored backup brought back. The ledger knows them by keyed hashes alone: every address
/// that stands in the databases is hashed in one pass.
/// </summary>
internal sealed class DisavowalReplay(LiveMap liveMap, IDbContextFactory<PortalDbContext> databases, HeldAddresses held, AuditTrail audit, PortalKeys keys)
{
    private const string Actor = "operator:replay";

    private sealed record Line(string Case, string Hash, DateTime RecordedAt);

    /// <param name="backupTaken">When the restored backup was taken; what was completed before does not stand in it.</param>
    public async Task<DisavowalReplayResult> ReplayAsync(DateTime backupTaken, bool dryRun, CancellationToken cancellationToken)
    {
        var lines = await LinesAsync(backupTaken, cancellationToken);
        if (lines.Count == 0)
        {
            return new DisavowalReplayResult(0, [], []);
        }
        var (live, refusals) = await liveMap.OpenAsync(cancellationToken);
        if (live is null)
        {
            return new DisavowalReplayResult(0, [], [.. refusals.Select(refusal => refusal.ToString())]);
        }
        var (again, cameBack, problems) = (0, new List<string>(), new List<string>());
        foreach (var (line, (address, later)) in await FindAsync(live, lines, problems, cancellationToken))
        {
            if (later)
            {
                cameBack.Add(line.Case);
            }
            else if (dryRun || await held.DetachAgainAsync(live, line.Case, address) is DisavowalOutcome.Removed)
            {
                again++;
                await RecordAsync(line.Case, dryRun, cancellationToken);
            }
            else
            {
                problems.Add($"the address of case {line.Case} could not be taken away again.");
            }
        }
        return new DisavowalReplayResult(again, cameBack, problems);
    }

    private async Task<IReadOnlyList<Line>> LinesAsync(DateTime backupTaken, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        // What is under way is gone on with by itself.
        var completed = db.Ledger.Where(row => row.Event == LedgerEvent.Completed && row.RecordedAt >= backupTaken).Select(row => row.CaseNumber);
        var withdrawn = db.Ledger.Where(row => row.Event == LedgerEvent.Withdrawn).Select(row => row.CaseNumber);
        return await db.Ledger.AsNoTracking().Where(row => row.Event == LedgerEvent.Disavowed && completed.Contains(row.CaseNumber) && !withdrawn.Contains(row.CaseNumber))
            .OrderBy(row => row.RecordedAt).Select(row => new Line(row.CaseNumber, row.IdentityHash!, row.RecordedAt)).ToListAsync(cancellationToken);
    }

    private async Task<Dictionary<Line, (string Address, bool Later)>> FindAsync(Databases live, IReadOnlyList<Line> lines, List<string> problems, CancellationToken cancellationToken)
    {
        var known = lines.ToLookup(line => line.Hash);
        var found = new Dictionary<Line, (string Address, bool Later)>();
        foreach (var key in live.Keys)
        {
            try
            {
                await foreach (var standing in new StandingIdentities(live).ReadAsync(key, cancellationToken))
                {
                    if (standing.Identity.Name != Disavowal.IdentityName)
                    {
                        continue;
                    }
                    var address = Subjects.Normal(standing.Identity);
                    foreach (var line in known[LedgerEntry.HashIdentity(keys, Disavowal.IdentityName, address)])
                    {
                        found[line] = (address, standing.Since > line.RecordedAt || (found.TryGetValue(line, out var before) && before.Later));
                    }
                }
            }
            catch (DbException)
            {
                problems.Add($"the database '{key}' could not be read to its end");
            }
        }
        return found;
    }

    private async Task RecordAsync(string caseNumber, bool dryRun, CancellationToken cancellationToken)
    {
        if (dryRun)
        {
            return;
        }
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var subject = await db.Cases.Where(row => row.Number == caseNumber).Select(row => (long?)row.Subject).SingleOrDefaultAsync(cancellationToken);
        var actor = await audit.NumberOfAsync(db, Actor, cancellationToken);
        await audit.AppendAsync(db, new AuditEvent("disavowal.done-again") { Subject = subject, Actor = actor, CaseNumber = caseNumber }, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
