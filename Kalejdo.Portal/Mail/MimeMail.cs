using System.Net.Mail;
using System.Net.Mime;
using System.Text;

namespace Kalejdo.Portal.Mail;

/// <summary>A mail in the form that the framework's client sends.</summary>
internal static class MimeMail
{
    /// <returns>The message, or null where the address is none.</returns>
    public static MailMessage? Compose(OutgoingMail mail, MailOptions options)
    {
        if (!MailAddress.TryCreate(mail.Address, out var to) || to.Address != mail.Address)
        {
            return null;
        }

        var message = new MailMessage(new MailAddress(options.From, options.FromName, Encoding.UTF8), to)
        {
            Subject = mail.Letter.Subject,
            SubjectEncoding = Encoding.UTF8,
            HeadersEncoding = Encoding.UTF8,
        };
        if (options.BounceAddress is { Length: > 0 } bounces)
        {
            // The framework has no other way to the envelope's sender.
            message.Sender = new MailAddress(bounces);
        }

        message.Headers["Message-ID"] = mail.MessageId;
        // So that no automaton answers (RFC 3834).
        message.Headers["Auto-Submitted"] = "auto-generated";
        if (mail.Letter.Unsubscribe is { } unsubscribe)
        {
            message.Headers["List-Unsubscribe"] = $"<{unsubscribe}>";
            message.Headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click";
        }

        // Later parts are preferred, so the text comes first.
        message.AlternateViews.Add(Part(mail.Letter.Text, MediaTypeNames.Text.Plain));
        message.AlternateViews.Add(Part(mail.Letter.Html, MediaTypeNames.Text.Html));
        return message;
    }

    private static AlternateView Part(string content, string type)
    {
        var part = AlternateView.CreateAlternateViewFromString(content, Encoding.UTF8, type);
        part.TransferEncoding = TransferEncoding.QuotedPrintable;
        return part;
    }
}
