using System.CommandLine;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Rights;

namespace Kalejdo.Portal.Commands;

/// <summary><c>access</c>: shows a subject's data.</summary>
internal static class AccessCommand
{
    public static Command Create(MapOptions options, CommandHost host)
    {
        var format = new Option<string>("--format") { Description = "json (default) or zip", DefaultValueFactory = _ => "json" };
        format.AcceptOnlyFromAmong("json", "zip");
        var file = new Option<string?>("--out") { Description = "The file to write; stdout where absent" };
        var command = new Command("access", "Show everything held about a person (GDPR Art. 15)") { MapOptions.Identities, format, file };
        options.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var error = parsed.InvocationConfiguration.Error;
            if (await options.OpenAsync(parsed, cancellationToken) is not { } databases)
            {
                return PortalCommands.Refused;
            }
            IReadOnlyList<Identity> identities = parsed.GetRequiredValue(MapOptions.Identities);
            if (databases.Unknown(identities) is { Count: > 0 } unknown)
            {
                await PortalCommands.RefuseAsync(error, unknown);
                return PortalCommands.Refused;
            }
            IReadOnlySet<string> restricted = new HashSet<string>();
            if (options.Configured(parsed))
            {
                identities = await RecordReadAsync(host, databases, identities, cancellationToken);
                restricted = await RestrictedAsync(host, databases, identities, error, cancellationToken);
            }
            IReadOnlyList<Refusal> refusals = [];
            var written = await OutFile.WriteAsync(
                parsed.GetValue(file),
                error,
                async output =>
                {
                    refusals = parsed.GetValue(format) == "zip"
                        ? await new AccessZip(databases, TimeProvider.System, restricted).WriteAsync(identities, output, cancellationToken)
                        : await new Access(databases).WriteJsonAsync(identities, output, cancellationToken);
                    return refusals.Count == 0;
                },
                cancellationToken);
            await PortalCommands.RefuseAsync(error, refusals);
            return written ? PortalCommands.Done : PortalCommands.Refused;
        });
        return command;
    }

    /// <summary>Whoever opens the data is told what of it is not to be used.</summary>
    private static async Task<IReadOnlySet<string>> RestrictedAsync(
        CommandHost host, Databases databases, IReadOnlyList<Identity> identities, TextWriter error, CancellationToken cancellationToken)
    {
        var services = await host.ServicesAsync(cancellationToken);
        var kinds = (await services.GetRequiredService<Restrictions>().InForceByAnyIdentityAsync(databases, identities, cancellationToken) ?? []).Select(row => row.Kind).ToHashSet();
        if (kinds.Count > 0)
        {
            await error.WriteLineAsync($"Paused at the person's request, to be kept and not used (GDPR Art. 18): {string.Join(", ", kinds.Order(StringComparer.Ordinal))}.");
        }
        return kinds;
    }

    /// <summary>Before anything is read. What the portal itself holds about the person is found by a number that the identities are joined by.</summary>
    public static async Task<IReadOnlyList<Identity>> RecordReadAsync(
        CommandHost host, Databases databases, IReadOnlyList<Identity> identities, CancellationToken cancellationToken)
    {
        var services = await host.ServicesAsync(cancellationToken);
        var numbers = await services.GetRequiredService<Subjects>().RecordReadAsync(identities, CommandHost.Actor, null, cancellationToken);
        return databases.Map.IdentityNames.Contains(Subjects.IdentityName) ? [.. identities.Union(numbers)] : identities;
    }
}
