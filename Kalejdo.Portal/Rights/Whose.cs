namespace Kalejdo.Portal.Rights;

/// <summary>Whose a located row is (design.md 4).</summary>
internal static class Whose
{
    /// <summary>Not decided yet: others may lead to it.</summary>
    public const int Open = 0;

    /// <summary>Found by a verified identity; stays the subject's whoever refers to it.</summary>
    public const int Found = 1;

    /// <summary>Reached from the subject's own rows and by nobody else.</summary>
    public const int Own = 2;

    /// <summary>Carries somebody else's identity: listed, never followed, never changed.</summary>
    public const int Anothers = 3;

    /// <summary>Locating somebody else would reach it too.</summary>
    public const int Shared = 4;

    /// <summary>Open, with evidence of another's way to it, as far as is known.</summary>
    public const int Doubtful = 5;
}

/// <summary>The rows of a collection that belong to the located set, as pieces of SQL: aliases <c>t</c> (the table) and <c>l</c> (its marks).</summary>
/// <param name="Whose">An expression of the <see cref="Rights.Whose"/> numbers.</param>
/// <param name="Listed">An expression that is 1 where the row is shown, 0 where it belongs to another member of the household.</param>
internal sealed record LocatedRows(string From, string Where, string Whose, string Listed);
