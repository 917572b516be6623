using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using static Kalejdo.Portal.Tests.Support.StoreOnDisk;

namespace Kalejdo.Portal.Tests.Store;

public class MigrationTests
{
    [Fact]
    public async Task The_second_start_changes_nothing()
    {
        await using var store = await CreateAsync();
        var before = await SchemaAsync(store);
        Assert.Contains("cases", before);

        await store.MigrateAsync();

        Assert.Equal(before, await SchemaAsync(store));
        await using var db = store.Open();
        Assert.Empty(await db.Database.GetPendingMigrationsAsync(Cancellation));
        Assert.Equal(1, await db.AuditHeads.CountAsync(Cancellation));
    }

    [Fact]
    public async Task Two_starts_at_once_migrate_once()
    {
        await using var one = Unmigrated();
        await using var other = one.Another();

        await Task.WhenAll(
            Task.Run(one.MigrateAsync, Cancellation),
            Task.Run(other.MigrateAsync, Cancellation));

        await using var db = other.Open();
        Assert.Empty(await db.Database.GetPendingMigrationsAsync(Cancellation));
        Assert.Equal(one.Keys.Id, other.Keys.Id);
    }

    [Fact]
    public void The_migrations_know_the_whole_model()
    {
        using var db = new SqlitePortalDbContextDesign().CreateDbContext([]);
        Assert.False(db.Database.HasPendingModelChanges(), "The model has drifted: dotnet ef migrations add");
    }

    private static async Task<string> SchemaAsync(StoreOnDisk store)
    {
        await using var db = store.Open();
        var parts = await db.Database.SqlQuery<string>($"SELECT type || ' ' || name || coalesce(sql, '') AS Value FROM sqlite_schema ORDER BY 1").ToListAsync(Cancellation);
        return string.Join('\n', parts);
    }
}
