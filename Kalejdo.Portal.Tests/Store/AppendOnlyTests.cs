using System.Data.Common;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Npgsql;
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
        "UPDATE audit_head SET sequence = 0",
        "DELETE FROM audit_head",
        "INSERT INTO audit_head (id, sequence, hash, seal) VALUES (2, 0, '', '')",
        "INSERT INTO audit_entries (sequence, at, event, previous_hash, hash) VALUES (1, '2026-01-01 00:00:00', 'other', '', 'x') ON CONFLICT (sequence) DO UPDATE SET event = 'other'",
    ];

    public static TheoryData<string> AttemptsOnSqlite { get; } =
    [
        "UPDATE OR REPLACE audit_entries SET sequence = 7",
        "INSERT OR REPLACE INTO audit_head (id, sequence, hash, seal) VALUES (1, 0, '', '')",
        "INSERT OR REPLACE INTO audit_entries (sequence, at, event, previous_hash, hash) VALUES (1, '2026-01-01 00:00:00', 'other', '', 'x')",
        "INSERT OR REPLACE INTO erasure_ledger (id, case_number, event, recorded_at) VALUES (1, 'K-2026-222222', 'Completed', '2026-01-01 00:00:00')",
    ];

    public static TheoryData<string> AttemptsOnPostgres { get; } = ["TRUNCATE audit_entries", "TRUNCATE erasure_ledger CASCADE", "TRUNCATE audit_head"];

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

    [Theory]
    [InlineData("UPDATE incident_notes SET risk = 'None'")]
    [InlineData("DELETE FROM incident_notes")]
    public async Task What_staff_documented_stays(string sql)
    {
        await using var store = await CreateAsync();
        await using (var db = store.Open())
        {
            var about = await CaseRegister.OpenAsync(db, CaseType.Disavowal, 1, store.Now, Cancellation);
            db.Incidents.Add(Incident.Of(about.Number, store.Now));
            db.IncidentNotes.Add(new IncidentNote
            {
                CaseNumber = about.Number,
                RecordedAt = store.Now,
                RecordedBy = 2,
                Risk = IncidentRisk.High,
                Report = IncidentReport.NotYet,
                Told = IncidentTold.NotYet,
                SealedWords = IncidentNote.Seal(store.Keys, about.Number, new IncidentWords("Vad", "Vems", null)),
            });
            await db.SaveChangesAsync(Cancellation);
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
public sealed partial class AppendOnlyOnPostgresTests : AppendOnlyTests
{
    /// <summary>docs/postgresql.md, as an operator does it.</summary>
    [Fact]
    public async Task The_role_that_the_portal_runs_as_can_append_and_nothing_else()
    {
        await using var store = await CreateAsync();
        await store.SqlAsync("DO $$ BEGIN CREATE ROLE portal_runs LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$");
        await store.SqlAsync(TheRole().Replace(Grants(), "portal_runs"));
        await using var owner = store.Open();
        await using var db = new PostgresPortalDbContext(new DbContextOptionsBuilder<PostgresPortalDbContext>()
            .UseNpgsql(new NpgsqlConnectionStringBuilder(owner.Database.GetConnectionString()) { Username = "portal_runs", Pooling = false }.ConnectionString)
            .UseApplicationServiceProvider(SqlitePortalDbContextDesign.Services).Options);
        var longAgo = new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        await using (var transaction = await db.Database.BeginTransactionAsync(Cancellation))
        {
            var number = await store.Audit.NumberOfAsync(db, "account:17", Cancellation);
            await store.Audit.AppendAsync(db, new("test") { Subject = number, Note = "En anmärkning." }, Cancellation);
            db.Ledger.AddRange(
                LedgerEntry.Intended(store.Keys, "expired", "email", "a@example.se", null, longAgo),
                LedgerEntry.Completed("expired", longAgo, TimeSpan.FromDays(35)));
            await db.SaveChangesAsync(Cancellation);
            await transaction.CommitAsync(Cancellation);
        }

        foreach (var attempt in (string[])
            [
                "UPDATE audit_entries SET event = 'other'", "DELETE FROM audit_entries", "TRUNCATE audit_entries",
                "UPDATE erasure_ledger SET identity_hash = 'other'", "TRUNCATE erasure_ledger", "DELETE FROM audit_head", "TRUNCATE audit_head",
                "UPDATE incident_notes SET risk = 'None'", "DELETE FROM incident_notes", "TRUNCATE incident_notes",
                "ALTER TABLE audit_entries DISABLE TRIGGER USER", "DROP TRIGGER audit_entries_no_change ON audit_entries", "DROP TABLE audit_entries",
                "SET session_replication_role = replica", "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
            ])
        {
            var refused = await Assert.ThrowsAnyAsync<PostgresException>(() => db.Database.ExecuteSqlRawAsync(attempt, Cancellation));
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
        }
        Assert.Equal(1, await db.AuditNotes.ExecuteDeleteAsync(Cancellation));
        Assert.Equal(1, await db.AuditPeople.ExecuteDeleteAsync(Cancellation));
        Assert.Equal(1, await db.Ledger.Where(row => row.Event == LedgerEvent.Intended).ExecuteDeleteAsync(Cancellation));
        Assert.Equal(new AuditVerdict.Intact(1), await store.Audit.VerifyAsync(db, Cancellation));
    }

    private static string Grants([CallerFilePath] string here = "") => Sql()
        .Matches(File.ReadAllText(Path.Combine(Path.GetDirectoryName(here)!, "../../docs/postgresql.md")))
        .Select(match => match.Groups[1].Value).Single(block => block.Contains("REVOKE", StringComparison.Ordinal));

    [GeneratedRegex("```sql\\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Sql();

    [GeneratedRegex(@"\bportal\b(?=;)")]
    private static partial Regex TheRole();

    [Theory]
    [MemberData(nameof(AttemptsOnPostgres))]
    public Task Neither_can_it_be_emptied(string sql) => What_is_written_stays(sql);
}
