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
        await using var one = await UnmigratedAsync();
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
        using PortalDbContext sqlite = new SqlitePortalDbContextDesign().CreateDbContext([]);
        using PortalDbContext postgres = new PostgresPortalDbContextDesign().CreateDbContext([]);

        Assert.All([sqlite, postgres], db => Assert.False(db.Database.HasPendingModelChanges(), $"The model has drifted: dotnet ef migrations add … --context {db.GetType().Name} (README)"));
    }

    private static async Task<string> SchemaAsync(StoreOnDisk store)
    {
        await using var db = store.Open();
        return string.Join('\n', await db.Database.SqlQueryRaw<string>(store.IsPostgres ? OfPostgres : OfSqlite).ToListAsync(Cancellation));
    }

    private const string OfSqlite = "SELECT type || ' ' || name || coalesce(sql, '') AS Value FROM sqlite_schema ORDER BY 1";

    private const string OfPostgres = """
        SELECT table_name || ' ' || column_name || ' ' || data_type AS "Value" FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT proname || prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1
        """;
}

[OnPostgres]
public sealed class MigrationOnPostgresTests : MigrationTests;
