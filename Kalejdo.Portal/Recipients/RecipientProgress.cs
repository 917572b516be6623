using System.Globalization;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Recipients;

/// <summary>A recipient of a case's notices, for the person.</summary>
/// <param name="Kinds">What it is about, by the map's labels.</param>
public sealed record ToldRecipient(RecipientNotice Notice, IReadOnlyList<string> Kinds)
{
    public string Name => Notice.Recipient(CultureInfo.CurrentUICulture.TwoLetterISOLanguageName);

    public bool IsDone => Notice.State == RecipientNoticeState.Acknowledged;
}

/// <summary>Who else was told of a case, and how far each of them is.</summary>
internal sealed class RecipientProgress(IDbContextFactory<PortalDbContext> databases, LiveMap liveMap)
{
    public async Task<IReadOnlyList<ToldRecipient>> OfAsync(string caseNumber, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var notices = await db.RecipientNotices.AsNoTracking().Where(row => row.CaseNumber == caseNumber).OrderBy(row => row.Id).ToListAsync(cancellation);
        return [.. await Task.WhenAll(notices.Select(async notice => new ToldRecipient(notice, await KindsAsync(liveMap, notice, cancellation))))];
    }

    /// <summary>By the map's labels; by their own names while the databases cannot be read.</summary>
    public static async Task<IReadOnlyList<string>> KindsAsync(LiveMap liveMap, RecipientNotice notice, CancellationToken cancellation)
    {
        var map = (await liveMap.OpenAsync(cancellation)).Databases?.Map;
        return [.. PartnerAgreements.Words(notice.Kinds).Select(kind => map?.Kinds.FirstOrDefault(known => known.Key == kind)?.Label?.In(CultureInfo.CurrentUICulture.TwoLetterISOLanguageName) ?? kind)];
    }
}
