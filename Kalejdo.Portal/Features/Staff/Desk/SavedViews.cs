using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Staff.Desk;

internal enum SaveViewResult
{
    Saved,
    NameTaken,
    TooMany,
}

/// <summary>What each member of staff looks for often.</summary>
internal sealed class SavedViews(IDbContextFactory<PortalDbContext> databases)
{
    /// <summary>More than anybody keeps apart.</summary>
    public const int Most = 20;

    public async Task<IReadOnlyList<SavedView>> OfAsync(string accountId, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.SavedViews.AsNoTracking().Where(row => row.AccountId == accountId).OrderBy(row => row.Name).ToListAsync(cancellation);
    }

    public async Task<SaveViewResult> SaveAsync(string accountId, string name, DeskFilter filter, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var names = await db.SavedViews.Where(row => row.AccountId == accountId).Select(row => row.Name).ToListAsync(cancellation);
        if (names.Contains(name, StringComparer.CurrentCultureIgnoreCase))
        {
            return SaveViewResult.NameTaken;
        }
        if (names.Count >= Most)
        {
            return SaveViewResult.TooMany;
        }
        db.SavedViews.Add(new SavedView { AccountId = accountId, Name = name, Query = (filter with { Page = 1 }).Query });
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return SaveViewResult.Saved;
    }

    /// <summary>One's own alone; another's stays where it is.</summary>
    public async Task RemoveAsync(string accountId, long id, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await db.SavedViews.Where(row => row.AccountId == accountId && row.Id == id).ExecuteDeleteAsync(cancellation);
    }
}
