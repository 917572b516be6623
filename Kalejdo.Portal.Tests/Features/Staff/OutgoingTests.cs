using System.Net;
using System.Text;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Features.Staff;

/// <summary>What is to be sent, why it waits, and sending it anew.</summary>
public class OutgoingTests(AccountPortal portal) : IClassFixture<AccountPortal>
{
    private const string Address = "berit.brevlada@post.example";

    [Fact]
    public async Task A_mail_that_was_given_up_is_written_anew_from_its_case()
    {
        var (about, mail) = await FailedAsync(CaseStatus.Done, "CaseAnsweredLetter", "smtp-554-5.6.0");
        using var worker = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        var address = $"{PortalUrls.Outbox}?lage=misslyckat&arende={about}";
        var page = await worker.PageAsync(address);
        var row = Assert.Single(Html.TableRows(page));
        Assert.All(["Begäran är klar", "Adressen är borttagen", about, "Misslyckat", "E-postservern tog inte emot mejlet (smtp-554-5.6.0)", "Skicka på nytt"], words => Assert.Contains(words, row, StringComparison.Ordinal));

        using var sent = await worker.FillInAsync(address, "send", ("id", $"{mail}"));
        Assert.Contains("klart=SentAnew", sent.Headers.Location?.PathOf(), StringComparison.Ordinal);
        Assert.Contains("Ett nytt mejl är skrivet", await worker.PageAsync(sent.Headers.Location!.PathOf()), StringComparison.Ordinal);
        var written = Assert.Single(await portal.StoreAsync(db => db.Outbox.AsNoTracking().Where(one => one.CaseNumber == about && one.Id != mail).ToListAsync(Cancellation)));
        Assert.Equal("CaseAnsweredLetter", written.Template);
        Assert.Equal(Address, Encoding.UTF8.GetString(OutboxMail.Protector(portal.Services.GetRequiredService<IDataProtectionProvider>(), written.MessageId).Unprotect(written.Recipient!)));
        Assert.Equal(1, await EventsAsync("outbox.sent-anew", about));
        Assert.False(await portal.StoreAsync(db => db.StaffTasks.AnyAsync(task => task.CaseNumber == about && task.DoneAt == null, Cancellation)));

        // It waits now; its address is known to its owner alone.
        row = Assert.Single(Html.TableRows(await worker.PageAsync($"{PortalUrls.Outbox}?lage=vantar&arende={about}")));
        Assert.Contains("b•••@p•••.example", row, StringComparison.Ordinal);
        Assert.DoesNotContain(Address, row, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_case_no_longer_says_is_not_written_anew()
    {
        var (about, mail) = await FailedAsync(CaseStatus.InProgress, "CaseAnsweredLetter", "timeout");
        using var worker = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        var address = $"{PortalUrls.Outbox}?arende={about}";
        var row = Assert.Single(Html.TableRows(await worker.PageAsync(address)));
        Assert.DoesNotContain("Skicka på nytt", row, StringComparison.Ordinal);
        Assert.Contains("E-postservern svarade för långsamt", row, StringComparison.Ordinal);
        using var tried = await worker.FillInAsync(address, "send", ("id", $"{mail}"));
        Assert.Contains("Det gick inte", await tried.PageAsync(), StringComparison.Ordinal);
        Assert.Equal(1, await portal.StoreAsync(db => db.Outbox.CountAsync(one => one.CaseNumber == about, Cancellation)));
    }

    [Fact]
    public async Task What_waits_goes_at_once_and_an_auditor_only_looks()
    {
        var (about, mail) = await FailedAsync(CaseStatus.Received, "RequestReceivedLetter", "connection");
        var later = portal.Time.GetUtcNow().UtcDateTime.AddHours(3);
        await portal.StoreAsync(db => db.Outbox.Where(row => row.Id == mail).ExecuteUpdateAsync(set => set.SetProperty(row => row.FailedAt, (DateTime?)null).SetProperty(row => row.DueAt, later), Cancellation));
        var address = $"{PortalUrls.Outbox}?arende={about}";

        using var auditor = await SignedIn.StaffAsync(portal, StaffRoles.Auditor);
        var page = await auditor.PageAsync(address);
        Assert.Contains("E-postservern går inte att nå", page, StringComparison.Ordinal);
        Assert.DoesNotContain("Försök nu", page, StringComparison.Ordinal);
        using var refused = await auditor.PostFormAsync(address, "send", Html.AntiforgeryToken(page), ("id", $"{mail}"));
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Equal(later, await DueAsync(mail), TimeSpan.FromMilliseconds(1));

        using var administrator = await SignedIn.StaffAsync(portal, StaffRoles.Administrator, "en");
        Assert.Contains("The mail server cannot be reached", await administrator.PageAsync(address), StringComparison.Ordinal);
        using var hastened = await administrator.FillInAsync(address, "send", ("id", $"{mail}"));
        Assert.Contains("klart=Hastened", hastened.Headers.Location?.PathOf(), StringComparison.Ordinal);
        Assert.True(await DueAsync(mail) <= portal.Time.GetUtcNow().UtcDateTime);
        Assert.Equal(1, await EventsAsync("outbox.hastened", about));
    }

    [Fact]
    public async Task Notices_to_recipients_wait_there_too()
    {
        var (about, _) = await FailedAsync(CaseStatus.WaitingForRecipients, "RequestReceivedLetter", null);
        var now = portal.Time.GetUtcNow().UtcDateTime;
        var (waiting, failed) = await portal.StoreAsync(async db =>
        {
            var rows = new[] { RecipientNoticeState.Waiting, RecipientNoticeState.Failed }.Select((state, i) => new RecipientNotice
            {
                MessageId = $"msg_{about}{i}",
                CaseNumber = about,
                Subject = 1,
                RecipientId = i + 1,
                RecipientSv = i == 0 ? "Exempel Utskick AB" : "Spelet",
                RecipientEn = "In English",
                Event = RecipientEvent.Erased,
                Kinds = "invoices",
                State = state,
                CreatedAt = now,
                DueAt = now.AddHours(1),
                Attempts = 3,
                EndedAt = state == RecipientNoticeState.Failed ? now : null,
                FailureCode = i == 0 ? "http-503" : "certificate",
            }).ToArray();
            db.RecipientNotices.AddRange(rows);
            await db.SaveChangesAsync(Cancellation);
            return (rows[0].Id, rows[1].Id);
        });
        using var worker = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        var address = $"{PortalUrls.Outbox}?vad=besked&arende={about}";
        var rows = Html.TableRows(await worker.PageAsync(address)).ToList();
        Assert.All(["Spelet", "Uppgifter raderades", "Misslyckat", "Certifikatet godtogs inte"], words => Assert.Contains(words, rows[0], StringComparison.Ordinal));
        Assert.DoesNotContain("Försök nu", rows[0], StringComparison.Ordinal);
        Assert.All(["Exempel Utskick AB", "Försöker igen", "Mottagaren svarade med fel 503", "Antal försök: 3", "Försök nu"], words => Assert.Contains(words, rows[1], StringComparison.Ordinal));

        using var hastened = await worker.FillInAsync(address, "send", ("id", $"{waiting}"));
        Assert.Contains("klart=Hastened", hastened.Headers.Location?.PathOf(), StringComparison.Ordinal);
        using var ended = await worker.FillInAsync(address, "send", ("id", $"{failed}"));
        Assert.Contains("Det gick inte", await ended.PageAsync(), StringComparison.Ordinal);
        Assert.Equal(1, await EventsAsync("recipient.hastened", about));
    }

    /// <summary>A case whose person has a mailbox, and a mail of it that was given up.</summary>
    private Task<(string Case, long Mail)> FailedAsync(CaseStatus status, string template, string? code) => portal.StoreAsync(async db =>
    {
        var (now, keys) = (portal.Time.GetUtcNow().UtcDateTime, portal.Services.GetRequiredService<PortalKeys>());
        var about = await CaseRegister.OpenAsync(db, CaseType.Access, 1, now, Cancellation);
        about.Status = status;
        if (status == CaseStatus.Done)
        {
            about.ClosedAt = now;
        }

        db.CaseContacts.Add(CaseContact.Of(keys, about.Number, null, "sv", new CaseReach(Address)));
        var mail = new OutboxMail
        {
            MessageId = $"<{about.Number}@test>",
            Template = template,
            CaseNumber = about.Number,
            CreatedAt = now,
            DueAt = now,
            Attempts = 4,
            FailedAt = now,
            FailureCode = code,
        };
        db.Outbox.Add(mail);
        db.StaffTasks.Add(new StaffTask { CaseNumber = about.Number, Kind = StaffTaskKind.MailUndeliverable, Place = template, Rows = 1, CreatedAt = now });
        await db.SaveChangesAsync(Cancellation);
        return (about.Number, mail.Id);
    });

    private Task<DateTime> DueAsync(long mail) => portal.StoreAsync(db => db.Outbox.Where(row => row.Id == mail).Select(row => row.DueAt).SingleAsync(Cancellation));

    private Task<int> EventsAsync(string what, string caseNumber) => portal.StoreAsync(db => db.AuditEntries.CountAsync(row => row.Event == what && row.CaseNumber == caseNumber, Cancellation));
}

[OnPostgres]
public sealed class OutgoingOnPostgresTests(AccountPortal portal) : OutgoingTests(portal);
