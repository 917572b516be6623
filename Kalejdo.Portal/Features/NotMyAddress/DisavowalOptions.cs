using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Features.NotMyAddress;

internal sealed partial class DisavowalOptions
{
    /// <summary>Whether address owners may have their address blocked: that keeps a keyed hash of it.</summary>
    public bool Blocking { get; set; }

    /// <summary>When a block ends by itself.</summary>
    [Range(1, 3650, ErrorMessage = "Disavowal:BlockDays must be between 1 and 3650.")]
    public int BlockDays { get; set; } = 365;

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<DisavowalOptions>;
}
