using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Kalejdo.Portal.Tests.Support;

/// <summary>A real OpenID provider (peers/openid.js), whose people are Anna and Bo.</summary>
internal sealed class OpenIdPeer : IAsyncDisposable
{
    public const string ClientId = "kalejdo";
    public const string Secret = "hemligt+och/langt&nog";

    private readonly Process node;

    private OpenIdPeer(Process node) => this.node = node;

    public static async Task<OpenIdPeer> StartAsync(Uri issuer, Uri callback)
    {
        var folder = SmtpPeer.Peers();
        Assert.True(Directory.Exists(Path.Combine(folder, "node_modules", "oidc-provider")), $"The OpenID provider of the tests is missing: npm ci --prefix {folder}");
        var node = Process.Start(new ProcessStartInfo(
            "node", [Path.Combine(folder, "openid.js"), issuer.Port.ToString(CultureInfo.InvariantCulture), callback.ToString(), ClientId, Secret])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        // It warns that it is made for tests.
        node.ErrorDataReceived += (_, _) => { };
        node.BeginErrorReadLine();
        Assert.NotNull(await node.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        return new OpenIdPeer(node);
    }

    /// <summary>Where one will be: the portal must know before it starts, and the provider where the portal is.</summary>
    public static Uri FreeIssuer()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new Uri(string.Create(CultureInfo.InvariantCulture, $"http://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}"));
    }

    public async ValueTask DisposeAsync()
    {
        node.StandardInput.Close();
        await node.WaitForExitAsync(CancellationToken.None);
        node.Dispose();
    }
}
