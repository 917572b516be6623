using System.Globalization;
using System.Net;
using System.Text.Json;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Features.Staff.AccessLog;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static Kalejdo.Portal.Tests.Support.AccountPortal;

namespace Kalejdo.Portal.Tests.Features.Staff;

/// <summary>The audit trail as its overseers read it.</summary>
public class AccessLogTests(AccountPortal portal) : IClassFixture<AccountPortal>
{
    [Fact]
    public async Task Reading_it_is_on_record_first_and_whoever_read_is_named_beside_the_chain()
    {
        using var auditor = await SignedIn.StaffAsync(portal, StaffRoles.Auditor);
        var page = await auditor.PageAsync(PortalUrls.AccessLog);
        Assert.Equal("Behörighetslogg", Html.Heading(page));
        var newest = Html.TableRows(page).First();
        Assert.Contains("Loggen lästes", newest, StringComparison.Ordinal);
        Assert.Contains($"{StaffRoles.Auditor}@personal.exempel.se", newest, StringComparison.Ordinal);
        Assert.Contains("Personal", newest, StringComparison.Ordinal);
        Assert.DoesNotContain("personal.exempel.se", await portal.StoreAsync(async db => string.Join(' ', (await db.AuditEntries.ToListAsync(Cancellation)).Select(JsonText))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Filters_are_of_swedish_days_events_cases_and_actors()
    {
        using var auditor = await SignedIn.StaffAsync(portal, StaffRoles.Auditor);
        // Half past midnight of 2 August in Sweden is still 1 August by UTC.
        var (august, number) = (new DateTime(2031, 8, 1, 22, 30, 0, DateTimeKind.Utc), 0L);
        await AppendAtAsync(august, "erasure.done", "K-2031-AAAAAA", "staff:nobody");
        await AppendAtAsync(august.AddDays(1), "case.done", "K-2031-BBBBBB", "staff:other");
        number = await portal.StoreAsync(async db => await db.AuditEntries.Where(row => row.CaseNumber == "K-2031-AAAAAA").Select(row => row.Actor!.Value).SingleAsync(Cancellation));

        Assert.Equal(["K-2031-AAAAAA"], await CasesAsync("fran=2031-08-02&till=2031-08-02"));
        Assert.Empty(await CasesAsync("fran=2031-08-01&till=2031-08-01"));
        Assert.Equal(["K-2031-BBBBBB"], await CasesAsync("fran=2031-08-03&till=2031-08-03&handelse=case.done"));
        Assert.Equal(["K-2031-BBBBBB"], await CasesAsync("arende=k-2031-bbbbbb"));
        Assert.Equal(["K-2031-AAAAAA"], await CasesAsync(string.Create(CultureInfo.InvariantCulture, $"aktor={number}")));
        Assert.Contains("Inget i loggen passar urvalet.", await auditor.PageAsync($"{PortalUrls.AccessLog}?arende=K-0"), StringComparison.Ordinal);

        async Task<IEnumerable<string>> CasesAsync(string query) =>
            Html.TableRows(await auditor.PageAsync($"{PortalUrls.AccessLog}?{query}")).SelectMany(row => System.Text.RegularExpressions.Regex.Matches(row, "K-2031-[A-Z]+").Select(match => match.Value)).Distinct();
    }

    [Theory]
    [InlineData("handelse=finns.inte", "Välj en händelse i listan")]
    [InlineData("fran=2026-02-30", "Skriv dagen som 2026-11-22")]
    [InlineData("fran=2026-03-02&till=2026-03-01", "Sista dagen ligger före den första")]
    [InlineData("aktor=åtta", "Skriv numret med siffror")]
    public async Task What_is_wrong_with_a_filter_stands_beside_its_field(string query, string error)
    {
        using var auditor = await SignedIn.StaffAsync(portal, StaffRoles.Auditor);
        var page = await auditor.PageAsync($"{PortalUrls.AccessLog}?{query}");
        Assert.Contains(error, Html.Errors(page), StringComparison.Ordinal);
        Assert.DoesNotContain("id=\"logg\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Older_entries_follow_page_by_page()
    {
        using var auditor = await SignedIn.StaffAsync(portal, StaffRoles.Auditor);
        await portal.StoreAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync(Cancellation);
            for (var i = 0; i < LogReading.PageSize + 5; i++)
            {
                await portal.Services.GetRequiredService<AuditTrail>().AppendAsync(db, new AuditEvent("replay.planned") { CaseNumber = "K-2032-AAAAAA" }, Cancellation);
            }

            await transaction.CommitAsync(Cancellation);
            return 0;
        });
        var first = await auditor.PageAsync($"{PortalUrls.AccessLog}?arende=K-2032-AAAAAA");
        Assert.Equal(LogReading.PageSize, Html.TableRows(first).Count());
        var older = Assert.Single(Html.Links(first), link => link.Contains("fore=", StringComparison.Ordinal));
        Assert.Contains("arende=K-2032-AAAAAA", older, StringComparison.Ordinal);
        var second = await auditor.PageAsync(older);
        Assert.Equal(5, Html.TableRows(second).Count());
        Assert.Contains("De nyaste", second, StringComparison.Ordinal);
        using var none = await auditor.GetAsync($"{PortalUrls.AccessLog}?fore=x", Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
    }

    [Fact]
    public async Task The_chain_is_checked_and_the_choice_downloaded_by_whoever_oversees_alone()
    {
        using var auditor = await SignedIn.StaffAsync(portal, StaffRoles.Auditor);
        using var verified = await auditor.FillInAsync(PortalUrls.AccessLog, "verify");
        Assert.Contains("Loggen är hel", await verified.PageAsync(), StringComparison.Ordinal);

        var page = await auditor.PageAsync(PortalUrls.AccessLog);
        using var json = await auditor.PostFormAsync(PortalUrls.AccessLogFile, "", Html.AntiforgeryToken(page), ("format", "json"), ("handelse", "log.verified"));
        var entries = JsonDocument.Parse(await json.Content.ReadAsStringAsync(Cancellation)).RootElement.EnumerateArray().ToList();
        Assert.NotEmpty(entries);
        Assert.All(entries, entry => Assert.Equal("log.verified", entry.GetProperty("event").GetString()));
        using var csv = await auditor.PostFormAsync(PortalUrls.AccessLogFile, "", Html.AntiforgeryToken(page), ("format", "csv"));
        var lines = (await csv.Content.ReadAsStringAsync(Cancellation)).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(await portal.StoreAsync(db => db.AuditEntries.CountAsync(Cancellation)), lines.Length - 1);
        Assert.Contains("log.exported", lines[^1], StringComparison.Ordinal);

        using var unsure = await auditor.PostFormAsync(PortalUrls.AccessLogFile, "", Html.AntiforgeryToken(page), ("format", "exe"));
        Assert.Equal(HttpStatusCode.BadRequest, unsure.StatusCode);
        using var forged = await auditor.PostFormAsync(PortalUrls.AccessLogFile, "", token: null, ("format", "csv"));
        Assert.Equal(HttpStatusCode.BadRequest, forged.StatusCode);
        using var worker = await SignedIn.StaffAsync(portal, StaffRoles.CaseWorker);
        var token = Html.AntiforgeryToken(await worker.PageAsync(PortalUrls.Desk));
        using var refused = await worker.PostFormAsync(PortalUrls.AccessLogFile, "", token, ("format", "csv"));
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        using var unverified = await worker.PostFormAsync(PortalUrls.AccessLog, "verify", token);
        Assert.Equal(HttpStatusCode.Forbidden, unverified.StatusCode);
    }

    [Fact]
    public async Task A_log_whose_end_was_cut_off_is_not_read_but_its_check_says_so()
    {
        using var own = new AccountPortal();
        using var auditor = await SignedIn.StaffAsync(own, StaffRoles.Auditor);
        _ = await auditor.PageAsync(PortalUrls.AccessLog);
        await own.StoreAsync(db => db.AuditHeads.ExecuteUpdateAsync(set => set.SetProperty(row => row.Seal, "fel"), Cancellation));
        var page = await auditor.PageAsync(PortalUrls.AccessLog);
        Assert.Contains("Loggen går inte att läsa här", page, StringComparison.Ordinal);
        Assert.DoesNotContain("id=\"logg\"", page, StringComparison.Ordinal);
        using var verified = await auditor.FillInAsync(PortalUrls.AccessLog, "verify");
        var told = await verified.PageAsync();
        Assert.Contains("Loggen är bruten", told, StringComparison.Ordinal);
        Assert.Contains("Raden som säger var loggen slutar har ändrats", told, StringComparison.Ordinal);
    }

    private static string JsonText(AuditEntry entry) => JsonSerializer.Serialize(entry);

    private async Task AppendAtAsync(DateTime at, string what, string caseNumber, string actor)
    {
        // The chain is written by its own clock.
        await using var scope = portal.Services.CreateAsyncScope();
        var services = scope.ServiceProvider;
        var trail = new AuditTrail(services.GetRequiredService<PortalKeys>(), services.GetRequiredService<Microsoft.Extensions.Options.IOptions<StoreOptions>>(), new ManualTimeProvider(new DateTimeOffset(at)));
        var db = services.GetRequiredService<PortalDbContext>();
        await using var transaction = await db.Database.BeginTransactionAsync(Cancellation);
        await trail.AppendAsync(db, new AuditEvent(what) { CaseNumber = caseNumber, Actor = await trail.NumberOfAsync(db, actor, Cancellation) }, Cancellation);
        await transaction.CommitAsync(Cancellation);
    }
}

[OnPostgres]
public sealed class AccessLogOnPostgresTests(AccountPortal portal) : AccessLogTests(portal);

/// <summary>A hundred thousand entries are paged in the database.</summary>
public class LongLogTests
{
    private const int Entries = 100_000;

    [Fact]
    public async Task A_page_reads_no_more_than_it_shows()
    {
        await using var store = await StoreOnDisk.CreateAsync();
        await using (var db = store.Open())
        {
            // The first numbers are left to what reading writes.
            await db.Database.ExecuteSqlRawAsync(
                db.Database.IsSqlite()
                    ? $"WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < {Entries + 99}) INSERT INTO audit_entries (sequence, at, event, previous_hash, hash) SELECT i, '2026-01-01 00:00:00', 'case.done', '', 'h' || i FROM n"
                    : $"INSERT INTO audit_entries (sequence, at, event, previous_hash, hash) SELECT i, '2026-01-01T00:00:00Z', 'case.done', '', 'h' || i FROM generate_series(100, {Entries + 99}) AS i",
                StoreOnDisk.Cancellation);
        }

        var reading = new LogReading(store.Services.GetRequiredService<IDbContextFactory<PortalDbContext>>(), store.Audit);
        using var statements = new Statements(store.Folder);
        var page = await reading.ReadAsync(new LogFilter("case.done", null, null, null, null), 50_000, "staff:test", StoreOnDisk.Cancellation);

        Assert.Equal(Enumerable.Range(0, LogReading.PageSize).Select(i => 49_999L - i), page!.Lines.Select(line => line.Entry.Sequence));
        Assert.Equal(49_950, page.Older);
        if (store.Open() is var context && context.Database.IsSqlite())
        {
            var read = Assert.Single(statements.TakeReads("\"audit_entries\""));
            Assert.Matches("\"sequence\" < @[^ ]+\\s+ORDER BY \"a\".\"sequence\" DESC\\s+LIMIT @", read);
            Assert.DoesNotContain("OFFSET", read, StringComparison.Ordinal);
        }
    }
}

[OnPostgres]
public sealed class LongLogOnPostgresTests : LongLogTests;
