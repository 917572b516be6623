using System.ComponentModel.DataAnnotations;
using System.Net.Mail;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Cases;

internal sealed partial class CaseOptions : IValidatableObject
{
    /// <summary>Where staff are also told by mail which cases have to be answered soon; nowhere where empty.</summary>
    public string? DeskMailbox { get; set; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (DeskMailbox is { Length: > 0 } && (!MailAddress.TryCreate(DeskMailbox, out var parsed) || parsed.Address != DeskMailbox))
        {
            yield return new("Cases:DeskMailbox must be an e-mail address alone.", [nameof(DeskMailbox)]);
        }
    }

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<CaseOptions>;
}
