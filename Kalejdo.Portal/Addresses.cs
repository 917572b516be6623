using System.Text.RegularExpressions;

namespace Kalejdo.Portal;

/// <summary>What passes for an e-mail address; only a code sent there tells whether it is one.</summary>
internal static partial class Addresses
{
    public const int Longest = 254;

    /// <returns>The address without blanks around it, or null.</returns>
    public static string? Read(string? typed) =>
        typed?.Trim() is { Length: > 0 and <= Longest } address && Form().IsMatch(address) ? address : null;

    [GeneratedRegex(@"\A[^\s@<>(),:;""\\\[\]\p{C}]{1,64}@[^\s@<>(),:;""\\\[\]\p{C}.]+(\.[^\s@<>(),:;""\\\[\]\p{C}.]+)+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
