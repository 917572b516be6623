using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Cases;

/// <summary>The keys that receipts are signed with and verified by: the newest signs, all verify.</summary>
internal sealed class ReceiptKeys(IDbContextFactory<PortalDbContext> databases, PortalKeys keys, TimeProvider time)
{
    private const string Purpose = "receipt key";

    /// <summary>Makes the first key, at the first start: whoever asks for a receipt changes nothing.</summary>
    public async Task EnsureAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        // One: of two nodes that start at once, the other waits here.
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (!await db.ReceiptKeys.AnyAsync(cancellation))
        {
            db.ReceiptKeys.Add(Make());
            await db.SaveChangesAsync(cancellation);
        }
        await transaction.CommitAsync(cancellation);
    }

    public async Task<byte[]> SignAsync(object receipt, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var newest = await db.ReceiptKeys.AsNoTracking().OrderByDescending(row => row.CreatedAt).FirstAsync(cancellation);
        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(keys.Unseal(Purpose, newest.SealedPrivateKey), out _);
        return SignedReceipt.Sign(receipt, newest.Id, key);
    }

    /// <summary>Makes the key that signs from now on.</summary>
    public async Task<ReceiptKey> RotateAsync(CancellationToken cancellation)
    {
        var made = Make();
        await using var db = await databases.CreateDbContextAsync(cancellation);
        db.ReceiptKeys.Add(made);
        await db.SaveChangesAsync(cancellation);
        return made;
    }

    private ReceiptKey Make()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new ReceiptKey
        {
            Id = Thumbprint(key),
            CreatedAt = time.GetUtcNow().UtcDateTime,
            PublicKey = key.ExportSubjectPublicKeyInfo(),
            SealedPrivateKey = keys.Seal(Purpose, key.ExportPkcs8PrivateKey()),
        };
    }

    /// <summary>The public keys as a JSON Web Key Set (RFC 7517): who has it needs nothing else of ours to verify a receipt.</summary>
    public async Task<byte[]> PublicAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var rows = await db.ReceiptKeys.AsNoTracking().OrderBy(row => row.CreatedAt).ToListAsync(cancellation);
        var set = new KeySet([.. rows.Select(row =>
        {
            using var key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(row.PublicKey, out _);
            var point = key.ExportParameters(includePrivateParameters: false).Q;
            return new WebKey("EC", "P-256", Base64Url.EncodeToString(point.X), Base64Url.EncodeToString(point.Y), row.Id, "sig", "ES256");
        })]);
        return JsonSerializer.SerializeToUtf8Bytes(set, JsonSerializerOptions.Web);
    }

    /// <param name="keySet">What <see cref="PublicAsync"/> gave.</param>
    /// <returns>The keys by id, which is computed and not taken from the set; the caller disposes them. Null where it is no set of such keys.</returns>
    public static Dictionary<string, ECDsa>? Read(ReadOnlySpan<byte> keySet)
    {
        var found = new Dictionary<string, ECDsa>(StringComparer.Ordinal);
        try
        {
            foreach (var given in JsonSerializer.Deserialize<KeySet>(keySet, JsonSerializerOptions.Web)?.Keys ?? [])
            {
                var key = ECDsa.Create(new ECParameters
                {
                    Curve = ECCurve.NamedCurves.nistP256,
                    Q = new ECPoint { X = Base64Url.DecodeFromChars(given.X), Y = Base64Url.DecodeFromChars(given.Y) },
                });
                found[Thumbprint(key)] = key;
            }
            return found;
        }
        catch (Exception e) when (e is JsonException or FormatException or CryptographicException)
        {
            foreach (var key in found.Values)
            {
                key.Dispose();
            }
            return null;
        }
    }

    /// <summary>RFC 7638: the hash of the members that make the key, in their order.</summary>
    private static string Thumbprint(ECDsa key)
    {
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        return Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(
            $$"""{"crv":"P-256","kty":"EC","x":"{{Base64Url.EncodeToString(point.X)}}","y":"{{Base64Url.EncodeToString(point.Y)}}"}""")));
    }

    private sealed record KeySet(IReadOnlyList<WebKey> Keys);

    private sealed record WebKey(string Kty, string Crv, string X, string Y, string Kid, string Use, string Alg);
}
