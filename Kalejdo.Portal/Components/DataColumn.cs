using Microsoft.AspNetCore.Components;

namespace Kalejdo.Portal.Components;

/// <summary>A column of a <see cref="DataTable{TItem}"/>; the first one names its row.</summary>
public sealed record DataColumn<TItem>(string Header, Func<TItem, RenderFragment> Cell, bool Numeric = false)
{
    public DataColumn(string header, Func<TItem, string?> text, bool numeric = false)
        : this(header, item => builder => builder.AddContent(0, text(item)), numeric)
    {
    }
}
