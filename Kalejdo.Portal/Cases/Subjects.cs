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
    public async Task<long> NumberOfAsync(PortalDbContext db, Identity identity, CancellationToken cancellationToken) =>
        identity.Name == IdentityName && long.TryParse(identity.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : await audit.NumberOfAsync(db, $"identity:{LedgerEntry.HashIdentity(keys, identity.Name, Normal(identity))}", cancellationToken);

    /// <summary>Records that somebody's data is about to be read; what is not on record is not read.</summary>
    /// <param name="actor">Who reads, by the audit's names, such as <c>operator:command-line</c>.</param>
    /// <returns>The numbers under which the person may have cases, as identities.</returns>
    public async Task<IReadOnlyList<Identity>> RecordReadAsync(IReadOnlyList<Identity> identities, string actor, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var numbers = new List<long>();
        foreach (var identity in identities)
        {
            numbers.Add(await NumberOfAsync(db, identity, cancellationToken));
        }
        var reader = await audit.NumberOfAsync(db, actor, cancellationToken);
        await audit.AppendAsync(db, new AuditEvent("access.read") { Subject = numbers[0], Actor = reader }, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return [.. numbers.Distinct().Select(n => new Identity(IdentityName, n.ToString(CultureInfo.InvariantCulture)))];
    }
}
