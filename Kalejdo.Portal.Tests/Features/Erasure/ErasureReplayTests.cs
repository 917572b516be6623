using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Erasure;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Kalejdo.Portal.Tests.Features.Erasure;

/// <summary>After Kalejdo's database was restored from a backup, what was erased since is erased again, and nobody else (design.md 5.7).</summary>
public class ErasureReplayTests : IAsyncDisposable
{
    private static readonly DateTimeOffset Morning = new(2026, 11, 22, 6, 0, 0, TimeSpan.Zero);
    private static readonly DemoSubscriber Ended = new((int)DemoCase.EndedAndSettled);
    private static readonly DemoSubscriber Running = new((int)DemoCase.Complete);
    private static readonly DemoSubscriber Capitals = new((int)DemoCase.CapitalsInEmail);
    private readonly SignedInPortal portal = new(listens: false, now: Morning);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whole_and_partial_erasures_are_done_again_and_nothing_else_changes()
    {
        var backup = await BackupAsync();
        var whole = await EraseAsync(ErasureScope.Everything, new Identity("customer_number", Ended.CustomerNumber), new Identity("email", Ended.OwnEmail));
        var partial = await EraseAsync(ErasureScope.OfKinds(["viewing_history"]), new Identity("email", Running.OwnEmail.ToUpperInvariant()));
        var shouting = await EraseAsync(ErasureScope.Everything, new Identity("email", Capitals.OwnEmail));
        var erased = await WithoutMasksAsync();
        await portal.Data.RestoreAsync(backup);
        Assert.NotEqual(erased, await WithoutMasksAsync());

        var dry = await ReplayAsync(Morning, dryRun: true);
        Assert.Equal((3, null), (dry.Again, dry.Left));
        Assert.NotEqual(erased, await WithoutMasksAsync());

        var result = await ReplayAsync(Morning);
        Assert.Empty(result.Problems);
        Assert.Equal((3, 0), (result.Again, result.Left));
        Assert.Equal(erased, await WithoutMasksAsync());
        Assert.Equal(
            (whole.Steps.Concat(partial.Steps).Concat(shouting.Steps)).Where(s => s.Changes).Sum(s => s.Rows),
            result.Steps.Where(s => s.Changes).Sum(s => s.Rows));
        Assert.Equal(dry.Steps, result.Steps);

        // Twice is once; and each has a case of its own.
        Assert.Equal(0, (await ReplayAsync(Morning)).Again);
        Assert.Equal(erased, await WithoutMasksAsync());
        await using var db = portal.Store();
        Assert.Equal(6, await db.Cases.CountAsync(Cancellation));
        Assert.Equal(6, await db.Ledger.CountAsync(l => l.Event == LedgerEvent.Completed, Cancellation));
        Assert.Equal(2, await db.AuditEntries.CountAsync(a => a.Event == "replay.done", Cancellation));
        Assert.Equal(1, await db.AuditEntries.CountAsync(a => a.Event == "replay.planned", Cancellation));
    }

    [Fact]
    public async Task What_was_completed_before_the_backup_is_not_done_again()
    {
        await EraseAsync(ErasureScope.OfKinds(["viewing_history"]), new Identity("email", Running.OwnEmail));
        portal.Time.Advance(TimeSpan.FromHours(1));
        await portal.SqlAsync($"INSERT INTO viewing_history (profile_id, channel_id, programme, watched_at, seconds) SELECT min(id), 1, 'Nytt', '2026-11-22 07:00:00', 5 FROM tv_profile WHERE subscriber_id = {Running.Number} AND is_own");
        var before = await portal.DumpAsync();

        Assert.Equal(0, (await ReplayAsync(Morning + TimeSpan.FromMinutes(30))).Again);
        Assert.Equal(before, await portal.DumpAsync());
    }

    [Fact]
    public async Task Who_came_back_is_left_alone_and_told_of()
    {
        var backup = await BackupAsync();
        var first = await EraseAsync(ErasureScope.Everything, new Identity("email", Ended.OwnEmail));
        var second = await EraseAsync(ErasureScope.Everything, new Identity("email", Capitals.OwnEmail));
        portal.Time.Advance(TimeSpan.FromDays(2));
        await portal.Data.RestoreAsync(backup);
        // One is a customer again since, by Kalejdo's own data; the other has linked a new account.
        await portal.SqlAsync($"INSERT INTO subscriber (customer_number, full_name, email, email_verified_at, language, protected_identity, created_at, installation_address_id) SELECT '99999999', 'Tillbaka', email, '2026-11-23 10:00:00', 'sv', false, '2026-11-23 10:00:00', installation_address_id FROM subscriber WHERE id = {Ended.Number}");
        await using (var db = portal.Store())
        {
            var account = new Account("sv", portal.Time.GetUtcNow().UtcDateTime);
            db.Users.Add(account);
            db.AccountLinks.Add(AccountLink.Of(portal.Services.GetRequiredService<PortalKeys>(), account.Id, "email", Capitals.OwnEmail.ToLowerInvariant(), LinkProof.Mailbox, portal.Time.GetUtcNow().UtcDateTime));
            await db.SaveChangesAsync(Cancellation);
        }
        var before = await portal.DumpAsync();

        var result = await ReplayAsync(Morning);

        Assert.Equal(0, result.Again);
        Assert.Equal(new[] { first.Case, second.Case }.Order(StringComparer.Ordinal), result.CameBack.Order(StringComparer.Ordinal));
        Assert.Equal(before, await portal.DumpAsync());
    }

    [Fact]
    public async Task Only_the_identity_that_came_back_is_left_out()
    {
        var backup = await BackupAsync();
        await EraseAsync(ErasureScope.Everything, new Identity("customer_number", Ended.CustomerNumber), new Identity("email", Ended.OwnEmail));
        await portal.Data.RestoreAsync(backup);
        await portal.SqlAsync($"INSERT INTO newsletter_consent (email, source, given_at) VALUES ('{Ended.OwnEmail.ToLowerInvariant()}', 'website', '2026-11-23 10:00:00') ON CONFLICT (email) DO UPDATE SET given_at = '2026-11-23 10:00:00'");

        var result = await ReplayAsync(Morning);

        Assert.Equal(1, result.Again);
        Assert.Single(result.CameBack);
        Assert.Equal(0, await portal.ScalarAsync<long>($"SELECT count(*) FROM subscriber WHERE customer_number = '{Ended.CustomerNumber}'"));
        Assert.Equal(1, await portal.ScalarAsync<long>($"SELECT count(*) FROM newsletter_consent WHERE email = '{Ended.OwnEmail.ToLowerInvariant()}'"));
    }

    [Fact]
    public async Task Rows_whose_ground_had_ended_go_again_though_no_identity_finds_them()
    {
        await EraseAsync(ErasureScope.Everything, new Identity("customer_number", Ended.CustomerNumber));
        portal.Time.Advance(new DateTimeOffset(2029, 12, 31, 12, 0, 0, TimeSpan.Zero) - Morning);
        var (backup, taken) = (await BackupAsync(), portal.Time.GetUtcNow());
        portal.Time.Advance(TimeSpan.FromHours(12));
        Assert.True(await portal.Services.GetRequiredService<EndedRetention>().EraseEndedAsync(Cancellation) > 0);
        var erased = await WithoutMasksAsync();
        await portal.Data.RestoreAsync(backup);
        Assert.NotEqual(erased, await WithoutMasksAsync());

        Assert.True((await ReplayAsync(taken)).Again > 0);
        Assert.Equal(erased, await WithoutMasksAsync());
    }

    [Fact]
    public async Task A_backup_older_than_the_ledger_remembers_is_told_to_be_incomplete()
    {
        portal.Time.Advance(TimeSpan.FromDays(40));

        Assert.Contains((await ReplayAsync(Morning)).Problems, p => p.Contains("Store:LongestBackupDays", StringComparison.Ordinal));
    }

    public ValueTask DisposeAsync() => portal.DisposeAsync();

    private async Task<string> BackupAsync()
    {
        // The portal makes the demonstration when it starts.
        _ = portal.Services;
        var backup = await portal.Data.BackUpAsync();
        portal.Time.Advance(TimeSpan.FromMinutes(1));
        return backup;
    }

    private Task<ReplayResult> ReplayAsync(DateTimeOffset taken, bool dryRun = false) =>
        portal.Services.GetRequiredService<ErasureReplay>().ReplayAsync(taken.UtcDateTime, dryRun, new Progress<string>(), Cancellation);

    private async Task<ErasureResult.Erased> EraseAsync(ErasureScope scope, params Identity[] identities) => Assert.IsType<ErasureResult.Erased>(
        await portal.Services.GetRequiredService<Erasures>().EraseAsync(identities, scope, "operator:test", new Progress<string>(), Cancellation));

    /// <summary>The database without the random letters by which erased values are masked.</summary>
    private async Task<IReadOnlyList<string>> WithoutMasksAsync() =>
        [.. (await portal.DumpAsync()).Select(row => System.Text.RegularExpressions.Regex.Replace(row, "\\b[ghijklmnopqrstuv]{16,20}\\b", "*")).Order(StringComparer.Ordinal)];
}

[OnPostgres]
public sealed class ErasureReplayOnPostgresTests : ErasureReplayTests;
