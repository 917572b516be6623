using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal;

internal enum CodeAnswer
{
    Right,
    Wrong,

    /// <summary>Expired, used, tried too often, or asked for in another browser.</summary>
    Gone,
}

/// <summary>
/// Six-digit codes that are mailed and typed in the browser that asked for them: a cookie holds the address and a random
/// value that the code is hashed with, so that neither the mail nor the database alone is of any use.
/// </summary>
internal sealed class OneTimeCodes(
    PortalKeys keys, IDataProtectionProvider protection, AttemptLimits limits, IHttpContextAccessor http,
    IOptions<PortalOptions> portal, IOptions<LimitOptions> allowed, TimeProvider time)
{
    public const int Tries = 5;
    public const int PerAddressAnHour = 3;
    public const int MinutesValid = 10;
    public static readonly TimeSpan Validity = TimeSpan.FromMinutes(MinutesValid);

    /// <summary>How long after the right code its next step may be taken.</summary>
    public static readonly TimeSpan StepValidity = TimeSpan.FromMinutes(30);

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private sealed record Ticket(string Id, string Secret, string Address);

    private HttpContext Context => http.HttpContext ?? throw new InvalidOperationException("Codes belong to a browser: there must be a request.");

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>Within the caller's transaction, whether the address is known or not.</summary>
    /// <returns>The code for the mail; null where too many have been asked for, by the address or by the network.</returns>
    public async Task<string?> IssueAsync(PortalDbContext db, CodePurpose purpose, string address, CancellationToken cancellation)
    {
        var owner = MailLink.HashAddress(keys, address);
        if (await limits.CountAsync(db, "code network", AttemptLimits.NetworkOf(Context), Hour, cancellation) > allowed.Value.CodesPerNetworkAnHour
            || await limits.CountAsync(db, "code address", owner, Hour, cancellation) > PerAddressAnHour)
        {
            return null;
        }

        var now = Now;
        await db.OneTimeCodes.Where(row => row.ExpiresAt < now - StepValidity - Hour).ExecuteDeleteAsync(cancellation);
        var code = RandomNumberGenerator.GetInt32(1_000_000).ToString("D6", System.Globalization.CultureInfo.InvariantCulture);
        var ticket = new Ticket(RandomNumberGenerator.GetHexString(32, lowercase: true), RandomNumberGenerator.GetHexString(32, lowercase: true), address);
        db.OneTimeCodes.Add(new OneTimeCode
        {
            Id = ticket.Id,
            Purpose = purpose,
            OwnerHash = owner,
            CodeHash = HashCode(ticket, code),
            CreatedAt = now,
            ExpiresAt = now + Validity,
            AttemptsLeft = Tries,
        });
        Context.Response.Cookies.Append(CookieName(purpose), Protector(purpose).Protect(JsonSerializer.Serialize(ticket)), Cookie(Hour));
        return code;
    }

    /// <summary>The address that this browser asked a code for.</summary>
    public string? AddressOf(CodePurpose purpose) => TicketOf(purpose)?.Address;

    /// <summary>Tries a code, within the caller's transaction; saves.</summary>
    public async Task<CodeAnswer> TryAsync(PortalDbContext db, CodePurpose purpose, string code, CancellationToken cancellation)
    {
        if (TicketOf(purpose) is not { } ticket
            || await db.OneTimeCodes.SingleOrDefaultAsync(row => row.Id == ticket.Id && row.Purpose == purpose, cancellation) is not { } row
            || row.UsedAt is not null || row.ExpiresAt <= Now || row.AttemptsLeft <= 0)
        {
            return CodeAnswer.Gone;
        }

        row.AttemptsLeft--;
        var right = CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(row.CodeHash), Encoding.ASCII.GetBytes(HashCode(ticket, Digits(code))));
        if (right)
        {
            row.UsedAt = Now;
        }

        await db.SaveChangesAsync(cancellation);
        return right ? CodeAnswer.Right : row.AttemptsLeft > 0 ? CodeAnswer.Wrong : CodeAnswer.Gone;
    }

    /// <returns>The address whose code was typed in this browser a moment ago; null where none was, or its step is taken.</returns>
    public async Task<string?> ProvenAsync(PortalDbContext db, CodePurpose purpose, CancellationToken cancellation)
    {
        var earliest = Now - StepValidity;
        return TicketOf(purpose) is { } ticket
            && await db.OneTimeCodes.AnyAsync(row => row.Id == ticket.Id && row.Purpose == purpose && row.UsedAt > earliest, cancellation)
            ? ticket.Address
            : null;
    }

    /// <summary>Takes the step that the code was for, within the caller's transaction: true once.</summary>
    public async Task<bool> TakeAsync(PortalDbContext db, CodePurpose purpose, CancellationToken cancellation)
    {
        if (TicketOf(purpose) is not { } ticket)
        {
            return false;
        }

        var earliest = Now - StepValidity;
        Context.Response.Cookies.Delete(CookieName(purpose), Cookie(null));
        return await db.OneTimeCodes.Where(row => row.Id == ticket.Id && row.Purpose == purpose && row.UsedAt > earliest).ExecuteDeleteAsync(cancellation) == 1;
    }

    private string HashCode(Ticket ticket, string code) => keys.Hash("one-time code", $"{ticket.Id} {ticket.Secret} {code}");

    // People copy blanks along.
    private static string Digits(string code) => string.Concat(code.Where(char.IsAsciiDigit));

    private Ticket? TicketOf(CodePurpose purpose)
    {
        if (Context.Request.Cookies[CookieName(purpose)] is not { } cookie)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<Ticket>(Protector(purpose).Unprotect(cookie));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private IDataProtector Protector(CodePurpose purpose) => protection.CreateProtector("Kalejdo.Portal.OneTimeCode", purpose.ToString());

    private string CookieName(CodePurpose purpose) => portal.Value.CookieName("kod-" + purpose.ToString().ToLowerInvariant());

    private CookieOptions Cookie(TimeSpan? age) => new()
    {
        MaxAge = age,
        Path = "/",
        SameSite = SameSiteMode.Lax,
        HttpOnly = true,
        Secure = portal.Value.IsHttps,
        IsEssential = true,
    };
}
