using System.Globalization;
using Kalejdo.Portal.Tests.Support;

namespace Kalejdo.Portal.Tests.Features.Accounts;

/// <summary>A portal with two providers: one of subscribers, and their employer's of staff.</summary>
public sealed class OpenIdPortal : IAsyncLifetime
{
    public const string Key = "e-leg";
    public const string StaffKey = "jobbet";

    public AccountPortal Portal { get; } = new();

    internal OpenIdProviderUnderTest Provider { get; private set; } = null!;

    internal OpenIdProviderUnderTest Employer { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        (Provider, Employer) = (await OpenIdProviderUnderTest.StartAsync(Portal.Time), await OpenIdProviderUnderTest.StartAsync(Portal.Time));
        foreach (var (index, key, name, audience, issuer) in new[] { (0, Key, "E-leg", "Subscribers", Provider.Issuer), (1, StaffKey, "Jobbkontot", "Staff", Employer.Issuer) })
        {
            var section = string.Create(CultureInfo.InvariantCulture, $"OpenIdConnect:Providers:{index}:");
            Portal.Settings[section + "Key"] = key;
            Portal.Settings[section + "Name:Sv"] = name;
            Portal.Settings[section + "Name:En"] = name;
            Portal.Settings[section + "For"] = audience;
            Portal.Settings[section + "Authority"] = issuer;
            Portal.Settings[section + "ClientId"] = OpenIdProviderUnderTest.ClientId;
            Portal.Settings[section + "ClientSecret"] = OpenIdProviderUnderTest.Secret;
        }

        Portal.Settings["OpenIdConnect:Providers:0:AcrValues:0"] = "loa3";
        Portal.Settings["OpenIdConnect:Providers:1:BothFactorsAmr:0"] = "mfa";
    }

    public async ValueTask DisposeAsync()
    {
        await Portal.DisposeAsync();
        await Provider.DisposeAsync();
        await Employer.DisposeAsync();
    }
}
