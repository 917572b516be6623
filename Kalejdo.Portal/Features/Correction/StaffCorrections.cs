using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Correction;

/// <summary>Corrects on Kalejdo's own initiative: the subscriber is told what, by whom and why (GDPR Art. 16, design.md 6).</summary>
internal sealed class StaffCorrections(Corrections corrections, CaseLinks links, Outbox outbox, PortalKeys keys, StandingAddresses addresses, TimeProvider time)
{
    /// <param name="why">In words; it stands in the case's history, for the subscriber to read.</param>
    /// <returns>What came of it, and whether a letter goes out.</returns>
    public async Task<(CorrectionResult Result, bool Told)> CorrectAsync(
        SubscriberPass pass, CorrectableField field, string? value, string why, string actor, CancellationToken cancellation)
    {
        var told = false;
        var standing = await addresses.FindAsync(pass.CustomerNumber, cancellation);
        var result = await corrections.CorrectAsync(pass.Identities, field.Id, field.Row, field.Value, value, actor, RecordAsync, cancellation);
        return (result, told);

        async Task RecordAsync(PortalDbContext db, Case made)
        {
            CaseSteps.Note(db, made, CaseStep.WordsAdded, CaseParty.Staff, time.GetUtcNow().UtcDateTime, null, CaseEvent.Seal(keys, made.Number, why));
            // Done as far as we are concerned, also while recipients are still to answer.
            if (!made.IsCorrected())
            {
                return;
            }
            var hash = AccountLink.Hash(keys, CurrentSubject.CustomerNumber, pass.CustomerNumber);
            var people = await db.Users.Where(row => row.EmailConfirmed && db.AccountLinks.Any(link => link.AccountId == row.Id && link.ValueHash == hash))
                .Select(row => new { Address = row.Email!, row.Language }).ToListAsync(cancellation);
            var letter = new CorrectedByStaffLetter(made.Number, field.Field.Label is { } label ? [label] : [], PortalUrls.Case(links.Of(made.Number, CaseLinks.OfRequests)));
            foreach (var person in people)
            {
                await outbox.AddAsync(db, letter, person.Address, person.Language, made.Number, cancellation);
            }
            if (people.Count == 0 && standing is var (address, language))
            {
                await outbox.AddAsync(db, letter, address, language, made.Number, cancellation);
            }
            told = people.Count > 0 || standing is not null;
        }
    }
}
