using System.Collections.Frozen;
using System.Text;

namespace Kalejdo.Portal.Features.Accounts;

/// <summary>What a new password must be: long. Kinds of characters are not asked for; they make passwords worse.</summary>
internal static class Passwords
{
    public const int Shortest = 12;

    /// <summary>More would only cost time to hash.</summary>
    public const int Longest = 128;

    // Long enough for us and among the first that anybody tries; compared without what people append to them.
    private static readonly FrozenSet<string> Common = new[]
    {
        "password", "passwordpassword", "passw0rd", "p@ssword", "p@ssw0rd", "lösenord", "losenord", "lösenordlösenord", "mittlösenord", "hemligtlösenord",
        "qwertyuiop", "qwertyuiopå", "qwertyuiopasdf", "qwertyqwerty", "asdfghjklöä", "asdfghjkl", "asdfghjklzxcv", "zxcvbnmzxcvbnm", "qazwsxedcrfv", "qazwsxedc", "1q2w3e4r5t6y",
        "iloveyouiloveyou", "iloveyou", "jagälskardig", "jagalskardig", "välkommen", "valkommen", "welcome", "welcomewelcome", "letmeinletmein", "letmein",
        "administrator", "adminadmin", "adminadminadmin", "sommar", "vinter", "sverige", "stockholm", "göteborg", "hejhejhejhej", "hejsanhejsan", "hejsan",
        "abcdefghijkl", "abcdefghijklm", "abcabcabcabc", "kalejdo", "kalejdobredband", "kalejdokalejdo", "minauppgifter", "correcthorsebatterystaple", "football", "fotboll", "monkeymonkey", "dragondragon", "changeme", "changemechangeme",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

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
            : IsCommon(password, address) ? AccountsText.PasswordCommon
            : null;
    }

    private static bool IsCommon(string password, string? address) =>
        password.Distinct().Count() < 5
        || IsRun(password)
        || Common.Contains(password)
        || Common.Contains(password.TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '!', '?', '.', '*'))
        || (address is not null && (password.Equals(address, StringComparison.OrdinalIgnoreCase)
            || password.Equals(address.Split('@')[0], StringComparison.OrdinalIgnoreCase)));

    // 123456789012, 987654321098 and the like.
    private static bool IsRun(string password) =>
        password.Zip(password.Skip(1)).All(pair => (pair.Second - pair.First) is 1 or -9)
        || password.Zip(password.Skip(1)).All(pair => (pair.Second - pair.First) is -1 or 9);
}
