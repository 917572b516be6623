using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal;

internal sealed partial class PortalOptions
{
    /// <summary>Where people reach the portal; links in mails start with it.</summary>
    [Required]
    public Uri PublicAddress { get; set; } = null!;

    public bool IsHttps => PublicAddress.Scheme == Uri.UriSchemeHttps;

    /// <summary>Under HTTPS the prefix keeps every other host from setting our cookies.</summary>
    public string CookieName(string name) => IsHttps ? "__Host-" + name : name;

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<PortalOptions>;
}
