using System.Threading.Channels;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Kalejdo.Portal.Tests.Support;

/// <summary>A portal of a test's own, with databases that it may change and a postman who hands its mails over.</summary>
internal sealed class OwnPortal : WebApplicationFactory<Program>
{
    private readonly PortalData _data = new();
    private readonly Channel<OutgoingMail> _sent = Channel.CreateUnbounded<OutgoingMail>();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The next mail that is sent; waits for it.</summary>
    public async Task<OutgoingMail> MailAsync() => await _sent.Reader.ReadAsync(Cancellation);

    public bool HasMail => _sent.Reader.TryPeek(out _);

    public HttpClient Person(string language = "sv") => PortalFixture.Client(this, language);

    public PortalDbContext Open() => Services.GetRequiredService<IDbContextFactory<PortalDbContext>>().CreateDbContext();

    /// <summary>Changes Kalejdo's database as another program would.</summary>
    public Task<int> KalejdoAsync(string sql)
    {
        _ = Services;
        return _data.ChangeAsync(sql);
    }

    /// <summary>The rows of a query on Kalejdo's database, as text.</summary>
    public async Task<IReadOnlyList<string>> RowsAsync(string sql)
    {
        _ = Services;
        return await _data.RowsAsync(sql);
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder) => _data.UseIn(builder)
        .UseEnvironment(Environments.Production)
        .InHaste()
        .ConfigureServices(services => services.Replace(ServiceDescriptor.Singleton<Func<IMailTransport>>(() => new Postman(_sent.Writer))));

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            _data.Dispose();
        }
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
