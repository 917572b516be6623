using System.CommandLine;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Commands;

/// <summary><c>datamap update</c>: prints what to paste into a map or delete from it since its database changed. It writes nothing.</summary>
internal static class DataMapUpdateCommand
{
    public static Command Create(MapOptions options)
    {
        var update = new Command("update", "Print what the map lacks or has too much after a change of the database: 0 nothing to do, 1 something, or refused");
        options.AddTo(update);
        update.SetAction(async (parsed, cancellationToken) =>
        {
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            var (map, sources, problems) = await options.ReadAsync(parsed, cancellationToken);
            var errors = problems.Where(p => p.Severity == Severity.Error).ToList();
            var (databases, unreachable) = errors.Count > 0 ? ([], []) : await DataMapCommand.ReadSchemasAsync(map, sources, cancellationToken);
            errors.AddRange(unreachable);
            foreach (var problem in errors)
            {
                await error.WriteLineAsync(problem.ToString());
            }
            if (errors.Count > 0)
            {
                return PortalCommands.Refused;
            }
            var changes = MapUpdate.Find(databases);
            foreach (var change in changes)
            {
                // A problem's sentence stays on its line whatever the names in it hold.
                await output.WriteLineAsync($"{change.At}: {new MapProblem(Severity.Warning, change.At, change.What).Message}{(change.Paste.Count > 0 ? ":" : "")}");
                foreach (var line in change.Paste)
                {
                    await output.WriteLineAsync(line);
                }
            }
            await output.WriteLineAsync(changes.Count == 0 ? "Nothing to do: the map knows what the databases have." : $"{changes.Count} {(changes.Count == 1 ? "place" : "places")} to change. Nothing was written.");
            return changes.Count == 0 ? PortalCommands.Done : PortalCommands.Refused;
        });
        return update;
    }
}
