using System.Threading.Channels;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Kalejdo.Portal.Tests.Support;

/// <summary>A portal of a test's own, with databases that it may change and a postman who hands its mails over.</summary>
internal sealed class OwnPortal : WebApplicationFactory<Program>
{
    private readonly string _data = Directory.CreateTempSubdirectory("portal-own-").FullName;
    private readonly Channel<OutgoingMail> _sent = Channel.CreateUnbounded<OutgoingMail>();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The next mail that is sent; waits for it.</summary>
    public async Task<OutgoingMail> MailAsync() => await _sent.Reader.ReadAsync(Cancellation);

    public bool HasMail => _sent.Reader.TryPeek(out _);

    public HttpClient Person(string language = "sv") => PortalFixture.Client(this, language);

    public PortalDbContext Open() => Services.GetRequiredService<IDbContextFactory<PortalDbContext>>().CreateDbContext();

    /// <summary>Changes Kalejdo's database as another program would.</summary>
    public async Task<int> KalejdoAsync(string sql)
    {
        await using var connection = await KalejdoAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteNonQueryAsync(Cancellation);
    }

    /// <summary>The rows of a query on Kalejdo's database, as text.</summary>
    public async Task<IReadOnlyList<string>> RowsAsync(string sql)
    {
        await using var connection = await KalejdoAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync(Cancellation);
        var rows = new List<string>();
        while (await reader.ReadAsync(Cancellation))
        {
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? "∅" : reader.GetValue(i).ToString())));
        }

        return rows;
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder) => builder
        .UseEnvironment(Environments.Production)
        .UseSetting("DataRoot", _data)
        .ConfigureServices(services => services.Replace(ServiceDescriptor.Singleton<Func<IMailTransport>>(() => new Postman(_sent.Writer))));

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing && Directory.Exists(_data))
        {
            SqliteConnection.ClearAllPools();
            Directory.Delete(_data, recursive: true);
        }
    }

    private async Task<SqliteConnection> KalejdoAsync()
    {
        _ = Services;
        var connection = new SqliteConnection($"Data Source={Path.Combine(_data, "var", "kalejdo.db")};Pooling=False");
        await connection.OpenAsync(Cancellation);
        return connection;
    }

    private sealed class Postman(ChannelWriter<OutgoingMail> sent) : IMailTransport
    {
        public async Task<Delivery> SendAsync(OutgoingMail mail, CancellationToken cancellation)
        {
            await sent.WriteAsync(mail, cancellation);
            return new Delivery.Sent();
        }

        public void Dispose()
        {
        }
    }
}
