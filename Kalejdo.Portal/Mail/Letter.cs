namespace Kalejdo.Portal.Mail;

/// <summary>
/// A mail by what it says: one sealed record each, beside its feature, with a Razor template that takes it as its parameter
/// <c>Letter</c> (<c>@inherits LetterTemplate&lt;XLetter&gt;</c>). Texts are read while rendering, in the recipient's language.
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

    /// <summary>Whether people may decline such letters.</summary>
    public virtual bool IsOptional => false;

    /// <summary>Never the content: letters reach logs and exceptions.</summary>
    public sealed override string ToString() => GetType().Name;
}
