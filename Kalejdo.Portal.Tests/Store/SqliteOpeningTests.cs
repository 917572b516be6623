using System.Globalization;
using Kalejdo.Portal.Store;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using SQLitePCL;
using static Kalejdo.Portal.Tests.Support.StoreOnDisk;

namespace Kalejdo.Portal.Tests.Store;

public class SqliteOpeningTests
{
    [Theory]
    [InlineData("foreign_keys", "1")]
    [InlineData("secure_delete", "1")]
    [InlineData("busy_timeout", "5000")]
    [InlineData("journal_mode", "wal")]
    public async Task Every_connection_has(string pragma, string expected)
    {
        await using var store = await CreateAsync();
        await using (var db = store.Open())
        {
            await db.Database.OpenConnectionAsync(Cancellation);
            Assert.Equal(expected, await ReadAsync(db, pragma));
            // The connection goes back to the pool spoilt, as by a job that switches something off for a while.
            await db.Database.ExecuteSqlRawAsync("PRAGMA foreign_keys = 0; PRAGMA secure_delete = 0; PRAGMA busy_timeout = 1", Cancellation);
        }

        await using var again = store.Open();
        again.Database.OpenConnection();
        Assert.Equal(expected, await ReadAsync(again, pragma));
    }

    [Fact]
    public async Task A_database_that_cannot_follow_is_refused()
    {
        // A database in memory has no write-ahead log.
        var options = new DbContextOptionsBuilder<SqlitePortalDbContext>()
            .UseSqlite("Data Source=:memory:")
            .UseApplicationServiceProvider(SqlitePortalDbContextDesign.Services)
            .AddInterceptors(new SqliteOpening())
            .Options;
        await using var db = new SqlitePortalDbContext(options);

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => db.Database.OpenConnectionAsync(Cancellation));

        Assert.Contains("journal_mode = wal", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_transaction_has_the_write_lock_from_its_beginning()
    {
        await using var store = await CreateAsync();
        await using var db = store.Open();
        await using var transaction = await db.Database.BeginTransactionAsync(Cancellation);

        await using var other = new SqliteConnection($"Data Source={store.DatabaseFile};Pooling=False");
        await other.OpenAsync(Cancellation);

        // Past Microsoft.Data.Sqlite, which would wait for the lock.
        Assert.Equal(raw.SQLITE_BUSY, raw.sqlite3_exec(other.Handle, "BEGIN IMMEDIATE"));
        await transaction.CommitAsync(Cancellation);
        Assert.Equal(raw.SQLITE_OK, raw.sqlite3_exec(other.Handle, "BEGIN IMMEDIATE"));
    }

    private static async Task<string?> ReadAsync(PortalDbContext db, string pragma)
    {
        await using var command = db.Database.GetDbConnection().CreateCommand();
        command.CommandText = $"PRAGMA {pragma}";
        return Convert.ToString(await command.ExecuteScalarAsync(Cancellation), CultureInfo.InvariantCulture);
    }
}
