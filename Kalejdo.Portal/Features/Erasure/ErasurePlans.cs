using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Rights;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>What a page can show of an erasure that nobody has asked for yet.</summary>
internal abstract record Preview
{
    private Preview()
    {
    }

    public sealed record Ready(Map Map, IReadOnlyList<StepRecord> Steps) : Preview;

    /// <summary>It cannot be carried out as it is; staff can help.</summary>
    public sealed record Refused(Map Map, IReadOnlyList<Refusal> Reasons) : Preview;

    public sealed record Unavailable : Preview;
}

/// <summary>Plans erasures for people to look at; nothing is changed or recorded.</summary>
internal sealed class ErasurePlans(LiveMap liveMap, TimeProvider time)
{
    public async Task<Preview> PlanAsync(IReadOnlyList<Identity> identities, ErasureScope scope, CancellationToken cancellationToken)
    {
        var (live, _) = await liveMap.OpenAsync(cancellationToken);
        return live is null ? new Preview.Unavailable() : await new Rights.Erasure(live, time).PlanAsync(identities, scope, cancellationToken) switch
        {
            ErasureOutcome.Done done => new Preview.Ready(live.Map, [.. done.Steps.Select(StepRecord.Of)]),
            // A refusal that names no field is a database that does not answer.
            ErasureOutcome.Refused refused when refused.Reasons.All(r => r.Field is null) => new Preview.Unavailable(),
            ErasureOutcome.Refused refused => new Preview.Refused(live.Map, refused.Reasons),
            _ => throw new InvalidOperationException("An outcome of planning that pages do not know."),
        };
    }

    public async Task<Map?> MapAsync(CancellationToken cancellationToken) => (await liveMap.OpenAsync(cancellationToken)).Databases?.Map;
}
