using Kalejdo.Portal.Store;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Mail;

/// <summary>What is left of a mail that was given up: a task for staff and, where the mailbox is none, a mark on the address.</summary>
internal static class Undeliverable
{
    /// <summary>One task for all mails that fail alike, or a broken mail server would fill the list. The case's clock goes on: nothing of the case is touched.</summary>
    public static async Task TellStaffAsync(PortalDbContext db, OutboxMail mail, StaffTaskKind kind, string code, DateTime now)
    {
        // The case may have expired since the mail was written.
        var caseNumber = await db.Cases.Where(row => row.Number == mail.CaseNumber).Select(row => row.Number).FirstOrDefaultAsync();
        var task = await db.StaffTasks.OrderByDescending(row => row.Id).FirstOrDefaultAsync(row =>
            row.CaseNumber == caseNumber && row.Kind == kind && row.Place == mail.Template && (row.DoneAt == null || caseNumber != null));
        if (task is null)
        {
            task = new StaffTask { CaseNumber = caseNumber, Kind = kind, Place = mail.Template, Rows = 0, CreatedAt = now };
            db.StaffTasks.Add(task);
        }

        (task.ReasonCode, task.Rows, task.DoneAt) = (code, task.DoneAt is null ? task.Rows + 1 : 1, null);
        await db.SaveChangesAsync();
    }

    public static async Task MarkAsync(PortalDbContext db, string addressHash, string code, DateTime now)
    {
        // One statement: meanwhile another mail may come back, or arrive and take the mark away.
        await db.Database.ExecuteSqlAsync($"""
            INSERT INTO bounced_addresses (address_hash, reason_code, bounced_at, expires_at)
            VALUES ({addressHash}, {code}, {now}, {now + BouncedAddress.Validity})
            ON CONFLICT (address_hash) DO UPDATE
            SET reason_code = excluded.reason_code, bounced_at = excluded.bounced_at, expires_at = excluded.expires_at
            """);
        await db.BouncedAddresses.Where(row => row.ExpiresAt <= now).ExecuteDeleteAsync();
    }
}
