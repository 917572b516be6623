using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

[assembly: AssemblyFixture(typeof(Kalejdo.Portal.Tests.Support.PortalFixture))]

namespace Kalejdo.Portal.Tests.Support;

/// <summary>The portal as it is, once for all tests: in memory for plain requests, on a real port for browsers.</summary>
public sealed class PortalFixture : IDisposable
{
    private readonly Lazy<WebApplicationFactory<Program>> inMemory = new(() => new Factory());
    private readonly Lazy<WebApplicationFactory<Program>> listening = new(() =>
    {
        var portal = new Factory();
        portal.UseKestrel(0);
        portal.StartServer();
        return portal;
    });

    public WebApplicationFactory<Program> InMemory => inMemory.Value;

    public Uri Address => listening.Value.ClientOptions.BaseAddress;

    /// <summary>Of the portal that browsers see.</summary>
    public IServiceProvider ListeningServices => listening.Value.Services;

    /// <summary>A person's browser without a window: keeps cookies, follows nothing by itself.</summary>
    public HttpClient Client(string language = "sv") => Client(InMemory, language);

    public static HttpClient Client(WebApplicationFactory<Program> portal, string language = "sv")
    {
        var address = portal.Services.GetRequiredService<IOptions<PortalOptions>>().Value.PublicAddress;
        var client = portal.CreateClient(new WebApplicationFactoryClientOptions { AllowAutoRedirect = false, BaseAddress = address.IsLoopback ? portal.ClientOptions.BaseAddress : address });
        client.DefaultRequestHeaders.AcceptLanguage.ParseAdd(language);
        return client;
    }

    public void Dispose()
    {
        foreach (var portal in new[] { inMemory, listening }.Where(portal => portal.IsValueCreated))
        {
            portal.Value.Dispose();
        }
    }

    // As people meet it: without the help that Development gives to developers.
    private sealed class Factory : WebApplicationFactory<Program>
    {
        private readonly string data = Directory.CreateTempSubdirectory("portal-").FullName;

        protected override void ConfigureWebHost(IWebHostBuilder builder) =>
            builder.UseEnvironment(Environments.Production).UseSetting("DataRoot", data)
                // All tests come from one network.
                .UseSetting("Limits:CodesPerNetworkAnHour", "100000").UseSetting("Limits:SignInsPerNetworkAnHour", "100000").InHaste();

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            if (disposing && Directory.Exists(data))
            {
                SqliteConnection.ClearAllPools();
                Directory.Delete(data, recursive: true);
            }
        }
    }
}
