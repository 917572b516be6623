using System.Globalization;
using System.Net;
using System.Net.Mail;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Mail;

/// <summary>Hands mails to a mail server, over one connection for as many as are sent one after the other.</summary>
internal sealed class SmtpTransport : IMailTransport
{
    // What the server has against us or our settings, not against this mail or its address.
    private static readonly int[] OurFault = [500, 502, 503, 504, 530, 534, 535, 538];

    private readonly MailOptions _options;
    private readonly SmtpClient _client;
    private bool _loginTried;

    public SmtpTransport(IOptions<MailOptions> options)
    {
        _options = options.Value;
        var smtp = _options.Smtp;
        _client = new SmtpClient(smtp.Host, smtp.Port)
        {
            EnableSsl = smtp.RequireTls,
            Timeout = smtp.TimeoutSeconds * 1000,
            DeliveryFormat = SmtpDeliveryFormat.International,
            // LOGIN alone: it is what SmtpLogin has tried.
            Credentials = smtp.User is { Length: > 0 }
                ? new CredentialCache { { smtp.Host, smtp.Port, "LOGIN", new NetworkCredential(smtp.User, smtp.Password) } }
                : null,
        };
    }

    public async Task<Delivery> SendAsync(OutgoingMail mail, CancellationToken cancellation)
    {
        using var message = MimeMail.Compose(mail, _options);
        if (message is null)
        {
            return new Delivery.Refused("address");
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(TimeSpan.FromSeconds(_options.Smtp.TimeoutSeconds));
        try
        {
            if (!_loginTried && _options.Smtp.User is { Length: > 0 })
            {
                if (await SmtpLogin.ProblemAsync(_options.Smtp, patience.Token) is { } problem)
                {
                    return new Delivery.Deferred(problem);
                }

                _loginTried = true;
            }

            await _client.SendMailAsync(message, patience.Token);
            return new Delivery.Sent();
        }
        catch (SmtpException failure)
        {
            var code = (int)failure.StatusCode;
            var name = code > 0 ? string.Create(CultureInfo.InvariantCulture, $"smtp-{code}") : "connection";
            return code is >= 500 and < 600 && !OurFault.Contains(code) ? new Delivery.Refused(name) : new Delivery.Deferred(name);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new Delivery.Deferred("timeout");
        }
        catch (Exception failure) when (failure is IOException or System.Net.Sockets.SocketException or System.Security.Authentication.AuthenticationException or InvalidOperationException)
        {
            return new Delivery.Deferred("connection");
        }
    }

    public void Dispose() => _client.Dispose();
}
