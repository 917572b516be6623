using System.Security.Cryptography;
using System.Text;
using Kalejdo.Portal.Cases;

namespace Kalejdo.Portal.Tests.Cases;

public sealed class SignedReceiptTests : IDisposable
{
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly byte[] file;

    public SignedReceiptTests() => file = SignedReceipt.Sign(new { Case = "K-2026-222222", Rows = 3, Kind = "Tittarhistorik på tv:n" }, "key", key);

    public void Dispose() => key.Dispose();

    [Fact]
    public void What_was_signed_is_genuine_and_says_what_it_said()
    {
        var receipt = Assert.IsType<ReceiptVerdict.Genuine>(Verify(file)).Receipt;

        Assert.Equal("K-2026-222222", receipt.GetProperty("case").GetString());
        Assert.Equal("Tittarhistorik på tv:n", receipt.GetProperty("kind").GetString());
    }

    [Fact]
    public void No_byte_can_be_changed_left_out_or_added()
    {
        for (var at = 0; at < file.Length; at++)
        {
            foreach (var change in (byte[])[1, 2, 4, 8, 16, 32, 64])
            {
                byte[] changed = [.. file];
                changed[at] ^= change;
                Refused(changed);
            }
            Refused([.. file[..at], .. file[(at + 1)..]]);
            Refused([.. file[..at], (byte)' ', .. file[at..]]);
        }
        Refused([.. file, (byte)'\n']);

        void Refused(byte[] changed) => Assert.False(Verify(changed) is ReceiptVerdict.Genuine, Encoding.UTF8.GetString(changed));
    }

    [Fact]
    public void Another_systems_key_is_named_and_does_not_open_by_our_name()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        Assert.Equal(new ReceiptVerdict.UnknownKey("theirs"), Verify(SignedReceipt.Sign(new { Case = "K-2026-222222" }, "theirs", other)));
        Assert.IsType<ReceiptVerdict.Changed>(Verify(SignedReceipt.Sign(new { Case = "K-2026-222222" }, "key", other)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"payload\":\"e30\",\"protected\":\"e30\",\"signature\":\"\"}")]
    [InlineData("{\"payload\":\"e30\",\"protected\":\"!\",\"signature\":\"\"}")]
    [InlineData("<html>")]
    public void What_is_no_receipt_is_called_none(string text) => Assert.IsType<ReceiptVerdict.NoReceipt>(Verify(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void No_algorithm_is_none()
    {
        var header = Convert.ToBase64String(Encoding.ASCII.GetBytes("{\"alg\":\"none\",\"kid\":\"key\",\"typ\":\"kalejdo-receipt+json\"}")).TrimEnd('=').Replace('+', '-').Replace('/', '_');

        Assert.IsType<ReceiptVerdict.Changed>(Verify(Encoding.UTF8.GetBytes($"{{\"payload\":\"e30\",\"protected\":\"{header}\",\"signature\":\"\"}}\n")));
    }

    private ReceiptVerdict Verify(byte[] content) => SignedReceipt.Verify(content, new Dictionary<string, ECDsa> { ["key"] = key });
}
