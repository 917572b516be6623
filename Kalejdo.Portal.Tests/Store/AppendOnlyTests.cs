using Kalejdo.Portal.Store;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using static Kalejdo.Portal.Tests.Support.StoreOnDisk;

namespace Kalejdo.Portal.Tests.Store;

public class AppendOnlyTests
{
    [Theory]
    [InlineData("UPDATE audit_entries SET event = 'other'")]
    [InlineData("UPDATE OR REPLACE audit_entries SET sequence = 7")]
    [InlineData("DELETE FROM audit_entries")]
    [InlineData("INSERT OR REPLACE INTO audit_entries (sequence, at, event, previous_hash, hash) VALUES (1, '2026-01-01 00:00:00', 'other', '', 'x')")]
    [InlineData("UPDATE erasure_ledger SET identity_hash = 'other'")]
    [InlineData("DELETE FROM erasure_ledger")]
    [InlineData("INSERT OR REPLACE INTO erasure_ledger (id, case_number, event, recorded_at) VALUES (1, 'K-2026-222222', 'Completed', '2026-01-01 00:00:00')")]
    public async Task What_is_written_stays(string sql)
    {
        await using var store = await CreateAsync();
        await using (var db = store.Open())
        {
            await using var transaction = await db.Database.BeginTransactionAsync(Cancellation);
            db.Ledger.Add(LedgerEntry.Intended(store.Keys, "K-2026-222222", "email", "kund@example.se", null, store.Now));
            await store.Audit.AppendAsync(db, new("test"), Cancellation);
            await transaction.CommitAsync(Cancellation);
        }

        var refused = await Assert.ThrowsAsync<SqliteException>(() => store.SqlAsync(sql));

        Assert.Contains("append-only", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_ledger_forgets_a_case_whose_completion_has_expired_and_no_other()
    {
        await using var store = await CreateAsync();
        var longAgo = new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        var farAhead = new DateTime(2999, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        await using var db = store.Open();
        db.Ledger.AddRange(
            LedgerEntry.Intended(store.Keys, "expired", "email", "a@example.se", null, longAgo),
            LedgerEntry.Completed("expired", longAgo, TimeSpan.FromDays(35)),
            LedgerEntry.Intended(store.Keys, "kept", "email", "b@example.se", null, farAhead),
            LedgerEntry.Completed("kept", farAhead, TimeSpan.FromDays(35)),
            LedgerEntry.Intended(store.Keys, "under way", "email", "c@example.se", null, longAgo));
        await db.SaveChangesAsync(Cancellation);

        await db.Ledger.Where(row => row.CaseNumber == "expired" && row.Event == LedgerEvent.Intended).ExecuteDeleteAsync(Cancellation);
        await db.Ledger.Where(row => row.CaseNumber == "expired").ExecuteDeleteAsync(Cancellation);
        await Assert.ThrowsAsync<SqliteException>(() => db.Ledger.Where(row => row.CaseNumber == "kept").ExecuteDeleteAsync(Cancellation));
        await Assert.ThrowsAsync<SqliteException>(() => db.Ledger.Where(row => row.CaseNumber == "under way").ExecuteDeleteAsync(Cancellation));

        Assert.Equal(3, await db.Ledger.CountAsync(Cancellation));
    }

    [Fact]
    public async Task The_ledger_knows_an_identity_by_its_keyed_hash_alone()
    {
        await using var store = await CreateAsync();
        var line = LedgerEntry.Intended(store.Keys, "K-2026-222222", "email", "kund@example.se", null, store.Now);

        Assert.Equal(LedgerEntry.HashIdentity(store.Keys, "email", "kund@example.se"), line.IdentityHash);
        Assert.NotEqual(LedgerEntry.HashIdentity(store.Keys, "phone", "kund@example.se"), line.IdentityHash);
    }
}
