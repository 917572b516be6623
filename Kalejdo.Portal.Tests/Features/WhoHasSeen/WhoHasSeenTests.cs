using System.Net;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Kalejdo.Portal.Tests.Features.WhoHasSeen;

public class WhoHasSeenTests : IAsyncDisposable
{
    private readonly SignedInPortal portal = new(listens: false, now: new DateTimeOffset(2026, 3, 2, 9, 30, 0, TimeSpan.Zero));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static readonly Identity Customer = new("customer_number", new DemoSubscriber(4).CustomerNumber);

    [Fact]
    public async Task Who_looked_is_told_by_role_with_time_and_purpose_and_never_by_name()
    {
        var account = await portal.AccountAsync(4);
        using var client = portal.Client(account);
        await ReadAsync(Customer, "operator:command-line", null);
        portal.Time.Advance(TimeSpan.FromHours(1));
        await ReadAsync(Customer, "staff:Greta Handläggare", "contact_details");
        portal.Time.Advance(TimeSpan.FromHours(1));
        await AppendAsync(new AuditEvent("erasure.done") { CaseNumber = "K-2026-BCDFGH" }, Customer, "system:retention-ended");
        await AppendAsync(new AuditEvent("rectification.done"), Customer, "account:somebody-of-the-family");
        await AppendAsync(new AuditEvent("access.read"), Customer, null);
        await client.PageAsync(PortalUrls.Kind("contact_details"));

        var rows = Rows(await client.PageAsync(PortalUrls.WhoHasSeen));

        Assert.Equal(6, rows.Count);
        Assert.Contains("2 mars 2026 kl. 12.30 Du Uppgifter lästes Kontaktuppgifter För att visa dem för dig", rows[0], StringComparison.Ordinal);
        Assert.Contains("Portalen, automatiskt Uppgifter lästes", rows[1], StringComparison.Ordinal);
        Assert.Contains("Någon med ett annat konto för ditt avtal Uppgift rättades", rows[2], StringComparison.Ordinal);
        Assert.Contains("Portalen, automatiskt Uppgifter raderades K-2026-BCDFGH För att vi inte längre får spara uppgifterna", rows[3], StringComparison.Ordinal);
        Assert.Contains("2 mars 2026 kl. 11.30 Handläggare på kundtjänst Uppgifter lästes Kontaktuppgifter För att svara på en begäran", rows[4], StringComparison.Ordinal);
        Assert.Contains("Tekniker hos oss", rows[5], StringComparison.Ordinal);
        Assert.DoesNotContain("Greta", string.Concat(rows), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_others_did_can_be_seen_by_itself()
    {
        using var client = portal.Client(await portal.AccountAsync(4));
        await client.PageAsync(PortalUrls.Kind("contact_details"));
        await client.PageAsync(PortalUrls.Kind("agreements"));
        Assert.Contains("Ingen annan än du", await client.PageAsync(PortalUrls.WhoHasSeenBy(othersOnly: true)), StringComparison.Ordinal);

        await ReadAsync(Customer, "operator:command-line", null);

        Assert.Contains("Tekniker hos oss", Assert.Single(Rows(await client.PageAsync(PortalUrls.WhoHasSeenBy(othersOnly: true)))), StringComparison.Ordinal);
        Assert.Equal(3, Rows(await client.PageAsync(PortalUrls.WhoHasSeen)).Count);
    }

    [Fact]
    public async Task Nobody_sees_what_was_done_with_anothers_data()
    {
        using var client = portal.Client(await portal.AccountAsync(4));
        await ReadAsync(new Identity("customer_number", new DemoSubscriber(5).CustomerNumber), "operator:command-line", null);

        Assert.Contains("Ingen har läst", await client.PageAsync(PortalUrls.WhoHasSeen), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_long_list_is_leafed_through()
    {
        using var client = portal.Client(await portal.AccountAsync(4), "en");
        for (var i = 0; i < 60; i++)
        {
            await ReadAsync(Customer, i % 2 == 0 ? "operator:command-line" : null, null);
            portal.Time.Advance(TimeSpan.FromMinutes(1));
        }

        var (first, third) = (await client.PageAsync(PortalUrls.WhoHasSeen), await client.PageAsync(PortalUrls.WhoHasSeenBy(othersOnly: false, 3)));
        Assert.Equal((25, 10), (Rows(first).Count, Rows(third).Count));
        Assert.Contains("2 Mar 2026 11:29", Rows(first)[0], StringComparison.Ordinal);
        Assert.Contains("2 Mar 2026 10:30", Rows(third)[^1], StringComparison.Ordinal);
        Assert.Contains($"href=\"{PortalUrls.WhoHasSeenBy(othersOnly: false, 2)}\"", first, StringComparison.Ordinal);
        Assert.Equal(5, Rows(await client.PageAsync(PortalUrls.WhoHasSeenBy(othersOnly: true, 2))).Count);
        // The last there is, as rows can come only.
        Assert.Equal(10, Rows(await client.PageAsync(PortalUrls.WhoHasSeenBy(othersOnly: false, 9))).Count);
        foreach (var wrong in (string[])["?sida=0", "?sida=x", "?urval=alla"])
        {
            using var answer = await client.GetAsync(PortalUrls.WhoHasSeen + wrong, Cancellation);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Looking_at_the_list_changes_nothing()
    {
        using var client = portal.Client(await portal.AccountAsync(4));
        await ReadAsync(Customer, "operator:command-line", null);
        await using var db = portal.Store();
        var before = await db.AuditEntries.CountAsync(Cancellation);

        await client.PageAsync(PortalUrls.WhoHasSeen);

        Assert.Equal(before, await db.AuditEntries.CountAsync(Cancellation));
    }

    [Fact]
    public async Task A_secret_disclosure_is_nowhere_until_it_is_secret_no_longer()
    {
        using var client = portal.Client(await portal.AccountAsync(4));
        await ReadAsync(Customer, null, "contact_details");
        var over = portal.Time.GetUtcNow().UtcDateTime.AddDays(90);
        var secret = await AppendAsync(new AuditEvent("access.read") { ReasonCode = "agreements", Secrecy = new(over) }, Customer, "staff:17");
        await AppendAsync(new AuditEvent("access.read") { ReasonCode = "invoices", Secrecy = new(null) }, Customer, "staff:17");
        Assert.Null(secret.Subject);

        Assert.Single(Rows(await client.PageAsync(PortalUrls.WhoHasSeen)));
        Assert.DoesNotContain("Abonnemang", Content(await client.PageAsync(PortalUrls.Kind("privacy_log"))), StringComparison.Ordinal);

        portal.Time.Advance(TimeSpan.FromDays(91));
        var rows = Rows(await client.PageAsync(PortalUrls.WhoHasSeenBy(othersOnly: true)));
        Assert.Contains("2 mars 2026 kl. 10.30 Handläggare på kundtjänst Uppgifter lästes Abonnemang", Assert.Single(rows), StringComparison.Ordinal);
        await using var db = portal.Store();
        Assert.IsType<AuditVerdict.Intact>(await portal.Services.GetRequiredService<AuditTrail>().VerifyAsync(db, Cancellation));
    }

    [Fact]
    public async Task Whom_nobody_remembers_is_told_as_forgotten()
    {
        using var client = portal.Client(await portal.AccountAsync(4));
        await ReadAsync(Customer, "staff:17", null);
        await using var db = portal.Store();
        var actor = await db.AuditEntries.Select(row => row.Actor).SingleAsync(Cancellation);
        await db.AuditPeople.Where(row => row.Number == actor).ExecuteDeleteAsync(Cancellation);

        Assert.Contains("Vem det var är glömt", Assert.Single(Rows(await client.PageAsync(PortalUrls.WhoHasSeen))), StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await portal.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private async Task ReadAsync(Identity identity, string? actor, string? reason) =>
        await portal.Services.GetRequiredService<Subjects>().RecordReadAsync([identity], actor, reason, Cancellation);

    private async Task<AuditEntry> AppendAsync(AuditEvent what, Identity identity, string? actor)
    {
        var (subjects, audit) = (portal.Services.GetRequiredService<Subjects>(), portal.Services.GetRequiredService<AuditTrail>());
        await using var db = portal.Store();
        await using var transaction = await db.Database.BeginTransactionAsync(Cancellation);
        var subject = await subjects.NumberOfAsync(db, [identity], Cancellation);
        var entry = await audit.AppendAsync(
            db, what with { Subject = subject, Actor = actor is null ? null : await audit.NumberOfAsync(db, actor, Cancellation) }, Cancellation);
        await transaction.CommitAsync(Cancellation);
        return entry;
    }

    private static string Content(string page) => page[page.IndexOf("<main", StringComparison.Ordinal)..];

    /// <summary>The rows of the table as text, one space between.</summary>
    private static IReadOnlyList<string> Rows(string page) =>
    [
        .. Html.TableRows(page).Select(row => string.Join(' ', row.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))),
    ];
}

[OnPostgres]
public sealed class WhoHasSeenOnPostgresTests : WhoHasSeenTests;
