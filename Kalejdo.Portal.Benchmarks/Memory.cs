using System.Diagnostics;
using System.Globalization;
using Kalejdo.Portal.Benchmarks.Data;
using Kalejdo.Portal.Rights;

namespace Kalejdo.Portal.Benchmarks;

/// <summary>How much the process grows while it writes a large answer: measured in a process of its own, whose heap nobody widened before.</summary>
internal static class Memory
{
    public const string Verb = "memory-of";

    public static async Task<double> MegabytesAsync(DataSet data, CancellationToken cancellationToken)
    {
        // Under `dotnet run` and `dotnet X.dll` alike.
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(Memory).Assembly.Location);
        }
        string[] arguments = [Verb, data.Source.Provider.ToString(), data.Source.ConnectionString];
        Array.ForEach(arguments, start.ArgumentList.Add);
        using var process = Process.Start(start)!;
        var said = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0 ? double.Parse(said, CultureInfo.InvariantCulture) : throw new InvalidOperationException("The process whose memory was to be measured failed.");
    }

    /// <summary>The other process's part.</summary>
    public static async Task<int> PrintAsync(string provider, string connectionString)
    {
        var data = await DataSet.OpenAsync(Enum.Parse<Provider>(provider), connectionString, CancellationToken.None);
        // Somebody small first, so that code and connections count as there before.
        await Jobs.EngineJsonAsync(data with { Subject = 2 }, new Counter(), CancellationToken.None);
        var before = Bytes("VmRSS");
        await Jobs.EngineJsonAsync(data, new Counter(), CancellationToken.None);
        Console.Write(((Bytes("VmHWM") - before) / 1e6).ToString("F1", CultureInfo.InvariantCulture));
        return 0;
    }

    // Linux counts the most ever resident; .NET's own numbers are samples.
    private static double Bytes(string name) =>
        File.ReadLines("/proc/self/status").First(line => line.StartsWith(name + ":", StringComparison.Ordinal)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is [_, var kilobytes, ..]
            ? double.Parse(kilobytes, CultureInfo.InvariantCulture) * 1024
            : throw new InvalidOperationException($"Linux does not tell {name}.");
}
