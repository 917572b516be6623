using System.Globalization;
using System.Text.RegularExpressions;

namespace Kalejdo.Portal.Mail;

/// <summary>What a mail server's refusal means for a mail: whether to wait, to give up, or to hold the mailbox for none.</summary>
internal static partial class SmtpVerdict
{
    // What the server has against us or our settings, not against this mail or its address.
    private static readonly int[] OurFault = [500, 502, 503, 504, 530, 534, 535, 538];

    /// <param name="words">The server's: its finer code (RFC 3463) is read out of them, and they are not kept.</param>
    /// <param name="ofRecipient">Whether it was the recipient that was refused.</param>
    public static Delivery Of(int code, string words, bool ofRecipient)
    {
        var finer = Finer().Match(words);
        var name = string.Create(CultureInfo.InvariantCulture, $"smtp-{code}{(finer.Success ? "-" : "")}{finer.Value}");
        return (code, finer.Value) switch
        {
            ( < 500 or >= 600, _) => new Delivery.Deferred(name),
            _ when OurFault.Contains(code) => new Delivery.Deferred(name),
            // A policy (relaying, SPF, reputation): it is against whoever brings the mail, and may be mended while the mail waits.
            (_, ['5', '.', '7', '.', ..]) => new Delivery.Deferred(name),
            _ when !ofRecipient => new Delivery.Refused(name),
            (_, ['5', '.', '1', '.', ..] or "5.2.1") => new Delivery.Bounced(name),
            (550 or 551 or 553, "") => new Delivery.Bounced(name),
            _ => new Delivery.Refused(name),
        };
    }

    [GeneratedRegex(@"\b[45]\.[0-9]{1,3}\.[0-9]{1,3}\b")]
    private static partial Regex Finer();
}
