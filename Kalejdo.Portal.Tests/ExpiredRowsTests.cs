using System.Data.Common;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Kalejdo.Portal.Tests;

public class ExpiredRowsTests : IAsyncDisposable
{
    private readonly SignedInPortal portal = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_has_expired_goes_and_nothing_else()
    {
        var account = await portal.AccountAsync(4);
        var (keys, now) = (portal.Services.GetRequiredService<PortalKeys>(), portal.Time.GetUtcNow().UtcDateTime);
        await using (var db = portal.Store())
        {
            foreach (var (days, name) in ((int, string)[])[(1, "kort"), (60, "lang")])
            {
                db.MailLinks.Add(MailLink.New(keys, MailLinkPurpose.Disavowal, $"{name}@exempel.se", now, TimeSpan.FromDays(days), out _));
                db.PendingCorrections.Add(new PendingCorrection { Id = name, AccountId = account, SealedPayload = [1], CreatedAt = now, ExpiresAt = now.AddDays(days) });
                db.OneTimeCodes.Add(new OneTimeCode { Id = name, Purpose = CodePurpose.Registration, OwnerHash = "o", CodeHash = "c", CreatedAt = now, ExpiresAt = now.AddDays(days), AttemptsLeft = 5 });
                db.Outbox.Add(Mail(name, sent: now.AddDays(days)));
            }
            db.Outbox.Add(Mail("osant", sent: null));
            db.Outbox.Add(Mail("arende", sent: now, "K-2026-BCDFGH"));
            await db.SaveChangesAsync(Cancellation);
        }
        var rows = portal.Services.GetRequiredService<ExpiredRows>();
        await rows.RemoveAsync(Cancellation);
        Assert.Equal(10, (await NamesAsync(keys)).Count);

        portal.Time.Advance(TimeSpan.FromDays(32));
        await Task.WhenAll(rows.RemoveAsync(Cancellation), rows.RemoveAsync(Cancellation));

        Assert.Equal(["link lang@exempel.se", "wish lang", "code lang", "mail <arende@x>", "mail <lang@x>", "mail <osant@x>"], await NamesAsync(keys));
    }

    [Fact]
    public async Task Of_the_audit_goes_what_stands_beside_the_chain_and_of_the_ledger_what_no_backup_holds()
    {
        var (audit, keys) = (portal.Services.GetRequiredService<AuditTrail>(), portal.Services.GetRequiredService<PortalKeys>());
        // The ledger's trigger goes by the database's own clock.
        var (longAgo, now) = (new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc), portal.Time.GetUtcNow().UtcDateTime);
        await using var db = portal.Store();
        long before;
        await using (var transaction = await db.Database.BeginTransactionAsync(Cancellation))
        {
            var number = await audit.NumberOfAsync(db, "account:17", Cancellation);
            before = (await audit.AppendAsync(db, new AuditEvent("test") { Subject = number, Note = "Kunden ringde." }, Cancellation)).Sequence;
            db.Ledger.AddRange(
                LedgerEntry.Intended(keys, "expired", "email", "a@example.se", null, longAgo),
                LedgerEntry.Completed("expired", longAgo, TimeSpan.FromDays(35)),
                LedgerEntry.Intended(keys, "under way", "email", "c@example.se", null, longAgo),
                LedgerEntry.Intended(keys, "kept", "email", "b@example.se", null, now),
                LedgerEntry.Completed("kept", now, TimeSpan.FromDays(35)));
            await db.SaveChangesAsync(Cancellation);
            await transaction.CommitAsync(Cancellation);
        }
        var rows = portal.Services.GetRequiredService<ExpiredRows>();

        await Task.WhenAll(rows.RemoveAsync(Cancellation), rows.RemoveAsync(Cancellation));
        Assert.Equal(["kept", "kept", "under way"], await db.Ledger.Select(row => row.CaseNumber).Order().ToListAsync(Cancellation));
        Assert.True(await db.AuditNotes.AnyAsync(Cancellation) && await db.AuditPeople.AnyAsync(Cancellation));

        portal.Time.Advance(TimeSpan.FromDays(1827));
        // Its database says that it is too early, which this clock does not know.
        await Assert.ThrowsAnyAsync<DbException>(() => rows.RemoveAsync(Cancellation));
        Assert.False(await db.AuditNotes.AnyAsync(Cancellation) || await db.AuditPeople.AnyAsync(Cancellation));
        Assert.Equal(3, await db.Ledger.CountAsync(Cancellation));
        Assert.Equal(new AuditVerdict.Intact(before), await audit.VerifyAsync(db, Cancellation));
    }

    public async ValueTask DisposeAsync()
    {
        await portal.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private static OutboxMail Mail(string name, DateTime? sent, string? caseNumber = null) => new()
    {
        MessageId = $"<{name}@x>",
        Template = "Letter",
        CaseNumber = caseNumber,
        CreatedAt = DateTime.UnixEpoch,
        DueAt = DateTime.UnixEpoch,
        SentAt = sent,
    };

    private async Task<List<string>> NamesAsync(PortalKeys keys)
    {
        await using var db = portal.Store();
        return
        [
            .. (await db.MailLinks.ToListAsync(Cancellation)).Select(l => "link " + l.Address(keys)).Order(StringComparer.Ordinal),
            .. (await db.PendingCorrections.ToListAsync(Cancellation)).Select(p => "wish " + p.Id).Order(StringComparer.Ordinal),
            .. (await db.OneTimeCodes.ToListAsync(Cancellation)).Select(c => "code " + c.Id).Order(StringComparer.Ordinal),
            .. (await db.Outbox.ToListAsync(Cancellation)).Select(m => "mail " + m.MessageId).Order(StringComparer.Ordinal),
        ];
    }
}

[OnPostgres]
public sealed class ExpiredRowsOnPostgresTests : ExpiredRowsTests;
