using System.Security.Cryptography;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using static Kalejdo.Portal.Tests.Support.StoreOnDisk;

namespace Kalejdo.Portal.Tests.Audit;

public class AuditTrailTests
{
    private static string NoTriggers => OnPostgresAttribute.Here
        ? "ALTER TABLE audit_entries DISABLE TRIGGER USER; ALTER TABLE audit_head DISABLE TRIGGER USER;"
        : """
          DROP TRIGGER audit_entries_no_update; DROP TRIGGER audit_entries_no_delete; DROP TRIGGER audit_entries_no_replace;
          DROP TRIGGER audit_head_not_back; DROP TRIGGER audit_head_no_delete; DROP TRIGGER audit_head_no_insert;
          """;

    [Fact]
    public async Task An_untouched_trail_is_intact()
    {
        await using var store = await CreateAsync();
        Assert.Equal(new AuditVerdict.Intact(0), await VerifyAsync(store));

        await AppendAsync(store, 5);

        Assert.Equal(new AuditVerdict.Intact(5), await VerifyAsync(store));
        await using var restarted = store.Another();
        Assert.Equal(new AuditVerdict.Intact(5), await VerifyAsync(restarted));
    }

    [Theory]
    [InlineData("event = 'other'")]
    [InlineData("subject = 8")]
    [InlineData("subject = NULL")]
    [InlineData("actor = 8")]
    [InlineData("reason_code = NULL")]
    [InlineData("case_number = 'K-2026-333333'")]
    [InlineData("at = '2026-03-02 09:30:00.000001'")]
    [InlineData("previous_hash = 'x'")]
    [InlineData("hash = 'x'")]
    [InlineData("event = 'reason', reason_code = 'test'")]
    public async Task A_changed_entry_is_named(string change)
    {
        await using var store = await CreateAsync();
        await AppendAsync(store, 5);

        await store.SqlAsync($"{NoTriggers} UPDATE audit_entries SET {change} WHERE sequence = 3");

        Assert.Equal(new AuditVerdict.Broken(3, AuditFlaw.Changed), await VerifyAsync(store));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public async Task A_changed_entry_is_named_at_either_end(int sequence)
    {
        await using var store = await CreateAsync();
        await AppendAsync(store, 5);

        await store.SqlAsync($"{NoTriggers} UPDATE audit_entries SET subject = 8 WHERE sequence = {sequence}");

        Assert.Equal(new AuditVerdict.Broken(sequence, AuditFlaw.Changed), await VerifyAsync(store));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    public async Task A_missing_entry_is_named(int sequence)
    {
        await using var store = await CreateAsync();
        await AppendAsync(store, 5);

        await store.SqlAsync($"{NoTriggers} DELETE FROM audit_entries WHERE sequence = {sequence}");

        Assert.Equal(new AuditVerdict.Broken(sequence, AuditFlaw.Missing), await VerifyAsync(store));
    }

    [Fact]
    public async Task A_missing_entry_is_named_where_the_rest_moved_up()
    {
        await using var store = await CreateAsync();
        await AppendAsync(store, 5);

        await store.SqlAsync($"{NoTriggers} DELETE FROM audit_entries WHERE sequence = 3; {Renumber("sequence > 3", -1)}");

        Assert.Equal(new AuditVerdict.Broken(3, AuditFlaw.Missing), await VerifyAsync(store));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(6)]
    [InlineData(9)]
    public async Task An_added_entry_is_named(int sequence)
    {
        await using var store = await CreateAsync();
        await AppendAsync(store, 5);

        await store.SqlAsync($"{NoTriggers} {Forge(sequence)}");

        Assert.Equal(new AuditVerdict.Broken(sequence, AuditFlaw.Added), await VerifyAsync(store));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    public async Task An_added_entry_is_named_where_the_rest_moved_down(int sequence)
    {
        await using var store = await CreateAsync();
        await AppendAsync(store, 5);

        await store.SqlAsync($"{NoTriggers} {Renumber($"sequence >= {sequence}", 1)} {Forge(sequence)}");

        Assert.Equal(new AuditVerdict.Broken(sequence, AuditFlaw.Added), await VerifyAsync(store));
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 4)]
    [InlineData(4, 5)]
    [InlineData(1, 5)]
    public async Task Reordered_entries_are_named(int one, int other)
    {
        await using var store = await CreateAsync();
        await AppendAsync(store, 5);

        await store.SqlAsync($"""
            {NoTriggers}
            UPDATE audit_entries SET sequence = -1 WHERE sequence = {one};
            UPDATE audit_entries SET sequence = {one} WHERE sequence = {other};
            UPDATE audit_entries SET sequence = {other} WHERE sequence = -1;
            """);

        Assert.Equal(new AuditVerdict.Broken(one, AuditFlaw.Reordered), await VerifyAsync(store));
    }

    [Fact]
    public async Task Entries_cannot_be_cut_off_at_the_end()
    {
        await using var store = await CreateAsync();
        await AppendAsync(store, 5);

        await store.SqlAsync($"""
            {NoTriggers}
            DELETE FROM audit_entries WHERE sequence > 3;
            UPDATE audit_head SET sequence = 3, hash = (SELECT hash FROM audit_entries WHERE sequence = 3);
            """);

        Assert.Equal(new AuditVerdict.Broken(3, AuditFlaw.EndMoved), await VerifyAsync(store));
        // A sixth entry would put a good seal over it.
        await Assert.ThrowsAsync<CryptographicException>(() => AppendAsync(store, 1));
    }

    [Theory]
    [InlineData("DELETE FROM audit_head")]
    [InlineData("INSERT INTO audit_head (id, sequence, hash, seal) SELECT 2, sequence, hash, seal FROM audit_head")]
    [InlineData("UPDATE audit_head SET sequence = 0, hash = '', seal = ''")]
    [InlineData("DELETE FROM audit_entries; UPDATE audit_head SET sequence = 0, hash = '', seal = ''")]
    public async Task An_end_that_was_moved_is_told(string change)
    {
        await using var store = await CreateAsync();
        await NumberOfAsync(store, "account:17");
        await AppendAsync(store, 5);

        await store.SqlAsync($"{NoTriggers} {change}");

        Assert.Equal(AuditFlaw.EndMoved, Assert.IsType<AuditVerdict.Broken>(await VerifyAsync(store)).Flaw);
    }

    [Fact]
    public async Task An_end_that_was_true_once_is_no_end_while_later_entries_stand()
    {
        await using var store = await CreateAsync();
        await AppendAsync(store, 3);
        await store.SqlAsync("CREATE TABLE kept AS SELECT * FROM audit_head");
        await AppendAsync(store, 2);

        await store.SqlAsync($"{NoTriggers} DELETE FROM audit_head; INSERT INTO audit_head SELECT * FROM kept");

        Assert.Equal(new AuditVerdict.Broken(3, AuditFlaw.EndMoved), await VerifyAsync(store));
    }

    [Fact]
    public async Task An_entry_under_another_key_is_no_entry_of_ours()
    {
        await using var store = await CreateAsync();
        await AppendAsync(store, 2);
        File.Delete(store.KeyFile);

        await using var restarted = store.Another();
        Assert.Equal(new AuditVerdict.Broken(2, AuditFlaw.EndMoved), await VerifyAsync(restarted));
    }

    [Fact]
    public async Task Appenders_at_once_make_one_chain()
    {
        await using var store = await CreateAsync();
        await using var other = store.Another();

        await Task.WhenAll(new[] { store, other, store, other }.Select(node => Task.Run(() => AppendAsync(node, 10), Cancellation)));

        Assert.Equal(new AuditVerdict.Intact(40), await VerifyAsync(store));
    }

    [Fact]
    public async Task Several_entries_of_one_transaction_follow_each_other()
    {
        await using var store = await CreateAsync();
        await using var db = store.Open();
        await using var transaction = await db.Database.BeginTransactionAsync(Cancellation);
        var first = await store.Audit.AppendAsync(db, new("one"), Cancellation);
        var second = await store.Audit.AppendAsync(db, new("two"), Cancellation);
        await transaction.CommitAsync(Cancellation);

        Assert.Equal((2, first.Hash), (second.Sequence, second.PreviousHash));
        Assert.Equal(new AuditVerdict.Intact(2), await VerifyAsync(store));
    }

    [Fact]
    public async Task What_is_rolled_back_leaves_no_trace_and_no_gap()
    {
        await using var store = await CreateAsync();
        await using (var db = store.Open())
        {
            await using var transaction = await db.Database.BeginTransactionAsync(Cancellation);
            await store.Audit.AppendAsync(db, new("one"), Cancellation);
        }

        await AppendAsync(store, 1);

        Assert.Equal(new AuditVerdict.Intact(1), await VerifyAsync(store));
    }

    [Fact]
    public async Task Without_a_transaction_nothing_is_written()
    {
        await using var store = await CreateAsync();
        await using var db = store.Open();

        await Assert.ThrowsAsync<InvalidOperationException>(() => store.Audit.AppendAsync(db, new("one"), Cancellation));
        await Assert.ThrowsAsync<InvalidOperationException>(() => store.Audit.NumberOfAsync(db, "account:17", Cancellation));
    }

    [Fact]
    public async Task The_chain_still_verifies_when_people_and_notes_are_forgotten()
    {
        await using var store = await CreateAsync();
        await using var db = store.Open();
        await using (var transaction = await db.Database.BeginTransactionAsync(Cancellation))
        {
            var number = await store.Audit.NumberOfAsync(db, "account:17", Cancellation);
            await store.Audit.AppendAsync(db, new("staff.read") { Subject = number, Note = "Kunden ringde." }, Cancellation);
            await transaction.CommitAsync(Cancellation);
        }

        Assert.Equal("Kunden ringde.", (await db.AuditNotes.SingleAsync(row => row.Sequence == 1, Cancellation)).Text);
        await db.AuditNotes.ExecuteDeleteAsync(Cancellation);
        await db.AuditPeople.ExecuteDeleteAsync(Cancellation);

        Assert.Equal(new AuditVerdict.Intact(1), await VerifyAsync(store));
    }

    [Fact]
    public async Task A_person_keeps_one_number_until_it_expires()
    {
        await using var store = await CreateAsync();
        var first = await NumberOfAsync(store, "account:17");
        Assert.NotEqual(first, await NumberOfAsync(store, "account:18"));

        store.Time.Advance(TimeSpan.FromDays(1825));
        Assert.Equal(first, await NumberOfAsync(store, "account:17"));
        store.Time.Advance(TimeSpan.FromDays(1825));
        Assert.Equal(first, await NumberOfAsync(store, "account:17"));

        store.Time.Advance(TimeSpan.FromDays(1827));
        var second = await NumberOfAsync(store, "account:17");
        Assert.NotEqual(first, second);

        await using var db = store.Open();
        Assert.Equal("account:17", store.Audit.WhoIs(await db.AuditPeople.SingleAsync(row => row.Number == second, Cancellation)));
    }

    private static string Renumber(string which, int by) =>
        $"UPDATE audit_entries SET sequence = -1000 - sequence WHERE {which}; UPDATE audit_entries SET sequence = -1000 - sequence + ({by}) WHERE sequence < -1000;";

    private static string Forge(int sequence) =>
        $"INSERT INTO audit_entries (sequence, at, event, previous_hash, hash) SELECT {sequence}, '2026-03-02 09:30:00', 'forged', coalesce((SELECT hash FROM audit_entries WHERE sequence = {sequence - 1}), ''), 'forged'";

    private static async Task AppendAsync(StoreOnDisk store, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await using var db = store.Open();
            await using var transaction = await db.Database.BeginTransactionAsync(Cancellation);
            await store.Audit.AppendAsync(db, new("test") { Subject = 7, Actor = 9, ReasonCode = "reason", CaseNumber = "K-2026-222222" }, Cancellation);
            await transaction.CommitAsync(Cancellation);
        }
    }

    private static async Task<long> NumberOfAsync(StoreOnDisk store, string who)
    {
        await using var db = store.Open();
        await using var transaction = await db.Database.BeginTransactionAsync(Cancellation);
        var number = await store.Audit.NumberOfAsync(db, who, Cancellation);
        await transaction.CommitAsync(Cancellation);
        return number;
    }

    private static async Task<AuditVerdict> VerifyAsync(StoreOnDisk store)
    {
        await using var db = store.Open();
        return await store.Audit.VerifyAsync(db, Cancellation);
    }
}

[OnPostgres]
public sealed class AuditTrailOnPostgresTests : AuditTrailTests;
