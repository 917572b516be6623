using System.Globalization;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Recipients;

/// <summary>A partner that people are told of, in the language of whoever reads.</summary>
/// <param name="Kinds">The map's kinds that it receives something of.</param>
internal sealed record PartnerInForce(string Name, string Task, string Receives, string StoredIn, IReadOnlyList<string> Kinds);

/// <summary>Which agreements are in force, by the calendar on a Swedish wall.</summary>
internal sealed class PartnerAgreements(IDbContextFactory<PortalDbContext> databases, TimeProvider time)
{
    public async Task<IReadOnlyList<PartnerInForce>> TodayAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var (rows, english) = (
            await InForce(db).Join(db.Recipients, row => row.RecipientId, row => row.Id, (agreement, recipient) => new { agreement, recipient })
                .OrderBy(row => row.agreement.Id).AsNoTracking().ToListAsync(cancellation),
            CultureInfo.CurrentUICulture.TwoLetterISOLanguageName == "en");
        return
        [
            .. rows.Select(row => english
                ? new PartnerInForce(row.recipient.NameEn, row.agreement.TaskEn, row.agreement.ReceivesEn, row.agreement.StoredInEn, Words(row.agreement.Kinds))
                : new PartnerInForce(row.recipient.NameSv, row.agreement.TaskSv, row.agreement.ReceivesSv, row.agreement.StoredInSv, Words(row.agreement.Kinds))),
        ];
    }

    public IQueryable<RecipientAgreement> InForce(PortalDbContext db)
    {
        var today = SwedishDays.Today(time);
        return db.RecipientAgreements.Where(row => row.InForceFrom <= today && (row.InForceTo == null || row.InForceTo >= today));
    }

    /// <summary>A list as the store keeps it.</summary>
    public static string[] Words(string list) => list.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
