using System.Collections.Concurrent;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Tests.Support;
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

    private sealed class Transport(Func<OutgoingMail, Task<Delivery>> what) : IMailTransport
    {
        public Transport(Func<OutgoingMail, Delivery> what)
            : this(mail => Task.FromResult(what(mail)))
        {
        }

        public Task<Delivery> SendAsync(OutgoingMail mail, CancellationToken cancellation) => what(mail);

        public void Dispose()
        {
        }
    }
}

[OnPostgres]
public sealed class OutboxSenderOnPostgresTests : OutboxSenderTests;
