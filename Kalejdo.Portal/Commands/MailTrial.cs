using Kalejdo.Portal.Mail;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Commands;

/// <summary>Says what is wrong with the way of a mail, and what to do about it. The operator's own address and the server's words are shown here, and logged nowhere.</summary>
internal sealed class MailTrial(IOptions<MailOptions> options, IOptions<PortalOptions> portal, LetterPrinter printer, Func<IMailTransport> transports)
{
    private static readonly string[] ReservedDomains = [".example", ".test", ".invalid", ".localhost", "@example.com", "@example.org", "@example.net"];

    /// <returns>Whether the letter was handed over.</returns>
    public async Task<bool> RunAsync(string address, TextWriter output, CancellationToken cancellation)
    {
        var mail = options.Value;
        await output.WriteLineAsync(mail.Transport == MailTransport.Smtp
            ? $"Mail:Transport is Smtp: {mail.Smtp.Host}, port {mail.Smtp.Port}."
            : $"Mail:Transport is Pickup: mails are put into the folder {mail.PickupFolder}.");
        // Another language than the rehearsal's: what is wrong then, the sending itself says.
        var otherwise = mail.Smtp.Port == SmtpOptions.ImplicitTls || mail.Smtp.OAuth is not null;
        if (mail.Transport == MailTransport.Smtp && !otherwise && !await RehearseAsync(mail, address, output, cancellation))
        {
            return false;
        }

        var letter = await printer.PrintAsync(new TestLetter(), "both", new Uri(portal.Value.PublicAddress, PortalUrls.NotMyAddress));
        var id = Outbox.NewMessageId(portal.Value.PublicAddress);
        using var transport = transports();
        var delivery = await transport.SendAsync(new OutgoingMail(id, address, letter), cancellation);
        if (CodeOf(delivery) is { } code)
        {
            await TellAsync(output, "letter", "NOT TAKEN", code);
            await output.WriteLineAsync(Advice(code));
            return false;
        }

        await TellAsync(output, "letter", "ok", $"Handed over as {id}.");
        await output.WriteLineAsync(mail.Transport == MailTransport.Smtp
            ? "The server has taken it; whether it arrives, the mailbox shows. Among the junk, or nowhere? Look at SPF, DKIM and DMARC (docs/mail.md)."
            : "Nothing leaves this machine by itself: a mail server has to collect the folder (docs/mail.md), or set Mail:Transport to Smtp.");
        foreach (var warning in Warnings(mail))
        {
            await output.WriteLineAsync("Note: " + warning);
        }

        return true;
    }

    private static async Task<bool> RehearseAsync(MailOptions mail, string address, TextWriter output, CancellationToken cancellation)
    {
        using var rehearsal = new SmtpRehearsal(mail.Smtp, mail.EnvelopeSender);
        await foreach (var step in rehearsal.StepsAsync(address, cancellation))
        {
            await TellAsync(output, Name(step.Stage), step.Problem is null ? "ok" : "FAILED", step.Detail);
            if (step.Problem is { } problem)
            {
                await output.WriteLineAsync(problem == "sender-refused" && step.Detail.StartsWith("530", StringComparison.Ordinal) ? Advice("smtp-530") : Advice(problem));
                return false;
            }
        }

        return true;
    }

    private static Task TellAsync(TextWriter output, string what, string how, string detail) => output.WriteLineAsync($"{what,-12}{how,-10}{detail}");

    private static string? CodeOf(Delivery delivery) => delivery switch
    {
        Delivery.Deferred deferred => deferred.Code,
        Delivery.Refused refused => refused.Code,
        Delivery.Bounced bounced => bounced.Code,
        _ => null,
    };

    private static string Name(SmtpStage stage) => stage switch
    {
        SmtpStage.Resolve => "host name",
        SmtpStage.Connect => "connection",
        SmtpStage.Greet => "greeting",
        SmtpStage.StartTls => "STARTTLS",
        SmtpStage.Certificate => "certificate",
        SmtpStage.Login => "login",
        SmtpStage.Sender => "MAIL FROM",
        SmtpStage.Recipient => "RCPT TO",
        _ => throw new ArgumentOutOfRangeException(nameof(stage)),
    };

    private static string Advice(string problem) => problem switch
    {
        "no-such-host" => "The name in Mail:Smtp:Host is not known here. Correct it, or the name server of this machine.",
        "connection" => "Nothing answers there as a mail server does. Check Mail:Smtp:Host and Mail:Smtp:Port (587 is usual), and whether a firewall lets this machine out.",
        "timeout" => "The server took too long. A firewall that drops packets looks like this, and so does a port that expects TLS at once (465: use 587). A slow server: raise Mail:Smtp:TimeoutSeconds.",
        "no-starttls" => "The portal sends nothing unencrypted. Use the server's port for STARTTLS (587). Only for a server on this machine or behind a tunnel set Mail:Smtp:RequireTls to false.",
        "certificate" => "The server's certificate is not trusted. Use the name that it was issued to as Mail:Smtp:Host; let the server renew it if it has expired; a certificate of your own needs its issuer among this machine's trusted ones (SSL_CERT_FILE).",
        "login-missing" => "Mail:Smtp:User is set, but the server offers no LOGIN here, and the portal does not send without. Allow SMTP AUTH (LOGIN) for this account, or use the port for submission (587).",
        "login-refused" => "The server refuses Mail:Smtp:User and Mail:Smtp:Password. Check both; accounts with a second factor need an app password.",
        "login-token" => "No access token was given. Check Mail:Smtp:OAuth: the endpoint, the client and its scope.",
        "smtp-530" => "The server wants a login: set Mail:Smtp:User and Mail:Smtp:Password.",
        "sender-refused" => "The server does not let this account send as Mail:From (or Mail:BounceAddress). Allow that address for the account, or use one that it may send for.",
        "no-smtputf8" => "The server cannot carry å, ä, ö before the @ (it lacks SMTPUTF8). Other addresses work; only another server reaches this one.",
        "recipient-deferred" => "The server does not take mail to this address just now; the portal would try again for three days. Try another address, or later.",
        "recipient-refused" => "The server refuses this recipient. Is it spelt right? If it speaks of relaying, the server does not send to other domains for this account.",
        "pickup-folder" => "The folder cannot be written. Check Mail:PickupFolder, and that the portal's account may write there.",
        _ => "The server did not take the letter itself. Its code is above; its log says more.",
    };

    private IEnumerable<string> Warnings(MailOptions mail)
    {
        if (ReservedDomains.Any(domain => mail.From.EndsWith(domain, StringComparison.OrdinalIgnoreCase)))
        {
            yield return "Mail:From is an example; other people's servers refuse it.";
        }

        if (portal.Value.PublicAddress.IsLoopback)
        {
            yield return "Portal:PublicAddress is this machine; links in mails would open nowhere else.";
        }

        if (mail is { Transport: MailTransport.Smtp, Smtp.RequireTls: false })
        {
            yield return "Mail:Smtp:RequireTls is off: mails, codes among them, travel in the clear.";
        }
    }
}
