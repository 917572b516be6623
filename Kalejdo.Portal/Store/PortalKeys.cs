using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Kalejdo.Portal.Store;

/// <summary>
/// Keys for every purpose, derived from one file outside the database: a copy of the database alone opens nothing.
/// Without the file all that was ever hashed or sealed is lost, so it belongs in a backup of its own.
/// </summary>
public sealed class PortalKeys
{
    private const int KeyBytes = 32;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly byte[] _master;
    private readonly ConcurrentDictionary<string, byte[]> _derived = new(StringComparer.Ordinal);

    private PortalKeys(byte[] master)
    {
        _master = master;
        Id = Convert.ToHexStringLower(Derive("key file id").AsSpan(0, 8));
    }

    /// <summary>Tells one key file from another and nothing about its content.</summary>
    public string Id { get; }

    /// <summary>Reads the key file, or makes it at the very first start.</summary>
    /// <exception cref="InvalidOperationException">The file is broken, or open to others than its owner.</exception>
    public static PortalKeys Open(string path)
    {
        CreateWhereMissing(path);
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ~OwnerOnly) is var others && others != 0)
        {
            throw new InvalidOperationException($"The key file {path} is open to others ({others}). Only its owner may read it: chmod 600 {path}");
        }

        var master = new byte[KeyBytes];
        return Convert.TryFromBase64String(File.ReadAllText(path).Trim(), master, out var read) && read == KeyBytes
            ? new PortalKeys(master)
            : throw new InvalidOperationException(
                $"The key file {path} is broken: it must hold {KeyBytes} bytes in base64. Restore it from its backup; with a new one nothing stored can be read.");
    }

    /// <summary>A keyed hash: equal for equal values, and of no use for guessing without the key file.</summary>
    public string Hash(string purpose, string value) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(Derive(purpose), Encoding.UTF8.GetBytes(value)));

    public byte[] Seal(string purpose, ReadOnlySpan<byte> plain)
    {
        var result = new byte[NonceBytes + TagBytes + plain.Length];
        var nonce = result.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(Derive(purpose), TagBytes);
        aes.Encrypt(nonce, plain, result.AsSpan(NonceBytes + TagBytes), result.AsSpan(NonceBytes, TagBytes));
        return result;
    }

    /// <exception cref="CryptographicException">Sealed under another key file or purpose, or changed since.</exception>
    public byte[] Unseal(string purpose, ReadOnlySpan<byte> value)
    {
        if (value.Length < NonceBytes + TagBytes)
        {
            throw new CryptographicException("The sealed value is too short to be one.");
        }

        var plain = new byte[value.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(Derive(purpose), TagBytes);
        aes.Decrypt(value[..NonceBytes], value[(NonceBytes + TagBytes)..], value.Slice(NonceBytes, TagBytes), plain);
        return plain;
    }

    private byte[] Derive(string purpose) => _derived.GetOrAdd(
        purpose,
        static (name, master) => HKDF.DeriveKey(HashAlgorithmName.SHA256, master, KeyBytes, info: Encoding.UTF8.GetBytes("Kalejdo.Portal " + name)),
        _master);

    private static void CreateWhereMissing(string path)
    {
        if (File.Exists(path))
        {
            return;
        }

        // Two processes at their first start must not each go on with a key of their own, and a move that does not
        // overwrite is no single step on Unix.
        using var turn = new Mutex(initiallyOwned: false, "Kalejdo.Portal key file");
        try
        {
            turn.WaitOne();
        }
        catch (AbandonedMutexException)
        {
            // Its holder was killed; the turn is ours all the same.
        }

        try
        {
            if (!File.Exists(path))
            {
                Create(path);
            }
        }
        finally
        {
            turn.ReleaseMutex();
        }
    }

    private static void Create(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
            options.UnixCreateMode = OwnerOnly;
        }

        // Written aside and moved, so that a crash leaves no half key.
        var draft = Path.Combine(folder, Path.GetRandomFileName());
        using (var stream = new FileStream(draft, options))
        {
            stream.Write(Encoding.ASCII.GetBytes(Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes))));
            stream.Flush(flushToDisk: true);
        }

        File.Move(draft, path);
    }
}
