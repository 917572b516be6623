using System.Net;
using Kalejdo.Portal.Cases;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Erasure;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Kalejdo.Portal.Tests.Features.Erasure;

/// <summary>Erasing from the person's side: what is shown, what is gone, and what stays as it was.</summary>
public class ErasePagesTests(SignedInPortal portal) : IClassFixture<SignedInPortal>
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("sv", "Radera utvalda uppgifter", "Det här raderas", "Det här påverkas inte", "Tittarhistorik")]
    [InlineData("en", "Erase selected data", "What is erased", "What is not affected", "Viewing history")]
    public async Task Shows_what_goes_and_changes_nothing_by_looking(string language, string heading, string goes, string unaffected, string kind)
    {
        using var client = portal.Client(await portal.AccountAsync(24), language);
        var (rows, cases) = (await portal.DumpAsync(), await CasesAsync());

        Assert.Contains(kind, await client.PageAsync(PortalUrls.Erase), StringComparison.Ordinal);
        var page = await client.PageAsync(PortalUrls.EraseKind("viewing_history"));

        Assert.Equal(heading, Html.Heading(page));
        Assert.Contains(goes, page, StringComparison.Ordinal);
        Assert.Contains(unaffected, page, StringComparison.Ordinal);
        Assert.Contains(kind, page, StringComparison.Ordinal);
        Assert.Equal(rows, await portal.DumpAsync());
        Assert.Equal(cases, await CasesAsync());
    }

    [Fact]
    public async Task Says_first_what_runs_and_how_long_the_rest_is_kept()
    {
        using var client = portal.Client(await portal.AccountAsync(29));
        var page = await client.PageAsync(PortalUrls.EraseEverything);

        Assert.Contains("Det här behöver avslutas först", page, StringComparison.Ordinal);
        Assert.Contains("en skuld är obetald", page, StringComparison.Ordinal);
        Assert.True(page.IndexOf("avslutas först", StringComparison.Ordinal) < page.IndexOf("Det här raderas", StringComparison.Ordinal));
        Assert.Matches(@"Sparas till och med 31 december \d{4} enligt bokföringslagen", page);
    }

    [Fact]
    public async Task Erases_a_kind_with_evidence_and_leaves_everybody_else_alone()
    {
        var account = await portal.AccountAsync(4);
        using var client = portal.Client(account);
        var before = await portal.DumpAsync();

        var answer = await EraseAsync(client, PortalUrls.EraseKind("viewing_history"));
        var page = await client.PageAsync(Target(answer));

        Assert.Equal("Uppgifterna är raderade", Html.Heading(page));
        var number = await NumberOnAsync(page);
        await using var db = portal.Store();
        var closed = await db.Cases.SingleAsync(c => c.Number == number, Cancellation);
        var outcome = ErasureOutcomeRecord.FromJson(closed.OutcomeJson!);
        Assert.Equal(CaseStatus.WaitingForRecipients, closed.Status);
        Assert.Equal(["erasure.intended", "erasure.done"], await db.AuditEntries.Where(a => a.CaseNumber == number).OrderBy(a => a.Sequence).Select(a => a.Event).ToListAsync(Cancellation));
        Assert.Equal(2, await db.Ledger.CountAsync(l => l.CaseNumber == number && l.Event == LedgerEvent.Intended, Cancellation));
        Assert.Equal(1, await db.Ledger.CountAsync(l => l.CaseNumber == number && l.Event == LedgerEvent.Completed, Cancellation));
        Assert.False(await db.WorkingSets.AnyAsync(w => w.CaseNumber == number, Cancellation));

        var gone = before.Except(await portal.DumpAsync()).ToList();
        Assert.NotEmpty(gone);
        Assert.All(gone, row => Assert.StartsWith("viewing_history: ", row, StringComparison.Ordinal));
        Assert.Equal(outcome.Steps.Where(s => s.Changes).Sum(s => s.Rows), gone.Count);
        Assert.Empty((await portal.DumpAsync()).Except(before));
        Assert.Equal(0, await HistoryOfAsync(4));

        var letter = Assert.Single(await portal.LettersAsync(number));
        Assert.Equal((nameof(PartlyErasedLetter), new DemoSubscriber(4).OwnEmail), (letter.Letter, letter.Address));
        Assert.Contains("Tittarhistorik", letter.Text, StringComparison.Ordinal);

        // Who holds the link reads case and receipt, also without a session.
        using var nobody = portal.Client(null);
        var receipt = await nobody.PageAsync(Html.Links(await nobody.PageAsync(Target(answer))).Single(link => link.StartsWith("/kvitto/", StringComparison.Ordinal)));
        Assert.Contains(number, receipt, StringComparison.Ordinal);
        Assert.Contains("Det här raderades", receipt, StringComparison.Ordinal);
        Assert.Contains("Säkerhetskopior", receipt, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_double_click_erases_once_and_both_see_the_end()
    {
        using var client = portal.Client(await portal.AccountAsync(6));
        var (address, before) = (PortalUrls.EraseKind("viewing_history"), await CasesAsync());
        var page = await client.PageAsync(address);

        var answers = await Task.WhenAll(client.SubmitAsync(address, page), client.SubmitAsync(address, page));
        var late = await client.SubmitAsync(address, page);

        foreach (var answer in answers.Append(late))
        {
            Assert.Equal("Uppgifterna är raderade", Html.Heading(await client.PageAsync(Target(answer))));
        }
        Assert.Equal(before + 1, await CasesAsync());
    }

    [Fact]
    public async Task Erases_a_single_row()
    {
        var account = await portal.AccountAsync(14);
        using var client = portal.Client(account);
        var row = await portal.ScalarAsync<long>($"SELECT v.id FROM viewing_history v JOIN tv_profile p ON p.id = v.profile_id JOIN subscriber s ON s.id = p.subscriber_id WHERE s.customer_number = '{new DemoSubscriber(14).CustomerNumber}' AND p.is_own LIMIT 1");
        var before = await portal.DumpAsync();

        var answer = await EraseAsync(client, PortalUrls.EraseRow(RowOf(account, "viewing_history", row)));

        Assert.Equal("Uppgifterna är raderade", Html.Heading(await client.PageAsync(Target(answer))));
        await using var db = portal.Store();
        var number = await NumberOnAsync(await client.PageAsync(Target(answer)));
        Assert.All(await db.Ledger.Where(l => l.CaseNumber == number && l.Event == LedgerEvent.Intended).Select(l => l.ScopeJson).ToListAsync(Cancellation),
            scope => Assert.StartsWith("{\"Rows\":", scope, StringComparison.Ordinal));
        Assert.StartsWith($"viewing_history: {row}|", Assert.Single(before.Except(await portal.DumpAsync())), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everything_at_once_takes_the_account_too_and_the_receipt_outlives_it()
    {
        var account = await portal.AccountAsync(8);
        using var client = portal.Client(account);
        var before = await portal.DumpAsync();

        var answer = await EraseAsync(client, PortalUrls.EraseEverything, ("When", ErasureWhen.Now));

        Assert.Equal("Uppgifterna är raderade", Html.Heading(await client.PageAsync(Target(answer))));
        var number = await NumberOnAsync(await client.PageAsync(Target(answer)));
        await using var db = portal.Store();
        Assert.False(await db.Users.AnyAsync(u => u.Id == account, Cancellation));
        Assert.False(await db.AccountLinks.AnyAsync(l => l.AccountId == account, Cancellation));
        var steps = ErasureOutcomeRecord.FromJson((await db.Cases.SingleAsync(c => c.Number == number, Cancellation)).OutcomeJson!).Steps;
        var after = await portal.DumpAsync();
        Assert.Equal(steps.Where(s => s.Changes).Sum(s => s.Rows), before.Except(after).Count());
        Assert.DoesNotContain(after, row => row.Contains(new DemoSubscriber(8).OwnEmail, StringComparison.OrdinalIgnoreCase));
        Assert.Contains(steps, s => s is { Action: "retain", Collection: "kalejdo.invoice", Until: not null });
        var letter = Assert.Single(await portal.LettersAsync(number));
        Assert.Equal((nameof(ErasedLetter), new DemoSubscriber(8).OwnEmail), (letter.Letter, letter.Address));

        using var nobody = portal.Client(null);
        var receipt = Receipt(letter.Text);
        var page = await nobody.PageAsync(receipt);
        Assert.Contains(number, page, StringComparison.Ordinal);

        // As a file it proves itself to whoever has the public keys, and to nobody once a word of it is changed.
        using var file = await nobody.SubmitAsync($"{receipt}/fil", page);
        var signed = await file.Content.ReadAsByteArrayAsync(Cancellation);
        Assert.Equal($"kvitto-{number}.json", file.Content.Headers.ContentDisposition!.FileName);
        var keys = ReceiptKeys.Read(await nobody.GetByteArrayAsync(new Uri(PortalUrls.ReceiptKeys, UriKind.Relative), Cancellation))!;
        var genuine = Assert.IsType<ReceiptVerdict.Genuine>(SignedReceipt.Verify(signed, keys)).Receipt;
        Assert.Equal(number, genuine.GetProperty("case").GetString());
        Assert.Equal(steps.Sum(s => s.Rows), genuine.GetProperty("lines").EnumerateArray().Sum(l => l.GetProperty("rows").GetInt64()));
        Assert.DoesNotContain(new DemoSubscriber(8).OwnEmail, genuine.GetRawText(), StringComparison.OrdinalIgnoreCase);
        signed[40] ^= 1;
        Assert.IsNotType<ReceiptVerdict.Genuine>(SignedReceipt.Verify(signed, keys));
    }

    [Fact]
    public async Task A_receipt_file_is_given_for_its_link_alone()
    {
        using var nobody = portal.Client(null);
        using var answer = await nobody.SubmitAsync(PortalUrls.ReceiptFile("x"), await nobody.PageAsync(PortalUrls.SignIn));

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Asks_who_it_is_first()
    {
        using var client = portal.Client(await portal.AccountAsync(9));
        var address = PortalUrls.EraseKind("viewing_history");
        var fresh = await client.PageAsync(address);
        client.DefaultRequestHeaders.Add(SignedInPortal.AgoHeader, "10");
        var before = await portal.DumpAsync();

        Assert.Contains(PortalUrls.ConfirmFrom(address), await client.PageAsync(address), StringComparison.Ordinal);
        Assert.Equal(PortalUrls.ConfirmFrom(address), Target(await client.SubmitAsync(address, fresh)));
        Assert.Equal(before, await portal.DumpAsync());
    }

    [Fact]
    public async Task What_changed_since_it_was_shown_is_shown_again()
    {
        using var client = portal.Client(await portal.AccountAsync(10));
        var address = PortalUrls.EraseKind("viewing_history");
        var page = await client.PageAsync(address);
        await portal.SqlAsync($"INSERT INTO viewing_history (profile_id, channel_id, programme, watched_at, seconds) SELECT p.id, (SELECT min(id) FROM channel), 'Nytt', '2026-01-01 20:00:00', 60 FROM tv_profile p JOIN subscriber s ON s.id = p.subscriber_id WHERE s.customer_number = '{new DemoSubscriber(10).CustomerNumber}' AND p.is_own");
        var before = await portal.DumpAsync();

        var again = await (await client.SubmitAsync(address, page)).PageAsync();

        Assert.Contains("Uppgifterna har ändrats", again, StringComparison.Ordinal);
        Assert.Equal(before, await portal.DumpAsync());
        Assert.Equal("Uppgifterna är raderade", Html.Heading(await client.PageAsync(Target(await client.SubmitAsync(address, again)))));
    }

    [Fact]
    public async Task A_forged_or_altered_form_changes_nothing()
    {
        using var client = portal.Client(await portal.AccountAsync(24));
        using var other = portal.Client(await portal.AccountAsync(26));
        var address = PortalUrls.EraseKind("viewing_history");
        var (page, others) = (await client.PageAsync(address), await other.PageAsync(address));
        var before = await portal.DumpAsync();

        Assert.Equal(HttpStatusCode.BadRequest, (await client.SubmitAsync(address, page, ("__RequestVerificationToken", "x"))).StatusCode);
        Assert.Contains("Sidan var för gammal", await (await client.SubmitAsync(address, page, ("Act", "x"))).PageAsync(), StringComparison.Ordinal);
        Assert.Contains("Sidan var för gammal", await (await client.SubmitAsync(address, page, ("Act", ActOn(others)))).PageAsync(), StringComparison.Ordinal);
        // What was shown where there is no pause presses no button where there is one.
        Assert.Contains("Sidan var för gammal", await (await client.SubmitAsync(PortalUrls.EraseEverything, page, ("When", ErasureWhen.Now))).PageAsync(), StringComparison.Ordinal);
        Assert.Equal(before, await portal.DumpAsync());
    }

    [Fact]
    public async Task What_can_be_erased_by_now_but_was_shown_as_refused_is_shown_first()
    {
        var account = await portal.AccountAsync(24);
        var before = await portal.DumpAsync();

        var (begun, otherwise) = await portal.Services.GetRequiredService<Erasures>().BeginAsync(
            new ErasureRequest([new("customer_number", new DemoSubscriber(24).CustomerNumber)], ErasureScope.Everything, $"account:{account}", Shown: ""), Cancellation);

        Assert.Null(begun);
        Assert.IsType<ErasureResult.Changed>(otherwise);
        Assert.Equal(before, await portal.DumpAsync());
    }

    [Fact]
    public async Task Nobody_elses_rows_and_no_unknown_kinds_are_found()
    {
        var (mine, theirs) = (await portal.AccountAsync(24), await portal.AccountAsync(26));
        using var client = portal.Client(mine);
        var row = await portal.ScalarAsync<long>($"SELECT v.id FROM viewing_history v JOIN tv_profile p ON p.id = v.profile_id JOIN subscriber s ON s.id = p.subscriber_id WHERE s.customer_number = '{new DemoSubscriber(26).CustomerNumber}' LIMIT 1");
        foreach (var address in (string[])
        [
            PortalUrls.EraseRow(RowOf(theirs, "viewing_history", row)), // somebody else's link
            PortalUrls.EraseRow(RowOf(mine, "viewing_history", row)), // somebody else's row
            PortalUrls.EraseRow(RowOf(mine, "finns_inte", row)),
            PortalUrls.EraseRow("x"),
            PortalUrls.EraseKind("finns-inte"),
            PortalUrls.EraseSelected + "?slag=viewing_history&slag=finns-inte",
            PortalUrls.Case("x"),
            PortalUrls.Receipt("x"),
            PortalUrls.UndoErasure("x"),
        ])
        {
            var answer = await client.GetAsync(new Uri(address, UriKind.Relative), Cancellation);
            Assert.True(answer.StatusCode == HttpStatusCode.NotFound, address);
            Assert.Equal("Sidan finns inte", Html.Heading(await answer.PageAsync()));
        }
        Assert.Equal("/radera?inget=1", Target(await client.GetAsync(new Uri(PortalUrls.EraseSelected, UriKind.Relative), Cancellation)));
        Assert.Contains("Markera minst ett slags uppgifter", await client.PageAsync("/radera?inget=1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_locked_database_makes_the_person_wait_and_loses_nothing()
    {
        using var client = portal.Client(await portal.AccountAsync(16));
        var address = PortalUrls.EraseKind("viewing_history");
        var (page, before) = (await client.PageAsync(address), await portal.DumpAsync());
        string target;
        await using (await portal.Data.LockAsync())
        {
            target = Target(await client.SubmitAsync(address, page));

            Assert.Equal("Raderingen pågår", Html.Heading(await client.PageAsync(target)));
            Assert.Equal(before, await portal.DumpAsync());
        }
        // By itself, or by the job that resumes each minute.
        while (Html.Heading(await client.PageAsync(target)) != "Uppgifterna är raderade")
        {
            await portal.Services.GetRequiredService<Erasures>().ResumeAsync(new Progress<string>(), Cancellation);
        }
        Assert.Equal(0, await HistoryOfAsync(16));
    }

    [Theory]
    [InlineData("sv", "Vi kan inte radera det här på egen hand", "Namn", "Vi har tagit emot din begäran")]
    [InlineData("en", "We cannot erase this automatically", "Name", "We have received your request")]
    public async Task What_cannot_be_planned_is_told_and_handed_to_staff(string language, string title, string inTheWay, string received)
    {
        var maps = Directory.CreateTempSubdirectory("portal-maps-");
        foreach (var map in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Maps"), "*.yml"))
        {
            // A name that must be there and that nothing may stand in for.
            await File.WriteAllTextAsync(Path.Combine(maps.FullName, Path.GetFileName(map)), (await File.ReadAllTextAsync(map, Cancellation)).Replace(
                "{data_type: string, length: 200, masking_strategy_override: {strategy: string_rewrite, configuration: {rewrite_value: Raderad}}}", "{data_type: string, length: 200}", StringComparison.Ordinal), Cancellation);
        }
        await using var odd = new SignedInPortal(listens: false, [.. maps.EnumerateFiles().Select(file => file.FullName).Order(StringComparer.Ordinal)]);
        using var client = odd.Client(await odd.AccountAsync(8), language);
        var before = await odd.DumpAsync();

        var page = await client.PageAsync(PortalUrls.EraseEverything);
        Assert.Contains(title, page, StringComparison.Ordinal);
        Assert.Contains(inTheWay, page[page.IndexOf(title, StringComparison.Ordinal)..], StringComparison.Ordinal);
        Assert.Equal(received, Html.Heading(await client.PageAsync(Target(await client.SubmitAsync(PortalUrls.EraseEverything, page)))));

        Assert.Equal(before, await odd.DumpAsync());
        await using var db = odd.Store();
        var opened = await db.Cases.SingleAsync(Cancellation);
        Assert.Equal((CaseType.Erasure, CaseStatus.Received, null), (opened.Type, opened.Status, opened.ClosedAt));
        maps.Delete(recursive: true);
    }

    private static string Receipt(string letter) =>
        new Uri(letter.Split().Single(word => word.Contains("/kvitto/", StringComparison.Ordinal))).PathAndQuery;

    private static string ActOn(string page) => page.Split("name=\"Act\" value=\"")[1].Split('"')[0];

    private static string Target(HttpResponseMessage answer)
    {
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        var location = answer.Headers.Location!;
        return location.IsAbsoluteUri ? location.PathAndQuery : location.ToString();
    }

    private static async Task<HttpResponseMessage> EraseAsync(HttpClient client, string address, params (string, string)[] fields) =>
        await client.SubmitAsync(address, await client.PageAsync(address), fields);

    private async Task<string> NumberOnAsync(string page)
    {
        await using var db = portal.Store();
        return (await db.Cases.Select(c => c.Number).ToListAsync(Cancellation)).Single(number => page.Contains(number, StringComparison.Ordinal));
    }

    private async Task<int> CasesAsync()
    {
        await using var db = portal.Store();
        return await db.Cases.CountAsync(Cancellation);
    }

    private Task<long> HistoryOfAsync(int subscriber) => portal.ScalarAsync<long>(
        $"SELECT count(*) FROM viewing_history v JOIN tv_profile p ON p.id = v.profile_id JOIN subscriber s ON s.id = p.subscriber_id WHERE s.customer_number = '{new DemoSubscriber(subscriber).CustomerNumber}'");

    private string RowOf(string account, string collection, long id) => portal.Services.GetRequiredService<RowLinks>().Of(
        account, new RowKey($"kalejdo.{collection}", new Dictionary<string, string> { ["id"] = id.ToString(System.Globalization.CultureInfo.InvariantCulture) }));
}
