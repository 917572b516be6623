using System.CommandLine;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Commands;

/// <summary><c>datamap check</c>: compares the map with the live databases.</summary>
internal static class DataMapCheckCommand
{
    public static Command Create(MapOptions options)
    {
        var check = new Command("check", "Compare the map with the live databases: 0 fine, 1 errors");
        options.AddTo(check);
        check.SetAction(async (parsed, cancellationToken) =>
        {
            var output = parsed.InvocationConfiguration.Output;
            var (map, sources, problems) = await options.ReadAsync(parsed, cancellationToken);
            var all = problems.ToList();
            if (all.TrueForAll(p => p.Severity == Severity.Warning))
            {
                var (databases, unreachable) = await DataMapCommand.ReadSchemasAsync(map, sources, cancellationToken);
                all.AddRange(unreachable);
                all.AddRange(MapCheck.Run(map, databases));
            }
            foreach (var problem in all.OrderByDescending(p => p.Severity).ThenBy(p => p.At.File, StringComparer.Ordinal).ThenBy(p => p.At.Line))
            {
                await output.WriteLineAsync(problem.ToString());
            }
            var errors = all.Count(p => p.Severity == Severity.Error);
            await output.WriteLineAsync(
                $"{Count(map.Datasets.Count, "dataset")}, {Count(map.Collections.Count(), "collection")}: {Count(errors, "error")}, {Count(all.Count - errors, "warning")}");
            return errors == 0 ? PortalCommands.Done : PortalCommands.Refused;
        });
        return check;
    }

    private static string Count(int number, string what) => number == 1 ? $"1 {what}" : $"{number} {what}s";
}
