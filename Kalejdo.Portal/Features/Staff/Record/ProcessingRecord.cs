using System.Globalization;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Recipients;

namespace Kalejdo.Portal.Features.Staff.Record;

/// <summary>One processing of personal data as Article 30 asks for it, in the language of whoever reads.</summary>
/// <param name="Key">Unique in the record, for links to it.</param>
internal sealed record Processing(
    string Key, string System, string Purpose, string LegalBasis, string Persons, string Data, IReadOnlyList<string> Recipients,
    IReadOnlyList<string> Retention, string Security, string Transfers);

/// <summary>The record of processing activities (GDPR Art. 30): written nowhere, it follows from the data map and the agreements in force.</summary>
internal sealed class ProcessingRecord(LiveMap liveMap, PartnerAgreements agreements)
{
    /// <returns>By system, in the map's order; null where the map cannot be had now.</returns>
    public async Task<IReadOnlyList<Processing>?> ReadAsync(CancellationToken cancellation)
    {
        if ((await liveMap.OpenAsync(cancellation)).Databases?.Map is not { } map)
        {
            return null;
        }

        var partners = await agreements.TodayAsync(cancellation);
        return [.. map.Systems.SelectMany(system => system.Declarations.Select((declaration, index) => Of(map, system, declaration, index, partners)))];
    }

    private static Processing Of(Map map, FidesSystem system, PrivacyDeclaration declaration, int index, IReadOnlyList<PartnerInForce> partners)
    {
        var kinds = map.Kinds.Where(kind => declaration.Kinds.Contains(kind.Key)).ToList();
        var told = partners.Where(partner => partner.Kinds.Intersect(declaration.Kinds).Any())
            .Select(partner => Say(RecordText.Partner, partner.Name, partner.Task, partner.StoredIn)).Distinct().ToList();
        return new Processing(
            string.Create(CultureInfo.InvariantCulture, $"{system.Key}-{index + 1}"),
            In(system.Label) ?? system.Name,
            In(declaration.Purpose) ?? declaration.Name,
            RecordWords.Basis(declaration.LegalBasis),
            RecordWords.List(declaration.DataSubjects.Select(RecordWords.Person)),
            RecordWords.List(kinds.Count > 0 ? kinds.Select(Label) : declaration.DataCategories),
            told.Count > 0 ? told : [RecordText.NoPartner],
            [.. Retention(map, declaration, kinds)],
            In(system.Security) ?? RecordText.NotStated,
            system.TransfersAbroad switch
            {
                false => RecordText.TransfersNone,
                true => Say(RecordText.TransfersOn, system.TransferBases.Count > 0 ? string.Join(", ", system.TransferBases) : RecordText.NotStated),
                null => RecordText.NotStated,
            });
    }

    private static IEnumerable<string> Retention(Map map, PrivacyDeclaration declaration, IReadOnlyList<Kind> kinds)
    {
        if (kinds.All(kind => kind.Keep is null))
        {
            yield return declaration.RetentionPeriod ?? RecordText.NotStated;
        }

        foreach (var alike in kinds.Where(kind => kind.Keep is not null).GroupBy(kind => In(kind.Keep)!))
        {
            yield return Say(RecordText.KeptFor, RecordWords.List(alike.Select(Label)), alike.Key);
        }

        var keys = kinds.Select(kind => kind.Key).ToHashSet();
        foreach (var ground in map.Collections.Where(collection => keys.Contains(collection.KindKey)).SelectMany(collection => collection.Retain)
            .Select(retain => map.Retention.GetValueOrDefault(retain.Rule)).OfType<RetentionRule>().Distinct())
        {
            yield return Say(RecordText.KeptDespite, In(ground.Ground));
        }
    }

    private static string Say(string text, params object?[] values) => string.Format(CultureInfo.CurrentCulture, text, values);

    private static string Label(Kind kind) => In(kind.Label) ?? kind.Key;

    private static string? In(LocalText? text) => text?.In(CultureInfo.CurrentUICulture.TwoLetterISOLanguageName);
}
