using System.Globalization;
using Kalejdo.Portal.Store;
using Microsoft.AspNetCore.WebUtilities;

namespace Kalejdo.Portal.Features.Staff.Desk;

/// <summary>Which cases are looked for, as it stands in the address of the page.</summary>
/// <param name="Number">A case's number or a piece of it; cases that are closed are looked through too.</param>
/// <param name="Page">Counted from 1.</param>
internal sealed record DeskFilter(string Number, CaseStatus? Status, CaseType? Type, bool Overdue, int Page)
{
    public const string NumberField = "nummer";
    public const string StatusField = "status";
    public const string TypeField = "galler";
    public const string OverdueField = "forsenade";
    public const string PageField = "sida";
    public const string Yes = "ja";

    public static readonly DeskFilter None = new("", null, null, false, 1);

    /// <summary>Whether it is everything that is open.</summary>
    public bool IsNone => this with { Page = 1 } == None;

    /// <summary>Back to <see cref="Read"/>; empty for everything.</summary>
    public string Query => QueryHelpers.AddQueryString("", new Dictionary<string, string?>
    {
        [NumberField] = Number.Length == 0 ? null : Number,
        [StatusField] = Status?.ToString(),
        [TypeField] = Type?.ToString(),
        [OverdueField] = Overdue ? Yes : null,
        [PageField] = Page == 1 ? null : Page.ToString(CultureInfo.InvariantCulture),
    }.Where(said => said.Value is not null));

    /// <returns>Null where it says what there is not: no such page exists.</returns>
    public static DeskFilter? Read(string query)
    {
        var fields = QueryHelpers.ParseQuery(query);
        var page = 1;
        return Choice<CaseStatus>(Field(StatusField), out var status) & Choice<CaseType>(Field(TypeField), out var type)
            & (Field(PageField) is "" || (int.TryParse(Field(PageField), NumberStyles.None, CultureInfo.InvariantCulture, out page) && page > 0))
            ? new DeskFilter(Field(NumberField).Trim().ToUpperInvariant(), status, type, Field(OverdueField) == Yes, page)
            : null;

        string Field(string name) => fields.TryGetValue(name, out var value) ? value.ToString() : "";
    }

    // Names alone: a number would be read as the place in the list of what it may be.
    private static bool Choice<T>(string text, out T? chosen)
        where T : struct, Enum
    {
        var known = Enum.GetNames<T>().Contains(text);
        chosen = known ? Enum.Parse<T>(text) : null;
        return known || text.Length == 0;
    }
}
