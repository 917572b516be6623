using System.CommandLine;
using System.Globalization;
using Kalejdo.Portal.Features.Restriction;
using Kalejdo.Portal.Store;

namespace Kalejdo.Portal.Commands;

/// <summary><c>restriction</c>: pauses the use of somebody's data who asked by post or phone, and lets pauses end.</summary>
internal static class RestrictionCommand
{
    public static Command Create(CommandHost host) => new("restriction", "Data that is kept and not used (GDPR Art. 18)") { Begin(host), End(host) };

    private static Command Begin(CommandHost host)
    {
        var kind = new Option<string>("--kind") { Description = "The kind of data, by the map's key", Required = true };
        var ground = new Option<RestrictionGround>("--ground") { Description = "Why the person asks for it", Required = true };
        var command = new Command("begin", "Pause the use of a kind of a person's data, at once, as they asked for it by post or phone") { MapOptions.Identities, kind, ground };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var services = await host.ServicesAsync(cancellationToken);
            var pausing = services.GetRequiredService<Pausing>();
            var key = parsed.GetRequiredValue(kind);
            if (await pausing.FindKindAsync(key, cancellationToken) is not { } found)
            {
                await parsed.InvocationConfiguration.Error.WriteLineAsync($"Refused: the map has no kind '{key}' whose use could be paused, or its databases cannot be used now (datamap check).");
                return PortalCommands.Refused;
            }
            var request = new PauseRequest(parsed.GetRequiredValue(MapOptions.Identities), key, CommandHost.Actor, AccountId: null, Address: null, "both");
            await parsed.InvocationConfiguration.Output.WriteLineAsync(await pausing.BeginAsync(request, found.Label ?? new(key, key), parsed.GetRequiredValue(ground), cancellationToken));
            return PortalCommands.Done;
        });
        return command;
    }

    private static Command End(CommandHost host)
    {
        var number = new Argument<string>("case") { Description = "The case of the pause" };
        var reason = new Option<string>("--reason") { Description = "Why it may end", Required = true };
        reason.AcceptOnlyFromAmong([.. PauseEnds.Reasons]);
        var toldOn = new Option<DateOnly?>("--told-on") { Description = "The day on which the person was written to on paper; without it a mail is sent" };
        var command = new Command("end", "Tell the person that a pause is to end; it ends by itself when they have had time to answer") { number, reason, toldOn };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var error = parsed.InvocationConfiguration.Error;
            var services = await host.ServicesAsync(cancellationToken);
            switch (await services.GetRequiredService<PauseEnds>().DecideAsync(
                parsed.GetRequiredValue(number), parsed.GetRequiredValue(reason), parsed.GetValue(toldOn), CommandHost.Actor, cancellationToken))
            {
                case PauseEnd.Decided decided:
                    await parsed.InvocationConfiguration.Output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"It ends on {decided.Earliest:yyyy-MM-dd} at the earliest, and not before the letter is delivered."));
                    return PortalCommands.Done;
                case PauseEnd.NobodyTold:
                    await error.WriteLineAsync("Refused: no mail reaches the person. Write to them on paper, and give the day with --told-on.");
                    return PortalCommands.Refused;
                case PauseEnd.WrongDay:
                    await error.WriteLineAsync("Refused: --told-on must not lie in the future, or before the pause began.");
                    return PortalCommands.Refused;
                case PauseEnd.NothingPaused:
                    await error.WriteLineAsync("Refused: no pause of that case is in force, or its end is decided already.");
                    return PortalCommands.Refused;
                default:
                    throw new InvalidOperationException("An outcome of ending a pause that the command does not know.");
            }
        });
        return command;
    }
}
