using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Mail;
using System.Text;
using System.Text.Json;
using Kalejdo.Portal.Benchmarks.Data;
using Kalejdo.Portal.Features.NotMyAddress;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Benchmarks.Mail;

/// <summary>
/// A full outbox sent to the last mail, against a loop that hands the same mails, open and in memory, to the same client and server:
/// what claiming, opening, recording and wiping cost. TLS would cost both sides alike, so there is none.
/// </summary>
internal sealed class OutboxDrain : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly MailSink _sink;

    private OutboxDrain(MailSink sink, Provider provider, string connectionString, string keyFile)
    {
        _sink = sink;
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Portal:PublicAddress"] = "https://portal.exempel.se/",
            ["Controller:PostalAddress:0"] = "Box 123, 123 45 Staden",
            ["Controller:Telephone"] = "08-123 45 67",
            ["Store:Provider"] = provider == Provider.Sqlite ? StoreOptions.Sqlite : StoreOptions.Postgresql,
            ["Store:ConnectionString"] = connectionString,
            ["Store:KeyFile"] = keyFile,
            ["Mail:Transport"] = "Smtp",
            ["Mail:From"] = "portal@exempel.se",
            ["Mail:FromName"] = "Mina uppgifter",
            ["Mail:Smtp:Host"] = "localhost",
            ["Mail:Smtp:Port"] = _sink.Port.ToString(CultureInfo.InvariantCulture),
            ["Mail:Smtp:RequireTls"] = "false",
        });
        builder.Services.AddPortalStore(builder.Configuration);
        builder.Services.AddOptions<PortalOptions>().BindConfiguration("Portal");
        builder.Services.AddOptions<ControllerOptions>().BindConfiguration("Controller");
        builder.Services.AddMail();
        _host = builder.Build();
    }

    private MailOptions Options => _host.Services.GetRequiredService<IOptions<MailOptions>>().Value;

    public static async Task<OutboxDrain> OpenAsync(DataSets sets, Provider provider, string folder, bool prompt, int mails, CancellationToken cancellationToken)
    {
        var drain = new OutboxDrain(await MailSink.StartAsync(prompt, cancellationToken), provider, await sets.EmptyAsync(provider, prompt ? "outbox_prompt" : "outbox", cancellationToken), Path.Combine(Path.GetFullPath(folder), "outbox.key"));
        await PortalStore.MigrateAsync(drain._host.Services, cancellationToken);
        await drain.PostAsync(mails, cancellationToken);
        return drain;
    }

    /// <param name="parallel">How many connections both sides send over at once.</param>
    /// <param name="server">What is said of the server.</param>
    public async Task<Job> JobAsync(int parallel, string server, CancellationToken cancellationToken)
    {
        var mails = await OpenMailsAsync(cancellationToken);
        return new(
            "mail", string.Create(CultureInfo.InvariantCulture, $"outbox drain: {mails.Count:N0} mails, {parallel} at once, {server}"), "bare send loop", 1 / 0.8, "≥ 0.8 × the speed",
            async token =>
            {
                Options.Parallel = parallel;
                var before = await _sink.TakenAsync(token);
                await _host.Services.GetRequiredService<OutboxSender>().SendDueAsync(token);
                return await _sink.TakenAsync(token) - before;
            },
            async token =>
            {
                var before = await _sink.TakenAsync(token);
                await SendAsync(mails, parallel, token);
                return await _sink.TakenAsync(token) - before;
            },
            RefillAsync);
    }

    public async ValueTask DisposeAsync()
    {
        _host.Dispose();
        await _sink.DisposeAsync();
    }

    private async Task SendAsync(IReadOnlyList<OutgoingMail> mails, int parallel, CancellationToken cancellationToken)
    {
        var waiting = new ConcurrentQueue<OutgoingMail>(mails);
        await Task.WhenAll(Enumerable.Range(0, parallel).Select(_ => Task.Run(LoopAsync, cancellationToken)));

        async Task LoopAsync()
        {
            using var client = new SmtpClient(Options.Smtp.Host, Options.Smtp.Port);
            while (waiting.TryDequeue(out var mail))
            {
                using var message = MimeMail.Compose(mail, Options)!;
                await client.SendMailAsync(message, cancellationToken);
            }
        }
    }

    private async Task PostAsync(int mails, CancellationToken cancellationToken)
    {
        await using var db = await OpenStoreAsync(cancellationToken);
        for (var i = 0; i < mails; i++)
        {
            await _host.Services.GetRequiredService<Outbox>().AddAsync(db, AddressCodeLetter.Sample, "anna@exempel.se", "both", null, cancellationToken);
        }
        await db.SaveChangesAsync(cancellationToken);
        await db.Database.ExecuteSqlRawAsync("CREATE TABLE posted AS SELECT * FROM outbox", cancellationToken);
    }

    /// <summary>The outbox as it was before anything was sent.</summary>
    private async Task RefillAsync(CancellationToken cancellationToken)
    {
        await using var db = await OpenStoreAsync(cancellationToken);
        if (await db.Outbox.AnyAsync(row => row.SentAt == null, cancellationToken) && await db.Outbox.AnyAsync(row => row.SentAt != null, cancellationToken))
        {
            throw new InvalidOperationException("The outbox was not sent to the last mail.");
        }
        await db.Outbox.ExecuteDeleteAsync(cancellationToken);
        await db.Database.ExecuteSqlRawAsync("INSERT INTO outbox SELECT * FROM posted", cancellationToken);
    }

    private async Task<IReadOnlyList<OutgoingMail>> OpenMailsAsync(CancellationToken cancellationToken)
    {
        await RefillAsync(cancellationToken);
        await using var db = await OpenStoreAsync(cancellationToken);
        var protection = _host.Services.GetRequiredService<IDataProtectionProvider>();
        return [.. (await db.Outbox.AsNoTracking().ToListAsync(cancellationToken)).Select(row =>
        {
            var protector = OutboxMail.Protector(protection, row.MessageId);
            return new OutgoingMail(
                row.MessageId, Encoding.UTF8.GetString(protector.Unprotect(row.Recipient!)), JsonSerializer.Deserialize<PrintedLetter>(protector.Unprotect(row.Content!))!);
        })];
    }

    private Task<PortalDbContext> OpenStoreAsync(CancellationToken cancellationToken) =>
        _host.Services.GetRequiredService<IDbContextFactory<PortalDbContext>>().CreateDbContextAsync(cancellationToken);
}
