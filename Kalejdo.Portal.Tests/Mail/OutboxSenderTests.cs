using System.Collections.Concurrent;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using static Kalejdo.Portal.Tests.Support.StoreOnDisk;

namespace Kalejdo.Portal.Tests.Mail;

public class OutboxSenderTests : IAsyncLifetime
{
    private PostOffice _post = null!;

    [Fact]
    public async Task Wipes_what_was_sent_and_keeps_that_it_was()
    {
        var taken = await TakeAsync(mail => new Delivery.Sent());

        Assert.Equal(PostOffice.Address, Assert.Single(taken).Address);
        Assert.Contains(PostOffice.Code, taken[0].Letter.Text, StringComparison.Ordinal);
        var row = Assert.Single(await _post.RowsAsync());
        Assert.Null(row.Recipient);
        Assert.Null(row.Content);
        Assert.Null(row.ClaimedBy);
        Assert.Equal((_post.Store.Now, 1), (row.SentAt, row.Attempts));
    }

    [Fact]
    public async Task Gives_up_at_once_where_nothing_would_change()
    {
        await TakeAsync(mail => new Delivery.Refused("smtp-550"));

        var row = Assert.Single(await _post.RowsAsync());
        Assert.Null(row.Recipient);
        Assert.Null(row.Content);
        Assert.Equal((_post.Store.Now, "smtp-550", null), (row.FailedAt, row.FailureCode, row.SentAt));
        AssertNothingPersonalLogged();
    }

    [Fact]
    public async Task Tries_again_ever_more_seldom_for_three_days_and_then_gives_up()
    {
        var posted = _post.Store.Now;
        await _post.PostAsync();
        var attempts = new List<DateTime>();
        var ids = new HashSet<string>();
        var sender = _post.Sender(() => new Transport(mail =>
        {
            attempts.Add(_post.Store.Now);
            ids.Add(mail.MessageId);
            return new Delivery.Deferred("smtp-451");
        }));

        await sender.SendDueAsync(Cancellation);
        while ((await _post.RowsAsync())[0] is { FailedAt: null } waiting)
        {
            Assert.NotNull(waiting.Content);
            _post.Store.Time.Advance(waiting.DueAt - _post.Store.Now - TimeSpan.FromTicks(10));
            Assert.Equal(0, await sender.SendDueAsync(Cancellation));
            var before = attempts.Count;
            _post.Store.Time.Advance(TimeSpan.FromTicks(10));
            await sender.SendDueAsync(Cancellation);
            Assert.Equal(before + 1, attempts.Count);
        }

        Assert.Single(ids);
        Assert.InRange(attempts[1] - attempts[0], TimeSpan.FromSeconds(22), TimeSpan.FromSeconds(38));
        Assert.InRange(attempts[^1] - attempts[^2], TimeSpan.FromHours(4.5), TimeSpan.FromHours(7.5));
        Assert.InRange(attempts[^1] - posted, TimeSpan.FromDays(2.6), TimeSpan.FromDays(3));
        var row = Assert.Single(await _post.RowsAsync());
        Assert.Equal(("smtp-451", null, null), (row.FailureCode, row.Content, row.Recipient));
        AssertNothingPersonalLogged();
    }

    [Fact]
    public void Pauses_differ_so_that_what_failed_together_does_not_return_together() =>
        Assert.True(Enumerable.Range(0, 200).Select(_ => OutboxSender.Pause(3)).Distinct().Count() > 20);

    [Fact]
    public async Task Two_senders_send_each_mail_once()
    {
        await using var other = _post.Store.Another();
        for (var i = 0; i < 60; i++)
        {
            await _post.PostAsync();
        }

        var taken = new ConcurrentBag<string>();
        OutboxSender Node() => _post.Sender(() => new Transport(async mail =>
        {
            taken.Add(mail.MessageId);
            await Task.Yield();
            return new Delivery.Sent();
        }));
        var sent = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() => Node().SendDueAsync(Cancellation))));

        Assert.Equal(60, sent.Sum());
        Assert.Equal(60, taken.Count);
        Assert.Equal(60, taken.Distinct().Count());
    }

    [Fact]
    public async Task What_a_killed_sender_held_goes_again_under_its_own_message_id_when_the_claim_has_run_out()
    {
        await _post.PostAsync();
        var stuck = new TaskCompletionSource<string>();
        var never = new TaskCompletionSource<Delivery>();
        // Killed while the server has the mail: nothing after this line ever runs.
        var killed = _post.Sender(() => new Transport(mail =>
        {
            stuck.SetResult(mail.MessageId);
            return never.Task;
        })).SendDueAsync(Cancellation);
        var first = await stuck.Task;

        var again = new List<string>();
        var next = _post.Sender(() => new Transport(mail =>
        {
            again.Add(mail.MessageId);
            return new Delivery.Sent();
        }));
        Assert.Equal(0, await next.SendDueAsync(Cancellation));
        _post.Store.Time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(1, await next.SendDueAsync(Cancellation));
        Assert.Equal(first, Assert.Single(again));

        // And should it have been slow only: what it says now changes nothing.
        never.SetResult(new Delivery.Refused("late"));
        await killed;
        Assert.Null(Assert.Single(await _post.RowsAsync()).FailedAt);
    }

    [Fact]
    public async Task Where_a_server_is_slow_no_mail_is_sent_under_a_claim_that_would_run_out_meanwhile()
    {
        await _post.PostAsync(20);
        _post.Options.Parallel = 1;
        var (taken, others) = (new List<string>(), 0);
        var other = _post.Sender(() => new Transport(mail =>
        {
            others++;
            return new Delivery.Sent();
        }));
        await _post.Sender(() => new Transport(async mail =>
        {
            // Recording goes by the clock on the wall; this one jumps only when it has come so far.
            while ((await _post.RowsAsync()).Count(row => row.SentAt is not null) < taken.Count)
            {
                await Task.Yield();
            }

            taken.Add(mail.MessageId);
            _post.Store.Time.Advance(TimeSpan.FromSeconds(_post.Options.Smtp.TimeoutSeconds));
            // Another node looks whether a claim has run out.
            Assert.True((await _post.RowsAsync()).Single(row => row.MessageId == mail.MessageId).ClaimedUntil > _post.Store.Now);
            return new Delivery.Sent();
        })).SendDueAsync(Cancellation);

        Assert.Equal(0, await other.SendDueAsync(Cancellation) + others);
        Assert.Equal((20, 20), (taken.Count, taken.Distinct().Count()));
        Assert.All(await _post.RowsAsync(), row => Assert.Equal((1, null), (row.Attempts, row.ClaimedBy)));
    }

    [Fact]
    public async Task What_is_claimed_ahead_is_let_go_of_too_when_the_sender_stops()
    {
        await _post.PostAsync(120);
        _post.Options.Parallel = 1;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var sent = 0;
        await _post.Sender(() => new Transport(async mail =>
        {
            if (++sent == 20)
            {
                await stop.CancelAsync();
            }

            return new Delivery.Sent();
        })).SendDueAsync(stop.Token).ContinueWith(_ => { }, TaskScheduler.Default);

        var rows = await _post.RowsAsync();
        Assert.Equal(20, rows.Count(row => row.SentAt is not null));
        Assert.All(rows, row => Assert.Null(row.ClaimedBy));
    }

    [Fact]
    public async Task A_sender_that_is_stopped_lets_go_of_what_it_has_not_sent()
    {
        await _post.PostAsync();
        await _post.PostAsync();
        _post.Options.Parallel = 1;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        await _post.Sender(() => new Transport(async mail =>
        {
            await stop.CancelAsync();
            return new Delivery.Sent();
        })).SendDueAsync(stop.Token).ContinueWith(_ => { }, TaskScheduler.Default);

        var rows = await _post.RowsAsync();
        Assert.NotNull(rows[0].SentAt);
        Assert.Equal((null, null, 0), (rows[1].SentAt, rows[1].ClaimedBy, rows[1].Attempts));
    }

    [Fact]
    public async Task Mails_that_fail_alike_are_one_task_until_staff_have_looked_and_the_clock_of_the_case_goes_on()
    {
        Case opened;
        await using (var db = _post.Store.Open())
        {
            opened = await CaseRegister.OpenAsync(db, CaseType.Disavowal, subject: 1, _post.Store.Now, Cancellation);
            await db.SaveChangesAsync(Cancellation);
        }

        foreach (var number in new[] { opened.Number, opened.Number, null, null, "K-2026-GNGNGN" })
        {
            await _post.PostAsync(caseNumber: number);
        }

        await _post.Sender(() => new Transport(_ => new Delivery.Refused("smtp-554"))).SendDueAsync(Cancellation);
        await using (var db = _post.Store.Open())
        {
            Assert.Equal(
                [(opened.Number, "AddressCodeLetter", "smtp-554", 2), (null, "AddressCodeLetter", "smtp-554", 3)],
                db.StaffTasks.AsEnumerable().OrderBy(task => task.CaseNumber is null).Select(task => (task.CaseNumber, task.Place, task.ReasonCode!, (int)task.Rows)));
            var now = await db.Cases.SingleAsync(row => row.Number == opened.Number, Cancellation);
            Assert.Equal((opened.DueOn, opened.Status, opened.Version), (now.DueOn, now.Status, now.Version));
            await db.StaffTasks.ExecuteUpdateAsync(set => set.SetProperty(task => task.DoneAt, _post.Store.Now), Cancellation);
        }

        await _post.PostAsync(caseNumber: opened.Number);
        await _post.PostAsync();
        await _post.Sender(() => new Transport(_ => new Delivery.Refused("smtp-550"))).SendDueAsync(Cancellation);
        await using var later = _post.Store.Open();
        Assert.Equal([1, 1], later.StaffTasks.Where(task => task.DoneAt == null).Select(task => task.Rows));
        Assert.Equal(3, await later.StaffTasks.CountAsync(Cancellation));
    }

    [Fact]
    public async Task A_mark_on_an_address_holds_no_address_and_ends_when_a_mail_arrives_or_with_time()
    {
        await TakeAsync(_ => new Delivery.Bounced("smtp-550-5.1.1"));
        Assert.True(await IsMarkedAsync(PostOffice.Address.ToUpperInvariant() + " "));
        Assert.False(await IsMarkedAsync("anna@exempel.se"));
        Assert.DoesNotContain("exempel", Dumps.Of(_post.Store.DatabaseFile, table => table is "bounced_addresses" or "staff_tasks"), StringComparison.Ordinal);

        await TakeAsync(_ => new Delivery.Sent());
        Assert.False(await IsMarkedAsync(PostOffice.Address));

        await TakeAsync(_ => new Delivery.Bounced("smtp-550-5.1.1"));
        _post.Store.Time.Advance(TimeSpan.FromDays(180) - TimeSpan.FromTicks(10));
        Assert.True(await IsMarkedAsync(PostOffice.Address));
        _post.Store.Time.Advance(TimeSpan.FromTicks(10));
        Assert.False(await IsMarkedAsync(PostOffice.Address));

        async Task<bool> IsMarkedAsync(string address)
        {
            await using var db = _post.Store.Open();
            return await BouncedAddress.IsMarkedAsync(db, _post.Store.Keys, address, _post.Store.Now, Cancellation);
        }
    }

    [Fact]
    public async Task As_many_go_at_once_as_the_settings_allow_and_one_that_is_stuck_holds_up_none()
    {
        _post.Options.Parallel = 3;
        for (var i = 0; i < 40; i++)
        {
            await _post.PostAsync();
        }

        var (now, most, made, arrived) = (0, 0, 0, 0);
        var (full, others) = (new TaskCompletionSource(), new TaskCompletionSource());
        await _post.Sender(() =>
        {
            Interlocked.Increment(ref made);
            return new Transport(async mail =>
            {
                InterlockedMax(ref most, Interlocked.Increment(ref now));
                if (Volatile.Read(ref most) == 3)
                {
                    full.TrySetResult();
                }

                await full.Task;
                // The first is stuck until all others are through.
                if (Interlocked.Increment(ref arrived) == 1)
                {
                    await others.Task;
                }
                else if (Volatile.Read(ref arrived) == 40)
                {
                    others.TrySetResult();
                }

                await Task.Yield();
                Interlocked.Decrement(ref now);
                return new Delivery.Sent();
            });
        }).SendDueAsync(Cancellation);

        Assert.Equal((3, 3), (most, made));
        Assert.All(await _post.RowsAsync(), row => Assert.NotNull(row.SentAt));

        static void InterlockedMax(ref int most, int value)
        {
            while (Volatile.Read(ref most) is var seen && value > seen && Interlocked.CompareExchange(ref most, value, seen) != seen)
            {
            }
        }
    }

    [Fact]
    public async Task What_falls_due_while_another_is_stuck_goes_at_once_and_connections_are_not_kept_idle()
    {
        await _post.PostAsync();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var (stuck, never, second, put) = (new TaskCompletionSource(), new TaskCompletionSource<Delivery>(), new TaskCompletionSource(), new TaskCompletionSource());
        var seen = 0;
        var signal = new OutboxSignal();
        var running = _post.Sender(() => new Transport(
            mail =>
            {
                if (Interlocked.Increment(ref seen) == 1)
                {
                    stuck.SetResult();
                    return never.Task;
                }

                second.SetResult();
                return Task.FromResult<Delivery>(new Delivery.Sent());
            },
            () => put.TrySetResult())).RunAsync(signal, stop.Token);
        await stuck.Task;
        await _post.PostAsync();
        signal.Ring();

        await second.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        await put.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        never.SetResult(new Delivery.Sent());
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.All(await _post.RowsAsync(), row => Assert.NotNull(row.SentAt));
    }

    [Fact]
    public async Task A_mistake_of_ours_with_one_mail_stops_no_other_and_tells_no_address()
    {
        await _post.PostAsync();
        await _post.PostAsync();
        var first = true;
        _post.Options.Parallel = 1;
        await _post.Sender(() => new Transport(mail =>
        {
            if (first)
            {
                first = false;
                throw new FormatException(mail.Address);
            }

            return new Delivery.Sent();
        })).SendDueAsync(Cancellation);

        var rows = await _post.RowsAsync();
        Assert.Equal(("program-error", null), (rows[0].FailureCode, rows[0].FailedAt));
        Assert.NotNull(rows[1].SentAt);
        AssertNothingPersonalLogged();
    }

    [Fact]
    public async Task What_cannot_be_read_any_more_is_given_up()
    {
        await _post.PostAsync();
        await _post.Store.SqlAsync($"UPDATE outbox SET content = {(_post.Store.IsPostgres ? "'\\x00'" : "x'00'")}");
        await _post.Sender(() => new Transport(_ => new Delivery.Sent())).SendDueAsync(Cancellation);

        Assert.Equal("unreadable", Assert.Single(await _post.RowsAsync()).FailureCode);
    }

    public async ValueTask InitializeAsync() => _post = await PostOffice.OpenAsync();

    public async ValueTask DisposeAsync() => await _post.DisposeAsync();

    private async Task<List<OutgoingMail>> TakeAsync(Func<OutgoingMail, Delivery> what)
    {
        await _post.PostAsync();
        var taken = new List<OutgoingMail>();
        await _post.Sender(() => new Transport(mail =>
        {
            taken.Add(mail);
            return what(mail);
        })).SendDueAsync(Cancellation);
        return taken;
    }

    private void AssertNothingPersonalLogged()
    {
        Assert.NotEmpty(_post.Logged);
        Assert.All(_post.Logged, line => Assert.DoesNotMatch($"{PostOffice.Code}|exempel", line.Replace("portal.exempel.se", "", StringComparison.Ordinal)));
    }

    private sealed class Transport(Func<OutgoingMail, Task<Delivery>> what, Action? putAway = null) : IMailTransport
    {
        public Transport(Func<OutgoingMail, Delivery> what)
            : this(mail => Task.FromResult(what(mail)))
        {
        }

        public Task<Delivery> SendAsync(OutgoingMail mail, CancellationToken cancellation) => what(mail);

        public void Dispose() => putAway?.Invoke();
    }
}

[OnPostgres]
public sealed class OutboxSenderOnPostgresTests : OutboxSenderTests;
