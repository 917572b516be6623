namespace Kalejdo.Portal;

/// <summary>Whose work the portal is a tool of, by the names of Identity's roles. An account with one of them is no subscriber's.</summary>
internal static class StaffRoles
{
    public const string CaseWorker = "case-worker";

    public const string Administrator = "administrator";

    /// <summary>Reads what was done, and does nothing.</summary>
    public const string Auditor = "auditor";

    /// <summary>Policy: an account with any of the roles.</summary>
    public const string Any = "Staff";

    /// <summary>Policy: as <see cref="Any"/>, but what is posted is for who handles cases: auditors change nothing.</summary>
    public const string Look = nameof(Look);

    /// <summary>Policy: who handles cases and looks subscribers up.</summary>
    public const string Work = nameof(Work);

    /// <summary>Policy: who may see what staff may do.</summary>
    public const string Oversight = nameof(Oversight);

    /// <summary>Policy: who may change it, authenticated a moment ago.</summary>
    public const string Administer = nameof(Administer);

    public static readonly string[] All = [CaseWorker, Administrator, Auditor];

    public static readonly string[] Workers = [CaseWorker, Administrator];

    public static readonly string[] Overseers = [Administrator, Auditor];

    public static bool IsStaff(this System.Security.Claims.ClaimsPrincipal person) => All.Any(person.IsInRole);

    public static bool MayWork(this System.Security.Claims.ClaimsPrincipal person) => Workers.Any(person.IsInRole);
}
