using System.Data.Common;
using System.Threading.RateLimiting;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal;

/// <summary>Puts a reached limit on record: once an hour for each account, and once for all who are not signed in. A flood of requests is no flood of entries.</summary>
internal sealed partial class ReachedLimits(IDbContextFactory<PortalDbContext> databases, AuditTrail audit, ILogger<ReachedLimits> log) : IDisposable
{
    private readonly PartitionedRateLimiter<(string Policy, string? Account)> entries = PartitionedRateLimiter.Create<(string, string?), (string, string?)>(
        limit => RateLimitPartition.GetFixedWindowLimiter(limit, _ => new() { PermitLimit = 1, Window = TimeSpan.FromHours(1) }));

    public async Task RecordAsync(string policy, string? account, CancellationToken cancellation)
    {
        using var entry = entries.AttemptAcquire((policy, account));
        if (!entry.IsAcquired)
        {
            return;
        }

        Logs.Reached(log, policy);
        try
        {
            await using var db = await databases.CreateDbContextAsync(cancellation);
            await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
            long? number = account is null ? null : await audit.NumberOfAsync(db, $"account:{account}", cancellation);
            await audit.AppendAsync(db, new AuditEvent("limit.reached") { Subject = number, Actor = number, ReasonCode = policy }, cancellation);
            await transaction.CommitAsync(cancellation);
        }
        catch (DbException e)
        {
            // Who asks too often is refused all the same.
            Logs.NotRecorded(log, policy, e.GetType().Name);
        }
    }

    public void Dispose() => entries.Dispose();

    private static partial class Logs
    {
        [LoggerMessage(LogLevel.Warning, "The limit {Limit} was reached; for an hour this node does not say it again of the same account, or of whoever is not signed in.")]
        public static partial void Reached(ILogger log, string limit);

        [LoggerMessage(LogLevel.Error, "That the limit {Limit} was reached could not be recorded ({Failure}).")]
        public static partial void NotRecorded(ILogger log, string limit, string failure);
    }
}
