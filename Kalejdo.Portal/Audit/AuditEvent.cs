namespace Kalejdo.Portal.Audit;

/// <summary>What is to be told: codes and numbers only, as the chain never forgets; words go into the note, which does.</summary>
public sealed record AuditEvent(string Name)
{
    public long? Subject { get; init; }

    /// <summary>Null where the portal acted by itself.</summary>
    public long? Actor { get; init; }

    public string? ReasonCode { get; init; }

    public string? CaseNumber { get; init; }

    public string? Note { get; init; }

    /// <summary>Where a law forbids to tell the subject of it.</summary>
    public Secrecy? Secrecy { get; init; }
}

/// <param name="Until">Null as long as nobody can say when it ends.</param>
public sealed record Secrecy(DateTime? Until);
