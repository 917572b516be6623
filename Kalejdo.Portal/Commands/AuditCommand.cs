using System.CommandLine;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Commands;

/// <summary><c>audit verify</c>: whether the audit trail is as it was written.</summary>
internal static class AuditCommand
{
    public static Command Create(CommandHost host)
    {
        var verify = new Command("verify", "Walk the audit trail from its first entry; the first that is not as it was written is named");
        verify.SetAction(async (parsed, cancellationToken) =>
        {
            var services = await host.ServicesAsync(cancellationToken);
            await using var db = await services.GetRequiredService<IDbContextFactory<PortalDbContext>>().CreateDbContextAsync(cancellationToken);
            switch (await services.GetRequiredService<AuditTrail>().VerifyAsync(db, cancellationToken))
            {
                case AuditVerdict.Intact intact:
                    await parsed.InvocationConfiguration.Output.WriteLineAsync($"The audit trail is whole: {intact.Entries} entries.");
                    return PortalCommands.Done;
                case AuditVerdict.Broken broken:
                    await parsed.InvocationConfiguration.Error.WriteLineAsync($"The audit trail is broken: {Explain(broken)}");
                    return PortalCommands.Refused;
                default:
                    throw new InvalidOperationException("A verdict on the audit trail that the command does not know.");
            }
        });
        return new Command("audit", "The record of who did what to whose data") { verify };
    }

    private static string Explain(AuditVerdict.Broken broken) => broken.Flaw switch
    {
        AuditFlaw.Changed => $"entry {broken.Sequence} was changed after it was written.",
        AuditFlaw.Missing => $"entry {broken.Sequence} is missing.",
        AuditFlaw.Added => $"entry {broken.Sequence} was added by something else than the portal.",
        AuditFlaw.Reordered => $"entry {broken.Sequence} does not stand where it was written.",
        AuditFlaw.EndMoved => "the row that says where it ends was changed; the newest entries may have been cut off.",
        _ => throw new ArgumentOutOfRangeException(nameof(broken)),
    };
}
