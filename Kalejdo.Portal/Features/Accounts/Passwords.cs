using System.Text;

namespace Kalejdo.Portal.Features.Accounts;

/// <summary>What a new password must be: long. Kinds of characters are not asked for; they make passwords worse.</summary>
internal static class Passwords
{
    public const int Shortest = 12;

    /// <summary>More would only cost time to hash.</summary>
    public const int Longest = 128;

    /// <summary>Of PBKDF2 with SHA-512, as OWASP asks for.</summary>
    public const int Rounds = 210_000;

    /// <summary>The same password however a keyboard composes its å: hashed like this and compared like this.</summary>
    public static string? Normal(string? typed)
    {
        try
        {
            return typed is null || typed.Length > 4 * Longest ? null : typed.Normalize(NormalizationForm.FormKC);
        }
        catch (ArgumentException)
        {
            // Half a character: no keyboard makes it.
            return null;
        }
    }

    /// <returns>What is wrong with it, in the page's language; null where it may be chosen.</returns>
    public static string? Flaw(string? typed, string? address)
    {
        if (string.IsNullOrEmpty(typed))
        {
            return AccountsText.PasswordMissing;
        }

        if (Normal(typed) is not { } password || password.Any(char.IsControl))
        {
            return AccountsText.PasswordUnusable;
        }

        if (password.EnumerateRunes().Count() < Shortest)
        {
            return AccountsText.PasswordTooShort;
        }

        return password.Length > Longest ? AccountsText.PasswordTooLong
            : CommonPasswords.Holds(password, address) ? AccountsText.PasswordCommon
            : null;
    }
}
