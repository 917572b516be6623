using System.Net;
using System.Net.Mail;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Mail;

/// <summary>Hands mails to a mail server, over one connection for as many as are sent one after the other.</summary>
internal sealed class SmtpTransport(IOptions<MailOptions> options) : IMailTransport
{
    private readonly MailOptions _options = options.Value;
    private SmtpClient? _client;
    private bool _offersInternational;

    public async Task<Delivery> SendAsync(OutgoingMail mail, CancellationToken cancellation)
    {
        using var message = MimeMail.Compose(mail, _options);
        if (message is null)
        {
            return new Delivery.Bounced("address");
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(TimeSpan.FromSeconds(_options.Smtp.TimeoutSeconds));
        try
        {
            if (_client is null && await RehearseAsync(patience.Token) is { } problem)
            {
                return new Delivery.Deferred(problem);
            }

            var international = SmtpRehearsal.IsInternational(mail.Address);
            if (international && !_offersInternational)
            {
                return new Delivery.Refused("no-smtputf8");
            }

            // Only where it must be: a server farther on that lacks SMTPUTF8 would send back the whole mail for one å in a header.
            _client!.DeliveryFormat = international ? SmtpDeliveryFormat.International : SmtpDeliveryFormat.SevenBit;
            await _client.SendMailAsync(message, patience.Token).WaitAsync(patience.Token);
            return new Delivery.Sent();
        }
        catch (SmtpException failure) when ((int)failure.StatusCode > 0)
        {
            return SmtpVerdict.Of((int)failure.StatusCode, failure.Message, failure is SmtpFailedRecipientException);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            Forget();
            return new Delivery.Deferred("timeout");
        }
        catch (Exception failure) when (failure is SmtpException or IOException or SocketException or AuthenticationException or InvalidOperationException)
        {
            Forget();
            return new Delivery.Deferred(failure.InnerException is AuthenticationException ? "certificate" : "connection");
        }
    }

    public void Dispose() => Forget();

    private async Task<string?> RehearseAsync(CancellationToken cancellation)
    {
        var smtp = _options.Smtp;
        using var rehearsal = new SmtpRehearsal(smtp, _options.EnvelopeSender);
        await foreach (var step in rehearsal.StepsAsync(recipient: null, cancellation))
        {
            if (step.Problem is not null)
            {
                return step.Problem;
            }
        }

        _offersInternational = rehearsal.OffersInternational;
        _client = new SmtpClient(smtp.Host, smtp.Port)
        {
            EnableSsl = smtp.RequireTls,
            Timeout = smtp.TimeoutSeconds * 1000,
            // LOGIN alone: it is what was tried.
            Credentials = smtp.User is { Length: > 0 }
                ? new CredentialCache { { smtp.Host, smtp.Port, "LOGIN", new NetworkCredential(smtp.User, smtp.Password) } }
                : null,
        };
        return null;
    }

    /// <summary>The next mail gets a connection of its own, and so the login is tried anew.</summary>
    private void Forget()
    {
        _client?.Dispose();
        _client = null;
    }
}
