using System.Data.Common;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Kalejdo.Portal.Tests.Support;

/// <summary>A portal of a test class's own: its clock moves when it is told to, and its mails stay in the outbox to be read.</summary>
public sealed class AccountPortal : WebApplicationFactory<Program>
{
    private readonly StatementCounter statements = new();
    private bool listening;

    public ManualTimeProvider Time { get; } = new(TimeProvider.System.GetUtcNow());

    /// <summary>Beyond those of every portal under test; before anything else is asked of it.</summary>
    public Dictionary<string, string> Settings { get; } = [];

    public static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public HttpClient Browser(string language = "sv")
    {
        if (!listening)
        {
            return PortalFixture.Client(this, language);
        }

        // The factory's own client would follow redirects here.
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = ClientOptions.BaseAddress };
        client.DefaultRequestHeaders.AcceptLanguage.ParseAdd(language);
        return client;
    }

    /// <summary>On a real port from now on, for browsers and what only a server refuses; before anything else is asked of it.</summary>
    public Uri Listen()
    {
        if (!listening)
        {
            listening = true;
            UseKestrel(0);
            StartServer();
        }

        return ClientOptions.BaseAddress;
    }

    public async Task<TResult> StoreAsync<TResult>(Func<PortalDbContext, Task<TResult>> ask)
    {
        await using var scope = Services.CreateAsyncScope();
        return await ask(scope.ServiceProvider.GetRequiredService<PortalDbContext>());
    }

    /// <summary>Where it keeps its data, and Kalejdo theirs.</summary>
    public PortalData Data { get; } = new();

    /// <summary>Asks or changes something in Kalejdo's own database.</summary>
    public Task<long> KalejdoAsync(string sql)
    {
        // The database is made when the portal starts, and this may be the first that a test asks.
        _ = Services;
        return Data.ScalarAsync<long>(sql);
    }

    /// <summary>What was mailed to the address, oldest first: each letter's kind and text. Without the notices that each new browser makes.</summary>
    public async Task<List<(string Letter, string Text)>> MailsAsync(string address) =>
        [.. (await AllMailsAsync(address)).Where(mail => mail.Letter != nameof(NewDeviceLetter))];

    public Task<List<(string Letter, string Text)>> AllMailsAsync(string address) => StoreAsync(async db =>
    {
        var protection = Services.GetRequiredService<IDataProtectionProvider>();
        var rows = await db.Outbox.AsNoTracking().OrderBy(row => row.Id).ToListAsync(Cancellation);
        return rows
            .Select(row => (row, Protector: OutboxMail.Protector(protection, row.MessageId)))
            .Where(mail => System.Text.Encoding.UTF8.GetString(mail.Protector.Unprotect(mail.row.Recipient!)).Equals(address, StringComparison.OrdinalIgnoreCase))
            .Select(mail => (mail.row.Template, JsonSerializer.Deserialize<PrintedLetter>(mail.Protector.Unprotect(mail.row.Content!))!.Text))
            .ToList();
    });

    public async Task<string> CodeMailedToAsync(string address) =>
        Regex.Match((await MailsAsync(address))[^1].Text, @"(?m)^\d{6}$").Value is { Length: 6 } code ? code : throw new InvalidOperationException("The last mail holds no code.");

    /// <summary>From the address to the account, in this browser; it is not linked yet.</summary>
    public async Task RegisterAsync(HttpClient browser, string address)
    {
        using var asked = await browser.FillInAsync(PortalUrls.Register, "register", ("Posted.Address", address));
        Assert.Equal(PortalUrls.RegisterCode, asked.Headers.Location?.PathOf());
        using var typed = await browser.FillInAsync(PortalUrls.RegisterCode, "register-code", ("Posted.Code", await CodeMailedToAsync(address)));
        Assert.Equal(PortalUrls.RegisterPassword, typed.Headers.Location?.PathOf());
        using var chosen = await browser.FillInAsync(PortalUrls.RegisterPassword, "register-password", ("Posted.Password", SignedIn.Password));
        Assert.Equal(PortalUrls.Link, chosen.Headers.Location?.PathOf());
    }

    public static Task<HttpResponseMessage> LinkAsync(HttpClient browser, string proof) =>
        browser.FillInAsync(PortalUrls.Link, "link", ("Posted.Proof", proof));

    public async Task<HttpClient> SignedInAsync(DemoSubscriber subscriber)
    {
        await SignedIn.CreateAccountAsync(Services, subscriber);
        var browser = Browser();
        using var response = await browser.SignInAsync(subscriber.OwnEmail, SignedIn.Password);
        Assert.Equal(PortalUrls.Overview, response.Headers.Location?.PathOf());
        return browser;
    }

    public static async Task<bool> IsSignedInAsync(HttpClient browser)
    {
        using var response = await browser.GetAsync(PortalUrls.MyAccount, Cancellation);
        return response.StatusCode == HttpStatusCode.OK;
    }

    /// <summary>The accounts with the address; there should never be two.</summary>
    public Task<int> AccountsOfAsync(string address) => StoreAsync(db => db.Users.CountAsync(row => row.Email == address, Cancellation));

    /// <summary>How many statements the portal has sent to its own database.</summary>
    public int Statements => statements.Count;

    /// <summary>How many rows its own database has handed over.</summary>
    public int RowsRead => statements.Rows;

    protected override void ConfigureWebHost(IWebHostBuilder builder) => Settings.Aggregate(Data.UseIn(builder), (host, setting) => host.UseSetting(setting.Key, setting.Value))
        .UseEnvironment(Environments.Production)
        .UseSetting("Limits:CodesPerNetworkAnHour", "100000")
        .UseSetting("Limits:SignInsPerNetworkAnHour", "100000")
        .InHaste()
        .ConfigureTestServices(services =>
        {
            services.AddSingleton<TimeProvider>(Time);
            services.ConfigurePortalDbContext((_, options) => options.AddInterceptors(statements));
            // Nothing is sent: a mail that has gone is wiped.
            foreach (var job in services.Where(service => service.ServiceType == typeof(IHostedService)
                && (service.ImplementationType?.Name == "OutboxService" || service.ImplementationType?.Namespace?.StartsWith("Quartz", StringComparison.Ordinal) == true)).ToList())
            {
                services.Remove(job);
            }
        });

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            Data.Dispose();
        }
    }

    private sealed class StatementCounter : DbCommandInterceptor
    {
        private int count;
        private int rows;

        public int Count => Volatile.Read(ref count);

        public int Rows => Volatile.Read(ref rows);

        public override DbCommand CommandInitialized(CommandEndEventData eventData, DbCommand result)
        {
            Interlocked.Increment(ref count);
            return result;
        }

        public override InterceptionResult DataReaderDisposing(DbCommand command, DataReaderDisposingEventData eventData, InterceptionResult result)
        {
            // The last time that it is asked for one there is none.
            Interlocked.Add(ref rows, eventData.ReadCount);
            return result;
        }
    }
}
