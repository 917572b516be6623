using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>Names one press of a button, and the plan that stood above it; good for the account it was shown to, for an hour.</summary>
internal sealed class ActTokens(IDataProtectionProvider protection, TimeProvider time)
{
    private static readonly TimeSpan Validity = TimeSpan.FromHours(1);

    /// <param name="shown">The fingerprint of the plan; empty where there was none to show.</param>
    public string New(string account, string shown) =>
        For(account).Protect($"{RandomNumberGenerator.GetHexString(32)} {time.GetUtcNow().Add(Validity).ToUnixTimeSeconds()} {shown}");

    /// <returns>Null where the token is missing, altered, another account's or too old.</returns>
    public (string Act, string Shown)? Read(string account, string? token)
    {
        try
        {
            return token is not null && For(account).Unprotect(token).Split(' ') is [var act, var until, var shown]
                && long.TryParse(until, out var seconds) && seconds > time.GetUtcNow().ToUnixTimeSeconds() ? (act, shown) : null;
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            return null;
        }
    }

    private IDataProtector For(string account) => protection.CreateProtector("Kalejdo.Portal.ActTokens", account);
}
