using System.CommandLine;
using Kalejdo.Portal.Recipients;

namespace Kalejdo.Portal.Commands;

/// <summary><c>recipients</c>: the secrets that sign what recipients are told.</summary>
internal static class RecipientsCommand
{
    public static Command Create(CommandHost host)
    {
        var name = new Argument<string>("name") { Description = "The partner's name, or the system's key in the data map" };
        var secret = new Command("secret", "Make the secret that signs from now on, and print it; the old one goes on beside it for a while") { name };
        secret.SetAction(async (parsed, cancellationToken) =>
        {
            var services = await host.ServicesAsync(cancellationToken);
            if (await services.GetRequiredService<RecipientRegister>().NewSecretAsync(parsed.GetRequiredValue(name), cancellationToken) is not { } made)
            {
                await parsed.InvocationConfiguration.Error.WriteLineAsync("Refused: there is no such recipient in the portal's database.");
                return PortalCommands.Refused;
            }
            await parsed.InvocationConfiguration.Output.WriteLineAsync(made);
            return PortalCommands.Done;
        });
        return new Command("recipients", "Whom the portal tells of erasures and corrections") { secret };
    }
}
