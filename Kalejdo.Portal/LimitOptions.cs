using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal;

/// <summary>What one network may do, be it a household or a whole office behind one address.</summary>
internal sealed partial class LimitOptions
{
    [Range(1, 100_000)]
    public int CodesPerNetworkAnHour { get; set; } = 30;

    [Range(1, 100_000)]
    public int SignInsPerNetworkAnHour { get; set; } = 100;

    /// <summary>Requests of people who are not signed in.</summary>
    [Range(1, 100_000)]
    public int RequestsPerNetworkAnHour { get; set; } = 20;

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<LimitOptions>;
}
