using System.Text.Json;
using System.Text.Json.Serialization;
using Kalejdo.Portal.Rights;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>What an erasure must remember until it is closed: kept encrypted in the working set.</summary>
/// <param name="Plan">The steps by source, as they were recorded before anything was changed.</param>
/// <param name="Done">The steps by source, as they were carried out.</param>
internal sealed record ErasureWork(
    IReadOnlyList<Identity> Identities,
    ErasureScope Scope,
    IReadOnlyDictionary<string, IReadOnlyList<StepRecord>> Plan,
    IReadOnlyDictionary<string, IReadOnlyList<StepRecord>> Done,
    ErasureFarewell? Farewell = null)
{
    /// <summary>What the databases had to tell each other while it was planned: they may know it no longer when another was erased.</summary>
    public IReadOnlyList<CarriedValues> Carried { get; init; } = [];

    /// <summary>The person's own addresses, which are forgotten with the erasure.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Addresses => [.. Identities.Where(i => i.Name == CurrentSubject.Email).Select(i => i.Value)
        .Append(Farewell?.Address).OfType<string>().Select(a => a.Trim()).Distinct(StringComparer.OrdinalIgnoreCase)];

    /// <summary>What stays for a while, as told before each database's commit.</summary>
    public IReadOnlyList<KeptRow> Kept { get; init; } = [];

    /// <summary>With more of what stays; the same where there is nothing new. The portal's own evidence ends by itself.</summary>
    public ErasureWork Keeping(IReadOnlyList<KeptRow> rows) =>
        rows.Where(r => !r.Row.Collection.StartsWith("portal.", StringComparison.Ordinal)).ExceptBy(Kept.Select(k => NameOf(k.Row)), k => NameOf(k.Row)).ToList() is { Count: > 0 } more
            ? this with { Kept = [.. Kept, .. more] }
            : this;

    /// <summary>Equal for keys of the same row.</summary>
    public static string NameOf(RowKey row) =>
        $"{row.Collection} {string.Join(' ', row.Key.OrderBy(k => k.Key, StringComparer.Ordinal).Select(k => $"{k.Value.Length}:{k.Value}"))}";

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this);

    public static ErasureWork FromBytes(byte[] bytes) =>
        JsonSerializer.Deserialize<ErasureWork>(bytes) ?? throw new InvalidOperationException("A working set is empty.");
}

/// <summary>A step as it is stored and printed: no row's values, no keys.</summary>
internal sealed record StepRecord(string Collection, string Action, long Rows, string? Rule, string? Ground, DateOnly? Until)
{
    public static StepRecord Of(ErasureStep step) => new(
        step.Collection, step.Action.ToString().ToLowerInvariant(), step.Rows, step.Rule?.Name, step.Rule?.Ground.En, step.Until);

    [JsonIgnore]
    public bool Changes => Action is "delete" or "anonymise" or "pseudonymise" or "reduce";
}

/// <summary>What a closed case keeps of its erasure.</summary>
/// <param name="Overwritten">Whether what was deleted is overwritten on disk too.</param>
/// <param name="OverwriteBy">The day by which it is to be; null in records from before there was one.</param>
/// <param name="OverwrittenOn">The day on which it was.</param>
/// <param name="ErasedOn">The day (Europe/Stockholm) on which it was done; the case may await its recipients for longer.</param>
internal sealed record ErasureOutcomeRecord(
    IReadOnlyList<StepRecord> Steps, long? Left, bool Overwritten, DateOnly? OverwriteBy = null, DateOnly? OverwrittenOn = null, DateOnly? ErasedOn = null)
{
    /// <summary>Records from before there was such a day are of cases that were closed at once.</summary>
    public DateOnly DoneOn(Store.Case closed) => ErasedOn ?? Cases.DueDate.DayOf(closed.ClosedAt ?? closed.ReceivedAt);

    /// <returns>Null as long as nothing was erased, whether it goes on or was refused: then the reasons stand there (<see cref="Cases.CaseFile.Refusals"/>).</returns>
    public static ErasureOutcomeRecord? Of(Store.Case erasure) =>
        erasure is { Type: Store.CaseType.Erasure, Status: Store.CaseStatus.Done or Store.CaseStatus.WaitingForRecipients or Store.CaseStatus.PartlyDone, OutcomeJson: ['{', ..] json }
            ? FromJson(json) : null;

    public static ErasureOutcomeRecord FromJson(string json) =>
        JsonSerializer.Deserialize<ErasureOutcomeRecord>(json) ?? throw new InvalidOperationException("A closed erasure has no outcome.");

    public string ToJson() => JsonSerializer.Serialize(this);
}
