using System.Globalization;
using System.Runtime.InteropServices;
using Kalejdo.Portal.Benchmarks.Data;
using Kalejdo.Portal.Rights;

namespace Kalejdo.Portal.Benchmarks;

/// <summary>On what it was measured: without that a figure says nothing.</summary>
internal static class Environs
{
    public static async Task<string> DescribeAsync(DataSets sets, IReadOnlyList<Provider> providers, CancellationToken cancellationToken)
    {
        var versions = new List<string>();
        foreach (var provider in providers)
        {
            versions.Add(await sets.VersionAsync(provider, cancellationToken));
        }
        var date = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
        return $"{date} UTC · {Processor()}, {Environment.ProcessorCount} cores · load {Load()} · {RuntimeInformation.FrameworkDescription} · {string.Join(" · ", versions)} · {RuntimeInformation.OSDescription}{Debug}";
    }

    private static string Debug =>
#if DEBUG
        " · **a Debug build: say -c Release**";
#else
        "";
#endif

    private static string Processor() => Line("/proc/cpuinfo", "model name") ?? RuntimeInformation.ProcessArchitecture.ToString();

    /// <summary>How many processes wanted a core in the last 1, 5 and 15 minutes.</summary>
    private static string Load() => File.Exists("/proc/loadavg") ? string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..3]) : "unknown";

    private static string? Line(string file, string key) =>
        File.Exists(file) ? File.ReadLines(file).FirstOrDefault(l => l.StartsWith(key, StringComparison.Ordinal))?.Split(':', 2)[1].Trim() : null;
}
