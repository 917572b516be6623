namespace Kalejdo.Portal.Rights;

/// <summary>A value that finds its subject's rows, verified before it gets here (Fideslang <c>identity</c>).</summary>
public sealed record Identity(string Name, string Value)
{
    /// <summary>Never the value: identities reach logs and exceptions.</summary>
    public override string ToString() => $"{Name}=…";
}

/// <summary>The database engines that a source may be.</summary>
public enum Provider
{
    /// <summary>SQLite 3.</summary>
    Sqlite,

    /// <summary>PostgreSQL 15 or later.</summary>
    Postgresql,
}

/// <summary>The database in which a dataset's tables lie.</summary>
/// <param name="Key">The dataset's <c>fides_key</c>.</param>
/// <param name="ConnectionString">An ADO.NET connection string of the provider.</param>
public sealed record Source(string Key, Provider Provider, string ConnectionString)
{
    /// <summary>Reads <c>KEY=PROVIDER:CONNECTION</c>; a SQLite connection may be a bare file name.</summary>
    /// <returns>The source, or null where the text has another form.</returns>
    public static Source? Parse(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var colon = equals < 0 ? -1 : text.IndexOf(':', equals);
        if (equals < 1 || colon < 0 || colon == text.Length - 1)
        {
            return null;
        }
        var (key, provider, connection) = (text[..equals].Trim(), text[(equals + 1)..colon].Trim(), text[(colon + 1)..].Trim());
        return provider switch
        {
            "sqlite" => new Source(key, Provider.Sqlite, connection.Contains('=', StringComparison.Ordinal) ? connection : $"Data Source={connection}"),
            "postgresql" => new Source(key, Provider.Postgresql, connection),
            _ => null,
        };
    }

    /// <summary>Never the connection string, which may hold a password.</summary>
    public override string ToString() => $"{Key} ({Provider})";
}

/// <summary>Why the engine would not do what it was asked; nothing was changed.</summary>
/// <param name="Field">The field that stands in the way, as <c>dataset.collection.field</c>; null where it is none.</param>
public sealed record Refusal(string Reason, string? Field = null)
{
    /// <inheritdoc/>
    public override string ToString() => Field is null ? Reason : $"{Field}: {Reason}";
}
