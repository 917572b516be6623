using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Kalejdo.Portal.Features.Accounts;

/// <summary>The codes of authenticator apps: RFC 6238 as they all do it, with SHA-1, six digits and half a minute.</summary>
internal static class AuthenticatorCodes
{
    public const int KeyBytes = 20;
    public const int Digits = 6;

    private const int StepSeconds = 30;
    private const string Base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    public static long StepOf(DateTimeOffset time) => time.ToUnixTimeSeconds() / StepSeconds;

    public static string Of(byte[] key, long step)
    {
        Span<byte> counter = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
        Span<byte> hash = stackalloc byte[HMACSHA1.HashSizeInBytes];
#pragma warning disable CA5350 // No app knows another; a MAC does not fall with SHA-1's collisions.
        HMACSHA1.HashData(key, counter, hash);
#pragma warning restore CA5350
        var number = BinaryPrimitives.ReadInt32BigEndian(hash[(hash[^1] & 0xf)..]) & int.MaxValue;
        return (number % 1_000_000).ToString("D6", CultureInfo.InvariantCulture);
    }

    /// <summary>The half minute that the code is of: this one, or a neighbour, as clocks differ and people type slowly.</summary>
    /// <returns>Null where the code is of none of them.</returns>
    public static long? StepOf(byte[] key, string code, DateTimeOffset now)
    {
        var (typed, current) = (Encoding.ASCII.GetBytes(code), StepOf(now));
        // The newest first: whoever used the older one may go on with the newer.
        return new[] { current + 1, current, current - 1 }
            .Where(step => CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(Of(key, step)), typed))
            .Select(step => (long?)step).FirstOrDefault();
    }

    /// <summary>The key as apps read it.</summary>
    public static string Text(byte[] key)
    {
        var text = new StringBuilder();
        for (var bit = 0; bit < key.Length * 8; bit += 5)
        {
            var (first, offset) = (bit / 8, bit % 8);
            var two = (key[first] << 8) | (first + 1 < key.Length ? key[first + 1] : 0);
            text.Append(Base32[(two >> (11 - offset)) & 31]);
        }

        return text.ToString();
    }

    /// <summary>What a QR code says to an app, and what a phone's browser hands to it.</summary>
    /// <param name="name">By which its person tells it from others.</param>
    public static string Address(byte[] key, string issuer, string name) =>
        $"otpauth://totp/{Uri.EscapeDataString(issuer)}:{Uri.EscapeDataString(name)}?secret={Text(key)}&issuer={Uri.EscapeDataString(issuer)}";
}
