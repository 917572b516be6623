using System.Collections.Frozen;
using System.Globalization;

namespace Kalejdo.Portal.Features.Accounts;

/// <summary>What anybody tries first: a common password with digits or signs around it, written twice, or two of them in a row.</summary>
internal static class CommonPasswords
{
    // Of a part that long, three in a row are a phrase.
    private const int ShortestPart = 4;

    // So much must be left of a password that has the service's or the person's own name in it.
    private const int OwnEnough = 8;

    private static readonly string[] Service = ["kalejdo", "minauppgifter", "mydata", "bredband", "stadsnät"];

    private static readonly Lazy<FrozenSet<string>> Known = new(() =>
    {
        using var list = new StreamReader(typeof(CommonPasswords).Assembly.GetManifestResourceStream("common-passwords.txt")!);
        return list.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(word => word[0] != '#').ToFrozenSet(StringComparer.Ordinal);
    });

    /// <param name="address">Of the account, where it has one.</param>
    public static bool Holds(string password, string? address)
    {
        var plain = Plain(password);
        return plain.Distinct().Count() < 5
            || IsRun(plain)
            || new[] { plain, Straight(plain) }.Any(form => Known.Value.Contains(form) || IsMadeOfKnown(Trimmed(form)))
            || OwnWords(address).Any(word => plain.Contains(word, StringComparison.Ordinal) && Trimmed(plain.Replace(word, "", StringComparison.Ordinal)).Length < OwnEnough);
    }

    // As people try to make it look like another: in capitals, with spaces.
    private static string Plain(string password) =>
        string.Concat(password.ToLower(CultureInfo.InvariantCulture).Where(sign => !char.IsWhiteSpace(sign)));

    // And with digits for letters.
    private static string Straight(string plain) => string.Concat(Trimmed(plain).Select(sign => sign switch
    {
        '@' or '4' => 'a',
        '3' => 'e',
        '1' or '!' => 'i',
        '0' => 'o',
        '5' or '$' => 's',
        '7' => 't',
        _ => sign,
    }));

    // Of digits alone nothing is left: they are telephone numbers and personal numbers.
    private static string Trimmed(string plain)
    {
        var (first, last) = (0, plain.Length - 1);
        while (first <= last && !char.IsLetter(plain[first]))
        {
            first++;
        }

        while (last >= first && !char.IsLetter(plain[last]))
        {
            last--;
        }

        return plain[first..(last + 1)];
    }

    private static bool IsMadeOfKnown(string core) =>
        core.Length < ShortestPart
        || Known.Value.Contains(core)
        || Enumerable.Range(1, core.Length / 2).Any(length => core.Length % length == 0 && core.Chunk(length).All(part => part.AsSpan().SequenceEqual(core.AsSpan(0, length)))
            && (length <= ShortestPart || Known.Value.Contains(core[..length])))
        || Enumerable.Range(ShortestPart, Math.Max(0, core.Length - (2 * ShortestPart) + 1)).Any(at => Known.Value.Contains(Trimmed(core[..at])) && Known.Value.Contains(Trimmed(core[at..])));

    private static IEnumerable<string> OwnWords(string? address) =>
        (address ?? "").ToLower(CultureInfo.InvariantCulture) is { Length: > 0 } whole
            ? Service.Append(whole).Append(whole.Split('@')[0]).Concat(whole.Split('@', '.', '-', '_', '+').SkipLast(1)).Where(word => word.Length >= ShortestPart).OrderByDescending(word => word.Length)
            : Service;

    // 123456789012, abcdefghijkl, 987654321098 and the like.
    private static bool IsRun(string password) =>
        password.Zip(password.Skip(1)).All(pair => (pair.Second - pair.First) is 1 or -9)
        || password.Zip(password.Skip(1)).All(pair => (pair.Second - pair.First) is -1 or 9);
}
