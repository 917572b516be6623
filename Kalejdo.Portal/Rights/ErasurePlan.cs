using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>What becomes of a located row (GDPR Art. 17).</summary>
public enum ErasureAction
{
    /// <summary>Not decided, or out of the scope: the row stays as it is.</summary>
    None = 0,

    /// <summary>The row goes.</summary>
    Delete = 1,

    /// <summary>The row stays without what points to the person.</summary>
    Anonymise = 2,

    /// <summary>The row stays because other rows need it, reduced to its keys.</summary>
    Reduce = 3,

    /// <summary>The row stays as it is, on a ground, until a day or as long as a condition holds.</summary>
    Retain = 4,

    /// <summary>The row holds nothing that erasure takes, or is another person's.</summary>
    Untouched = 5,

    /// <summary>Another subject's as well; stays.</summary>
    Shared = 6,

    /// <summary>The row stays with values hashed: whoever has the original can still tell whose it is.</summary>
    Pseudonymise = 7,
}

/// <summary>Part of a plan: what happens to some rows of a collection, and why they stay if they do.</summary>
/// <param name="Collection"><c>dataset.collection</c>.</param>
/// <param name="Rule">The retention rule that keeps the rows.</param>
/// <param name="Until">The last day (Europe/Stockholm) on which they are kept; null where a condition decides.</param>
public sealed record ErasureStep(string Collection, ErasureAction Action, long Rows, RetentionRule? Rule = null, DateOnly? Until = null)
{
    /// <summary>Whether carrying out the step changes the database.</summary>
    public bool Changes => Action is ErasureAction.Delete or ErasureAction.Anonymise or ErasureAction.Reduce or ErasureAction.Pseudonymise;
}

/// <summary>A single row, by the primary key that its database gives it.</summary>
/// <param name="Collection"><c>dataset.collection</c>.</param>
/// <param name="Key">Column names and values as text.</param>
public sealed record RowKey(string Collection, IReadOnlyDictionary<string, string> Key);

/// <summary>A row that outlives an erasure for a while.</summary>
/// <param name="Row">Its key, and beside it what else tells it from a later row of the same number.</param>
/// <param name="Rule">The ground that keeps it; null where it was reduced because kept rows need it.</param>
/// <param name="Until">The last day (Europe/Stockholm) on which it is kept; null where a condition decides.</param>
public sealed record KeptRow(RowKey Row, string? Rule, DateOnly? Until);

/// <summary>What is to be erased: everything, kinds of data, or single rows.</summary>
public sealed record ErasureScope(IReadOnlyList<string> Kinds, IReadOnlyList<RowKey> Rows)
{
    /// <summary>All that may be erased.</summary>
    public static ErasureScope Everything { get; } = new([], []);

    /// <summary>Some kinds of data.</summary>
    public static ErasureScope OfKinds(IReadOnlyList<string> kinds) => new(kinds, []);

    /// <summary>The rows are known to be the subject's, though no identity leads to them (any more): they are found by their keys.</summary>
    public bool Known { get; init; }

    /// <summary>Whether the scope is everything.</summary>
    public bool IsEverything => Kinds.Count == 0 && Rows.Count == 0;
}

/// <summary>What planning or carrying out an erasure came to.</summary>
public abstract record ErasureOutcome
{
    private ErasureOutcome()
    {
    }

    /// <summary>What would happen (a plan), or has happened (after execution).</summary>
    public sealed record Done(IReadOnlyList<ErasureStep> Steps) : ErasureOutcome
    {
        /// <summary>What the databases had to tell each other for the plan; none where no reference leads from one to another.</summary>
        public IReadOnlyList<CarriedValues> Carried { get; init; } = [];
    }

    /// <summary>It cannot be done; nothing was changed.</summary>
    public sealed record Refused(IReadOnlyList<Refusal> Reasons) : ErasureOutcome;
}
