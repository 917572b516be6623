using System.Collections.Concurrent;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Recipients;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Tests.Support;

/// <summary>Notices and their sender over a store of their own, with a clock that stands still and a log to look into.</summary>
internal sealed class RecipientOffice : IAsyncDisposable
{
    public const string CustomerNumber = "10007919";

    private readonly List<IDisposable> _toDispose = [];

    private RecipientOffice(StoreOnDisk store) => Store = store;

    public StoreOnDisk Store { get; }

    public RecipientsOptions Options { get; } = new() { AllowHttp = true, AllowPrivateAddresses = true, TimeoutSeconds = 30 };

    public ConcurrentQueue<string> Logged { get; } = [];

    public RecipientRegister Register => new(Databases, Store.Keys, Microsoft.Extensions.Options.Options.Create(Options), Store.Time);

    public RecipientAnswers Answers => new(Databases, Store.Audit, Store.Time);

    private IDbContextFactory<PortalDbContext> Databases => Store.Services.GetRequiredService<IDbContextFactory<PortalDbContext>>();

    private static IOptions<PortalOptions> Portal => Microsoft.Extensions.Options.Options.Create(new PortalOptions { PublicAddress = new Uri("https://portal.exempel.se/") });

    public static async Task<RecipientOffice> OpenAsync()
    {
        var store = await StoreOnDisk.CreateAsync();
        // Makes the first key, as the portal's start does.
        store.Services.GetDataProtectionProvider().CreateProtector("start").Protect([]);
        return new RecipientOffice(store);
    }

    /// <summary>A partner under agreement for invoices.</summary>
    public async Task<Recipient> AddPartnerAsync(string name, string address, RecipientChannel channel = RecipientChannel.Webhook, DateOnly? until = null)
    {
        await using var db = Store.Open();
        var recipient = new Recipient
        {
            Key = name,
            Kind = RecipientKind.Partner,
            NameSv = name,
            NameEn = name,
            Channel = channel,
            Address = address,
            Language = "sv",
            IdentityNames = "customer_number",
        };
        db.Recipients.Add(recipient);
        await db.SaveChangesAsync(StoreOnDisk.Cancellation);
        db.RecipientAgreements.Add(new RecipientAgreement
        {
            RecipientId = recipient.Id,
            InForceFrom = new DateOnly(2020, 1, 1),
            InForceTo = until,
            Kinds = "addresses invoices",
            TaskSv = "skickar",
            TaskEn = "sends",
            ReceivesSv = "namn",
            ReceivesEn = "name",
            StoredInSv = "Sverige",
            StoredInEn = "Sweden",
        });
        await db.SaveChangesAsync(StoreOnDisk.Cancellation);
        return recipient;
    }

    /// <summary>A partner that the receiver is, with a secret of its own.</summary>
    public async Task<Recipient> AddPartnerAsync(string name, SampleReceiver receiver, DateOnly? until = null)
    {
        var recipient = await AddPartnerAsync(name, receiver.Address.ToString(), until: until);
        receiver.Secret = (await Register.NewSecretAsync(name, StoreOnDisk.Cancellation))!;
        return recipient;
    }

    /// <summary>An erasure of invoices that closes now, and whose recipients it awaits.</summary>
    /// <returns>Its case.</returns>
    public async Task<string> EraseAsync(params Identity[] identities)
    {
        await using var db = Store.Open();
        await using var transaction = await db.Database.BeginTransactionAsync(StoreOnDisk.Cancellation);
        var subject = await Store.Audit.NumberOfAsync(db, "test", StoreOnDisk.Cancellation);
        var opened = await CaseRegister.OpenAsync(db, CaseType.Erasure, subject, Store.Now, StoreOnDisk.Cancellation);
        await db.SaveChangesAsync(StoreOnDisk.Cancellation);
        var act = new RecipientAct(opened.Number, subject, RecipientEvent.Erased, identities is [] ? [new("customer_number", CustomerNumber), new("email", "märta@exempel.se")] : identities, ["invoices", "viewing_history"]);
        opened.Take(db, await Notices().AddAsync(db, act, StoreOnDisk.Cancellation) > 0 ? CaseStep.RecipientsAwaited : CaseStep.Done, Store.Now);
        await db.SaveChangesAsync(StoreOnDisk.Cancellation);
        await transaction.CommitAsync(StoreOnDisk.Cancellation);
        return opened.Number;
    }

    public RecipientNotices Notices() => new(NoMap(), new PartnerAgreements(Databases, Store.Time), Store.Keys, Portal, Store.Time);

    public RecipientSender Sender()
    {
        var client = new WebhookClient(Microsoft.Extensions.Options.Options.Create(Options), Store.Time);
        _toDispose.Add(client);
        var controller = Microsoft.Extensions.Options.Options.Create(new ControllerOptions { PostalAddress = ["Box 123"], Telephone = "08" });
        var outbox = new Outbox(new LetterPrinter(Store.Services, Portal, controller), Store.Keys, Store.Services.GetRequiredService<IDataProtectionProvider>(), Portal, Store.Time);
        return new RecipientSender(
            Databases, NoMap(), Register, new PartnerAgreements(Databases, Store.Time), Answers, client, outbox, Store.Audit, Store.Keys,
            Microsoft.Extensions.Options.Options.Create(Options), Store.Time, new LogLines(Logged));
    }

    public async Task<List<RecipientNotice>> RowsAsync()
    {
        await using var db = Store.Open();
        return await db.RecipientNotices.AsNoTracking().OrderBy(row => row.Id).ToListAsync(StoreOnDisk.Cancellation);
    }

    public async Task<Case> CaseAsync(string number)
    {
        await using var db = Store.Open();
        return await db.Cases.AsNoTracking().SingleAsync(row => row.Number == number, StoreOnDisk.Cancellation);
    }

    public async Task<List<StaffTask>> TasksAsync()
    {
        await using var db = Store.Open();
        return await db.StaffTasks.AsNoTracking().OrderBy(row => row.Id).ToListAsync(StoreOnDisk.Cancellation);
    }

    /// <summary>The events of recipients, with their reasons.</summary>
    public async Task<List<string>> AuditAsync()
    {
        await using var db = Store.Open();
        return [.. (await db.AuditEntries.AsNoTracking().Where(row => row.Event.StartsWith("recipient.")).OrderBy(row => row.Sequence).ToListAsync(StoreOnDisk.Cancellation)).Select(row => $"{row.Event["recipient.".Length..]} {row.ReasonCode}".Trim())];
    }

    public async ValueTask DisposeAsync()
    {
        _toDispose.ForEach(one => one.Dispose());
        await Store.DisposeAsync();
    }

    // The map's words are looked at elsewhere; here kinds are called by their own names.
    private LiveMap NoMap()
    {
        var map = new LiveMap(new ConfigurationBuilder().AddInMemoryCollection([new("DataMap:Maps:0", Path.Combine(Store.Folder, "none.yml")), new("DataRoot", Store.Folder)]).Build());
        _toDispose.Add(map);
        return map;
    }

    private sealed class LogLines(ConcurrentQueue<string> lines) : ILogger<RecipientSender>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue(formatter(state, exception) + exception);
    }
}
