namespace Kalejdo.Portal.Features.Staff.Outgoing;

internal enum OutgoingState
{
    /// <summary>Not tried yet.</summary>
    Waiting,

    /// <summary>Tried in vain, and tried again later.</summary>
    Retrying,

    /// <summary>Of what recipients are told: there, and not yet said to be done.</summary>
    Sent,
    Done,
    Failed,
}

internal enum OutgoingAct
{
    None,

    /// <summary>What waits goes now.</summary>
    Hasten,

    /// <summary>What was wiped is written again, with a new link.</summary>
    SendAnew,
}

/// <summary>Something that the portal sends, or sent.</summary>
/// <param name="What">By the map's code.</param>
/// <param name="To">A masked address, or a recipient's name; null where it was wiped.</param>
/// <param name="NextAt">When it is tried next; null where it has ended.</param>
/// <param name="Code">Why it waits, or was given up.</param>
internal sealed record OutgoingLine(
    long Id, string What, string? To, string? CaseNumber, DateTime CreatedAt, OutgoingState State, int Attempts, DateTime? NextAt, DateTime? EndedAt, string? Code, OutgoingAct Act);

/// <param name="Older">Where the older ones begin; null where there are none.</param>
internal sealed record OutgoingPart(IReadOnlyList<OutgoingLine> Lines, long? Older);

internal enum OutgoingAnswer
{
    Hastened,
    SentAnew,

    /// <summary>It went meanwhile, or there is nothing of it to send.</summary>
    NotPossible,

    /// <summary>Nobody can be mailed there.</summary>
    NoAddress,
}
