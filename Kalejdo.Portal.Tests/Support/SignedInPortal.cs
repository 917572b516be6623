using System.Globalization;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Data.Sqlite;
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

    private readonly Factory factory = new();
    private readonly bool listens;
    private readonly SemaphoreSlim making = new(1);
    private readonly Dictionary<int, string> accounts = [];

    public SignedInPortal()
        : this(listens: false)
    {
    }

    internal SignedInPortal(bool listens)
    {
        this.listens = listens;
        if (listens)
        {
            factory.UseKestrel(0);
            factory.StartServer();
        }
    }

    public Uri Address => factory.ClientOptions.BaseAddress;

    public IServiceProvider Services => factory.Services;

    public string Kalejdo => Path.Combine(factory.Data, "var", "kalejdo.db");

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
        var (keys, demo, now) = (Services.GetRequiredService<PortalKeys>(), new DemoSubscriber(subscriber), TimeProvider.System.GetUtcNow().UtcDateTime);
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

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={Kalejdo};Pooling=False");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (T)Convert.ChangeType((await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!, typeof(T), CultureInfo.InvariantCulture);
    }

    public async Task SqlAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={Kalejdo};Pooling=False");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        making.Dispose();
        await factory.DisposeAsync();
    }

    private sealed class Factory : WebApplicationFactory<Program>
    {
        public string Data { get; } = Directory.CreateTempSubdirectory("portal-signed-in-").FullName;

        protected override void ConfigureWebHost(IWebHostBuilder builder) => builder
            .UseEnvironment(Environments.Production)
            .UseSetting("DataRoot", Data)
            .UseSetting("Demo:Subscribers", "40")
            // Accounts are made here alone.
            .UseSetting("Demo:Password", "")
            .ConfigureTestServices(services =>
            {
                services.AddAuthentication("Test").AddScheme<AuthenticationSchemeOptions, ByHeader>("Test", _ => { });
                services.AddAuthorizationBuilder()
                    .AddPolicy(CurrentSubject.Linked, policy => policy.RequireAuthenticatedUser())
                    .AddPolicy(CurrentSubject.Fresh, policy => policy.RequireAuthenticatedUser());
            });

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            if (disposing && Directory.Exists(Data))
            {
                SqliteConnection.ClearAllPools();
                Directory.Delete(Data, recursive: true);
            }
        }
    }

    private sealed class ByHeader(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory log, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, log, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            if (Request.Headers[AccountHeader].ToString() is not { Length: > 0 } account)
            {
                return Task.FromResult(AuthenticateResult.NoResult());
            }
            var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
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
