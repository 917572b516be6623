using System.CommandLine;
using Kalejdo.Portal.Features.Erasure;
using Kalejdo.Portal.Rights;

namespace Kalejdo.Portal.Commands;

/// <summary><c>erase</c>: erases a subject's data at once.</summary>
internal static class EraseCommand
{
    public static Command Create(MapOptions options, CommandHost host)
    {
        var kinds = new Option<string[]>("--kind") { Description = "Only this kind of data (repeatable)" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Print the plan and change nothing" };
        var format = new Option<string>("--format") { Description = "text (default) or json", DefaultValueFactory = _ => "text" };
        format.AcceptOnlyFromAmong("text", "json");
        var command = new Command("erase", "Erase everything that may be erased about a person (GDPR Art. 17)") { MapOptions.Identities, kinds, dryRun, format };
        options.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            var identities = parsed.GetRequiredValue(MapOptions.Identities);
            var scope = ErasureScope.OfKinds(parsed.GetValue(kinds) ?? []);
            if (options.Configured(parsed) && !parsed.GetValue(dryRun))
            {
                return await RecordedAsync();
            }
            if (await options.OpenAsync(parsed, cancellationToken) is not { } databases)
            {
                return PortalCommands.Refused;
            }
            if (options.Configured(parsed) && databases.Unknown(identities).Count == 0)
            {
                // A plan shows what is held. The portal's own evidence of it stays either way and is no part of the plan.
                await AccessCommand.RecordReadAsync(host, databases, identities, cancellationToken);
            }
            return await DirectAsync(databases, new Rights.Erasure(databases, TimeProvider.System));

            async Task<int> RecordedAsync()
            {
                var services = await host.ServicesAsync(cancellationToken);
                var erasures = services.GetRequiredService<Erasures>();
                var progress = new LineProgress(error);
                await erasures.ResumeAsync(progress, cancellationToken);
                await services.GetRequiredService<ErasureFollowUps>().RunDueAsync(cancellationToken);
                switch (await erasures.EraseAsync(identities, scope, CommandHost.Actor, progress, cancellationToken))
                {
                    case ErasureResult.NothingFound nothing:
                        await PrintAsync([], 0);
                        return await CompleteAsync(0, nothing.Overwritten);
                    case ErasureResult.Erased erased:
                        await PrintAsync(erased.Steps, erased.Left);
                        if (await options.OpenAsync(parsed, cancellationToken) is { } live)
                        {
                            await ReportTracesAsync(live, erased.Steps);
                        }
                        return await CompleteAsync(erased.Left, erased.Overwritten);
                    case ErasureResult.Refused refused:
                        await PortalCommands.RefuseAsync(error, refused.Reasons);
                        await error.WriteLineAsync($"Nothing was changed. Case {refused.Case} waits for staff.");
                        return PortalCommands.Refused;
                    case ErasureResult.Restricted restricted:
                        await error.WriteLineAsync($"Refused: the person asked to have the use of {string.Join(", ", restricted.Kinds)} paused (GDPR Art. 18); nothing was changed. They can erase it themselves; else end the pause first: restriction end.");
                        return PortalCommands.Refused;
                    case ErasureResult.Unfinished unfinished:
                        await PortalCommands.RefuseAsync(error, unfinished.Reasons);
                        await error.WriteLineAsync($"Case {unfinished.Case} is unfinished; the next start goes on with it.");
                        return PortalCommands.Refused;
                    case ErasureResult.Unavailable unavailable:
                        await PortalCommands.RefuseAsync(error, unavailable.Reasons);
                        return PortalCommands.Refused;
                    default:
                        throw new InvalidOperationException("An outcome of erasing that the command does not know.");
                }
            }

            async Task<int> DirectAsync(Databases databases, Rights.Erasure erasure)
            {
                // The whole plan first: what cannot be done in one database is not begun in another.
                var plan = await erasure.PlanAsync(identities, scope, cancellationToken);
                if (plan is ErasureOutcome.Refused refused)
                {
                    await PortalCommands.RefuseAsync(error, refused.Reasons);
                    return PortalCommands.Refused;
                }
                if (parsed.GetValue(dryRun))
                {
                    await PrintAsync([.. ((ErasureOutcome.Done)plan).Steps.Select(StepRecord.Of)], null);
                    return PortalCommands.Done;
                }
                var (steps, carried) = (new List<StepRecord>(), ((ErasureOutcome.Done)plan).Carried);
                foreach (var key in databases.Keys)
                {
                    switch (await erasure.ExecuteAsync(key, identities, scope, carried, null, cancellationToken))
                    {
                        case ErasureOutcome.Refused incomplete:
                            await PortalCommands.RefuseAsync(error, incomplete.Reasons);
                            await error.WriteLineAsync(steps.Count == 0 ? "Nothing was changed." : "The databases before it are erased; run the command again.");
                            return PortalCommands.Refused;
                        case ErasureOutcome.Done done:
                            steps.AddRange(done.Steps.Select(StepRecord.Of));
                            break;
                    }
                }
                var overwritten = true;
                foreach (var key in databases.Keys)
                {
                    // Also where nothing was found: an earlier run may have met a busy file.
                    overwritten &= await erasure.OverwriteAsync(key, cancellationToken);
                }
                var left = await erasure.LeftAsync(identities, scope, carried, cancellationToken);
                await PrintAsync(steps, left);
                await ReportTracesAsync(databases, steps);
                return await CompleteAsync(left, overwritten);
            }

            async Task ReportTracesAsync(Databases databases, IReadOnlyList<StepRecord> steps)
            {
                if (!scope.IsEverything || !steps.Any(s => s.Changes))
                {
                    return;
                }
                var kept = steps.Where(s => !s.Changes).Select(s => s.Collection).ToHashSet();
                foreach (var key in databases.Keys)
                {
                    var (traces, problem) = await new Traces(databases).FindAsync(key, identities, cancellationToken);
                    foreach (var trace in traces.Where(t => t.Collection is null || !kept.Contains(t.Collection)))
                    {
                        await error.WriteLineAsync($"The erased identity still stands in {key}, {trace.Table}.{trace.Column} ({trace.Rows} rows): somebody has to look at it.");
                    }
                    if (problem is not null)
                    {
                        await error.WriteLineAsync($"Free text could not be searched for the erased identity: {problem}");
                    }
                }
            }

            async Task<int> CompleteAsync(long? left, bool overwritten)
            {
                if (left != 0)
                {
                    await error.WriteLineAsync($"Incomplete: {left?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "an unknown number of"} rows are left that the plan does not keep.");
                }
                if (!overwritten)
                {
                    await error.WriteLineAsync("Incomplete: the rows are erased, but another program kept the file from being overwritten; run the command again when it is closed.");
                }
                return left == 0 && overwritten ? PortalCommands.Done : PortalCommands.Refused;
            }

            Task PrintAsync(IReadOnlyList<StepRecord> steps, long? left) => StepsOutput.PrintAsync(output, parsed.GetRequiredValue(format), steps, left);
        });
        return command;
    }

    // Progress<T> would report on another thread, after the result perhaps.
    private sealed class LineProgress(TextWriter writer) : IProgress<string>
    {
        public void Report(string value) => writer.WriteLine(value);
    }
}
