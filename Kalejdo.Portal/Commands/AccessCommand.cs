using System.CommandLine;
using Kalejdo.Portal.Rights;

namespace Kalejdo.Portal.Commands;

/// <summary><c>access</c>: shows a subject's data.</summary>
internal static class AccessCommand
{
    public static Command Create(MapOptions options)
    {
        var format = new Option<string>("--format") { Description = "json (default) or zip", DefaultValueFactory = _ => "json" };
        format.AcceptOnlyFromAmong("json", "zip");
        var file = new Option<string?>("--out") { Description = "The file to write; stdout where absent" };
        var command = new Command("access", "Show everything held about a person (GDPR Art. 15)") { MapOptions.Identities, format, file };
        options.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var error = parsed.InvocationConfiguration.Error;
            if (!options.Configured(parsed))
            {
                await error.WriteLineAsync("Working on the given maps and sources alone: nothing is written to the audit.");
            }
            if (await options.OpenAsync(parsed, cancellationToken) is not { } databases)
            {
                return PortalCommands.Refused;
            }
            var identities = parsed.GetRequiredValue(MapOptions.Identities);
            if (databases.Unknown(identities) is { Count: > 0 } unknown)
            {
                await PortalCommands.RefuseAsync(error, unknown);
                return PortalCommands.Refused;
            }
            try
            {
                var name = parsed.GetValue(file);
                await using var output = name is null ? Console.OpenStandardOutput() : new FileStream(name, FileMode.Create, FileAccess.Write);
                var access = new Access(databases);
                var refusals = await access.WriteJsonAsync(identities, output, cancellationToken);
                await PortalCommands.RefuseAsync(error, refusals);
                return refusals.Count == 0 ? PortalCommands.Done : PortalCommands.Refused;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                await error.WriteLineAsync($"The output cannot be written: {e.Message}");
                return PortalCommands.Refused;
            }
        });
        return command;
    }
}
