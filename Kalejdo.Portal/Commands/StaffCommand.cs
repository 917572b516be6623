using System.CommandLine;
using Kalejdo.Portal.Features.Staff.Personnel;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Commands;

/// <summary><c>staff invite</c>: the first administrator, and one again where nobody is left who could invite.</summary>
internal static class StaffCommand
{
    public static Command Create(CommandHost host)
    {
        var to = new Option<string>("--to") { Description = "The address that the invitation goes to", Required = true };
        var name = new Option<string?>("--name") { Description = "What colleagues call the person" };
        var role = new Option<string[]>("--role") { Description = $"{string.Join(", ", StaffRoles.All)}; may be given several times", Required = true };
        role.AcceptOnlyFromAmong(StaffRoles.All);
        var invite = new Command("invite", "Invite somebody to the staff: the link is mailed and printed. Whoever is staff already gets a new password and second factor by it, and keeps the roles") { to, name, role };
        invite.SetAction(async (parsed, cancellationToken) =>
        {
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            // What was typed is not repeated: it would stand in the logs of whatever called.
            if (Addresses.Read(parsed.GetRequiredValue(to)) is not { } address)
            {
                await error.WriteLineAsync("--to takes an e-mail address.");
                return PortalCommands.WrongUsage;
            }

            var services = await host.ServicesAsync(cancellationToken);
            // The first key now: made within the transaction of the invitation, it would wait for that transaction's lock.
            services.GetDataProtectionProvider().CreateProtector("start").Protect([]);
            var personnel = services.GetRequiredService<Personnel>();
            var answer = await personnel.InviteAsync(parsed.GetValue(name), address, [.. parsed.GetRequiredValue(role).Distinct()], "sv", CommandHost.Actor, cancellationToken);
            if (answer is PersonnelAnswer.Taken { Id: { } known })
            {
                await error.WriteLineAsync("This address is staff's already: its password and second factor are no longer valid, its roles stay.");
                answer = await personnel.InviteAgainAsync(known, CommandHost.Actor, cancellationToken);
            }

            switch (answer)
            {
                case PersonnelAnswer.Invited invited:
                    await error.WriteLineAsync($"Valid once, for {Personnel.HoursValid} hours. A running portal mails it too.");
                    await output.WriteLineAsync(new Uri(services.GetRequiredService<IOptions<PortalOptions>>().Value.PublicAddress, invited.Link).AbsoluteUri);
                    if (invited.Code is { } code)
                    {
                        await error.WriteLineAsync("The link alone is not enough: tell the person this code by another way than mail.");
                        await output.WriteLineAsync(code);
                    }

                    return PortalCommands.Done;
                default:
                    await error.WriteLineAsync("Refused: the address has a subscriber's account. Staff need an address of their own.");
                    return PortalCommands.Refused;
            }
        });
        return new Command("staff", "Who works with the portal") { invite };
    }
}
