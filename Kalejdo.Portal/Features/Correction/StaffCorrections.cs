using System.Data.Common;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Features.Correction;

/// <summary>Corrects on Kalejdo's own initiative: the subscriber is told what, by whom and why (GDPR Art. 16, design.md 6).</summary>
internal sealed class StaffCorrections(Corrections corrections, CaseLinks links, Outbox outbox, PortalKeys keys, IConfiguration configuration, TimeProvider time)
{
    private readonly DataMapSettings settings = DataMapSettings.From(configuration);

    /// <param name="why">In words; it stands in the case's history, for the subscriber to read.</param>
    /// <returns>What came of it, and whether a letter goes out.</returns>
    public async Task<(CorrectionResult Result, bool Told)> CorrectAsync(
        SubscriberPass pass, CorrectableField field, string? value, string why, string actor, CancellationToken cancellation)
    {
        var told = false;
        var standing = await StandingAddressAsync(pass.CustomerNumber, cancellation);
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

    /// <summary>The address that Kalejdo itself saw to be the subscriber's; null where there is none.</summary>
    private async Task<(string Address, string Language)?> StandingAddressAsync(string customerNumber, CancellationToken cancellation)
    {
        try
        {
            await using var kalejdo = settings.ConnectToKalejdo();
            await kalejdo.OpenAsync(cancellation);
            await using var command = kalejdo.CreateCommand();
            command.CommandText = "SELECT s.email, s.language FROM subscriber s WHERE s.customer_number = @number AND s.email IS NOT NULL AND s.email_verified_at IS NOT NULL";
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = ("@number", customerNumber);
            command.Parameters.Add(parameter);
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            return await reader.ReadAsync(cancellation) && Addresses.Read(reader.GetString(0)) is { } address ? (address, reader.IsDBNull(1) ? "both" : reader.GetString(1)) : null;
        }
        catch (DbException)
        {
            // Then nothing is corrected either, which says so itself.
            return null;
        }
    }
}
