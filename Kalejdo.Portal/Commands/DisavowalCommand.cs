using System.CommandLine;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Kalejdo.Portal.Commands;

/// <summary><c>disavowal link</c>: the link "this is not my e-mail address" for a mail that the portal does not send itself (TV service, app, game).</summary>
internal static class DisavowalCommand
{
    public static Command Create(CommandHost host)
    {
        var to = new Option<string>("--to") { Description = "The address that the mail goes to", Required = true };
        var link = new Command("link", "Print a link for one mail: whoever reads it there can have the address removed") { to };
        link.SetAction(async (parsed, cancellationToken) =>
        {
            // What was typed is not repeated: it would stand in the logs of whatever called.
            if (Addresses.Read(parsed.GetRequiredValue(to)) is not { } address)
            {
                await parsed.InvocationConfiguration.Error.WriteLineAsync("--to takes an e-mail address.");
                return PortalCommands.WrongUsage;
            }
            var services = await host.ServicesAsync(cancellationToken);
            var token = await MakeAsync(services, address, cancellationToken);
            var portal = services.GetRequiredService<IOptions<PortalOptions>>().Value.PublicAddress;
            await parsed.InvocationConfiguration.Output.WriteLineAsync(new Uri(portal, PortalUrls.NotMyAddressLink(token)).AbsoluteUri);
            return PortalCommands.Done;
        });
        return new Command("disavowal", "\"This is not my e-mail address\"") { link };
    }

    private static async Task<string> MakeAsync(IServiceProvider services, string address, CancellationToken cancellationToken)
    {
        var (keys, audit) = (services.GetRequiredService<PortalKeys>(), services.GetRequiredService<AuditTrail>());
        await using var db = await services.GetRequiredService<IDbContextFactory<PortalDbContext>>().CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow().UtcDateTime;
        db.MailLinks.Add(MailLink.New(keys, MailLinkPurpose.Disavowal, address, now, Outbox.LinkValidity, out var token));
        var subject = await audit.NumberOfAsync(db, $"address:{MailLink.HashAddress(keys, address)}", cancellationToken);
        var actor = await audit.NumberOfAsync(db, CommandHost.Actor, cancellationToken);
        await audit.AppendAsync(db, new AuditEvent("disavowal.link-made") { Subject = subject, Actor = actor }, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return token;
    }
}
