using System.Collections.Concurrent;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using Kalejdo.Portal.Store;

namespace Kalejdo.Portal.Tests.Store;

[UnsupportedOSPlatform("windows")]
public sealed class PortalKeysTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("portal-keys-").FullName;

    private string KeyFile => Path.Combine(_folder, "keys", "portal.key");

    [Fact]
    public void The_first_start_makes_a_key_that_only_its_owner_reads()
    {
        PortalKeys.Open(KeyFile);

        Assert.Equal(32, Convert.FromBase64String(File.ReadAllText(KeyFile)).Length);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(KeyFile)!));
        Assert.Equal([KeyFile], Directory.GetFiles(Path.GetDirectoryName(KeyFile)!));
    }

    [Fact]
    public void Later_starts_use_the_same_key()
    {
        var (first, second) = (PortalKeys.Open(KeyFile), PortalKeys.Open(KeyFile));

        Assert.Equal(first.Id, second.Id);
        Assert.Equal(first.Hash("a", "kund@example.se"), second.Hash("a", "kund@example.se"));
        Assert.Equal("hej"u8, second.Unseal("a", first.Seal("a", "hej"u8)));
    }

    [Fact]
    public void First_starts_at_once_agree_on_one_key()
    {
        var ids = new ConcurrentBag<string>();

        Parallel.For(0, 16, _ => ids.Add(PortalKeys.Open(KeyFile).Id));

        Assert.Single(ids.Distinct());
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(KeyFile)!));
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    public void A_key_file_open_to_others_is_refused(UnixFileMode more)
    {
        PortalKeys.Open(KeyFile);
        File.SetUnixFileMode(KeyFile, File.GetUnixFileMode(KeyFile) | more);

        var refused = Assert.Throws<InvalidOperationException>(() => PortalKeys.Open(KeyFile));

        Assert.Contains(KeyFile, refused.Message, StringComparison.Ordinal);
        Assert.Contains("chmod 600", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not base64!")]
    [InlineData("c2hvcnQ=")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void A_broken_key_file_is_refused_and_left_alone(string content)
    {
        PortalKeys.Open(KeyFile);
        File.WriteAllText(KeyFile, content);

        var refused = Assert.Throws<InvalidOperationException>(() => PortalKeys.Open(KeyFile));

        Assert.Contains(KeyFile, refused.Message, StringComparison.Ordinal);
        Assert.Equal(content, File.ReadAllText(KeyFile));
    }

    [Fact]
    public void Hashes_differ_by_purpose_value_and_key_file()
    {
        var keys = PortalKeys.Open(KeyFile);
        var others = PortalKeys.Open(Path.Combine(_folder, "other.key"));

        string[] hashes = [keys.Hash("a", "x"), keys.Hash("b", "x"), keys.Hash("a", "y"), others.Hash("a", "x")];

        Assert.Equal(4, hashes.Distinct().Count());
        Assert.All(hashes, hash => Assert.Matches("^[0-9a-f]{64}$", hash));
    }

    [Fact]
    public void What_is_sealed_opens_only_unchanged_and_for_its_purpose()
    {
        var keys = PortalKeys.Open(KeyFile);
        var sealed1 = keys.Seal("a", "hemligt"u8);
        Assert.NotEqual(sealed1, keys.Seal("a", "hemligt"u8));
        Assert.Equal("hemligt"u8, keys.Unseal("a", sealed1));

        Assert.ThrowsAny<CryptographicException>(() => keys.Unseal("b", sealed1));
        Assert.ThrowsAny<CryptographicException>(() => keys.Unseal("a", sealed1.AsSpan(0, 20)));
        sealed1[^1] ^= 1;
        Assert.ThrowsAny<CryptographicException>(() => keys.Unseal("a", sealed1));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
