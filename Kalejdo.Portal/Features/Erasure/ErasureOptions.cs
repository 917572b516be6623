using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Features.Erasure;

internal sealed partial class ErasureOptions
{
    /// <summary>How long a full erasure waits, so that it can be undone; 0 erases at once.</summary>
    [Range(0, 720, ErrorMessage = "Erasure:PauseHours must be between 0 and 720.")]
    public int PauseHours { get; set; } = 72;

    public TimeSpan Pause => TimeSpan.FromHours(PauseHours);

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<ErasureOptions>;
}
