using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Cases;

/// <summary>Writes to the person of a case, in their language, with a link to it that works without a session.</summary>
internal sealed class CaseLetters(Outbox outbox, CaseLinks links, PortalKeys keys)
{
    /// <summary>Within the caller's transaction.</summary>
    /// <param name="letter">Given the token of a new link to the case.</param>
    /// <returns>False where there is no address to mail to: the letter goes on paper, or not at all.</returns>
    public async Task<bool> AddAsync(PortalDbContext db, Case asked, Func<string, Letter> letter, CancellationToken cancellationToken)
    {
        var contact = db.CaseContacts.Local.SingleOrDefault(row => row.CaseNumber == asked.Number)
            ?? await db.CaseContacts.AsNoTracking().SingleOrDefaultAsync(row => row.CaseNumber == asked.Number, cancellationToken);
        if (contact is null || await AddressAsync(db, contact, cancellationToken) is not { } address)
        {
            return false;
        }
        await outbox.AddAsync(db, letter(links.Of(asked.Number, CaseLinks.OfRequests)), address, contact.Language, asked.Number, cancellationToken);
        return true;
    }

    /// <summary>The account's address of today; the one that was noted where the account is gone, or never was.</summary>
    private async Task<string?> AddressAsync(PortalDbContext db, CaseContact contact, CancellationToken cancellationToken) =>
        await db.Users.Where(row => row.Id == contact.AccountId && row.EmailConfirmed).Select(row => row.Email).SingleOrDefaultAsync(cancellationToken)
            ?? contact.Reach(keys).Email;
}
