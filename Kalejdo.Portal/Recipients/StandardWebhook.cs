using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Kalejdo.Portal.Recipients;

/// <summary>What became of checking a signature.</summary>
internal enum WebhookCheck
{
    Genuine,

    /// <summary>A header is missing or has not its form.</summary>
    Malformed,

    WrongSignature,

    /// <summary>Signed too long ago, or in the future: caught and sent again, perhaps.</summary>
    Stale,
}

/// <summary>Signatures as the Standard Webhooks specification (1.0.0) says, with symmetric keys (v1).</summary>
internal static class StandardWebhook
{
    public const string IdHeader = "webhook-id";
    public const string TimestampHeader = "webhook-timestamp";
    public const string SignatureHeader = "webhook-signature";
    public const string SecretPrefix = "whsec_";

    /// <summary>How far the clocks of two honest machines may stand apart.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    private const int KeyBytes = 32;
    private const string Version = "v1,";

    public static byte[] NewKey() => RandomNumberGenerator.GetBytes(KeyBytes);

    public static string SecretOf(ReadOnlySpan<byte> key) => SecretPrefix + Convert.ToBase64String(key);

    /// <returns>Null where it is no secret of 24 to 64 bytes.</returns>
    public static byte[]? KeyOf(string secret)
    {
        try
        {
            return secret.StartsWith(SecretPrefix, StringComparison.Ordinal) && Convert.FromBase64String(secret[SecretPrefix.Length..]) is { Length: >= 24 and <= 64 } key ? key : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>The signature header: one signature a key, so that whoever has either accepts it.</summary>
    public static string Sign(IEnumerable<byte[]> keys, string id, long timestamp, ReadOnlySpan<byte> body)
    {
        var content = Content(id, timestamp, body);
        return string.Join(' ', keys.Select(key => Version + Convert.ToBase64String(HMACSHA256.HashData(key, content))));
    }

    /// <param name="id">The header's value, as are the next two.</param>
    public static WebhookCheck Check(IReadOnlyList<byte[]> keys, string? id, string? timestamp, string? signatures, ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        if (string.IsNullOrEmpty(id) || string.IsNullOrEmpty(signatures) || !long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
        {
            return WebhookCheck.Malformed;
        }

        var content = Content(id, seconds, body);
        var genuine = false;
        foreach (var key in keys)
        {
            var expected = HMACSHA256.HashData(key, content);
            // Others than v1 may stand beside it; all are looked at, however the first one ends.
            foreach (var given in signatures.Split(' ').Where(given => given.StartsWith(Version, StringComparison.Ordinal)))
            {
                var signature = new byte[expected.Length];
                genuine |= Convert.TryFromBase64String(given[Version.Length..], signature, out var length) && length == expected.Length && CryptographicOperations.FixedTimeEquals(signature, expected);
            }
        }

        return !genuine ? WebhookCheck.WrongSignature
            : Math.Abs(now.ToUnixTimeSeconds() - (decimal)seconds) > (decimal)Tolerance.TotalSeconds ? WebhookCheck.Stale
            : WebhookCheck.Genuine;
    }

    private static byte[] Content(string id, long timestamp, ReadOnlySpan<byte> body) =>
        [.. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{timestamp}.")), .. body];
}
