using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Features.Restriction;

internal sealed partial class RestrictionOptions
{
    /// <summary>How long a person has between being told that a pause is to end and its end.</summary>
    [Range(1, 90, ErrorMessage = "Restriction:NoticeDays must be between 1 and 90.")]
    public int NoticeDays { get; set; } = 14;

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<RestrictionOptions>;
}
