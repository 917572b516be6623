using System.Data.Common;
using System.Threading.Channels;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace Kalejdo.Portal.Mail;

/// <summary>Rings when letters were committed, so that a code is on its way at once; else the job's next round finds them.</summary>
internal sealed class OutboxSignal : SaveChangesInterceptor, IDbTransactionInterceptor
{
    // One ring is as good as ten.
    private readonly Channel<bool> _bell = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Ring() => _bell.Writer.TryWrite(true);

    public async Task WaitAsync(CancellationToken cancellation) => await _bell.Reader.ReadAsync(cancellation);

    public override int SavedChanges(SaveChangesCompletedEventData eventData, int result)
    {
        AfterSaving(eventData.Context);
        return result;
    }

    public override ValueTask<int> SavedChangesAsync(SaveChangesCompletedEventData eventData, int result, CancellationToken cancellationToken = default)
    {
        AfterSaving(eventData.Context);
        return ValueTask.FromResult(result);
    }

    public void TransactionCommitted(DbTransaction transaction, TransactionEndEventData eventData) => RingFor(eventData.Context);

    public Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        RingFor(eventData.Context);
        return Task.CompletedTask;
    }

    private void AfterSaving(DbContext? db)
    {
        if (db?.Database.CurrentTransaction is null)
        {
            RingFor(db);
        }
    }

    private void RingFor(DbContext? db)
    {
        if (db?.ChangeTracker.Entries<OutboxMail>().Any() is true)
        {
            Ring();
        }
    }
}
