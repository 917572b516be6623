using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;

namespace Kalejdo.Portal.Recipients;

/// <summary>What was done to somebody's data, as recipients are to hear of it.</summary>
/// <param name="Subject">The number that the audit knows the person by.</param>
/// <param name="Identities">All by which the person was known; each recipient hears of those that it knows.</param>
/// <param name="Kinds">The map's kinds that it is about.</param>
internal sealed record RecipientAct(string CaseNumber, long Subject, RecipientEvent Event, IReadOnlyList<Identity> Identities, IReadOnlyCollection<string> Kinds)
{
    /// <summary>Of <see cref="Kinds"/>, those of which Kalejdo keeps something on a ground.</summary>
    public IReadOnlyCollection<string> KeptKinds { get; init; } = [];

    /// <summary>The rows alone, where it is not about all of a kind.</summary>
    public IReadOnlyList<RowKey> Rows { get; init; } = [];

    /// <summary>The field that was corrected, as the map calls it. Not its value: a partner may receive other fields of the kind alone.</summary>
    public string? Field { get; init; }

    /// <summary>Not even by accident in a log.</summary>
    public override string ToString() => $"{CaseNumber} {Event}";
}
