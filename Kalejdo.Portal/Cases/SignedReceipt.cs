using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Kalejdo.Portal.Cases;

/// <summary>What a file that says it is a receipt turns out to be.</summary>
internal abstract record ReceiptVerdict
{
    private ReceiptVerdict()
    {
    }

    /// <param name="Receipt">What it says, as JSON.</param>
    public sealed record Genuine(JsonElement Receipt) : ReceiptVerdict;

    /// <summary>Not a byte of it may differ from what was signed.</summary>
    public sealed record Changed : ReceiptVerdict;

    /// <summary>Signed with a key that is none of those given: by another system perhaps.</summary>
    public sealed record UnknownKey(string Id) : ReceiptVerdict;

    public sealed record NoReceipt : ReceiptVerdict;
}

/// <summary>A receipt as a file that proves itself: a JSON Web Signature, flattened (RFC 7515, 7.2.2), with ES256.</summary>
internal static class SignedReceipt
{
    public const string Extension = ".json";

    private const string Kind = "kalejdo-receipt+json";

    public static byte[] Sign(object receipt, string keyId, ECDsa key)
    {
        var header = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(new Header("ES256", keyId, Kind), Json));
        var payload = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(receipt, Json));
        var signature = key.SignData(Encoding.ASCII.GetBytes($"{header}.{payload}"), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        return Write(new Flattened(payload, header, Base64Url.EncodeToString(signature)));
    }

    /// <param name="keys">The public keys by their ids.</param>
    public static ReceiptVerdict Verify(ReadOnlySpan<byte> file, IReadOnlyDictionary<string, ECDsa> keys)
    {
        if (Read<Flattened>(file) is not { Payload: { } payload, Protected: { } named, Signature: { } given } parts
            || Decode(named) is not { } head || Read<Header>(head) is not { Kid: { } id, Typ: Kind } header)
        {
            return new ReceiptVerdict.NoReceipt();
        }
        if (!keys.TryGetValue(id, out var key))
        {
            return new ReceiptVerdict.UnknownKey(id);
        }
        // The last comparison closes what the signature leaves open: white space, order, and the unused bits of base64.
        return header.Alg == "ES256"
            && Decode(given) is { } signature
            && key.VerifyData(Encoding.ASCII.GetBytes($"{named}.{payload}"), signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)
            && file.SequenceEqual(Write(new Flattened(payload, named, Base64Url.EncodeToString(signature))))
            && parts.Signature == Base64Url.EncodeToString(signature)
            && Decode(payload) is { } content
                ? new ReceiptVerdict.Genuine(JsonSerializer.Deserialize<JsonElement>(content, Json))
                : new ReceiptVerdict.Changed();
    }

    private static byte[] Write(Flattened receipt) => [.. JsonSerializer.SerializeToUtf8Bytes(receipt, Json), (byte)'\n'];

    private static T? Read<T>(ReadOnlySpan<byte> json)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, Json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static byte[]? Decode(string text)
    {
        try
        {
            return Base64Url.DecodeFromChars(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web) { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private sealed record Header(string? Alg, string? Kid, string? Typ);

    private sealed record Flattened(string? Payload, string? Protected, string? Signature);
}
