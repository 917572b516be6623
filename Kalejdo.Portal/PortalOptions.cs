using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal;

internal sealed partial class PortalOptions : IValidatableObject
{
    /// <summary>Where people reach the portal; links in mails start with it.</summary>
    [Required]
    public Uri PublicAddress { get; set; } = null!;

    public bool IsHttps => PublicAddress.Scheme == Uri.UriSchemeHttps;

    /// <summary>Under HTTPS the prefix keeps every other host from setting our cookies.</summary>
    public string CookieName(string name) => IsHttps ? "__Host-" + name : name;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (PublicAddress is { IsAbsoluteUri: false })
        {
            yield return new("Portal:PublicAddress must begin with http:// or https://.", [nameof(PublicAddress)]);
        }
    }

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<PortalOptions>;
}
