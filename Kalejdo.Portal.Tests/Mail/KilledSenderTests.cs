using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using static Kalejdo.Portal.Tests.Support.StoreOnDisk;

namespace Kalejdo.Portal.Tests.Mail;

/// <summary>The real program sends a full outbox to a real mail server and is killed while it does.</summary>
public sealed class KilledSenderTests : IAsyncLifetime
{
    private const int Kills = 5;

    private PostOffice _post = null!;

    [Fact]
    public async Task Every_mail_arrives_and_what_arrives_twice_has_the_same_message_id()
    {
        var total = LongForm.IsAsked ? 10_000 : 500;
        // The program goes by the clock on the wall.
        _post.Store.Time.Advance(TimeProvider.System.GetUtcNow() - _post.Store.Time.GetUtcNow());
        await _post.PostAsync(total);
        var ids = (await _post.RowsAsync()).Select(row => row.MessageId).ToHashSet();
        await using var server = await SmtpPeer.StartAsync("ok");
        var arrived = new List<string>();

        for (var kill = 1; kill <= Kills; kill++)
        {
            await using var program = Start(server);
            // Its server, its databases and its rights are all made; it is killed in the midst of sending.
            for (var next = 0; next < total / (Kills + 1); next++)
            {
                arrived.Add((await server.NextAsync()).MessageId);
            }

            await program.KillAsync();
            // The time that passes until the claims of the dead run out.
            await _post.Store.SqlAsync("UPDATE outbox SET claimed_until = '2026-01-01 00:00:00' WHERE claimed_by IS NOT NULL");
        }

        Assert.InRange(await UnsentAsync(), 1, total - 1);
        _post.Store.Time.Advance(TimeProvider.System.GetUtcNow() - _post.Store.Time.GetUtcNow());
        var reading = ReadAsync();
        await _post.Smtp(server).SendDueAsync(Cancellation);
        await server.StopAsync();
        await reading;

        Assert.All(await _post.RowsAsync(), row => Assert.True(row is { SentAt: not null, Recipient: null, Content: null }));
        Assert.Equal(ids.Order(), arrived.Distinct().Order());
        // At each kill no more than were under way at once, being recorded or waiting to be.
        Assert.InRange(arrived.Count - total, 0, Kills * (_post.Options.Parallel + 2 * OutboxSender.MostTogether));
        TestContext.Current.TestOutputHelper?.WriteLine($"{total} mails, {Kills} kills: {arrived.Count - total} arrived twice");

        async Task ReadAsync()
        {
            await foreach (var mail in server.AllAsync())
            {
                arrived.Add(mail.MessageId);
            }
        }
    }

    public async ValueTask InitializeAsync() => _post = await PostOffice.OpenAsync();

    public async ValueTask DisposeAsync() => await _post.DisposeAsync();

    private async Task<int> UnsentAsync()
    {
        await using var db = _post.Store.Open();
        return await db.Outbox.CountAsync(row => row.SentAt == null, Cancellation);
    }

    private PortalProcess Start(SmtpPeer server) => PortalProcess.Start(
        _post.Store.Folder,
        asNobody: false,
        [
            "ASPNETCORE_URLS=http://127.0.0.1:0", "Urls=http://127.0.0.1:0", "Demo__Subscribers=1", "Mail__Transport=Smtp", "Mail__Smtp__Host=localhost", $"Mail__Smtp__Port={server.Port}",
            "Mail__Smtp__User=portal", "Mail__Smtp__Password=å-hemligt", $"SSL_CERT_FILE={SmtpPeer.CertificateFile}",
        ]);
}
