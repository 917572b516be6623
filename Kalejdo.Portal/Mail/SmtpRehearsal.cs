using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Kalejdo.Portal.Mail;

/// <summary>How far one got with a mail server.</summary>
internal enum SmtpStage
{
    Resolve,
    Connect,
    Greet,
    StartTls,
    Certificate,
    Login,
    Sender,
    Recipient,
}

/// <param name="Problem">Null where the step was taken; else a code that names no value.</param>
/// <param name="Detail">For the operator's eyes alone: the server's words may quote addresses.</param>
internal sealed record SmtpStep(SmtpStage Stage, string? Problem, string Detail);

/// <summary>
/// All that is said to a mail server before a mail, tried on a connection of its own. The framework's client goes on unauthenticated
/// where the server refuses the login or offers none, and says nothing of it; nor does it tell a refused sender from a refused mail.
/// </summary>
internal sealed class SmtpRehearsal(SmtpOptions smtp, string sender) : IDisposable
{
    private const string Me = "[127.0.0.1]";

    private readonly TcpClient _client = new();
    private Stream? _stream;
    private StreamReader? _reader;
    private Answer _offers = new(0, []);

    /// <summary>Whether letters beyond ASCII may stand before the @ (SMTPUTF8, RFC 6531).</summary>
    public bool OffersInternational => _offers.Offers("SMTPUTF8");

    /// <summary>The steps, one by one, to the first that fails.</summary>
    /// <param name="recipient">Null where it is the server's readiness that is asked for, not a mailbox.</param>
    public async IAsyncEnumerable<SmtpStep> StepsAsync(string? recipient, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var steps = new List<(SmtpStage, Func<CancellationToken, Task<SmtpStep>>)>
        {
            (SmtpStage.Resolve, ResolveAsync),
            (SmtpStage.Connect, ConnectAsync),
            (SmtpStage.Greet, GreetAsync),
        };
        if (smtp.RequireTls)
        {
            steps.AddRange([(SmtpStage.StartTls, StartTlsAsync), (SmtpStage.Certificate, SecureAsync)]);
        }

        if (smtp.User is { Length: > 0 })
        {
            steps.Add((SmtpStage.Login, LogInAsync));
        }

        steps.Add((SmtpStage.Sender, token => SendFromAsync(recipient, token)));
        if (recipient is not null)
        {
            steps.Add((SmtpStage.Recipient, token => SendToAsync(recipient, token)));
        }

        foreach (var (stage, take) in steps)
        {
            var step = await TryAsync(stage, take, cancellation);
            yield return step;
            if (step.Problem is not null)
            {
                yield break;
            }
        }

        await TryAsync(SmtpStage.Connect, LeaveAsync, cancellation);
    }

    public void Dispose()
    {
        _reader?.Dispose();
        _stream?.Dispose();
        _client.Dispose();
    }

    /// <summary>Whether the mailbox is named in letters that only SMTPUTF8 carries; names of domains have an ASCII form.</summary>
    public static bool IsInternational(string address) => !Ascii.IsValid(address.AsSpan(0, Math.Max(address.LastIndexOf('@'), 0)));

    private async Task<SmtpStep> TryAsync(SmtpStage stage, Func<CancellationToken, Task<SmtpStep>> take, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(TimeSpan.FromSeconds(smtp.TimeoutSeconds));
        try
        {
            return await take(patience.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new(stage, "timeout", $"No answer within {smtp.TimeoutSeconds} s.");
        }
        catch (SocketException failure) when (stage == SmtpStage.Resolve)
        {
            return new(stage, "no-such-host", failure.Message);
        }
        catch (Exception failure) when (failure is IOException or SocketException or AuthenticationException)
        {
            return new(stage, stage == SmtpStage.Certificate ? "certificate" : "connection", failure.Message);
        }
    }

    private async Task<SmtpStep> ResolveAsync(CancellationToken cancellation)
    {
        var found = await Dns.GetHostAddressesAsync(smtp.Host, cancellation);
        return new(SmtpStage.Resolve, found.Length == 0 ? "no-such-host" : null, $"{smtp.Host} is {string.Join(", ", found.AsEnumerable())}.");
    }

    private async Task<SmtpStep> ConnectAsync(CancellationToken cancellation)
    {
        await _client.ConnectAsync(smtp.Host, smtp.Port, cancellation);
        Speak(_client.GetStream());
        return new(SmtpStage.Connect, null, $"{smtp.Host}:{smtp.Port} answers.");
    }

    private async Task<SmtpStep> GreetAsync(CancellationToken cancellation)
    {
        var greeting = await AnswerAsync(cancellation);
        _offers = greeting.Code == 220 ? await AskAsync("EHLO " + Me, cancellation) : greeting;
        return new(SmtpStage.Greet, _offers.Code == 250 ? null : "connection", greeting.ToString());
    }

    private async Task<SmtpStep> StartTlsAsync(CancellationToken cancellation)
    {
        if (!_offers.Offers("STARTTLS"))
        {
            return new(SmtpStage.StartTls, "no-starttls", "The server does not offer STARTTLS.");
        }

        var answer = await AskAsync("STARTTLS", cancellation);
        return new(SmtpStage.StartTls, answer.Code == 220 ? null : "no-starttls", answer.ToString());
    }

    private async Task<SmtpStep> SecureAsync(CancellationToken cancellation)
    {
#pragma warning disable SYSLIB0014 // What the framework's mail client goes by, so that both trust the same servers.
        var trust = ServicePointManager.ServerCertificateValidationCallback;
#pragma warning restore SYSLIB0014
        var shown = "";
        var tls = new SslStream(_client.GetStream(), leaveInnerStreamOpen: true, (source, certificate, chain, errors) =>
        {
            shown = Describe(certificate, chain, errors);
            return trust?.Invoke(source, certificate, chain, errors) ?? errors == SslPolicyErrors.None;
        });
        _stream = tls;
        try
        {
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = smtp.Host }, cancellation);
        }
        catch (AuthenticationException)
        {
            return new(SmtpStage.Certificate, "certificate", shown);
        }

        Speak(tls);
        _offers = await AskAsync("EHLO " + Me, cancellation);
        return new(SmtpStage.Certificate, _offers.Code == 250 ? null : "connection", shown);
    }

    private async Task<SmtpStep> LogInAsync(CancellationToken cancellation)
    {
        if (!_offers.Offers("AUTH", "LOGIN"))
        {
            return new(SmtpStage.Login, "login-missing", _offers.LinesOf("AUTH") is { Length: > 0 } others ? $"It offers: {others}." : "It offers no login at all.");
        }

        var answer = await AskAsync("AUTH LOGIN", cancellation);
        answer = answer.Code == 334 ? await AskAsync(Base64(smtp.User!), cancellation) : answer;
        answer = answer.Code == 334 ? await AskAsync(Base64(smtp.Password!), cancellation) : answer;
        return new(SmtpStage.Login, answer.Code == 235 ? null : "login-refused", answer.ToString());
    }

    private async Task<SmtpStep> SendFromAsync(string? recipient, CancellationToken cancellation)
    {
        var international = recipient is not null && IsInternational(recipient);
        if (international && !OffersInternational)
        {
            return new(SmtpStage.Sender, "no-smtputf8", "The server does not offer SMTPUTF8.");
        }

        var answer = await AskAsync($"MAIL FROM:<{sender}>{(international ? " SMTPUTF8" : "")}", cancellation);
        return new(SmtpStage.Sender, answer.Code == 250 ? null : "sender-refused", answer.ToString());
    }

    private async Task<SmtpStep> SendToAsync(string recipient, CancellationToken cancellation)
    {
        var (user, host) = (recipient[..recipient.LastIndexOf('@')], recipient[(recipient.LastIndexOf('@') + 1)..]);
        var answer = await AskAsync($"RCPT TO:<{user}@{new System.Globalization.IdnMapping().GetAscii(host)}>", cancellation);
        return new(SmtpStage.Recipient, answer.Code is 250 or 251 or 252 ? null : answer.Code < 500 ? "recipient-deferred" : "recipient-refused", answer.ToString());
    }

    private async Task<SmtpStep> LeaveAsync(CancellationToken cancellation)
    {
        await AskAsync("RSET", cancellation);
        await AskAsync("QUIT", cancellation);
        return new(SmtpStage.Connect, null, "");
    }

    private static string Describe(X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors)
    {
        if (shown is not X509Certificate2 certificate)
        {
            return "The server shows no certificate.";
        }

        var words = new StringBuilder($"Issued to {certificate.GetNameInfo(X509NameType.DnsName, forIssuer: false)} by {certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: true)}, valid to {certificate.NotAfter:yyyy-MM-dd}.");
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            words.Append(" It is not of the host named in Mail:Smtp:Host.");
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
        {
            words.Append(' ').AppendJoin(' ', (chain?.ChainStatus ?? []).Select(status => status.StatusInformation.Trim()).Distinct());
        }

        return words.ToString();
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private void Speak(Stream stream)
    {
        _reader?.Dispose();
        (_stream, _reader) = (stream, new StreamReader(stream, Encoding.UTF8, leaveOpen: true));
    }

    private async Task<Answer> AskAsync(string line, CancellationToken cancellation)
    {
        await _stream!.WriteAsync(Encoding.UTF8.GetBytes(line + "\r\n"), cancellation);
        await _stream.FlushAsync(cancellation);
        return await AnswerAsync(cancellation);
    }

    private async Task<Answer> AnswerAsync(CancellationToken cancellation)
    {
        var lines = new List<string>();
        while (true)
        {
            var line = await _reader!.ReadLineAsync(cancellation) ?? throw new IOException("The server hung up.");
            if (line.Length < 3 || !int.TryParse(line[..3], out var code))
            {
                throw new IOException("The server speaks something else than SMTP.");
            }

            lines.Add(line.Length > 4 ? line[4..] : "");
            if (line.Length == 3 || line[3] == ' ')
            {
                return new Answer(code, lines);
            }
        }
    }

    private sealed record Answer(int Code, IReadOnlyList<string> Lines)
    {
        public bool Offers(string extension, string? kind = null) => Words.Any(words => words[0] == extension && (kind is null || words.Contains(kind)));

        public string LinesOf(string extension) => string.Join(", ", Words.Where(words => words[0] == extension).SelectMany(words => words.Skip(1)).Distinct());

        public override string ToString() => $"{Code} {string.Join(' ', Lines)}";

        private IEnumerable<string[]> Words => Lines.Select(line => line.ToUpperInvariant().Split(' ', '='));
    }
}
