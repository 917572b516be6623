using System.Security.Cryptography;
using System.Text.Json;
using Kalejdo.Portal.Rights;

namespace Kalejdo.Portal.Features.Erasure;

/// <summary>An erasure that somebody asks for.</summary>
/// <param name="Actor">Who does it, by the audit's names, such as <c>operator:command-line</c>.</param>
/// <param name="Farewell">What is owed to the person when it is done; null where nobody is written to.</param>
/// <param name="Shown">The <see cref="Fingerprint"/> of the plan that the person saw; another one is not carried out.</param>
/// <param name="CaseNumber">A case that waits for it; null opens one.</param>
internal sealed record ErasureRequest(
    IReadOnlyList<Identity> Identities, ErasureScope Scope, string Actor, ErasureFarewell? Farewell = null, string? Shown = null, string? CaseNumber = null)
{
    /// <summary>What a second person approved: more than that is not carried out. Null where none was needed.</summary>
    public IReadOnlyList<StepRecord>? Approved { get; init; }

    /// <summary>Whether a plan changes more than another did: more rows of a collection in one way, or something in a way that is new.</summary>
    /// <param name="countsToo">False where only what is new matters.</param>
    public static bool Exceeds(IEnumerable<StepRecord> plan, IEnumerable<StepRecord> approved, bool countsToo = true)
    {
        var allowed = approved.Where(s => s.Changes).GroupBy(s => (s.Collection, s.Action)).ToDictionary(g => g.Key, g => g.Sum(s => s.Rows));
        return plan.Where(s => s.Changes && s.Rows > 0).GroupBy(s => (s.Collection, s.Action))
            .Any(g => allowed.GetValueOrDefault(g.Key) is var rows && (countsToo ? g.Sum(s => s.Rows) > rows : rows == 0));
    }

    /// <summary>Equal for equal plans; tells nothing of the rows.</summary>
    public static string Fingerprint(IEnumerable<StepRecord> steps) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(steps.OrderBy(s => s.ToString(), StringComparer.Ordinal))));
}

/// <summary>Captured before the erasure takes it: forgotten with the working set.</summary>
/// <param name="Address">Where the last letter goes; null where there is no address.</param>
/// <param name="Language">Of the letter.</param>
/// <param name="ClosesAccount">Whether the account goes too, with its links and sessions.</param>
internal sealed record ErasureFarewell(string AccountId, string? Address, string Language, bool ClosesAccount);

/// <summary>An erasure whose intent is on record, not yet carried out.</summary>
internal sealed record BegunErasure(string Case, ErasureWork Work, Databases Databases, string Actor);
