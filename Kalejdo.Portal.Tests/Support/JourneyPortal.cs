using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Kalejdo.Portal.Tests.Support;

/// <summary>The whole portal as a newcomer has it: on a port of its own that its mails lead back to, with the mailbox page; only its clock is ours.</summary>
public class JourneyPortal : WebApplicationFactory<Program>
{
    private readonly string data = Directory.CreateTempSubdirectory("portal-journey-").FullName;

    private readonly IReadOnlyDictionary<string, string> settings;

    public JourneyPortal()
        : this(new Dictionary<string, string>())
    {
    }

    /// <param name="settings">Beyond a newcomer's.</param>
    protected JourneyPortal(IReadOnlyDictionary<string, string> settings)
    {
        this.settings = settings;
        var port = FreePort();
        Address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://localhost:{port}/"));
        UseKestrel(port);
        StartServer();
    }

    public Uri Address { get; }

    /// <summary>As late as it is, until it is moved.</summary>
    public ManualTimeProvider Time { get; } = new(TimeProvider.System.GetUtcNow());

    /// <summary>Asks or changes something in Kalejdo's own database.</summary>
    public async Task<long> KalejdoAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(data, "var", "kalejdo.db")};Pooling=False");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken), CultureInfo.InvariantCulture);
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder) => settings.Aggregate(builder, (host, setting) => host.UseSetting(setting.Key, setting.Value))
        .UseEnvironment(Environments.Production)
        .UseSetting("DataRoot", data)
        .UseSetting("Portal:PublicAddress", Address.ToString())
        .UseSetting("Disavowal:Blocking", "true")
        .UseSetting("Limits:CodesPerNetworkAnHour", "100000")
        .UseSetting("Limits:SignInsPerNetworkAnHour", "100000")
        .InHaste()
        .ConfigureTestServices(services => services.AddSingleton<TimeProvider>(Time));

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing && Directory.Exists(data))
        {
            SqliteConnection.ClearAllPools();
            Directory.Delete(data, recursive: true);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
