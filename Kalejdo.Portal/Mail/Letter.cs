namespace Kalejdo.Portal.Mail;

/// <summary>
/// A mail by what it says: one sealed record each, beside its feature, with a Razor template that takes it as its parameter
/// <c>Letter</c> (<c>@inherits LetterTemplate&lt;XLetter&gt;</c>), and a static property <c>Sample</c> (<see cref="SampleLetters"/>). Texts are read while rendering, in the recipient's language.
/// A letter names kinds and a case number, never values, a new address or a customer number.
/// </summary>
public abstract record Letter
{
    /// <summary>Seen on locked screens: nothing of the person's.</summary>
    public abstract string Subject { get; }

    /// <summary>Why the person gets it, as a full sentence.</summary>
    public abstract string Reason { get; }

    /// <summary>The component that writes the letter.</summary>
    public abstract Type Template { get; }

    /// <summary>
    /// For letters that people may decline, and these alone: where one POST without cookies declines them (RFC 8058), one of
    /// <see cref="PortalUrls"/>.
    /// </summary>
    public virtual string? UnsubscribeAddress => null;

    /// <summary>After it the address is forgotten here: the link by which it may be disowned then keeps no copy of it.</summary>
    public virtual bool IsFarewell => false;

    /// <summary>Goes even to an address that its owner blocked: what the block, or its end, needs.</summary>
    public virtual bool ReachesBlocked => false;

    /// <summary>Never the content: letters reach logs and exceptions.</summary>
    public sealed override string ToString() => GetType().Name;
}
