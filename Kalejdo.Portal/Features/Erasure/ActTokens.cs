using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>Names one press of a button, and the plan that stood above it; good for the account and the page it was shown to, for an hour.</summary>
internal sealed class ActTokens(IDataProtectionProvider protection, TimeProvider time)
{
    private static readonly TimeSpan Validity = TimeSpan.FromHours(1);

    /// <param name="page">Its address: what is shown on a page without a pause must not press the button of one that has.</param>
    /// <param name="shown">The fingerprint of the plan; empty where there was none to show.</param>
    public string New(string account, string page, string shown) =>
        For(account, page).Protect($"{RandomNumberGenerator.GetHexString(32)} {time.GetUtcNow().Add(Validity).ToUnixTimeSeconds()} {shown}");

    /// <returns>Null where the token is missing, altered, another account's or page's, or too old.</returns>
    public (string Act, string Shown)? Read(string account, string page, string? token)
    {
        try
        {
            return token is not null && For(account, page).Unprotect(token).Split(' ') is [var act, var until, var shown]
                && long.TryParse(until, out var seconds) && seconds > time.GetUtcNow().ToUnixTimeSeconds() ? (act, shown) : null;
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            return null;
        }
    }

    private IDataProtector For(string account, string page) => protection.CreateProtector("Kalejdo.Portal.ActTokens", account, page);
}
