using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Kalejdo.Portal.Rights;
using Microsoft.AspNetCore.DataProtection;

namespace Kalejdo.Portal;

/// <summary>Whose data somebody of staff looks at, and what for: every read under it is put on record with the purpose.</summary>
/// <param name="Purpose">Of <see cref="Purposes"/>.</param>
/// <param name="Opened">Whether they asked, once more, to see what stands about somebody whose identity is protected.</param>
internal sealed record SubscriberPass(string CustomerNumber, string Purpose, string? CaseNumber, bool Opened = false)
{
    /// <summary>As the audit's reason codes; the subscriber reads them in words.</summary>
    public static readonly string[] Purposes = ["purpose-request", "purpose-contact", "purpose-own-check", "purpose-incident", "purpose-claim"];

    public IReadOnlyList<Identity> Identities => [new(CurrentSubject.CustomerNumber, CustomerNumber)];

    /// <summary>Not even by accident in a log.</summary>
    public override string ToString() => nameof(SubscriberPass);
}

/// <summary>Names a pass in an address, which shows nothing of it; only whoever stated the purpose can use it, and for a while.</summary>
internal sealed class SubscriberPasses(IDataProtectionProvider protection, TimeProvider time)
{
    /// <summary>Then the purpose is stated anew.</summary>
    public static readonly TimeSpan Validity = TimeSpan.FromHours(1);

    public string Of(string accountId, SubscriberPass pass) =>
        Base64Url.EncodeToString(For(accountId).Protect(JsonSerializer.SerializeToUtf8Bytes(new Sealed(pass, time.GetUtcNow() + Validity))));

    /// <returns>Null where the token was altered, was made for somebody else, or is too old.</returns>
    public SubscriberPass? Read(string accountId, string token)
    {
        try
        {
            return JsonSerializer.Deserialize<Sealed>(For(accountId).Unprotect(Base64Url.DecodeFromChars(token))) is { } found && found.Until > time.GetUtcNow() ? found.Pass : null;
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            return null;
        }
    }

    private IDataProtector For(string accountId) => protection.CreateProtector("Kalejdo.Portal.SubscriberPasses", accountId);

    private sealed record Sealed(SubscriberPass Pass, DateTimeOffset Until);
}
