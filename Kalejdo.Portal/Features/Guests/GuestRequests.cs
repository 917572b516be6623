using System.Security.Cryptography;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Features.Guests;

/// <summary>What a guest's request came to.</summary>
internal abstract record GuestOutcome
{
    private GuestOutcome()
    {
    }

    public sealed record Taken(AskedCase Case) : GuestOutcome;

    /// <summary>Of this network, in this hour.</summary>
    public sealed record TooMany : GuestOutcome;

    /// <summary>The code was typed too long ago, or in another browser.</summary>
    public sealed record Unproven : GuestOutcome;
}

/// <summary>
/// Requests of people who cannot sign in. Nobody is looked up: whether somebody is known here is for staff to find out, and for the page
/// to keep to itself.
/// </summary>
internal sealed class GuestRequests(
    IDbContextFactory<PortalDbContext> databases, CaseRequests requests, AttemptLimits limits, AuditTrail audit, Outbox outbox, PortalKeys keys,
    IOptions<LimitOptions> allowed)
{
    public const int MostLettersOfName = 200;
    public const int MostLettersOfAddress = 500;

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <returns>False where too many codes were asked for.</returns>
    public async Task<bool> SendCodeAsync(OneTimeCodes codes, string address, string language, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var code = await codes.IssueAsync(db, CodePurpose.Guest, address, cancellationToken);
        if (code is not null)
        {
            await outbox.AddAsync(db, new GuestCodeLetter(code), address, language, caseNumber: null, cancellationToken);
        }
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return code is not null;
    }

    public async Task<CodeAnswer> TryCodeAsync(OneTimeCodes codes, string code, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var answer = await codes.TryAsync(db, CodePurpose.Guest, code, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return answer;
    }

    /// <returns>The mailbox that this browser has proven; null where it has not, or too long ago.</returns>
    public async Task<string?> ProvenAsync(OneTimeCodes codes, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await codes.ProvenAsync(db, CodePurpose.Guest, cancellationToken);
    }

    /// <param name="who">As what they ask, as a code.</param>
    /// <param name="paper">Where answers on paper go; null where the browser has proven a mailbox.</param>
    public async Task<GuestOutcome> AskAsync(
        OneTimeCodes codes, string network, string who, CaseType type, string words, CaseReach? paper, string language, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await limits.CountAsync(db, "request network", network, Hour, cancellationToken) > allowed.Value.RequestsPerNetworkAnHour)
        {
            await transaction.CommitAsync(cancellationToken);
            return new GuestOutcome.TooMany();
        }
        var (reach, asker) = (paper, $"guest:{RandomNumberGenerator.GetHexString(32, lowercase: true)}");
        if (reach is null)
        {
            if (codes.AddressOf(CodePurpose.Guest) is not { } address || !await codes.TakeAsync(db, CodePurpose.Guest, cancellationToken))
            {
                return new GuestOutcome.Unproven();
            }
            // The mailbox is all that is known of who asks: it opens nobody's data, and only its own requests are joined.
            (reach, asker) = (new CaseReach(address), $"guest:{MailLink.HashAddress(keys, address)}");
        }
        var subject = await audit.NumberOfAsync(db, asker, cancellationToken);
        var taken = await requests.AskAsync(db, new Asked(type, words, subject, asker, who, AccountId: null, language, reach), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new GuestOutcome.Taken(taken);
    }
}
