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

    /// <summary>The letter of that name as it would be written today; null where the case has nothing of it to tell any more, or it is none of a case.</summary>
    /// <param name="template">By which the outbox knows it.</param>
    public static Func<string, Letter>? Again(Case asked, string template) => (template, asked) switch
    {
        (nameof(RequestReceivedLetter), { ClosedAt: null }) => link => new RequestReceivedLetter(asked.Number, asked.DueOn, PortalUrls.Case(link)),
        (nameof(IdentificationAskedLetter), { Status: CaseStatus.WaitingForYou, WaitsUntil: { } until }) => link => new IdentificationAskedLetter(asked.Number, until, asked.StoppedAt is not null, PortalUrls.Case(link)),
        (nameof(CaseExtendedLetter), { ExtendedBy: > 0, ClosedAt: null }) => link => new CaseExtendedLetter(asked.Number, asked.DueOn, PortalUrls.Case(link)),
        (nameof(CaseAnsweredLetter), { Status: CaseStatus.Done }) => link => new CaseAnsweredLetter(asked.Number, PortalUrls.Case(link)),
        (nameof(CaseRefusedLetter), { Status: CaseStatus.Refused, ReasonCode: { } ground }) => link => new CaseRefusedLetter(asked.Number, ground, PortalUrls.Case(link)),
        (nameof(CaseWithdrawnLetter), { Status: CaseStatus.Withdrawn }) => link => new CaseWithdrawnLetter(asked.Number, PortalUrls.Case(link)),
        (nameof(RequestLapsedLetter), { Status: CaseStatus.Expired }) => link => new RequestLapsedLetter(asked.Number, PortalUrls.Case(link)),
        _ => null,
    };

    /// <summary>The account's address of today; the one that was noted where the account is gone, or never was.</summary>
    private async Task<string?> AddressAsync(PortalDbContext db, CaseContact contact, CancellationToken cancellationToken) =>
        await db.Users.Where(row => row.Id == contact.AccountId && row.EmailConfirmed).Select(row => row.Email).SingleOrDefaultAsync(cancellationToken)
            ?? contact.Reach(keys).Email;
}
