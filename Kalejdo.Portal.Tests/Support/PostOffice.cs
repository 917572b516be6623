using System.Collections.Concurrent;
using Kalejdo.Portal.Features.NotMyAddress;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Kalejdo.Portal.Tests.Support;

/// <summary>Outbox and sender over a store of their own, with a clock that stands still and a log to look into.</summary>
internal sealed class PostOffice : IAsyncDisposable
{
    public const string Address = "märta@exempel.se";
    public const string Code = "417205";

    private PostOffice(StoreOnDisk store) => Store = store;

    public StoreOnDisk Store { get; }

    public MailOptions Options { get; } = new() { From = "portal@kalejdo.example", FromName = "Kalejdo åäö" };

    public int Timeout { get; set; } = 30;

    public ConcurrentQueue<string> Logged { get; } = [];

    public static async Task<PostOffice> OpenAsync() => new(await StoreOnDisk.CreateAsync());

    /// <summary>Posts a letter and commits it.</summary>
    public async Task PostAsync(string address = Address, string? caseNumber = null)
    {
        await using var db = Store.Open();
        await Outbox.AddAsync(db, new AddressCodeLetter(Code), address, "sv", caseNumber, StoreOnDisk.Cancellation);
        await db.SaveChangesAsync(StoreOnDisk.Cancellation);
    }

    /// <summary>Posts many, to an address of ASCII.</summary>
    public async Task PostAsync(int many)
    {
        await using var db = Store.Open();
        for (var i = 0; i < many; i++)
        {
            await Outbox.AddAsync(db, new AddressCodeLetter(Code), "anna@exempel.se", "sv", null, StoreOnDisk.Cancellation);
        }

        await db.SaveChangesAsync(StoreOnDisk.Cancellation);
    }

    public async Task<List<OutboxMail>> RowsAsync()
    {
        await using var db = Store.Open();
        return await db.Outbox.AsNoTracking().OrderBy(row => row.Id).ToListAsync(StoreOnDisk.Cancellation);
    }

    public OutboxSender Sender(Func<IMailTransport> transports) => new(
        Store.Services.GetRequiredService<IDbContextFactory<PortalDbContext>>(),
        Store.Services.GetRequiredService<IDataProtectionProvider>(),
        Store.Keys,
        transports,
        Microsoft.Extensions.Options.Options.Create(Options),
        Store.Time,
        new LogLines(Logged));

    public OutboxSender Pickup() => Sender(() => new PickupTransport(Microsoft.Extensions.Options.Options.Create(Options), Store.Services.GetRequiredService<IConfiguration>()));

    public OutboxSender Smtp(SmtpPeer server, string? user = "portal", string? password = "å-hemligt")
    {
        Options.Smtp = new SmtpOptions { Host = "localhost", Port = server.Port, User = user, Password = password, RequireTls = true, TimeoutSeconds = Timeout };
#if FULL_FEED
        return Sender(() => new MailKitTransport(Microsoft.Extensions.Options.Options.Create(Options), new MailKitTokens(Store.Time)));
#else
        return Sender(() => new SmtpTransport(Microsoft.Extensions.Options.Options.Create(Options)));
#endif
    }

    public ValueTask DisposeAsync() => Store.DisposeAsync();

    private Outbox Outbox
    {
        get
        {
            var portal = Microsoft.Extensions.Options.Options.Create(new PortalOptions { PublicAddress = new Uri("https://portal.exempel.se/") });
            var controller = Microsoft.Extensions.Options.Options.Create(new ControllerOptions { PostalAddress = ["Box 123"], Telephone = "08" });
            return new Outbox(
                new LetterPrinter(Store.Services, portal, controller), Store.Keys, Store.Services.GetRequiredService<IDataProtectionProvider>(), portal, Store.Time);
        }
    }

    private sealed class LogLines(ConcurrentQueue<string> lines) : ILogger<OutboxSender>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue(formatter(state, exception) + exception);
    }
}
