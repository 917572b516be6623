using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace Kalejdo.Portal.Mail;

/// <summary>
/// Tries the login before anything is sent: the framework's client goes on unauthenticated where the server refuses the login or
/// offers none, and says nothing of it.
/// </summary>
internal static class SmtpLogin
{
    /// <returns>Null where the server takes the login; else a code that says what is wrong.</returns>
    public static async Task<string?> ProblemAsync(SmtpOptions smtp, CancellationToken cancellation)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(smtp.Host, smtp.Port, cancellation);
            using var plain = new Dialogue(client.GetStream());
            if (await plain.AnswerAsync(cancellation) is not { Code: 220 })
            {
                return "connection";
            }

            if (!(await plain.AskAsync("EHLO " + Me, cancellation)).Offers("STARTTLS") || await plain.AskAsync("STARTTLS", cancellation) is not { Code: 220 })
            {
                return "no-starttls";
            }

#pragma warning disable SYSLIB0014 // What the framework's mail client goes by, so that both trust the same servers.
            var trust = ServicePointManager.ServerCertificateValidationCallback;
#pragma warning restore SYSLIB0014
            await using var tls = new SslStream(client.GetStream(), leaveInnerStreamOpen: true, trust);
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = smtp.Host }, cancellation);
            using var secure = new Dialogue(tls);
            if (!(await secure.AskAsync("EHLO " + Me, cancellation)).Offers("AUTH", "LOGIN"))
            {
                return "login-missing";
            }

            var answer = await secure.AskAsync("AUTH LOGIN", cancellation);
            answer = answer.Code == 334 ? await secure.AskAsync(Base64(smtp.User!), cancellation) : answer;
            answer = answer.Code == 334 ? await secure.AskAsync(Base64(smtp.Password!), cancellation) : answer;
            if (answer.Code == 235)
            {
                await secure.AskAsync("QUIT", cancellation);
            }

            return answer.Code == 235 ? null : "login-refused";
        }
        catch (AuthenticationException)
        {
            return "certificate";
        }
        catch (Exception failure) when (failure is IOException or SocketException)
        {
            return "connection";
        }
    }

    private static string Me => "[127.0.0.1]";

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private sealed record Answer(int Code, IReadOnlyList<string> Lines)
    {
        public bool Offers(string extension, string? kind = null) => Lines.Select(line => line.ToUpperInvariant().Split(' ', '=')).Any(
            words => words[0] == extension && (kind is null || words.Contains(kind)));
    }

    private sealed class Dialogue(Stream stream) : IDisposable
    {
        private readonly StreamReader _reader = new(stream, Encoding.ASCII, leaveOpen: true);

        public async Task<Answer> AskAsync(string line, CancellationToken cancellation)
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(line + "\r\n"), cancellation);
            await stream.FlushAsync(cancellation);
            return await AnswerAsync(cancellation);
        }

        public void Dispose() => _reader.Dispose();

        public async Task<Answer> AnswerAsync(CancellationToken cancellation)
        {
            var lines = new List<string>();
            while (true)
            {
                var line = await _reader.ReadLineAsync(cancellation) ?? throw new IOException("The mail server hung up.");
                if (line.Length < 3 || !int.TryParse(line[..3], out var code))
                {
                    throw new IOException("The mail server speaks something else than SMTP.");
                }

                lines.Add(line.Length > 4 ? line[4..] : "");
                if (line.Length == 3 || line[3] == ' ')
                {
                    return new Answer(code, lines);
                }
            }
        }
    }
}
