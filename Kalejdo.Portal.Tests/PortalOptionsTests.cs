using Kalejdo.Portal.Tests.Support;

namespace Kalejdo.Portal.Tests;

public class PortalOptionsTests(PortalFixture portal)
{
    [Theory]
    [InlineData("Controller:Telephone", "", "Telephone")]
    [InlineData("Limits:SignInsAMinute", "0", "SignInsAMinute")]
    [InlineData("Portal:Proxies:0", "10.0.0.1/99", "Portal:Proxies: 10.0.0.1/99")]
    [InlineData("AllowedHosts", "*", "AllowedHosts names hosts one by one")]
    // What ASPNETCORE_FORWARDEDHEADERS_ENABLED sets.
    [InlineData("ForwardedHeaders_Enabled", "true", "name the proxies in Portal:Proxies")]
    [InlineData("Recipients:Partners:0:StoredIn:En", "", "Partners[0].StoredIn.En")]
    [InlineData("OpenIdConnect:Providers:0:Key", "bankid", "OpenIdConnect:Providers:0:Authority must be")]
    public void A_wrong_setting_stops_the_start_by_name(string setting, string value, string name)
    {
        using var broken = portal.InMemory.WithWebHostBuilder(host => host.UseSetting(setting, value));

        var refusal = Assert.ThrowsAny<Exception>(() => broken.Services);
        Assert.Contains(name, refusal.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("portalen.exempel")]
    public void The_public_address_must_be_whole(string? address)
    {
        var options = new PortalOptions { PublicAddress = address is null ? null! : new Uri(address, UriKind.Relative) };
        var result = new PortalOptions.Validator().Validate(null, options);

        Assert.True(result.Failed);
        Assert.Contains("PublicAddress", result.FailureMessage, StringComparison.Ordinal);
    }
}
