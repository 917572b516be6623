using System.Data.Common;
using System.Threading.RateLimiting;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal;

/// <summary>Puts it on record that a request was refused: once an hour for each account, and once for all who are not signed in. A flood of requests is no flood of entries.</summary>
internal sealed partial class RefusedRequests(IDbContextFactory<PortalDbContext> databases, AuditTrail audit, ILogger<RefusedRequests> log) : IDisposable
{
    private readonly PartitionedRateLimiter<(string What, string Reason, string? Account)> entries = PartitionedRateLimiter.Create<(string, string, string?), (string, string, string?)>(
        refusal => RateLimitPartition.GetFixedWindowLimiter(refusal, _ => new() { PermitLimit = 1, Window = TimeSpan.FromHours(1) }));

    /// <param name="what">The name of an event.</param>
    public async Task RecordAsync(string what, string reason, string? account, CancellationToken cancellation)
    {
        using var entry = entries.AttemptAcquire((what, reason, account));
        if (!entry.IsAcquired)
        {
            return;
        }

        Logs.Refused(log, what, reason);
        try
        {
            await using var db = await databases.CreateDbContextAsync(cancellation);
            await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
            long? number = account is null ? null : await audit.NumberOfAsync(db, $"account:{account}", cancellation);
            await audit.AppendAsync(db, new AuditEvent(what) { Subject = number, Actor = number, ReasonCode = reason }, cancellation);
            await transaction.CommitAsync(cancellation);
        }
        catch (DbException e)
        {
            // It is refused all the same.
            Logs.NotRecorded(log, what, reason, e.GetType().Name);
        }
    }

    public void Dispose() => entries.Dispose();

    private static partial class Logs
    {
        [LoggerMessage(LogLevel.Warning, "Refused: {What} ({Reason}); for an hour this node does not say it again of the same account, or of whoever is not signed in.")]
        public static partial void Refused(ILogger log, string what, string reason);

        [LoggerMessage(LogLevel.Error, "That a request was refused ({What}, {Reason}) could not be recorded ({Failure}).")]
        public static partial void NotRecorded(ILogger log, string what, string reason, string failure);
    }
}
