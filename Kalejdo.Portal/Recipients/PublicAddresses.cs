using System.Net;
using System.Net.Sockets;

namespace Kalejdo.Portal.Recipients;

/// <summary>Which addresses are of the public Internet. A recipient's name may lead anywhere: to this machine, its network, or a cloud's metadata.</summary>
internal static class PublicAddresses
{
    // IANA's registries of special-purpose addresses, and multicast.
    private static readonly IPNetwork[] Special =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
            "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            // What stands for an IPv4 address is looked at as one; the rest of these is nobody's.
            "::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
        }.Select(network => IPNetwork.Parse(network)),
    ];

    public static bool IsPublic(IPAddress address)
    {
        if (address.AddressFamily is not (AddressFamily.InterNetwork or AddressFamily.InterNetworkV6))
        {
            return false;
        }

        var meant = Embedded(address) ?? address;
        return !Special.Any(network => network.BaseAddress.AddressFamily == meant.AddressFamily && network.Contains(meant));
    }

    /// <summary>The IPv4 address that an IPv6 one stands for: mapped, through NAT64 or 6to4.</summary>
    private static IPAddress? Embedded(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return null;
        }

        var bytes = address.GetAddressBytes();
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4()
            : IPNetwork.Parse("64:ff9b::/96").Contains(address) ? new IPAddress(bytes.AsSpan(12, 4))
            : IPNetwork.Parse("2002::/16").Contains(address) ? new IPAddress(bytes.AsSpan(2, 4))
            : null;
    }
}
