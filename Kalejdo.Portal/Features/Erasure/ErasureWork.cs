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
internal sealed record ErasureOutcomeRecord(IReadOnlyList<StepRecord> Steps, long? Left, bool Overwritten)
{
    public static ErasureOutcomeRecord FromJson(string json) =>
        JsonSerializer.Deserialize<ErasureOutcomeRecord>(json) ?? throw new InvalidOperationException("A closed erasure has no outcome.");
}
