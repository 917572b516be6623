using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Recipients;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Kalejdo.Portal.Tests.Support.StoreOnDisk;

namespace Kalejdo.Portal.Tests.Recipients;

/// <summary>What goes over the wire, to a receiver written after docs/recipients.md, and what becomes of each way to fail.</summary>
public class RecipientSenderTests : IAsyncLifetime
{
    private RecipientOffice _office = null!;
    private SampleReceiver _receiver = null!;

    [Fact]
    public async Task A_genuine_notice_is_done_and_what_it_said_is_wiped()
    {
        await _office.AddPartnerAsync("Utskick", _receiver);
        var number = await _office.EraseAsync();
        Assert.Equal(CaseStatus.WaitingForRecipients, (await _office.CaseAsync(number)).Status);

        await SendAsync();

        var notice = Assert.Single(_receiver.Done);
        Assert.Equal("subject.erased", notice.GetProperty("type").GetString());
        var data = notice.GetProperty("data");
        Assert.Equal((number, "invoices"), (data.GetProperty("case").GetString(), Assert.Single(data.GetProperty("kinds").EnumerateArray()).GetString()));
        // What it knows the person by, and nothing else of them.
        var identity = Assert.Single(data.GetProperty("identities").EnumerateArray());
        Assert.Equal(("customer_number", RecipientOffice.CustomerNumber), (identity.GetProperty("name").GetString(), identity.GetProperty("value").GetString()));
        Assert.DoesNotContain("märta", notice.GetRawText(), StringComparison.Ordinal);
        Assert.Equal("https://portal.exempel.se/mottagare/kvittens", data.GetProperty("acknowledge").GetString());

        var row = Assert.Single(await _office.RowsAsync());
        Assert.Equal((RecipientNoticeState.Acknowledged, null, _office.Store.Now, _office.Store.Now), (row.State, row.SealedPayload, row.SentAt, row.EndedAt));
        var closed = await _office.CaseAsync(number);
        Assert.Equal((CaseStatus.Done, _office.Store.Now), (closed.Status, closed.ClosedAt));
        Assert.Equal(["acknowledged"], await _office.AuditAsync());
        AssertNothingPersonalLogged();
    }

    [Fact]
    public async Task Another_recipient_s_secret_signs_nothing_for_this_one()
    {
        await _office.AddPartnerAsync("Utskick", _receiver);
        _receiver.Secret = StandardWebhook.SecretOf(StandardWebhook.NewKey());
        await _office.EraseAsync();

        await SendAsync();

        Assert.Equal(401, Assert.Single(_receiver.Requests).Verdict);
        Assert.Empty(_receiver.Done);
        Assert.Equal(["not-reached http-401"], await _office.AuditAsync());
    }

    [Fact]
    public async Task While_one_secret_takes_over_from_another_both_sign()
    {
        await _office.AddPartnerAsync("Utskick", _receiver);
        var old = _receiver.Secret;
        _office.Store.Time.Advance(TimeSpan.FromMinutes(1));
        var fresh = (await _office.Register.NewSecretAsync("Utskick", Cancellation))!;
        foreach (var secret in new[] { old, fresh })
        {
            _receiver.Secret = secret;
            await _office.EraseAsync();
            await SendAsync();
        }
        Assert.Equal(2, _receiver.Done.Count);
        Assert.All(_receiver.Requests, request => Assert.Equal(2, request.Signatures.Split(' ').Length));

        _office.Store.Time.Advance(TimeSpan.FromDays(7));
        await _office.EraseAsync();
        await SendAsync();
        Assert.Equal(3, _receiver.Done.Count);
        Assert.Single(_receiver.Requests.Last().Signatures.Split(' '));
    }

    [Fact]
    public async Task Who_catches_a_notice_and_sends_it_again_is_refused_by_the_receiver()
    {
        await _office.AddPartnerAsync("Utskick", _receiver);
        await _office.EraseAsync();
        await SendAsync();
        var caught = _receiver.Requests.First();

        using var attacker = new HttpClient();
        Assert.Equal(HttpStatusCode.Conflict, await ReplayAsync(caught.Body));
        Assert.Equal(HttpStatusCode.Unauthorized, await ReplayAsync(caught.Body.Replace("invoices", "devices", StringComparison.Ordinal)));
        _office.Store.Time.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(HttpStatusCode.BadRequest, await ReplayAsync(caught.Body));
        Assert.Single(_receiver.Done);

        async Task<HttpStatusCode> ReplayAsync(string body)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, _receiver.Address) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
            request.Headers.Add("webhook-id", caught.Id);
            request.Headers.Add("webhook-timestamp", caught.Timestamp);
            request.Headers.Add("webhook-signature", caught.Signatures);
            using var answer = await attacker.SendAsync(request, Cancellation);
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task Of_two_recipients_one_is_away_for_a_day_and_the_case_awaits_it()
    {
        await using var other = await SampleReceiver.StartAsync(_office.Store.Time);
        await _office.AddPartnerAsync("Fälttjänst", other);
        await _office.AddPartnerAsync("Utskick", _receiver);
        var backAt = _office.Store.Now.AddDays(1);
        _receiver.Answer = context =>
        {
            context.Response.StatusCode = _office.Store.Now < backAt ? 503 : 204;
            return Task.CompletedTask;
        };
        var number = await _office.EraseAsync();

        await SendAsync();
        while ((await _office.RowsAsync()).Find(row => row.EndedAt is null) is { } waiting)
        {
            Assert.Equal((RecipientNoticeState.Waiting, "http-503", CaseStatus.WaitingForRecipients), (waiting.State, waiting.FailureCode, (await _office.CaseAsync(number)).Status));
            Assert.NotNull(waiting.SealedPayload);
            _office.Store.Time.Advance(waiting.DueAt - _office.Store.Now);
            await SendAsync();
        }

        Assert.True(_office.Store.Now >= backAt);
        Assert.Single(other.Requests);
        Assert.InRange(_receiver.Requests.Count, 8, 16);
        // One notice, however often it was sent; each attempt signed at its own time.
        Assert.Single(_receiver.Requests.Select(request => request.Id).Distinct());
        Assert.Equal(_receiver.Requests.Count, _receiver.Requests.Select(request => request.Timestamp).Distinct().Count());
        Assert.All(_receiver.Requests, request => Assert.Equal(204, request.Verdict));
        Assert.Equal(CaseStatus.Done, (await _office.CaseAsync(number)).Status);
        Assert.Equal(["acknowledged", "acknowledged", "not-reached http-503"], (await _office.AuditAsync()).Order());
        Assert.Empty(await _office.TasksAsync());
        AssertNothingPersonalLogged();
    }

    [Fact]
    public async Task Who_never_answers_is_left_to_staff_after_five_days_and_may_still_acknowledge()
    {
        var recipient = await _office.AddPartnerAsync("Utskick", _receiver);
        _receiver.Answer = context =>
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        };
        var (number, posted) = (await _office.EraseAsync(), _office.Store.Now);

        await SendAsync();
        while ((await _office.RowsAsync())[0] is { EndedAt: null } waiting)
        {
            _office.Store.Time.Advance(waiting.DueAt - _office.Store.Now);
            await SendAsync();
        }

        Assert.InRange(_office.Store.Now - posted, TimeSpan.FromDays(4.5), TimeSpan.FromDays(5));
        var row = Assert.Single(await _office.RowsAsync());
        Assert.Equal((RecipientNoticeState.Failed, "http-500", null), (row.State, row.FailureCode, row.SealedPayload));
        var task = Assert.Single(await _office.TasksAsync());
        Assert.Equal((StaffTaskKind.RecipientNotReached, recipient.NameSv, "http-500", number), (task.Kind, task.Place, task.ReasonCode, task.CaseNumber));
        var open = await _office.CaseAsync(number);
        Assert.Equal((CaseStatus.PartlyDone, "recipients-not-told", null), (open.Status, open.ReasonCode, open.ClosedAt));
        Assert.Equal(["not-reached http-500", "given-up http-500"], await _office.AuditAsync());

        Assert.Equal(AcknowledgeResult.Taken, await _office.Answers.AcknowledgeAsync(row.MessageId, Cancellation));
        Assert.Equal(RecipientNoticeState.Acknowledged, (await _office.RowsAsync())[0].State);
        Assert.Equal(CaseStatus.Done, (await _office.CaseAsync(number)).Status);
        Assert.NotNull(Assert.Single(await _office.TasksAsync()).DoneAt);
    }

    [Fact]
    public async Task An_agreement_that_ends_between_writing_and_sending_sends_nothing()
    {
        // The last day of the agreement; it is evening in Sweden.
        var today = SwedishDays.Today(_office.Store.Time);
        await _office.AddPartnerAsync("Utskick", _receiver, until: today);
        var number = await _office.EraseAsync();
        _office.Store.Time.Advance(SwedishDays.Local(_office.Store.Now) is var local ? local.Date.AddDays(1) - local : default);
        Assert.Equal(today.AddDays(1), SwedishDays.Today(_office.Store.Time));

        await SendAsync();

        Assert.Empty(_receiver.Requests);
        var row = Assert.Single(await _office.RowsAsync());
        Assert.Equal((RecipientNoticeState.NotSent, "agreement-ended", null, null), (row.State, row.FailureCode, row.SealedPayload, row.SentAt));
        Assert.Equal((StaffTaskKind.RecipientNotTold, "agreement-ended"), (Assert.Single(await _office.TasksAsync()).Kind, (await _office.TasksAsync())[0].ReasonCode));
        Assert.Equal(["not-told agreement-ended"], await _office.AuditAsync());
        Assert.Equal(CaseStatus.PartlyDone, (await _office.CaseAsync(number)).Status);
        Assert.Equal(AcknowledgeResult.Unknown, await _office.Answers.AcknowledgeAsync(row.MessageId, Cancellation));
    }

    [Theory]
    [InlineData(-1, 0, true)]
    [InlineData(0, 0, true)]
    [InlineData(1, 5, false)]
    [InlineData(-5, -1, false)]
    public async Task Only_who_has_an_agreement_in_force_that_day_gets_a_notice(int from, int to, bool told)
    {
        var today = SwedishDays.Today(_office.Store.Time);
        var recipient = await _office.AddPartnerAsync("Utskick", _receiver);
        await using (var db = _office.Store.Open())
        {
            await db.RecipientAgreements.Where(row => row.RecipientId == recipient.Id)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.InForceFrom, today.AddDays(from)).SetProperty(row => row.InForceTo, today.AddDays(to)), Cancellation);
        }

        var number = await _office.EraseAsync();
        await SendAsync();

        Assert.Equal(told ? 1 : 0, (await _office.RowsAsync()).Count);
        Assert.Equal(told ? 1 : 0, _receiver.Requests.Count);
        Assert.Equal(CaseStatus.Done, (await _office.CaseAsync(number)).Status);
    }

    [Fact]
    public async Task A_recipient_that_knows_the_person_by_nothing_we_have_is_left_to_staff()
    {
        await _office.AddPartnerAsync("Utskick", _receiver);
        await _office.EraseAsync(new Identity("email", "märta@exempel.se"));

        await SendAsync();

        Assert.Empty(_receiver.Requests);
        Assert.Equal((StaffTaskKind.RecipientNotTold, "no-identity"), (Assert.Single(await _office.TasksAsync()).Kind, (await _office.TasksAsync())[0].ReasonCode));
    }

    [Fact]
    public async Task Who_says_that_it_has_it_is_reminded_and_in_the_end_asked_by_staff()
    {
        await _office.AddPartnerAsync("Utskick", _receiver);
        _receiver.Answer = context =>
        {
            context.Response.StatusCode = 202;
            return Task.CompletedTask;
        };
        var number = await _office.EraseAsync();
        await SendAsync();

        var row = Assert.Single(await _office.RowsAsync());
        Assert.Equal((RecipientNoticeState.Sent, _office.Store.Now), (row.State, row.SentAt));
        Assert.NotNull(row.SealedPayload);
        for (var day = 0; day < 15; day++)
        {
            _office.Store.Time.Advance(TimeSpan.FromDays(1));
            await SendAsync();
        }

        Assert.Equal(5, _receiver.Requests.Count);
        Assert.Single(_receiver.Requests.Select(request => request.Id).Distinct());
        Assert.Equal((RecipientNoticeState.Failed, "not-acknowledged"), ((await _office.RowsAsync())[0].State, (await _office.RowsAsync())[0].FailureCode));
        Assert.Equal(CaseStatus.PartlyDone, (await _office.CaseAsync(number)).Status);
    }

    [Fact]
    public async Task A_recipient_that_wants_nothing_any_more_is_left_to_staff_at_once()
    {
        await _office.AddPartnerAsync("Utskick", _receiver);
        _receiver.Answer = context =>
        {
            context.Response.StatusCode = 410;
            return Task.CompletedTask;
        };
        await _office.EraseAsync();
        await SendAsync();

        Assert.Equal((RecipientNoticeState.Failed, "gone"), (Assert.Single(await _office.RowsAsync()).State, (await _office.RowsAsync())[0].FailureCode));
        Assert.Equal(["given-up gone"], await _office.AuditAsync());
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task A_redirect_is_not_followed(int status)
    {
        await using var elsewhere = await SampleReceiver.StartAsync(_office.Store.Time);
        await _office.AddPartnerAsync("Utskick", _receiver);
        _receiver.Answer = context =>
        {
            (context.Response.StatusCode, context.Response.Headers.Location) = (status, elsewhere.Address.ToString());
            return Task.CompletedTask;
        };
        await _office.EraseAsync();
        await SendAsync();

        Assert.Empty(elsewhere.Requests);
        Assert.Equal(["not-reached redirect"], await _office.AuditAsync());
    }

    [Fact]
    public async Task A_recipient_that_takes_its_time_is_not_waited_for_and_holds_up_no_other()
    {
        _office.Options.TimeoutSeconds = 1;
        await using var other = await SampleReceiver.StartAsync(_office.Store.Time);
        await _office.AddPartnerAsync("Långsam", _receiver);
        await _office.AddPartnerAsync("Utskick", other);
        _receiver.Answer = context => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        await _office.EraseAsync();
        await SendAsync();

        Assert.Single(other.Done);
        Assert.Equal(["acknowledged", "not-reached timeout"], (await _office.AuditAsync()).Order());
    }

    [Fact]
    public async Task An_answer_without_end_is_not_read()
    {
        await _office.AddPartnerAsync("Utskick", _receiver);
        var leftAlone = new TaskCompletionSource();
        _receiver.Answer = async context =>
        {
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(new byte[65536], CancellationToken.None);
            }
            leftAlone.SetResult();
        };
        await _office.EraseAsync();
        await SendAsync();

        Assert.Equal(RecipientNoticeState.Acknowledged, Assert.Single(await _office.RowsAsync()).State);
        await leftAlone.Task.WaitAsync(Cancellation);
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.2p1\r\n")]
    [InlineData("HTTP/1.1 20000 Many\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nX: {long}\r\n\r\n")]
    public async Task An_answer_that_is_none_is_tried_again(string garbage)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeAsync();
        await _office.AddPartnerAsync("Utskick", $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");
        await _office.EraseAsync();
        await SendAsync();
        await serving;

        Assert.Equal(["not-reached garbage"], await _office.AuditAsync());
        Assert.Equal(RecipientNoticeState.Waiting, Assert.Single(await _office.RowsAsync()).State);

        async Task ServeAsync()
        {
            using var client = await listener.AcceptTcpClientAsync(Cancellation);
            await using var stream = client.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes(garbage.Replace("{long}", new string('x', 100_000), StringComparison.Ordinal)), Cancellation);
            try
            {
                // Until the other side has had enough of it.
                while (await stream.ReadAsync(new byte[4096], Cancellation) > 0)
                {
                }
            }
            catch (IOException)
            {
            }
        }
    }

    [Theory]
    [InlineData("http://127.0.0.1:{port}/")]
    [InlineData("http://localhost:{port}/")]
    [InlineData("http://[::1]:{port}/")]
    [InlineData("http://[::ffff:127.0.0.1]:{port}/")]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://2130706433:{port}/")]
    public async Task A_private_address_is_not_connected_to_unless_a_setting_allows_it(string address)
    {
        _office.Options.AllowPrivateAddresses = false;
        await _office.AddPartnerAsync("Utskick", address.Replace("{port}", $"{_receiver.Address.Port}", StringComparison.Ordinal));
        await _office.EraseAsync();
        await SendAsync();

        Assert.Empty(_receiver.Requests);
        Assert.Equal(["not-reached private-address"], await _office.AuditAsync());
    }

    [Fact]
    public async Task Without_tls_nothing_is_sent_unless_a_setting_allows_it()
    {
        _office.Options.AllowHttp = false;
        await _office.AddPartnerAsync("Utskick", _receiver);
        await _office.EraseAsync();
        await SendAsync();

        Assert.Empty(_receiver.Requests);
        Assert.Equal(["not-reached not-https"], await _office.AuditAsync());
    }

    [Fact]
    public async Task A_name_that_does_not_exist_and_a_door_that_is_shut_are_tried_again()
    {
        await _office.AddPartnerAsync("Borta", "http://finns-inte.invalid/");
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            await _office.AddPartnerAsync("Stängd", $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");
        }
        await _office.EraseAsync();
        await SendAsync();

        Assert.Equal(["not-reached connection", "not-reached name"], (await _office.AuditAsync()).Order());
        Assert.All(await _office.RowsAsync(), row => Assert.Equal((RecipientNoticeState.Waiting, 1), (row.State, row.Attempts)));
    }

    [Fact]
    public async Task What_a_killed_sender_held_goes_again_under_its_own_id_when_the_claim_has_run_out_and_is_done_once()
    {
        await _office.AddPartnerAsync("Utskick", _receiver);
        await _office.EraseAsync();
        var (stuck, never) = (new TaskCompletionSource(), new TaskCompletionSource());
        _receiver.Answer = async context =>
        {
            stuck.TrySetResult();
            await never.Task;
            context.Response.StatusCode = 204;
        };
        // Killed while the receiver has it: nothing after this line ever runs.
        var killed = _office.Sender().SendDueAsync(Cancellation);
        await stuck.Task;

        _receiver.Answer = null;
        Assert.Equal(0, await SendAsync());
        _office.Store.Time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(1, await SendAsync());
        never.SetResult();
        await killed;

        Assert.Single(_receiver.Requests.Select(request => request.Id).Distinct());
        Assert.Equal(2, _receiver.Requests.Count);
        Assert.Single(_receiver.Done);
        Assert.Equal(["acknowledged"], await _office.AuditAsync());
    }

    [Fact]
    public async Task Two_nodes_tell_each_notice_once()
    {
        await _office.AddPartnerAsync("Utskick", _receiver);
        for (var i = 0; i < 20; i++)
        {
            await _office.EraseAsync();
        }

        await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() => _office.Sender().SendDueAsync(Cancellation))));

        Assert.Equal(20, _receiver.Requests.Count);
        Assert.Equal(20, _receiver.Done.Count);
    }

    [Fact]
    public async Task The_same_act_closed_twice_is_told_once()
    {
        await _office.AddPartnerAsync("Utskick", _receiver);
        var number = await _office.EraseAsync();
        await using (var db = _office.Store.Open())
        {
            Assert.Equal(1, await _office.Notices().AddAsync(db, new RecipientAct(number, 1, RecipientEvent.Erased, [], ["invoices"]), Cancellation));
            await db.SaveChangesAsync(Cancellation);
        }

        Assert.Single(await _office.RowsAsync());
    }

    [Fact]
    public async Task A_mail_names_kinds_and_case_alone_and_is_sent_again_until_its_page_was_answered()
    {
        await _office.AddPartnerAsync("Utskick", "dataskydd@utskick.example", RecipientChannel.Mail);
        var number = await _office.EraseAsync();
        await SendAsync();
        _office.Store.Time.Advance(TimeSpan.FromDays(3));
        await SendAsync();

        await using var db = _office.Store.Open();
        var mails = await db.Outbox.AsNoTracking().OrderBy(row => row.Id).ToListAsync(Cancellation);
        var protection = _office.Store.Services.GetRequiredService<IDataProtectionProvider>();
        var letters = mails.Select(mail => JsonSerializer.Deserialize<PrintedLetter>(OutboxMail.Protector(protection, mail.MessageId).Unprotect(mail.Content!))!).ToList();
        Assert.Equal(2, letters.Count);
        Assert.All(letters, letter =>
        {
            Assert.Contains(number, letter.Text, StringComparison.Ordinal);
            Assert.Contains("invoices", letter.Text, StringComparison.Ordinal);
            Assert.DoesNotContain(RecipientOffice.CustomerNumber, letter.Text + letter.Html, StringComparison.Ordinal);
        });
        Assert.StartsWith("Påminnelse", letters[1].Subject, StringComparison.Ordinal);
        // No mail to the person, so none of the case's.
        Assert.All(mails, mail => Assert.Null(mail.CaseNumber));
        var row = Assert.Single(await _office.RowsAsync());
        Assert.Equal((RecipientNoticeState.Sent, 2), (row.State, row.Attempts));
        var link = AcknowledgeLinks.Of(_office.Store.Keys, row.MessageId);
        Assert.Contains($"https://portal.exempel.se/mottagare/besked/{link}", letters[1].Text, StringComparison.Ordinal);
        Assert.Equal(row.MessageId, AcknowledgeLinks.Read(_office.Store.Keys, link));
        Assert.Null(AcknowledgeLinks.Read(_office.Store.Keys, link[..^1] + (link[^1] == '0' ? '1' : '0')));
    }

    public async ValueTask InitializeAsync()
    {
        _office = await RecipientOffice.OpenAsync();
        _receiver = await SampleReceiver.StartAsync(_office.Store.Time);
    }

    public async ValueTask DisposeAsync()
    {
        await using (var db = _office.Store.Open())
        {
            if (await db.AuditEntries.AnyAsync(CancellationToken.None))
            {
                Assert.IsType<AuditVerdict.Intact>(await _office.Store.Audit.VerifyAsync(db, CancellationToken.None));
            }
        }
        await _receiver.DisposeAsync();
        await _office.DisposeAsync();
    }

    private Task<int> SendAsync() => _office.Sender().SendDueAsync(Cancellation);

    private void AssertNothingPersonalLogged() => Assert.DoesNotContain(_office.Logged, line => line.Contains(RecipientOffice.CustomerNumber, StringComparison.Ordinal) || line.Contains("märta", StringComparison.Ordinal));
}

[OnPostgres]
public sealed class RecipientSenderOnPostgresTests : RecipientSenderTests;
