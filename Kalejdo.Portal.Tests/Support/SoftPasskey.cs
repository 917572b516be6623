using System.Buffers.Binary;
using System.Buffers.Text;
using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kalejdo.Portal.Tests.Support;

/// <summary>An authenticator with one passkey in it: does what it is asked, and what it is told to do wrong.</summary>
internal sealed class SoftPasskey : IDisposable
{
    private const byte Present = 0x01;
    private const byte Verified = 0x04;
    private const byte HasKey = 0x40;

    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly byte[] id = RandomNumberGenerator.GetBytes(32);
    private byte[] user = [];
    private uint count;

    public string Origin { get; init; } = "http://localhost:5080";

    /// <summary>Whether its person showed a finger, a face or a code.</summary>
    public bool Verifies { get; set; } = true;

    public string RelyingParty { get; set; } = "localhost";

    /// <summary>Its id, as the portal's page has it.</summary>
    public string Id => Base64Url.EncodeToString(id);

    /// <param name="options">What the portal asks for.</param>
    /// <returns>What a browser answers.</returns>
    public string Create(string options)
    {
        var asked = JsonNode.Parse(options)!;
        user = Base64Url.DecodeFromChars(asked["user"]!["id"]!.GetValue<string>());
        var client = Client("webauthn.create", asked);
        var attestation = new CborWriter();
        attestation.WriteStartMap(3);
        attestation.WriteTextString("fmt");
        attestation.WriteTextString("none");
        attestation.WriteTextString("attStmt");
        attestation.WriteStartMap(0);
        attestation.WriteEndMap();
        attestation.WriteTextString("authData");
        attestation.WriteByteString([.. Data(HasKey), .. new byte[16], 0, (byte)id.Length, .. id, .. PublicKey()]);
        attestation.WriteEndMap();
        return Answer(new { clientDataJSON = Base64Url.EncodeToString(client), attestationObject = Base64Url.EncodeToString(attestation.Encode()), transports = new[] { "internal" } });
    }

    public string Prove(string options)
    {
        count++;
        var client = Client("webauthn.get", JsonNode.Parse(options)!);
        var data = Data(0);
        var signature = key.SignData([.. data, .. SHA256.HashData(client)], HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        return Answer(new { clientDataJSON = Base64Url.EncodeToString(client), authenticatorData = Base64Url.EncodeToString(data), signature = Base64Url.EncodeToString(signature), userHandle = Base64Url.EncodeToString(user) });
    }

    public void Dispose() => key.Dispose();

    private string Answer(object response) => JsonSerializer.Serialize(new { id = Id, rawId = Id, type = "public-key", response, clientExtensionResults = new { }, authenticatorAttachment = "platform" });

    private byte[] Client(string type, JsonNode asked) =>
        Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new { type, challenge = asked["challenge"]!.GetValue<string>(), origin = Origin, crossOrigin = false }));

    private byte[] Data(byte flags)
    {
        var counted = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(counted, count);
        return [.. SHA256.HashData(Encoding.UTF8.GetBytes(RelyingParty)), (byte)(flags | Present | (Verifies ? Verified : 0)), .. counted];
    }

    private byte[] PublicKey()
    {
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        var cose = new CborWriter();
        cose.WriteStartMap(5);
        foreach (var (label, value) in new (int, int)[] { (1, 2), (3, -7), (-1, 1) })
        {
            cose.WriteInt32(label);
            cose.WriteInt32(value);
        }

        cose.WriteInt32(-2);
        cose.WriteByteString(point.X!);
        cose.WriteInt32(-3);
        cose.WriteByteString(point.Y!);
        cose.WriteEndMap();
        return cose.Encode();
    }
}
