using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal;

/// <summary>A subscriber whom staff looked up: by what they are found, and how they are told.</summary>
/// <param name="AccountId">Null where nobody's account is linked.</param>
/// <param name="HoldsThisAlone">Whether the account is of this subscriber and of no other agreement, and nobody else has one.</param>
internal sealed record SubscriberPerson(IReadOnlyList<Identity> Identities, string? AccountId, string? Address, string Language, bool HoldsThisAlone)
{
    /// <summary>Not even by accident in a log.</summary>
    public override string ToString() => nameof(SubscriberPerson);
}

/// <summary>The person behind a look of staff. Somebody else's agreement, in the same account, is never taken along.</summary>
internal sealed class SubscriberPeople(IDbContextFactory<PortalDbContext> databases, StandingAddresses addresses, PortalKeys keys)
{
    public async Task<SubscriberPerson> FindAsync(SubscriberPass pass, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var hash = AccountLink.Hash(keys, CurrentSubject.CustomerNumber, pass.CustomerNumber);
        var accounts = await db.Users.AsNoTracking().Where(row => db.AccountLinks.Any(link => link.AccountId == row.Id && link.ValueHash == hash)).OrderBy(row => row.Id).Take(2).ToListAsync(cancellation);
        if (accounts is not [var account, ..])
        {
            // Kalejdo's "both" is of letters alone; what is noted for later holds one language.
            return await addresses.FindAsync(pass.CustomerNumber, cancellation) is var (standing, language)
                ? new(pass.Identities, null, standing, language == "en" ? "en" : "sv", HoldsThisAlone: false)
                : new(pass.Identities, null, null, "sv", HoldsThisAlone: false);
        }
        var address = account.EmailConfirmed ? account.Email : null;
        var links = await db.AccountLinks.AsNoTracking().Where(row => row.AccountId == account.Id).OrderBy(row => row.Id).ToListAsync(cancellation);
        var isAlone = accounts.Count == 1 && links.Count(link => link.IdentityName == CurrentSubject.CustomerNumber) == 1;
        var identities = isAlone
            ? links.Select(link => new Identity(link.IdentityName, link.Value(keys)))
                .Where(identity => identity.Name != CurrentSubject.Email || string.Equals(identity.Value, address, StringComparison.OrdinalIgnoreCase)).ToList()
            : pass.Identities;
        return new(identities, account.Id, address, account.Language, isAlone);
    }
}
