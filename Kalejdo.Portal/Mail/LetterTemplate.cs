using Microsoft.AspNetCore.Components;

namespace Kalejdo.Portal.Mail;

/// <summary>What a letter's template starts from; headings begin at <c>h1</c>, links are <see cref="LetterLink"/>s.</summary>
public abstract class LetterTemplate<TLetter> : ComponentBase
    where TLetter : Letter
{
    [Parameter, EditorRequired]
    public TLetter Letter { get; set; } = null!;
}
