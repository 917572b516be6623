using System.CommandLine;
using Kalejdo.Portal.Features.Correction;
using Kalejdo.Portal.Rights;

namespace Kalejdo.Portal.Commands;

/// <summary><c>rectify</c>: corrects a subject's data.</summary>
internal static class RectifyCommand
{
    public static Command Create(MapOptions options, CommandHost host)
    {
        var field = new Option<string>("--field") { Description = "What to correct: dataset.collection.field", Required = true };
        var key = new Option<string?>("--key") { Description = "COLUMN=VALUE of the primary key, where only one row is meant" };
        var oldValue = new Option<string?>("--old") { Description = "The value that stands there now; an empty column where absent" };
        var newValue = new Option<string?>("--new") { Description = "The right value; absent clears the column" };
        var command = new Command("rectify", "Correct a person's data (GDPR Art. 16)") { MapOptions.Identities, field, key, oldValue, newValue };
        options.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            var name = parsed.GetRequiredValue(field);
            RowKey? row = null;
            if (parsed.GetValue(key) is { } text)
            {
                if (text.Split('=', 2) is not [var column, var value])
                {
                    await error.WriteLineAsync("--key takes COLUMN=VALUE.");
                    return PortalCommands.WrongUsage;
                }
                row = new RowKey(string.Join('.', name.Split('.').SkipLast(1)), new Dictionary<string, string> { [column] = value });
            }
            var identities = parsed.GetRequiredValue(MapOptions.Identities);
            var (from, to) = (parsed.GetValue(oldValue), parsed.GetValue(newValue));
            RectificationOutcome outcome;
            if (options.Configured(parsed))
            {
                var services = await host.ServicesAsync(cancellationToken);
                (outcome, var number) = await services.GetRequiredService<Corrections>().CorrectAsync(identities, name, row, from, to, CommandHost.Actor, cancellationToken);
                if (number is not null)
                {
                    await error.WriteLineAsync($"Case {number} records it.");
                }
            }
            else if (await options.OpenAsync(parsed, cancellationToken) is { } databases)
            {
                outcome = await new Rectification(databases).CorrectAsync(identities, name, row, from, to, cancellationToken);
            }
            else
            {
                return PortalCommands.Refused;
            }
            switch (outcome)
            {
                case RectificationOutcome.Corrected corrected:
                    await output.WriteLineAsync(corrected.Rows == 1 ? "Corrected in 1 row." : $"Corrected in {corrected.Rows} rows.");
                    return PortalCommands.Done;
                case RectificationOutcome.Stale:
                    await error.WriteLineAsync("Refused: no row of this person holds the old value there (any more); nothing was changed.");
                    return PortalCommands.Refused;
                case RectificationOutcome.Refused refused:
                    await PortalCommands.RefuseAsync(error, [refused.Reason]);
                    return PortalCommands.Refused;
                default:
                    throw new InvalidOperationException("An outcome of correcting that the command does not know.");
            }
        });
        return command;
    }
}
