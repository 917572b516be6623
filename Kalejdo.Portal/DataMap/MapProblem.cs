namespace Kalejdo.Portal.DataMap;

/// <summary>A place in a map file; lines count from 1.</summary>
public sealed record Position(string File, int Line)
{
    /// <inheritdoc/>
    public override string ToString() => $"{File}:{Line}";
}

/// <summary>How bad a problem of a map is: an error stops the start, a warning is shown to staff.</summary>
public enum Severity
{
    /// <summary>The map works, but something in it is ignored or unwise.</summary>
    Warning,

    /// <summary>The map cannot be used.</summary>
    Error,
}

/// <summary>What is wrong with a map, where, and what to write instead.</summary>
public sealed record MapProblem(Severity Severity, Position At, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => $"{At}: {(Severity == Severity.Error ? "error" : "warning")}: {Message}";
}
