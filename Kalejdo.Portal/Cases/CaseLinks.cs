using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;

namespace Kalejdo.Portal.Cases;

/// <summary>Opens one case and its receipt to whoever holds the link: after an erasure there is no session left to show them in.</summary>
internal sealed class CaseLinks(IDataProtectionProvider protection, TimeProvider time)
{
    public static readonly TimeSpan Validity = TimeSpan.FromDays(30);

    /// <summary>Of what staff answer: longer than the month and its extension. Each letter brings a new one.</summary>
    public static readonly TimeSpan OfRequests = TimeSpan.FromDays(120);

    private readonly IDataProtector protector = protection.CreateProtector("Kalejdo.Portal.CaseLinks");

    public string Of(string caseNumber) => Of(caseNumber, Validity);

    public string Of(string caseNumber, TimeSpan validity) =>
        protector.Protect(string.Create(CultureInfo.InvariantCulture, $"{(time.GetUtcNow() + validity).ToUnixTimeSeconds()} {caseNumber}"));

    /// <returns>The case's number; null where the token was altered or has expired.</returns>
    public string? Read(string token) => Open(token) is var (number, valid) && valid ? number : null;

    /// <summary>Whether it is one of ours whose time is over: its holder is told so.</summary>
    public bool HasExpired(string token) => Open(token) is (_, false);

    private (string Number, bool Valid)? Open(string token)
    {
        try
        {
            return protector.Unprotect(token).Split(' ') is [var until, var number]
                ? (number, long.Parse(until, CultureInfo.InvariantCulture) > time.GetUtcNow().ToUnixTimeSeconds())
                : null;
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            return null;
        }
    }
}
