using Kalejdo.Portal.Features.NotMyAddress;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Kalejdo.Portal.Tests.Features.NotMyAddress;

/// <summary>After Kalejdo's database was restored from a backup, disowned addresses are taken away again (design.md 5.7).</summary>
public class DisavowalReplayTests : IAsyncDisposable
{
    private const string Stray = "vilse@exempel.se";
    private static readonly DateTimeOffset Morning = new(2026, 11, 22, 6, 0, 0, TimeSpan.Zero);
    private readonly SignedInPortal portal = new(listens: false, now: Morning);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private Disavowals Disavowals => portal.Services.GetRequiredService<Disavowals>();

    private HeldAddresses Held => portal.Services.GetRequiredService<HeldAddresses>();

    [Fact]
    public async Task A_never_confirmed_address_goes_again_and_nothing_else()
    {
        var backup = await BackUpAsync(" Vilse@Exempel.se", verified: false);
        await DisownAsync<DisavowalResult.Removed>();
        var removed = await WithoutMasksAsync();
        await portal.Data.RestoreAsync(backup);

        Assert.Equal(1, (await ReplayAsync(Morning, dryRun: true)).Again);
        Assert.NotEqual(removed, await WithoutMasksAsync());
        var result = await ReplayAsync(Morning);

        Assert.Equal((1, 0, 0), (result.Again, result.CameBack.Count, result.Problems.Count));
        Assert.Equal(removed, await WithoutMasksAsync());
        Assert.Equal(0, (await ReplayAsync(Morning)).Again);
        await using var db = portal.Store();
        Assert.Equal(1, await db.AuditEntries.CountAsync(entry => entry.Event == "disavowal.done-again", Cancellation));
        // What the ledger keeps is no address.
        Assert.All(await db.Ledger.ToListAsync(Cancellation), line => Assert.DoesNotContain("exempel", line.IdentityHash ?? "", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task A_held_one_goes_again_and_can_still_be_had_back()
    {
        var backup = await BackUpAsync(Stray, verified: true);
        var before = await portal.DumpAsync();
        await DisownAsync<DisavowalResult.Detached>();
        await portal.Data.RestoreAsync(backup);

        Assert.Equal(1, (await ReplayAsync(Morning)).Again);
        Assert.Equal(0, await StandingAsync());

        await UndoAsync();
        Assert.Equal(before, await portal.DumpAsync());
    }

    [Fact]
    public async Task One_that_its_owner_has_back_stays()
    {
        var backup = await BackUpAsync(Stray, verified: true);
        await DisownAsync<DisavowalResult.Detached>();
        await UndoAsync();
        await portal.Data.RestoreAsync(backup);
        var before = await portal.DumpAsync();

        Assert.Equal(0, (await ReplayAsync(Morning)).Again);
        Assert.Equal(before, await portal.DumpAsync());
    }

    [Fact]
    public async Task After_the_hold_it_goes_again_for_good()
    {
        var backup = await BackUpAsync(Stray, verified: true);
        await DisownAsync<DisavowalResult.Detached>();
        portal.Time.Advance(HeldAddresses.Time);
        Assert.Single(await Held.EraseDueAsync(Cancellation));
        await portal.Data.RestoreAsync(backup);

        Assert.Equal(1, (await ReplayAsync(Morning)).Again);
        Assert.Equal(0, await StandingAsync());
    }

    [Fact]
    public async Task Who_gave_it_to_us_since_is_left_alone_and_told_of_and_an_older_disavowal_is_not_done_again()
    {
        var backup = await BackUpAsync(Stray, verified: false);
        await DisownAsync<DisavowalResult.Removed>();
        await portal.Data.RestoreAsync(backup);
        await portal.SqlAsync($"INSERT INTO newsletter_consent (email, source, given_at) VALUES ('{Stray}', 'website', '2026-11-23 10:00:00')");
        var before = await portal.DumpAsync();

        Assert.Single((await ReplayAsync(Morning)).CameBack);
        var later = await ReplayAsync(portal.Time.GetUtcNow() + TimeSpan.FromHours(1));

        Assert.Equal((0, 0), (later.Again, later.CameBack.Count));
        Assert.Equal(before, await portal.DumpAsync());
    }

    public ValueTask DisposeAsync() => portal.DisposeAsync();

    /// <summary>Of the address in a subscriber's agreement and in the game.</summary>
    private async Task<string> BackUpAsync(string address, bool verified)
    {
        _ = portal.Services;
        var since = verified ? "'2025-01-01 10:00:00'" : "NULL";
        await portal.SqlAsync($"UPDATE subscriber SET email = '{address}', email_verified_at = {since} WHERE id = (SELECT min(id) FROM subscriber)");
        await portal.SqlAsync($"UPDATE game_player SET email = '{address}', email_verified_at = {since} WHERE id = (SELECT min(id) FROM game_player)");
        var backup = await portal.Data.BackUpAsync();
        portal.Time.Advance(TimeSpan.FromMinutes(1));
        return backup;
    }

    private async Task DisownAsync<TEnd>() where TEnd : DisavowalResult
    {
        await using var db = portal.Store();
        db.MailLinks.Add(MailLink.New(portal.Services.GetRequiredService<PortalKeys>(), MailLinkPurpose.Disavowal, Stray, portal.Time.GetUtcNow().UtcDateTime, Outbox.LinkValidity, out var token));
        await db.SaveChangesAsync(Cancellation);
        Assert.IsType<TEnd>(await Disavowals.DisownAsync(token, "sv", Stray, block: false, Cancellation));
        Assert.Equal(0, await StandingAsync());
    }

    private async Task UndoAsync()
    {
        var token = System.Text.RegularExpressions.Regex.Match((await portal.LettersAsync()).Last(mail => mail.Letter == nameof(AddressDetachedLetter)).Text, @"/inte-min-adress/angra/(\S+)").Groups[1].Value;
        Assert.IsType<UndoResult.Undone>(await Held.UndoAsync(token, "sv", Stray, Cancellation));
    }

    private Task<DisavowalReplayResult> ReplayAsync(DateTimeOffset taken, bool dryRun = false) =>
        portal.Services.GetRequiredService<DisavowalReplay>().ReplayAsync(taken.UtcDateTime, dryRun, Cancellation);

    private async Task<long> StandingAsync() =>
        await portal.ScalarAsync<long>($"SELECT count(*) FROM subscriber WHERE lower(trim(email)) = '{Stray}'") + await portal.ScalarAsync<long>($"SELECT count(*) FROM game_player WHERE lower(trim(email)) = '{Stray}'");

    /// <summary>Placeholders are never twice the same.</summary>
    private async Task<IReadOnlyList<string>> WithoutMasksAsync() =>
        [.. (await portal.DumpAsync()).Select(row => System.Text.RegularExpressions.Regex.Replace(row, "[g-v]{24}@removed", "*@removed")).Order(StringComparer.Ordinal)];
}

[OnPostgres]
public sealed class DisavowalReplayOnPostgresTests : DisavowalReplayTests;
