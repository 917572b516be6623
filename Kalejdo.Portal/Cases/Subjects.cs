using System.Globalization;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Cases;

/// <summary>By which number audit and cases know the person behind verified identities.</summary>
internal sealed class Subjects(IDbContextFactory<PortalDbContext> databases, AuditTrail audit, PortalKeys keys)
{
    /// <summary>The identity that finds the portal's own rows (Maps/portal.dataset.yml).</summary>
    public const string IdentityName = "subject_number";

    /// <summary>Equal identities arrive equal: an e-mail address trimmed and in lower case.</summary>
    public static string Normal(Identity identity) => identity.Name == "email" ? identity.Value.Trim().ToLowerInvariant() : identity.Value;

    /// <summary>Within the caller's transaction. A keyed hash stands for the value, so that the audit's people hold no address even in sealed form.</summary>
    public async Task<long> NumberOfAsync(PortalDbContext db, IReadOnlyList<Identity> identities, CancellationToken cancellationToken) =>
        await KnownAsync(db, identities, cancellationToken) is [var known, ..] ? known : await audit.NumberOfAsync(db, Reference(identities[0]), cancellationToken);

    /// <summary>Records that somebody's data is about to be read; what is not on record is not read.</summary>
    /// <param name="actor">Who reads, by the audit's names, such as <c>operator:command-line</c>; null where the person does.</param>
    /// <param name="reason">What is read, as a code; null where it is everything.</param>
    /// <returns>The numbers that the person had before, as identities: whoever never had a case has none.</returns>
    public async Task<IReadOnlyList<Identity>> RecordReadAsync(
        IReadOnlyList<Identity> identities, string? actor, string? reason, CancellationToken cancellationToken, string? caseNumber = null)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var known = await KnownAsync(db, identities, cancellationToken);
        var subject = await NumberOfAsync(db, identities, cancellationToken);
        var reader = actor is null ? subject : await audit.NumberOfAsync(db, actor, cancellationToken);
        await audit.AppendAsync(db, new AuditEvent("access.read") { Subject = subject, Actor = reader, ReasonCode = reason, CaseNumber = caseNumber }, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return AsIdentities(known);
    }

    /// <returns>The numbers that the person has, as identities.</returns>
    public async Task<IReadOnlyList<Identity>> NumbersAsync(IReadOnlyList<Identity> identities, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return AsIdentities(await KnownAsync(db, identities, cancellationToken));
    }

    private static List<Identity> AsIdentities(IEnumerable<long> numbers) => [.. numbers.Select(n => new Identity(IdentityName, n.ToString(CultureInfo.InvariantCulture)))];

    /// <summary>A person who came by several identities may have several numbers.</summary>
    private async Task<List<long>> KnownAsync(PortalDbContext db, IReadOnlyList<Identity> identities, CancellationToken cancellationToken)
    {
        var numbers = new List<long>();
        foreach (var identity in identities)
        {
            var known = identity.Name == IdentityName
                ? long.TryParse(identity.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : null
                : await audit.FindNumberAsync(db, Reference(identity), cancellationToken);
            if (known is { } number && !numbers.Contains(number))
            {
                numbers.Add(number);
            }
        }
        return numbers;
    }

    private string Reference(Identity identity) => $"identity:{LedgerEntry.HashIdentity(keys, identity.Name, Normal(identity))}";
}
