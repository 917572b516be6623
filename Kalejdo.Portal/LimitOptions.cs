using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal;

/// <summary>
/// How often one may ask. "PerNetwork": counted in the database, for all nodes, by the network (a household, or a whole office behind one
/// address). The others: <see cref="RateLimits"/>.
/// </summary>
internal sealed partial class LimitOptions
{
    [Range(1, 100_000)]
    public int CodesPerNetworkAnHour { get; set; } = 30;

    [Range(1, 100_000)]
    public int SignInsPerNetworkAnHour { get; set; } = 100;

    /// <summary>Requests of people who are not signed in.</summary>
    [Range(1, 100_000)]
    public int RequestsPerNetworkAnHour { get; set; } = 20;

    /// <summary>Requests for anything but static files.</summary>
    [Range(1, 100_000)]
    public int AnythingAMinute { get; set; } = 1200;

    [Range(1, 100_000)]
    public int SignInsAMinute { get; set; } = 30;

    /// <summary>Forms that have a code mailed, or take one.</summary>
    [Range(1, 100_000)]
    public int CodesAMinute { get; set; } = 30;

    /// <summary>Pages and files that a link from a mail opens.</summary>
    [Range(1, 100_000)]
    public int MailLinksAMinute { get; set; } = 120;

    /// <summary>Requests in one's own words.</summary>
    [Range(1, 100_000)]
    public int RequestsAMinute { get; set; } = 10;

    [Range(1, 100_000)]
    public int DownloadsAnHour { get; set; } = 30;

    /// <summary>Plans of erasures, each of which counts all that would go.</summary>
    [Range(1, 100_000)]
    public int PlansAMinute { get; set; } = 60;

    /// <summary>Subscribers that a case worker looks for.</summary>
    [Range(1, 100_000)]
    public int LooksAnHour { get; set; } = 120;

    /// <summary>Acknowledgements of recipients.</summary>
    [Range(1, 100_000)]
    public int CallbacksAMinute { get; set; } = 120;

    /// <summary>Live parts of pages that are open at once.</summary>
    [Range(1, 1_000)]
    public int LiveConnections { get; set; } = 50;

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<LimitOptions>;
}
