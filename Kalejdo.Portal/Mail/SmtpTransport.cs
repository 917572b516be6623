using System.Globalization;
using System.Net;
using System.Net.Mail;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Mail;

/// <summary>Hands mails to a mail server, over one connection for as many as are sent one after the other.</summary>
internal sealed partial class SmtpTransport(IOptions<MailOptions> options) : IMailTransport
{
    // What the server has against us or our settings, not against this mail or its address.
    private static readonly int[] OurFault = [500, 502, 503, 504, 530, 534, 535, 538];

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
            return Judge(failure);
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

    private static Delivery Judge(SmtpException failure)
    {
        var code = (int)failure.StatusCode;
        // The server's own, finer code (RFC 3463) stands in its words, and those are not kept.
        var finer = Finer().Match(failure.Message);
        var name = string.Create(CultureInfo.InvariantCulture, $"smtp-{code}{(finer.Success ? "-" : "")}{finer.Value}");
        return (code, finer.Value) switch
        {
            ( < 500 or >= 600, _) => new Delivery.Deferred(name),
            _ when OurFault.Contains(code) => new Delivery.Deferred(name),
            // A policy (relaying, SPF, reputation): it is against whoever brings the mail, and may be mended while the mail waits.
            (_, ['5', '.', '7', '.', ..]) => new Delivery.Deferred(name),
            _ when failure is not SmtpFailedRecipientException => new Delivery.Refused(name),
            (_, ['5', '.', '1', '.', ..] or "5.2.1") => new Delivery.Bounced(name),
            (550 or 551 or 553, "") => new Delivery.Bounced(name),
            _ => new Delivery.Refused(name),
        };
    }

    [GeneratedRegex(@"\b[45]\.[0-9]{1,3}\.[0-9]{1,3}\b")]
    private static partial Regex Finer();
}
