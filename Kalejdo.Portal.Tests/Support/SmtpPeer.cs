using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Kalejdo.Portal.Mail;

namespace Kalejdo.Portal.Tests.Support;

/// <summary>A real mail server (peers/smtp.js); what it does with a mail, the recipient's name asks for.</summary>
internal sealed class SmtpPeer : IAsyncDisposable
{
    private static readonly Lazy<string> Credentials = new(CreateCertificate);
    private readonly Process _node;

    private SmtpPeer(Process node, int port) => (_node, Port) = (node, port);

    public int Port { get; }

    /// <summary>For a process of its own to trust.</summary>
    public static string CertificateFile => Path.Combine(Credentials.Value, "cert.pem");

    /// <param name="auth">How the server takes logins, by the names of peers/smtp.js.</param>
    public static async Task<SmtpPeer> StartAsync(string auth)
    {
        var folder = Peers();
        Assert.True(Directory.Exists(Path.Combine(folder, "node_modules", "smtp-server")), $"The mail server of the tests is missing: npm ci --prefix {folder}");
        var node = Process.Start(new ProcessStartInfo("node", [Path.Combine(folder, "smtp.js"), Path.Combine(Credentials.Value, "key.pem"), Path.Combine(Credentials.Value, "cert.pem"), auth])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var first = await node.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        Assert.NotNull(first);
        return new SmtpPeer(node, JsonDocument.Parse(first).RootElement.GetProperty("port").GetInt32());
    }

    /// <summary>The next mail that the server took; waits for it.</summary>
    public async Task<TakenMail> NextAsync()
    {
        var line = await _node.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        Assert.NotNull(line);
        return JsonSerializer.Deserialize<TakenMail>(line, JsonSerializerOptions.Web)!;
    }

    /// <summary>Every mail from here on, until the server is stopped.</summary>
    public async IAsyncEnumerable<TakenMail> AllAsync()
    {
        while (await _node.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            yield return JsonSerializer.Deserialize<TakenMail>(line, JsonSerializerOptions.Web)!;
        }
    }

    /// <summary>It ends with its input, and what it said before can still be read.</summary>
    public async Task StopAsync()
    {
        _node.StandardInput.Close();
        await _node.WaitForExitAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _node.Dispose();
    }

    internal static string Peers()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Kalejdo.Portal.sln")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("Kalejdo.Portal.sln stands in no folder above the tests.");
        }

        return Path.Combine(folder.FullName, "Kalejdo.Portal.Tests", "peers");
    }

    // Made for this run, and the one certificate trusted beyond the system's; what is tested is that TLS is used, not who signs.
    private static string CreateCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch, new DateTimeOffset(2100, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var (folder, thumbprint) = (Directory.CreateTempSubdirectory("portal-smtp-").FullName, certificate.Thumbprint);
        File.WriteAllText(Path.Combine(folder, "key.pem"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(Path.Combine(folder, "cert.pem"), certificate.ExportCertificatePem());
#pragma warning disable SYSLIB0014 // The only way to the framework's mail client.
        ServicePointManager.ServerCertificateValidationCallback = (_, shown, _, _) => (shown as X509Certificate2)?.Thumbprint == thumbprint;
#pragma warning restore SYSLIB0014
        return folder;
    }

    internal sealed record TakenMail(string[] To, string From, bool Secure, string? User, int Connections, string Mail)
    {
        public string MessageId => EmlFile.Parse(Raw)["Message-ID"];

        public string Raw => Encoding.UTF8.GetString(Convert.FromBase64String(Mail));
    }
}
