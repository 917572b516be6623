using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal;

/// <summary>How people reach the controller (Art. 13(1)(a)); an operator sets it before the portal opens.</summary>
internal sealed partial class ControllerOptions
{
    [Required, MinLength(1)]
    public string[] PostalAddress { get; set; } = [];

    [Required]
    public string Telephone { get; set; } = "";

    public string TelephoneLink => "tel:" + new string([.. Telephone.Where(c => char.IsAsciiDigit(c) || c == '+')]);

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<ControllerOptions>;
}
