using System.Data.Common;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using static Kalejdo.Portal.Tests.Support.StoreOnDisk;

namespace Kalejdo.Portal.Tests.Store;

public abstract class AppendOnlyTests
{
    public static TheoryData<string> Attempts { get; } =
    [
        "UPDATE audit_entries SET event = 'other'",
        "DELETE FROM audit_entries",
        "UPDATE erasure_ledger SET identity_hash = 'other'",
        "DELETE FROM erasure_ledger",
        "INSERT INTO audit_entries (sequence, at, event, previous_hash, hash) VALUES (1, '2026-01-01 00:00:00', 'other', '', 'x') ON CONFLICT (sequence) DO UPDATE SET event = 'other'",
    ];

    public static TheoryData<string> AttemptsOnSqlite { get; } =
    [
        "UPDATE OR REPLACE audit_entries SET sequence = 7",
        "INSERT OR REPLACE INTO audit_entries (sequence, at, event, previous_hash, hash) VALUES (1, '2026-01-01 00:00:00', 'other', '', 'x')",
        "INSERT OR REPLACE INTO erasure_ledger (id, case_number, event, recorded_at) VALUES (1, 'K-2026-222222', 'Completed', '2026-01-01 00:00:00')",
    ];

    public static TheoryData<string> AttemptsOnPostgres { get; } = ["TRUNCATE audit_entries", "TRUNCATE erasure_ledger CASCADE"];

    [Theory]
    [MemberData(nameof(Attempts))]
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

        var refused = await Assert.ThrowsAnyAsync<DbException>(() => store.SqlAsync(sql));

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
        await Assert.ThrowsAnyAsync<DbException>(() => db.Ledger.Where(row => row.CaseNumber == "kept").ExecuteDeleteAsync(Cancellation));
        await Assert.ThrowsAnyAsync<DbException>(() => db.Ledger.Where(row => row.CaseNumber == "under way").ExecuteDeleteAsync(Cancellation));

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

public sealed class AppendOnlyOnSqliteTests : AppendOnlyTests
{
    [Theory]
    [MemberData(nameof(AttemptsOnSqlite))]
    public Task Neither_can_it_be_replaced(string sql) => What_is_written_stays(sql);
}

[OnPostgres]
public sealed class AppendOnlyOnPostgresTests : AppendOnlyTests
{
    [Theory]
    [MemberData(nameof(AttemptsOnPostgres))]
    public Task Neither_can_it_be_emptied(string sql) => What_is_written_stays(sql);
}
