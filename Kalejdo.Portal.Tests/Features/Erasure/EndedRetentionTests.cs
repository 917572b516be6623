using System.Globalization;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Erasure;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Kalejdo.Portal.Tests.Features.Erasure;

/// <summary>What an erasure had to keep goes by itself on the day after its ground's last (design.md 5.7).</summary>
public class EndedRetentionTests : IAsyncDisposable
{
    // Its own for each test: what is due in one is due in all.
    private readonly SignedInPortal portal = new(listens: false, now: new DateTimeOffset(2026, 11, 22, 9, 0, 0, TimeSpan.Zero));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Invoices_go_on_new_years_day_in_sweden_and_not_a_second_before()
    {
        var somebody = new DemoSubscriber((int)DemoCase.EndedAndSettled);
        var others = await OthersAsync(somebody);
        await EraseAsync(somebody);
        var invoices = await InvoicesAsync(somebody);
        // Seven years after the end of their years: the last day of 2029 for those of 2022.
        Assert.Contains(2022, invoices);
        Assert.Contains(2023, invoices);
        Assert.DoesNotContain(await StoreAsync(db => db.RetainedRows.ToListAsync(Cancellation)), r => r.DueOn <= new DateOnly(2026, 11, 22));

        await AtAsync("2029-12-31T22:59:59Z");
        await EndAsync();
        Assert.Contains(2022, await InvoicesAsync(somebody));

        await AtAsync("2029-12-31T23:00:00Z");
        Assert.True(await EndAsync() > 0);
        Assert.Equal(invoices.Where(year => year > 2022), await InvoicesAsync(somebody));
        Assert.Equal(0, await EndAsync());

        await AtAsync("2033-12-31T23:00:00Z");
        Assert.True(await EndAsync() > 0);
        Assert.Empty(await InvoicesAsync(somebody));
        // And the row that they belonged to, which held nothing but a number any more.
        Assert.Equal(0, await portal.ScalarAsync<long>($"SELECT count(*) FROM subscriber WHERE id = {somebody.Number}"));
        Assert.Empty(await StoreAsync(db => db.RetainedRows.ToListAsync(Cancellation)));
        Assert.Equal(others, await OthersAsync(somebody));
    }

    [Fact]
    public async Task It_is_recorded_like_any_erasure_and_of_the_same_person()
    {
        var first = await EraseAsync(new DemoSubscriber((int)DemoCase.EndedAndSettled));
        await AtAsync("2029-12-31T23:00:00Z");
        var count = await EndAsync();

        var cases = await StoreAsync(db => db.Cases.AsNoTracking().Where(c => c.Number != first).ToListAsync(Cancellation));
        Assert.Equal(count, cases.Count);
        Assert.All(cases, c => Assert.Equal((CaseType.Erasure, true), (c.Type, c.Status is CaseStatus.Done or CaseStatus.WaitingForRecipients)));
        Assert.Single((await StoreAsync(db => db.Cases.Select(c => c.Subject).ToListAsync(Cancellation))).Distinct());
        foreach (var number in cases.Select(c => c.Number))
        {
            Assert.Equal(["erasure.intended", "erasure.done"], await StoreAsync(db => db.AuditEntries.Where(a => a.CaseNumber == number).OrderBy(a => a.Sequence).Select(a => a.Event).ToListAsync(Cancellation)));
            Assert.Equal([LedgerEvent.Intended, LedgerEvent.Completed], await StoreAsync(db => db.Ledger.Where(l => l.CaseNumber == number).OrderBy(l => l.Id).Select(l => l.Event).ToListAsync(Cancellation)));
        }
        Assert.Empty(await StoreAsync(db => db.WorkingSets.ToListAsync(Cancellation)));
    }

    [Fact]
    public async Task Two_nodes_do_each_once()
    {
        await EraseAsync(new DemoSubscriber((int)DemoCase.EndedAndSettled));
        await EraseAsync(new DemoSubscriber((int)DemoCase.EndedAndSettled + DemoSubscriber.Cases));
        await AtAsync("2029-12-31T23:00:00Z");

        var done = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(EndAsync, Cancellation)));

        Assert.Equal(done.Sum(), await StoreAsync(db => db.Cases.CountAsync(Cancellation)) - 2);
        Assert.Equal(2, (await StoreAsync(db => db.Cases.Select(c => c.Subject).ToListAsync(Cancellation))).Distinct().Count());
        Assert.DoesNotContain(await StoreAsync(db => db.RetainedRows.ToListAsync(Cancellation)), r => r.DueOn <= new DateOnly(2030, 1, 1));
        Assert.Equal(0, await EndAsync());
    }

    [Fact]
    public async Task Killed_between_the_commit_and_the_record_it_is_finished_by_the_next_round()
    {
        var somebody = new DemoSubscriber((int)DemoCase.EndedAndSettled);
        await EraseAsync(somebody);
        await AtAsync("2029-12-31T23:00:00Z");
        // As a killed node leaves it: the rows claimed, the intent recorded, nothing carried out.
        var rows = await StoreAsync(db => db.RetainedRows.AsNoTracking().Where(r => r.DueOn <= new DateOnly(2030, 1, 1)).OrderBy(r => r.Id).ToListAsync(Cancellation));
        Assert.NotEmpty(rows);
        await using (var db = portal.Store())
        {
            await db.RetainedRows.ExecuteUpdateAsync(set => set.SetProperty(r => r.ClaimedBy, "elsewhere/1/x").SetProperty(r => r.ClaimedUntil, portal.Time.GetUtcNow().UtcDateTime.AddMinutes(30)), Cancellation);
        }
        Assert.Equal(0, await EndAsync());
        Assert.Contains(2022, await InvoicesAsync(somebody));

        portal.Time.Advance(TimeSpan.FromMinutes(31));
        Assert.True(await EndAsync() > 0);
        Assert.DoesNotContain(2022, await InvoicesAsync(somebody));
    }

    [Fact]
    public async Task What_an_agreement_needs_goes_when_the_agreement_has_ended()
    {
        var somebody = new DemoSubscriber((int)DemoCase.Complete);
        await EraseAsync(somebody);
        Assert.Equal(1, await portal.ScalarAsync<long>($"SELECT count(*) FROM subscriber WHERE customer_number = '{somebody.CustomerNumber}'"));

        await AtAsync("2026-11-23T09:00:00Z");
        await EndAsync();
        Assert.Equal(1, await portal.ScalarAsync<long>($"SELECT count(*) FROM subscriber WHERE customer_number = '{somebody.CustomerNumber}'"));

        await portal.SqlAsync($"UPDATE subscription SET ends_on = '2026-11-23', balance_owed = 0 WHERE subscriber_id = {somebody.Number}");
        await portal.SqlAsync($"UPDATE support_ticket SET status = 'closed' WHERE subscriber_id = {somebody.Number}");
        await AtAsync("2026-11-23T22:59:59Z");
        await EndAsync();
        Assert.Equal(1, await portal.ScalarAsync<long>($"SELECT count(*) FROM subscriber WHERE customer_number = '{somebody.CustomerNumber}'"));
        await AtAsync("2026-11-23T23:00:00Z");
        Assert.True(await EndAsync() > 0);
        Assert.Equal(0, await portal.ScalarAsync<long>($"SELECT count(*) FROM subscriber WHERE customer_number = '{somebody.CustomerNumber}'"));
        Assert.Equal(0, await portal.ScalarAsync<long>($"SELECT count(*) FROM subscription WHERE subscriber_id = {somebody.Number}"));
    }

    [Fact]
    public async Task The_keys_are_sealed()
    {
        await EraseAsync(new DemoSubscriber((int)DemoCase.EndedAndSettled));

        foreach (var rows in await StoreAsync(db => db.RetainedRows.ToListAsync(Cancellation)))
        {
            Assert.Equal(-1, rows.SealedKeys.AsSpan().IndexOf("kalejdo"u8));
            Assert.True(rows.Keys(portal.Services.GetRequiredService<PortalKeys>()).AsSpan().IndexOf("kalejdo"u8) > 0);
        }
    }

    public ValueTask DisposeAsync() => portal.DisposeAsync();

    private Task AtAsync(string moment)
    {
        portal.Time.Advance(DateTimeOffset.Parse(moment, CultureInfo.InvariantCulture) - portal.Time.GetUtcNow());
        return Task.CompletedTask;
    }

    private Task<int> EndAsync() => portal.Services.GetRequiredService<EndedRetention>().EraseEndedAsync(Cancellation);

    private async Task<string> EraseAsync(DemoSubscriber subscriber) => Assert.IsType<ErasureResult.Erased>(await portal.Services.GetRequiredService<Erasures>().EraseAsync(
        [new("customer_number", subscriber.CustomerNumber)], ErasureScope.Everything, "operator:test", new Progress<string>(), Cancellation)).Case;

    private async Task<List<int>> InvoicesAsync(DemoSubscriber subscriber) =>
        [.. (await portal.ColumnAsync($"SELECT invoice_date FROM invoice WHERE subscriber_id = {subscriber.Number} ORDER BY invoice_date")).Select(day => int.Parse(day[..4], CultureInfo.InvariantCulture))];

    private async Task<IReadOnlyList<string>> OthersAsync(DemoSubscriber subscriber) =>
        // The portal makes the demonstration when it starts.
        portal.Services is null ? [] : await portal.ColumnAsync($"SELECT id FROM invoice WHERE subscriber_id <> {subscriber.Number} UNION ALL SELECT id FROM subscriber WHERE id <> {subscriber.Number} UNION ALL SELECT id FROM viewing_history WHERE profile_id NOT IN (SELECT id FROM tv_profile WHERE subscriber_id = {subscriber.Number}) ORDER BY 1");

    private async Task<T> StoreAsync<T>(Func<PortalDbContext, Task<T>> ask)
    {
        await using var db = portal.Store();
        return await ask(db);
    }
}

[OnPostgres]
public sealed class EndedRetentionOnPostgresTests : EndedRetentionTests;
