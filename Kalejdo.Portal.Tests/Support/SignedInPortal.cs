using System.Globalization;
using System.Security.Claims;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Accounts;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Components.Server.Circuits;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Tests.Support;

/// <summary>The portal with databases of its own, and people who are signed in by a header, as if they had come all the way.</summary>
public sealed class SignedInPortal : IAsyncDisposable
{
    public const string AccountHeader = "X-Test-Account";

    /// <summary>How many minutes ago the person proved who they are.</summary>
    public const string AgoHeader = "X-Test-Ago";

    private readonly Factory factory;
    private readonly bool listens;
    private readonly SemaphoreSlim making = new(1);
    private readonly Dictionary<int, string> accounts = [];

    public SignedInPortal()
        : this(listens: false)
    {
    }

    /// <param name="maps">Other map files than the portal's own.</param>
    /// <param name="now">As late as it is, where absent.</param>
    /// <param name="blocking">Whether addresses can be blocked.</param>
    internal SignedInPortal(bool listens, IReadOnlyList<string>? maps = null, DateTimeOffset? now = null, bool blocking = false)
    {
        this.listens = listens;
        Time = new(now ?? TimeProvider.System.GetUtcNow());
        factory = new Factory(Time, maps ?? [], blocking);
        if (listens)
        {
            factory.UseKestrel(0);
            factory.StartServer();
        }
    }

    /// <summary>Stands still until it is moved.</summary>
    public ManualTimeProvider Time { get; }

    /// <summary>How many live parts of pages somebody looks at.</summary>
    public int Circuits => factory.Circuits.Open;

    /// <summary>The file of Kalejdo's database, on SQLite.</summary>
    public string Kalejdo => Path.Combine(factory.Data.Folder, "var", "kalejdo.db");

    public Uri Address => factory.ClientOptions.BaseAddress;

    public IServiceProvider Services => factory.Services;

    /// <summary>Where the portal keeps its data, and Kalejdo theirs.</summary>
    public PortalData Data => factory.Data;

    /// <summary>The account of a demo subscriber, linked to the agreement and the address.</summary>
    public async Task<string> AccountAsync(int subscriber)
    {
        await making.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            return accounts.TryGetValue(subscriber, out var known) ? known : accounts[subscriber] = await MakeAsync(subscriber);
        }
        finally
        {
            making.Release();
        }
    }

    private async Task<string> MakeAsync(int subscriber)
    {
        var ct = TestContext.Current.CancellationToken;
        await using var db = await Services.GetRequiredService<IDbContextFactory<PortalDbContext>>().CreateDbContextAsync(ct);
        var (keys, demo, now) = (Services.GetRequiredService<PortalKeys>(), new DemoSubscriber(subscriber), Time.GetUtcNow().UtcDateTime);
        var account = new Account("sv", now);
        db.Users.Add(account);
        db.AccountLinks.Add(AccountLink.Of(keys, account.Id, "customer_number", demo.CustomerNumber, LinkProof.Code, now));
        if (!await db.Users.AnyAsync(u => u.Email == demo.OwnEmail, ct))
        {
            (account.Email, account.NormalizedEmail, account.EmailConfirmed) = (demo.OwnEmail, demo.OwnEmail.ToUpperInvariant(), true);
            db.AccountLinks.Add(AccountLink.Of(keys, account.Id, "email", demo.OwnEmail, LinkProof.Mailbox, now));
        }
        await db.SaveChangesAsync(ct);
        return account.Id;
    }

    public HttpClient Client(string? account, string language = "sv")
    {
        Assert.False(listens);
        var client = PortalFixture.Client(factory, language);
        if (account is not null)
        {
            client.DefaultRequestHeaders.Add(AccountHeader, account);
        }
        return client;
    }

    public PortalDbContext Store() => Services.GetRequiredService<IDbContextFactory<PortalDbContext>>().CreateDbContext();

    /// <summary>The letters that wait in the outbox, oldest first: kind, address, text.</summary>
    internal async Task<IReadOnlyList<(string Letter, string Address, string Text)>> LettersAsync(string? caseNumber = null)
    {
        await using var db = Store();
        var protection = Services.GetRequiredService<IDataProtectionProvider>();
        var mails = await db.Outbox.AsNoTracking().Where(m => caseNumber == null || m.CaseNumber == caseNumber).OrderBy(m => m.Id).ToListAsync(TestContext.Current.CancellationToken);
        return [.. mails.Select(m => (m.Template,
            Encoding.UTF8.GetString(OutboxMail.Protector(protection, m.MessageId).Unprotect(m.Recipient!)),
            JsonSerializer.Deserialize<PrintedLetter>(OutboxMail.Protector(protection, m.MessageId).Unprotect(m.Content!))!.Text))];
    }

    /// <summary>Every row of Kalejdo's database, as text.</summary>
    public Task<IReadOnlyList<string>> DumpAsync() => Data.DumpAsync();

    public Task<List<string>> ColumnAsync(string sql) => Data.RowsAsync(sql);

    public Task<T> ScalarAsync<T>(string sql) => Data.ScalarAsync<T>(sql);

    public Task SqlAsync(string sql) => Data.ChangeAsync(sql);

    public async ValueTask DisposeAsync()
    {
        making.Dispose();
        await factory.DisposeAsync();
    }

    private sealed class Factory(ManualTimeProvider time, IReadOnlyList<string> maps, bool blocking) : WebApplicationFactory<Program>
    {
        public PortalData Data { get; } = new(40, SwedishDays.Today(time));

        public CountedCircuits Circuits { get; } = new();

        protected override void ConfigureWebHost(IWebHostBuilder builder) => maps.Index()
            .Aggregate(Data.UseIn(builder), (host, map) => host.UseSetting($"DataMap:Maps:{map.Index}", map.Item))
            .UseEnvironment(Environments.Production)
            .InHaste()
            .UseSetting("Disavowal:Blocking", blocking ? "true" : "false")
            // Accounts are made here alone.
            .UseSetting("Demo:Password", "")
            .ConfigureTestServices(services =>
            {
                services.AddSingleton<TimeProvider>(time);
                services.AddSingleton<CircuitHandler>(Circuits);
                // Nothing is sent: letters stay in the outbox, to be read there.
                services.Remove(services.Single(service => service.ImplementationType == typeof(OutboxService)));
                services.AddAuthentication("Test").AddScheme<AuthenticationSchemeOptions, ByHeader>("Test", _ => { });
                services.AddAuthorizationBuilder()
                    .AddPolicy(CurrentSubject.Linked, policy => policy.RequireAuthenticatedUser())
                    .AddPolicy(CurrentSubject.Fresh, policy => policy.RequireAuthenticatedUser().AddRequirements(AccessCondition.Fresh))
                    .AddPolicy(CurrentSubject.FreshToAct, policy => policy.RequireAuthenticatedUser().AddRequirements(AccessCondition.FreshToAct));
            });

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            if (disposing)
            {
                Data.Dispose();
            }
        }
    }

    private sealed class CountedCircuits : CircuitHandler
    {
        private int open;

        public int Open => Volatile.Read(ref open);

        public override Task OnCircuitOpenedAsync(Circuit circuit, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref open);
            return Task.CompletedTask;
        }

        public override Task OnCircuitClosedAsync(Circuit circuit, CancellationToken cancellationToken)
        {
            Interlocked.Decrement(ref open);
            return Task.CompletedTask;
        }
    }

    private sealed class ByHeader(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory log, UrlEncoder encoder, TimeProvider time)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, log, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            if (Request.Headers[AccountHeader].ToString() is not { Length: > 0 } account)
            {
                return Task.FromResult(AuthenticateResult.NoResult());
            }
            var ago = int.TryParse(Request.Headers[AgoHeader], NumberStyles.None, CultureInfo.InvariantCulture, out var minutes) ? minutes : 0;
            var now = time.GetUtcNow().AddMinutes(-ago).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
            var person = new ClaimsIdentity([new(ClaimTypes.NameIdentifier, account), new(CurrentSubject.AuthenticatedAtClaim, now)], "Test");
            return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(person), "Test")));
        }

        protected override Task HandleChallengeAsync(AuthenticationProperties properties)
        {
            Response.Redirect("/logga-in");
            return Task.CompletedTask;
        }
    }
}
