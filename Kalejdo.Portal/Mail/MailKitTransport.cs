using System.Net;
using System.Net.Sockets;
using System.Text;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using Microsoft.Extensions.Options;
using MimeKit;

namespace Kalejdo.Portal.Mail;

/// <summary>
/// The same as <see cref="SmtpTransport"/> by MailKit: TLS from the first byte too (port 465), and OAuth 2 (XOAUTH2). It needs no
/// rehearsal: a login that fails is an error, and it says what was refused. Compiled where the whole package gallery is at hand.
/// </summary>
internal sealed class MailKitTransport(IOptions<MailOptions> options, MailKitTokens tokens) : IMailTransport
{
    private readonly MailOptions _options = options.Value;
    private SmtpClient? _client;

    public async Task<Delivery> SendAsync(OutgoingMail mail, CancellationToken cancellation)
    {
        if (!MailboxAddress.TryParse(mail.Address, out var to) || to.Address != mail.Address || to.Domain.Length == 0)
        {
            return new Delivery.Bounced("address");
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(TimeSpan.FromSeconds(_options.Smtp.TimeoutSeconds));
        try
        {
            if (_client is not { IsConnected: true })
            {
                Forget();
                if (await ConnectAsync(patience.Token) is { } problem)
                {
                    Forget();
                    return new Delivery.Deferred(problem);
                }
            }

            var international = SmtpRehearsal.IsInternational(mail.Address);
            if (international && !_client!.Capabilities.HasFlag(SmtpCapabilities.UTF8))
            {
                return new Delivery.Refused("no-smtputf8");
            }

            // Only where it must be: a server farther on that lacks SMTPUTF8 would send back the whole mail for one å in a header.
            var format = FormatOptions.Default.Clone();
            format.International = international;
            using var message = Compose(mail, to);
            await _client!.SendAsync(format, message, MailboxAddress.Parse(_options.EnvelopeSender), [to], patience.Token);
            return new Delivery.Sent();
        }
        catch (SmtpCommandException failure) when (failure.ErrorCode == SmtpErrorCode.SenderNotAccepted)
        {
            return new Delivery.Deferred("sender-refused");
        }
        catch (SmtpCommandException failure)
        {
            return SmtpVerdict.Of((int)failure.StatusCode, failure.Message, failure.ErrorCode == SmtpErrorCode.RecipientNotAccepted);
        }
        catch (Exception failure) when (failure is TimeoutException || (failure is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            Forget();
            return new Delivery.Deferred("timeout");
        }
        catch (Exception failure) when (failure is IOException or SocketException or ProtocolException or ServiceNotConnectedException or ServiceNotAuthenticatedException)
        {
            Forget();
            return new Delivery.Deferred("connection");
        }
    }

    public void Dispose() => Forget();

    private async Task<string?> ConnectAsync(CancellationToken cancellation)
    {
        var smtp = _options.Smtp;
        _client = new SmtpClient { Timeout = smtp.TimeoutSeconds * 1000, CheckCertificateRevocation = false };
#pragma warning disable SYSLIB0014 // What the framework's mail client goes by, so that both trust the same servers.
        if (ServicePointManager.ServerCertificateValidationCallback is { } trust)
#pragma warning restore SYSLIB0014
        {
            _client.ServerCertificateValidationCallback = trust;
        }

        try
        {
            await _client.ConnectAsync(
                smtp.Host, smtp.Port, smtp.Port == SmtpOptions.ImplicitTls ? SecureSocketOptions.SslOnConnect : smtp.RequireTls ? SecureSocketOptions.StartTls : SecureSocketOptions.None, cancellation);
        }
        catch (SslHandshakeException)
        {
            return "certificate";
        }
        catch (NotSupportedException)
        {
            return "no-starttls";
        }

        if (smtp.User is not { Length: > 0 })
        {
            return null;
        }

        try
        {
            await (smtp.OAuth is { } oauth
                ? _client.AuthenticateAsync(new SaslMechanismOAuth2(smtp.User, await tokens.TokenAsync(oauth, cancellation)), cancellation)
                : _client.AuthenticateAsync(Encoding.UTF8, smtp.User, smtp.Password!, cancellation));
        }
        catch (NotSupportedException)
        {
            return "login-missing";
        }
        catch (AuthenticationException)
        {
            return "login-refused";
        }
        catch (HttpRequestException)
        {
            return "login-token";
        }

        return null;
    }

    private MimeMessage Compose(OutgoingMail mail, MailboxAddress to)
    {
        var message = new MimeMessage
        {
            Subject = mail.Letter.Subject,
            MessageId = mail.MessageId.Trim('<', '>'),
            // Later parts are preferred, so the text comes first.
            Body = new MultipartAlternative { Part(mail.Letter.Text, "plain"), Part(mail.Letter.Html, "html") },
        };
        message.From.Add(new MailboxAddress(Encoding.UTF8, _options.FromName, _options.From));
        message.To.Add(to);
        // So that no automaton answers (RFC 3834).
        message.Headers.Add("Auto-Submitted", "auto-generated");
        if (mail.Letter.Unsubscribe is { } unsubscribe)
        {
            message.Headers.Add(HeaderId.ListUnsubscribe, $"<{unsubscribe}>");
            message.Headers.Add("List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
        }

        return message;
    }

    private static TextPart Part(string content, string subtype)
    {
        var part = new TextPart(subtype) { ContentTransferEncoding = ContentEncoding.QuotedPrintable };
        part.SetText(Encoding.UTF8, content);
        return part;
    }

    private void Forget()
    {
        _client?.Dispose();
        _client = null;
    }
}
