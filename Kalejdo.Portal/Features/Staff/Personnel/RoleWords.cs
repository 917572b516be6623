using System.Globalization;

namespace Kalejdo.Portal.Features.Staff.Personnel;

internal static class RoleWords
{
    public static string Of(IEnumerable<string> roles)
    {
        var words = string.Join(", ", roles.Select(Of));
        return words.Length == 0 ? words : char.ToUpper(words[0], CultureInfo.CurrentCulture) + words[1..];
    }

    public static string Of(string role) => role switch
    {
        StaffRoles.CaseWorker => PersonnelText.CaseWorker,
        StaffRoles.Administrator => PersonnelText.Administrator,
        StaffRoles.Auditor => PersonnelText.Auditor,
        _ => throw new ArgumentOutOfRangeException(nameof(role)),
    };

    /// <summary>What the role is for.</summary>
    public static string Explain(string role) => role switch
    {
        StaffRoles.CaseWorker => PersonnelText.CaseWorkerHint,
        StaffRoles.Administrator => PersonnelText.AdministratorHint,
        StaffRoles.Auditor => PersonnelText.AuditorHint,
        _ => throw new ArgumentOutOfRangeException(nameof(role)),
    };
}
