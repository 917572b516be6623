using System.Globalization;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace Kalejdo.Portal.Tests.Support;

internal static class Haste
{
    /// <summary>
    /// All tests come from one network and ask as fast as they can, and their passwords protect nobody. What the database counts a network
    /// for stays as it is.
    /// </summary>
    public static IWebHostBuilder InHaste(this IWebHostBuilder builder) => typeof(LimitOptions).GetProperties()
        .Where(rate => rate.Name.EndsWith("AMinute", StringComparison.Ordinal) || rate.Name is nameof(LimitOptions.DownloadsAnHour) or nameof(LimitOptions.LooksAnHour))
        .Aggregate(builder, (all, rate) => all.WithRate(rate.Name, 100_000))
        .ConfigureTestServices(services => services.Configure<PasswordHasherOptions>(passwords => passwords.IterationCount = 1000));

    public static IWebHostBuilder WithRate(this IWebHostBuilder builder, string name, int most) =>
        builder.UseSetting($"Limits:{name}", most.ToString(CultureInfo.InvariantCulture));
}
