using System.Globalization;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;
using Quartz;

namespace Kalejdo.Portal.Features.Protection;

/// <summary>Tells staff when the day has come to see whether a protection still holds; it holds until they have said so.</summary>
internal sealed partial class ProtectionReviews(IDbContextFactory<PortalDbContext> databases, TimeProvider time)
{
    /// <summary>Once for each protection and day; done by itself when there is a later day or no protection.</summary>
    public async Task LookAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var (today, now) = (SwedishDays.Today(time), time.GetUtcNow().UtcDateTime);
        var due = (await db.ClosedSelfServices.AsNoTracking().Where(row => row.ReviewOn <= today).Select(row => new { row.Id, row.ReviewOn }).ToListAsync(cancellation))
            .Select(row => string.Create(CultureInfo.InvariantCulture, $"{row.Id} {row.ReviewOn:yyyy-MM-dd}")).ToHashSet();
        var tasks = await db.StaffTasks.Where(row => row.Kind == StaffTaskKind.ProtectionReview && row.DoneAt == null).ToListAsync(cancellation);
        foreach (var done in tasks.Where(row => !due.Contains(row.Place)))
        {
            done.DoneAt = now;
        }

        db.StaffTasks.AddRange(due.Except(tasks.Select(row => row.Place)).Select(place => new StaffTask { Kind = StaffTaskKind.ProtectionReview, Place = place, Rows = 0, CreatedAt = now }));
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
    }

    [DisallowConcurrentExecution]
    internal sealed partial class Job(ProtectionReviews reviews, ILogger<ProtectionReviews> log) : IJob
    {
        public static readonly TimeSpan Every = TimeSpan.FromHours(1);

        public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
        {
            try
            {
                await reviews.LookAsync(cancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The exception's text may quote a value.
                Failed(log, e.GetType().Name);
            }
        }

        [LoggerMessage(LogLevel.Error, "Protections to be reviewed could not be looked for: {Exception}; the next hour tries again")]
        private static partial void Failed(ILogger logger, string exception);
    }
}
