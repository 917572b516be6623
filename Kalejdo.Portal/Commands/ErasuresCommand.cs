using System.CommandLine;
using System.Globalization;
using Kalejdo.Portal.Features.Erasure;
using Kalejdo.Portal.Features.NotMyAddress;
using Kalejdo.Portal.Rights;

namespace Kalejdo.Portal.Commands;

/// <summary><c>erasures replay</c>: does later erasures again on databases that were restored from a backup.</summary>
internal static class ErasuresCommand
{
    public static Command Create(CommandHost host, TimeProvider time)
    {
        var taken = new Option<string>("--backup-taken") { Description = "When the restored backup was taken, such as 2026-11-22T03:00Z; Swedish time where no zone is given", Required = true };
        var dryRun = new Option<bool>("--dry-run") { Description = "Print what would be erased again and change nothing" };
        var format = new Option<string>("--format") { Description = "text (default) or json", DefaultValueFactory = _ => "text" };
        format.AcceptOnlyFromAmong("text", "json");
        var replay = new Command("replay", "Do the erasures that are later than a restored backup again") { taken, dryRun, format };
        replay.SetAction(async (parsed, cancellationToken) =>
        {
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            if (Moment(parsed.GetRequiredValue(taken)) is not { } moment || moment > time.GetUtcNow().UtcDateTime)
            {
                await error.WriteLineAsync("--backup-taken takes a time that has passed, such as 2026-11-22T03:00Z.");
                return PortalCommands.WrongUsage;
            }
            var services = await host.ServicesAsync(cancellationToken);
            var progress = new LineProgress(error);
            if (!parsed.GetValue(dryRun))
            {
                await services.GetRequiredService<Erasures>().ResumeAsync(progress, cancellationToken);
            }
            var result = await services.GetRequiredService<ErasureReplay>().ReplayAsync(moment, parsed.GetValue(dryRun), progress, cancellationToken);
            await StepsOutput.PrintAsync(output, parsed.GetRequiredValue(format), result.Steps, result.Left);
            foreach (var number in result.CameBack)
            {
                await error.WriteLineAsync($"Case {number}: somebody with the erased identity came back since; what bears it was left alone: somebody has to look at it.");
            }
            foreach (var problem in result.Problems)
            {
                await error.WriteLineAsync($"Incomplete: {problem}");
            }
            await error.WriteLineAsync($"{result.Again} erasures {(parsed.GetValue(dryRun) ? "would be done" : "were done")} again.");
            var disowned = await services.GetRequiredService<DisavowalReplay>().ReplayAsync(moment, parsed.GetValue(dryRun), cancellationToken);
            foreach (var number in disowned.CameBack)
            {
                await error.WriteLineAsync($"Case {number}: the disowned address was given to us anew since; it was left alone: somebody has to look at it.");
            }
            foreach (var problem in disowned.Problems)
            {
                await error.WriteLineAsync($"Incomplete: {problem}");
            }
            await error.WriteLineAsync($"{disowned.Again} disowned addresses {(parsed.GetValue(dryRun) ? "would be removed" : "were removed")} again.");
            return result.Problems.Count + disowned.Problems.Count == 0 && result.Left is null or 0 ? PortalCommands.Done : PortalCommands.Refused;
        });
        return new Command("erasures", "The erasures so far") { replay };
    }

    private static DateTime? Moment(string text)
    {
        if (!DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out var moment))
        {
            return null;
        }
        return moment.Kind == DateTimeKind.Utc ? moment : TimeZoneInfo.ConvertTimeToUtc(moment, SwedishDays.Zone);
    }

    private sealed class LineProgress(TextWriter writer) : IProgress<string>
    {
        public void Report(string value) => writer.WriteLine(value);
    }
}
