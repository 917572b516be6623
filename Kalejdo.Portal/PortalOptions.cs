using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal;

internal sealed partial class PortalOptions : IValidatableObject
{
    /// <summary>Where people reach the portal; links in mails start with it.</summary>
    [Required]
    public Uri PublicAddress { get; set; } = null!;

    /// <summary>Who may say by X-Forwarded-For where a request comes from: addresses and networks (10.0.0.5, 10.1.0.0/16). Nobody else is believed.</summary>
    public string[] Proxies { get; set; } = [];

    public IEnumerable<IPNetwork> ProxyNetworks => Proxies.Select(proxy => NetworkOf(proxy)!.Value);

    public bool IsHttps => PublicAddress.Scheme == Uri.UriSchemeHttps;

    /// <summary>Under HTTPS the prefix keeps every other host from setting our cookies.</summary>
    public string CookieName(string name) => IsHttps ? "__Host-" + name : name;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (PublicAddress is { IsAbsoluteUri: false })
        {
            yield return new("Portal:PublicAddress must begin with http:// or https://.", [nameof(PublicAddress)]);
        }

        foreach (var proxy in Proxies.Where(proxy => NetworkOf(proxy) is null))
        {
            yield return new($"Portal:Proxies: {proxy} is no address (10.0.0.5) and no network (10.1.0.0/16).", [nameof(Proxies)]);
        }
    }

    private static IPNetwork? NetworkOf(string proxy) =>
        IPAddress.TryParse(proxy, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
        : IPNetwork.TryParse(proxy, out var network) ? network
        : null;

    [OptionsValidator]
    internal sealed partial class Validator : IValidateOptions<PortalOptions>;
}
