namespace Kalejdo.Portal.Mail;

/// <summary>What carries mails away, one after the other, so that it may keep a connection; put away when there are no more.</summary>
internal interface IMailTransport : IDisposable
{
    Task<Delivery> SendAsync(OutgoingMail mail, CancellationToken cancellation);
}

internal sealed record OutgoingMail(string MessageId, string Address, PrintedLetter Letter);

/// <summary>What became of a mail; codes name no value and no words of a server, which quote addresses.</summary>
internal abstract record Delivery
{
    private Delivery()
    {
    }

    public sealed record Sent : Delivery;

    /// <summary>Worth trying again.</summary>
    public sealed record Deferred(string Code) : Delivery;

    /// <summary>Trying again would change nothing.</summary>
    public sealed record Refused(string Code) : Delivery;

    /// <summary>There is no such mailbox: neither this mail nor any other would get there.</summary>
    public sealed record Bounced(string Code) : Delivery;
}
