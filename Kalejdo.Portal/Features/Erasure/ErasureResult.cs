using Kalejdo.Portal.Rights;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>What an erasure came to.</summary>
internal abstract record ErasureResult
{
    private ErasureResult()
    {
    }

    /// <summary>Nobody was found, or nothing of them that could go or must stay: no case was opened.</summary>
    /// <param name="Overwritten">False where another program kept a database from being overwritten: an earlier erasure may have left traces.</param>
    public sealed record NothingFound(bool Overwritten) : ErasureResult;

    /// <summary>Done and closed.</summary>
    /// <param name="Left">Rows that a new look still finds although the plan does not keep them.</param>
    /// <param name="Overwritten">False where another program kept a database from being overwritten: traces may be left.</param>
    public sealed record Erased(string Case, IReadOnlyList<StepRecord> Steps, long? Left, bool Overwritten) : ErasureResult;

    /// <summary>Refused whole; staff decide, within the case's time.</summary>
    public sealed record Refused(string Case, IReadOnlyList<Refusal> Reasons) : ErasureResult;

    /// <summary>Not asked for by the person, who had the use of these kinds paused; nothing was changed, and that is on record.</summary>
    public sealed record Restricted(IReadOnlyList<string> Kinds) : ErasureResult;

    /// <summary>Begun, but a database could not be reached; the next start goes on.</summary>
    public sealed record Unfinished(string Case, IReadOnlyList<Refusal> Reasons) : ErasureResult;

    /// <summary>The data has changed since its plan was shown; nothing was recorded.</summary>
    public sealed record Changed : ErasureResult;

    /// <summary>It would change more than a second person approved; nothing was recorded.</summary>
    public sealed record Outgrown : ErasureResult;

    /// <summary>The configured databases cannot be used now; nothing was recorded.</summary>
    public sealed record Unavailable(IReadOnlyList<Refusal> Reasons) : ErasureResult;
}
