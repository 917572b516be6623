using System.Globalization;
using Microsoft.AspNetCore.WebUtilities;

namespace Kalejdo.Portal.Features.Staff.AddressDesk;

internal enum AddressPart
{
    /// <summary>Addresses whose readers said that they are not theirs.</summary>
    Disavowals,

    /// <summary>Confirmed ones, taken away and held for 14 days.</summary>
    Quarantine,

    Blocked,

    Incidents,
}

/// <param name="All">Also what is over.</param>
internal sealed record AddressFilter(AddressPart Part, bool All)
{
    public const string PartField = "vad";
    public const string StateField = "lage";
    public const string AllValue = "alla";

    private static readonly (AddressPart Part, string Value)[] Values =
        [(AddressPart.Disavowals, "anmalda"), (AddressPart.Quarantine, "karantan"), (AddressPart.Blocked, "sparrade"), (AddressPart.Incidents, "incidenter")];

    public static string ValueOf(AddressPart part) => Array.Find(Values, value => value.Part == part).Value;

    /// <summary>What is not known is the first, and what goes on.</summary>
    public static AddressFilter Read(string? part, string? state) => new(Array.Find(Values, value => value.Value == part).Part, state == AllValue);

    public string Address(int page = 1, bool done = false) => QueryHelpers.AddQueryString(PortalUrls.StaffAddresses, new Dictionary<string, string?>
    {
        [PartField] = ValueOf(Part),
        [StateField] = All ? AllValue : null,
        ["sida"] = page == 1 ? null : page.ToString(CultureInfo.InvariantCulture),
        ["klart"] = done ? "1" : null,
    });
}
