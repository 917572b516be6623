using System.Globalization;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Cases;

/// <summary>Which kinds of a person's data are kept and not used (GDPR Art. 18), for whoever is about to use them (docs/decisions/12).</summary>
internal sealed class Restrictions(IDbContextFactory<PortalDbContext> databases, Subjects subjects, AuditTrail audit)
{
    /// <summary>Whether the act is the person's own, or does again what was: that is consent (Art. 18(2)).</summary>
    public static bool IsOwnAct(string actor) =>
        actor.StartsWith("account:", StringComparison.Ordinal) || actor.StartsWith("address:", StringComparison.Ordinal) || actor is "system:pause-over" or "operator:replay";

    /// <summary>The newest last.</summary>
    public async Task<IReadOnlyList<RestrictedKind>> InForceAsync(IReadOnlyList<Identity> identities, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await InForceAsync(db, await NumbersAsync(identities, cancellationToken), cancellationToken);
    }

    /// <summary>As the pages of somebody's own need it.</summary>
    public async Task<IReadOnlySet<string>> KindsAsync(IReadOnlyList<Identity> identities, CancellationToken cancellationToken) =>
        (await InForceAsync(identities, cancellationToken)).Select(row => row.Kind).ToHashSet();

    /// <summary>
    /// The same where others than the person name the identities: who is known here by a customer number may be named by an address, so all
    /// identities that stand in the person's rows are looked up.
    /// </summary>
    /// <returns>Null where a database cannot be read.</returns>
    public async Task<IReadOnlyList<RestrictedKind>?> InForceByAnyIdentityAsync(Databases live, IReadOnlyList<Identity> identities, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (!await db.RestrictedKinds.AnyAsync(row => row.EndedAt == null, cancellationToken))
        {
            return [];
        }
        var all = identities.ToHashSet();
        var problems = await new Access(live).ReadAsync(identities, CollectAsync, cancellationToken);
        return problems.Count > 0 ? null : await InForceAsync(db, await NumbersAsync([.. all], cancellationToken), cancellationToken);

        async Task CollectAsync(LocatedCollection located)
        {
            var fields = located.Collection.Fields.Index().Where(field => field.Item.Identity is not null).ToList();
            if (fields.Count == 0)
            {
                return;
            }
            await foreach (var row in located.RowsAsync(cancellationToken))
            {
                if (!row.Anothers && !row.Shared && !row.Member)
                {
                    all.UnionWith(fields.Where(field => row[field.Index] is not null)
                        .Select(field => new Identity(field.Item.Identity!, Convert.ToString(row[field.Index], CultureInfo.InvariantCulture)!)));
                }
            }
        }
    }

    /// <summary>Of a person whom no identity finds any more.</summary>
    public async Task<IReadOnlySet<string>> KindsAsync(long subject, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return (await InForceAsync(db, [subject], cancellationToken)).Select(row => row.Kind).ToHashSet();
    }

    /// <summary>Which of the steps would change what is restricted, by kind.</summary>
    public static IReadOnlyList<string> Touched(Map map, IEnumerable<ErasureStep> steps, IReadOnlySet<string> restricted)
    {
        var kindOf = map.Collections.ToDictionary(c => c.Id, c => c.KindKey);
        return [.. steps.Where(s => s.Changes && s.Rows > 0).Select(s => kindOf[s.Collection]).Where(restricted.Contains).Distinct()];
    }

    /// <summary>Puts on record that staff or a job wanted to change what is restricted, and did not.</summary>
    /// <param name="what">As the audit's reason code: <c>erasure</c>, <c>rectification</c>.</param>
    public async Task RecordUpheldAsync(IReadOnlyList<Identity> identities, string actor, string what, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var (subject, who) = (await subjects.NumberOfAsync(db, identities, cancellationToken), await audit.NumberOfAsync(db, actor, cancellationToken));
        await audit.AppendAsync(db, new AuditEvent("restriction.upheld") { Subject = subject, Actor = who, ReasonCode = what }, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Ends what the person has erased, who was told before, within the caller's transaction.</summary>
    /// <param name="kinds">Null for all.</param>
    public async Task EndErasedAsync(PortalDbContext db, Case erased, IReadOnlyCollection<string>? kinds, DateTime now, CancellationToken cancellationToken)
    {
        foreach (var row in await db.RestrictedKinds.Where(r => r.Subject == erased.Subject && r.EndedAt == null && (kinds == null || kinds.Contains(r.Kind))).ToListAsync(cancellationToken))
        {
            (row.EndedAt, row.EndReasonCode) = (now, "erased");
            await audit.AppendAsync(db, new AuditEvent("restriction.ended") { Subject = row.Subject, Actor = row.Subject, CaseNumber = row.CaseNumber, ReasonCode = "erased" }, cancellationToken);
        }
    }

    private static async Task<List<RestrictedKind>> InForceAsync(PortalDbContext db, IReadOnlyList<long> numbers, CancellationToken cancellationToken) =>
        await db.RestrictedKinds.AsNoTracking().Where(row => numbers.Contains(row.Subject) && row.EndedAt == null).OrderBy(row => row.Id).ToListAsync(cancellationToken);

    private async Task<IReadOnlyList<long>> NumbersAsync(IReadOnlyList<Identity> identities, CancellationToken cancellationToken) =>
        [.. (await subjects.NumbersAsync(identities, cancellationToken)).Select(number => long.Parse(number.Value, CultureInfo.InvariantCulture))];
}
