using System.Globalization;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;
using Quartz;

namespace Kalejdo.Portal.Features.Staff.Partners;

/// <summary>Tells staff of agreements that will soon end and that nothing follows: from their last day on the partner is told nothing.</summary>
internal sealed partial class AgreementWatch(IDbContextFactory<PortalDbContext> databases, TimeProvider time)
{
    public const int WarnDays = 60;

    /// <summary>Once for each agreement and last day; done by itself when another follows.</summary>
    public async Task LookAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var (today, now) = (SwedishDays.Today(time), time.GetUtcNow().UtcDateTime);
        var names = await db.Recipients.Where(row => row.Kind == RecipientKind.Partner).ToDictionaryAsync(row => row.Id, row => row.NameSv, cancellation);
        var agreements = (await db.RecipientAgreements.AsNoTracking().ToListAsync(cancellation)).Where(row => names.ContainsKey(row.RecipientId)).ToList();
        var ending = agreements.Where(one => one.InForceTo is { } last && last >= today && last <= today.AddDays(WarnDays) && !one.IsFollowed(agreements.Where(other => other.RecipientId == one.RecipientId)))
            .Select(one => string.Create(CultureInfo.InvariantCulture, $"{names[one.RecipientId]}, {one.InForceTo:yyyy-MM-dd}")).ToHashSet();
        var tasks = await db.StaffTasks.Where(row => row.Kind == StaffTaskKind.AgreementEnding).ToListAsync(cancellation);
        foreach (var done in tasks.Where(row => row.DoneAt == null && !ending.Contains(row.Place)))
        {
            done.DoneAt = now;
        }

        db.StaffTasks.AddRange(ending.Except(tasks.Select(row => row.Place)).Select(place => new StaffTask { Kind = StaffTaskKind.AgreementEnding, Place = place, Rows = 0, CreatedAt = now }));
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
    }

    [DisallowConcurrentExecution]
    internal sealed partial class Job(AgreementWatch watch, ILogger<AgreementWatch> log) : IJob
    {
        public static readonly TimeSpan Every = TimeSpan.FromHours(1);

        public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
        {
            try
            {
                await watch.LookAsync(cancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The exception's text may quote a value.
                Failed(log, e.GetType().Name);
            }
        }

        [LoggerMessage(LogLevel.Error, "Agreements that end soon could not be looked for: {Exception}; it is tried again in a while")]
        private static partial void Failed(ILogger logger, string exception);
    }
}
