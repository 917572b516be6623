using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Kalejdo.Portal.Rights;
using Microsoft.AspNetCore.DataProtection;

namespace Kalejdo.Portal;

/// <summary>Names a row in an address without showing its key, which may be personal; what it names only the same account can read.</summary>
internal sealed class RowLinks(IDataProtectionProvider protection)
{
    public string Of(string account, RowKey row) => Base64Url.EncodeToString(For(account).Protect(JsonSerializer.SerializeToUtf8Bytes(row)));

    /// <returns>The row; null where the token was altered, or made for somebody else. Whose the row is the engine still asks.</returns>
    public RowKey? Read(string account, string token)
    {
        try
        {
            return JsonSerializer.Deserialize<RowKey>(For(account).Unprotect(Base64Url.DecodeFromChars(token)));
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            return null;
        }
    }

    private IDataProtector For(string account) => protection.CreateProtector("Kalejdo.Portal.RowLinks", account);
}
