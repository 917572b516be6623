using System.CommandLine;
using System.Net.Mail;
using Kalejdo.Portal.Mail;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Commands;

/// <summary><c>mail test</c>: goes the whole way of a mail with the settings as they are, and says in plain words where it ends.</summary>
internal static class MailCommand
{
    public static Command Create(CommandHost host)
    {
        var to = new Option<string>("--to") { Description = "The address that a small test letter goes to", Required = true };
        var test = new Command("test", "Check the mail settings step by step and send a test letter: 0 handed over, 1 not") { to };
        test.SetAction(async (parsed, cancellationToken) =>
        {
            var address = parsed.GetValue(to)!.Trim();
            if (!MailAddress.TryCreate(address, out var whole) || whole.Address != address)
            {
                await parsed.InvocationConfiguration.Error.WriteLineAsync("--to takes an e-mail address, such as anna@exempel.se.");
                return PortalCommands.WrongUsage;
            }

            var services = host.WithoutDatabase;
            var trial = new MailTrial(
                services.GetRequiredService<IOptions<MailOptions>>(),
                services.GetRequiredService<IOptions<PortalOptions>>(),
                services.GetRequiredService<LetterPrinter>(),
                services.GetRequiredService<Func<IMailTransport>>());
            return await trial.RunAsync(address, parsed.InvocationConfiguration.Output, cancellationToken) ? PortalCommands.Done : PortalCommands.Refused;
        });
        return new Command("mail", "The mails of the portal") { test };
    }
}
