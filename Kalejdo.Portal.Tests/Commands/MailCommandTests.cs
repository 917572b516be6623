using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Tests.Support;

namespace Kalejdo.Portal.Tests.Commands;

/// <summary><c>mail test</c> as an operator runs it: the real program against a real mail server.</summary>
public sealed class MailCommandTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("portal-mail-test-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Goes_the_whole_way_and_the_letter_arrives_in_both_languages()
    {
        await using var server = await SmtpPeer.StartAsync("ok");
        var run = await RunAsync(server, "anna@exempel.se");

        Assert.True(run.ExitCode == 0, run.ToString());
        string[] steps = ["host name", "connection", "greeting", "STARTTLS", "certificate", "login", "MAIL FROM", "RCPT TO", "letter"];
        Assert.Equal(steps, run.Output.Split('\n').Where(line => line.Length > 12 && line[12..].StartsWith("ok ", StringComparison.Ordinal)).Select(line => line[..12].Trim()));
        Assert.Contains("Portal:PublicAddress is this machine", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("å-hemligt", run.Output + run.Error, StringComparison.Ordinal);

        var mail = EmlFile.Parse((await server.NextAsync()).Raw);
        Assert.Equal("Ett prov från Kalejdo / A test from Kalejdo", mail["Subject"]);
        Assert.Contains("Utskicken fungerar", mail.Text, StringComparison.Ordinal);
        Assert.Contains("http://localhost:5080/inte-min-adress\n", mail.Text, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_data, "var")), "It needs no database, and makes none.");
    }

    [Theory]
    [InlineData("refused", "anna@exempel.se", "login", "app password")]
    [InlineData("missing", "anna@exempel.se", "login", "offers no LOGIN")]
    [InlineData("plaintext", "anna@exempel.se", "STARTTLS", "sends nothing unencrypted")]
    [InlineData("ascii", "märta@exempel.se", "MAIL FROM", "SMTPUTF8")]
    [InlineData("ok", "unknown@exempel.se", "RCPT TO", "spelt right")]
    [InlineData("ok", "defer@exempel.se", "RCPT TO", "for three days")]
    [InlineData("ok", "full@exempel.se", "letter", "smtp-552")]
    public async Task Says_which_step_failed_and_what_to_do(string auth, string address, string step, string advice)
    {
        await using var server = await SmtpPeer.StartAsync(auth);
        var run = await RunAsync(server, address);

        Assert.Equal(1, run.ExitCode);
        var lines = run.Output.Split('\n');
        Assert.Matches("^(FAILED|NOT TAKEN) ", lines.Last(line => line.StartsWith(step.PadRight(12), StringComparison.Ordinal))[12..]);
        Assert.Contains(advice, run.Output, StringComparison.Ordinal);
        Assert.Empty(run.Error);
    }

    [Fact]
    public async Task Tells_an_untrusted_certificate_a_silent_server_an_unknown_host_and_a_refused_sender_apart()
    {
        await using var server = await SmtpPeer.StartAsync("ok");

        var untrusted = await RunAsync(server, "anna@exempel.se", trusted: false);
        Assert.Equal(1, untrusted.ExitCode);
        Assert.Matches("(?m)^certificate FAILED .*localhost", untrusted.Output);
        Assert.Contains("is not trusted", untrusted.Output, StringComparison.Ordinal);

        var unknown = await RunAsync(server, "anna@exempel.se", true, "Mail__Smtp__Host=finns-inte.invalid");
        Assert.Equal(1, unknown.ExitCode);
        Assert.Matches("(?m)^host name   FAILED ", unknown.Output);

        var stranger = await RunAsync(server, "anna@exempel.se", true, "Mail__From=stranger@exempel.se");
        Assert.Equal(1, stranger.ExitCode);
        Assert.Matches("(?m)^MAIL FROM   FAILED    553 5.7.1 not yours", stranger.Output);

        using var silent = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        var port = ((System.Net.IPEndPoint)silent.LocalEndpoint).Port;
        var waited = await RunAsync(server, "anna@exempel.se", true, $"Mail__Smtp__Port={port}", "Mail__Smtp__TimeoutSeconds=1");
        Assert.Equal(1, waited.ExitCode);
        Assert.Contains("took too long", waited.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Works_with_a_pickup_folder_too()
    {
        var run = await PortalProcess.RunAsync(_data, "mail", "test", "--to", "anna@exempel.se");

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.Contains("has to collect the folder", run.Output, StringComparison.Ordinal);
        var file = Assert.Single(Directory.GetFiles(Path.Combine(_data, "var", "mail"), "*.eml"));
        Assert.Contains("Utskicken fungerar", EmlFile.Parse(await File.ReadAllTextAsync(file, Cancellation)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_told()
    {
        await File.WriteAllTextAsync(Path.Combine(_data, "var"), "", Cancellation);
        var run = await PortalProcess.RunAsync(_data, "mail", "test", "--to", "anna@exempel.se");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("Mail:PickupFolder", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mail", "test")]
    [InlineData("mail", "test", "--to", "ingen adress")]
    [InlineData("mail")]
    public async Task Wrong_usage_is_told_apart(params string[] arguments) => Assert.Equal(2, (await PortalProcess.RunAsync(_data, arguments)).ExitCode);

    public void Dispose() => Directory.Delete(_data, recursive: true);

    private async Task<PortalRun> RunAsync(SmtpPeer server, string address, bool trusted = true, params string[] more)
    {
        string[] variables =
        [
            "Mail__Transport=Smtp", "Mail__Smtp__Host=localhost", $"Mail__Smtp__Port={server.Port}", "Mail__Smtp__User=portal", "Mail__Smtp__Password=å-hemligt",
            .. trusted ? [$"SSL_CERT_FILE={SmtpPeer.CertificateFile}"] : Array.Empty<string>(),
            .. more,
        ];
        await using var started = PortalProcess.Start(_data, asNobody: false, variables, "mail", "test", "--to", address);
        return await started.EndAsync();
    }
}
