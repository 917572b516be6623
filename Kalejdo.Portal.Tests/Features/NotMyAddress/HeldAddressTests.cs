using System.Net;
using System.Text.RegularExpressions;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Correction;
using Kalejdo.Portal.Features.NotMyAddress;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Kalejdo.Portal.Tests.Features.NotMyAddress;

/// <summary>An address that somebody uses and has confirmed: taken away by whoever shows to read its mailbox, held, put back or erased.</summary>
public sealed partial class HeldAddressTests : IAsyncDisposable
{
    private const int Somebody = 21;
    private readonly SignedInPortal portal = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static string Address => new DemoSubscriber(Somebody).OwnEmail;

    private HeldAddresses Held => portal.Services.GetRequiredService<HeldAddresses>();

    [Fact]
    public async Task Detached_at_once_the_account_stays_without_address_and_its_subscriber_is_told()
    {
        var account = await portal.AccountAsync(Somebody);
        var (before, stamp) = (await HoldingAsync(), (await AccountOfAsync(account)).SecurityStamp);
        Assert.True(before > 0);

        var page = await DisownAsync();

        Assert.Equal("Din adress är borttagen", Html.Heading(page));
        Assert.Equal(0, await HoldingAsync());
        var after = await AccountOfAsync(account);
        Assert.Equal((null, null, false), (after.Email, after.NormalizedEmail, after.EmailConfirmed));
        Assert.NotEqual(stamp, after.SecurityStamp);
        await using var db = portal.Store();
        Assert.Equal([CurrentSubject.CustomerNumber], await db.AccountLinks.Where(l => l.AccountId == account).Select(l => l.IdentityName).ToListAsync(Cancellation));
        var opened = await db.Cases.SingleAsync(row => row.Type == CaseType.Disavowal, Cancellation);
        Assert.Equal((CaseStatus.PartlyDone, "address-held", null), (opened.Status, opened.ReasonCode, opened.ClosedAt));
        Assert.Equal(["disavowal.intended", "disavowal.detached"], await EventsAsync(db, opened.Number));
        var incident = await db.Incidents.SingleAsync(Cancellation);
        Assert.Equal((opened.Number, opened.ReceivedAt, opened.ReceivedAt.AddHours(72), IncidentState.Open), (incident.CaseNumber, incident.AwareAt, incident.ReportBy, incident.State));
        // Nothing in the clear, and no link of an older mail keeps it.
        Assert.DoesNotContain(Address, opened.OutcomeJson, StringComparison.OrdinalIgnoreCase);
        Assert.All(await db.MailLinks.Where(l => l.Purpose == MailLinkPurpose.Disavowal).ToListAsync(Cancellation), link => Assert.Empty(link.SealedAddress));

        using var subscriber = portal.Client(account);
        var overview = await subscriber.PageAsync(PortalUrls.Overview);
        Assert.Contains("Din e-postadress togs bort", overview, StringComparison.Ordinal);
        Assert.DoesNotContain(opened.Number, overview, StringComparison.Ordinal);
        using var english = portal.Client(account, "en");
        Assert.Contains("Your e-mail address was removed", await english.PageAsync(PortalUrls.Overview), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_alone_is_not_enough_and_a_code_of_another_mailbox_neither()
    {
        await portal.AccountAsync(Somebody);
        var before = await portal.DumpAsync();
        using var stranger = portal.Client(null);
        // Somebody shows another mailbox in this browser, and was sent the mail with the link.
        await ProveAsync(stranger, "frammande@exempel.se");
        var link = await LinkAsync(Address);

        var asked = await SendAsync(stranger, link, "choice", ("choice", "ta-bort"));
        Assert.Equal("Visa att brevlådan är din", Html.Heading(asked));
        Assert.DoesNotContain(Address, asked, StringComparison.OrdinalIgnoreCase);
        var letter = (await portal.LettersAsync())[^1];
        Assert.Equal((nameof(AddressCodeLetter), Address), (letter.Letter, letter.Address));
        foreach (var guess in Enumerable.Range(0, 6))
        {
            var told = await SendAsync(stranger, link, "code", ("code", guess.ToString("D6", null)), ("wish", "ta-bort"));
            Assert.Equal("Visa att brevlådan är din", Html.Heading(told));
        }
        // After five tries the right one is too late, and codes run out.
        Assert.Contains("Koden gäller inte längre", await SendAsync(stranger, link, "code", ("code", Code(letter.Text)), ("wish", "ta-bort")), StringComparison.Ordinal);
        await SendAsync(stranger, link, "choice", ("choice", "ta-bort"));
        await SendAsync(stranger, link, "choice", ("choice", "ta-bort"));
        Assert.Contains("för många koder", await SendAsync(stranger, link, "choice", ("choice", "ta-bort")), StringComparison.Ordinal);

        Assert.Equal(before, await portal.DumpAsync());
        await using var db = portal.Store();
        Assert.Empty(await db.Cases.ToListAsync(Cancellation));
        Assert.Empty(await db.AddressHolds.ToListAsync(Cancellation));
    }

    [Fact]
    public async Task The_code_typed_on_the_links_page_takes_it_away()
    {
        await portal.AccountAsync(Somebody);
        using var owner = portal.Client(null);
        var link = await LinkAsync(Address);
        await SendAsync(owner, link, "choice", ("choice", "ta-bort"));

        var done = await SendAsync(owner, link, "code", ("code", Code((await portal.LettersAsync())[^1].Text)), ("wish", "ta-bort"));

        Assert.Equal("Din adress är borttagen", Html.Heading(done));
        Assert.Equal(0, await HoldingAsync());
        Assert.Equal("Det är redan gjort", Html.Heading(await owner.PageAsync(link)));
    }

    [Fact]
    public async Task Its_owner_has_it_back_everywhere_by_the_receipts_link_and_a_code()
    {
        var account = await portal.AccountAsync(Somebody);
        var before = await portal.DumpAsync();
        await DisownAsync();
        var undo = await UndoLinkAsync();
        using var owner = portal.Client(null);

        // Looking, leaving it, pressing the first button: nothing.
        var detached = await portal.DumpAsync();
        var page = await owner.PageAsync(undo);
        Assert.Equal("Vill du ha tillbaka adressen?", Html.Heading(page));
        Assert.DoesNotContain(" checked", page, StringComparison.Ordinal);
        Assert.Contains("Välj vad du vill göra", await SendAsync(owner, undo, "choice"), StringComparison.Ordinal);
        Assert.Equal("Adressen är fortfarande borttagen", Html.Heading(await SendAsync(owner, undo, "choice", ("choice", "lat-vara"))));
        Assert.Equal("Visa att brevlådan är din", Html.Heading(await SendAsync(owner, undo, "choice", ("choice", "lagg-tillbaka"))));
        Assert.Equal(detached, await portal.DumpAsync());

        var done = await SendAsync(owner, undo, "code", ("code", Code((await portal.LettersAsync())[^1].Text)));

        Assert.Equal("Adressen är tillbaka", Html.Heading(done));
        Assert.Equal(before, await portal.DumpAsync());
        Assert.Equal((Address, true), ((await AccountOfAsync(account)).Email, (await AccountOfAsync(account)).EmailConfirmed));
        await using var db = portal.Store();
        Assert.Equal(2, await db.AccountLinks.CountAsync(l => l.AccountId == account, Cancellation));
        var closed = await db.Cases.SingleAsync(row => row.Type == CaseType.Disavowal, Cancellation);
        Assert.Equal((CaseStatus.Withdrawn, null), (closed.Status, closed.ReasonCode));
        Assert.NotNull(closed.ClosedAt);
        Assert.Equal(["disavowal.intended", "disavowal.detached", "disavowal.undo-intended", "disavowal.undone"], await EventsAsync(db, closed.Number));
        Assert.Empty(await db.AddressHolds.ToListAsync(Cancellation));
        Assert.Empty(await db.AddressNotices.ToListAsync(Cancellation));
        Assert.Equal("Adressen är redan tillbaka", Html.Heading(await owner.PageAsync(undo)));
        Assert.Equal(nameof(AddressRestoredLetter), (await portal.LettersAsync())[^1].Letter);
        Assert.IsType<AuditVerdict.Intact>(await portal.Services.GetRequiredService<AuditTrail>().VerifyAsync(db, Cancellation));
    }

    [Fact]
    public async Task After_fourteen_days_it_is_erased_once_and_not_a_second_before()
    {
        var account = await portal.AccountAsync(Somebody);
        await DisownAsync();
        var undo = await UndoLinkAsync();
        portal.Time.Advance(HeldAddresses.Time - TimeSpan.FromSeconds(1));
        Assert.Empty(await Held.EraseDueAsync(Cancellation));
        using var owner = portal.Client(null);
        Assert.Equal("Vill du ha tillbaka adressen?", Html.Heading(await owner.PageAsync(undo)));

        portal.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Single((await Task.WhenAll(Held.EraseDueAsync(Cancellation), Held.EraseDueAsync(Cancellation))).SelectMany(erased => erased));

        await using var db = portal.Store();
        Assert.Empty(await db.AddressHolds.ToListAsync(Cancellation));
        var closed = await db.Cases.SingleAsync(row => row.Type == CaseType.Disavowal, Cancellation);
        Assert.Equal((CaseStatus.WaitingForRecipients, null), (closed.Status, closed.ReasonCode));
        Assert.Equal(["disavowal.intended", "disavowal.detached", "disavowal.erased"], await EventsAsync(db, closed.Number));
        Assert.Equal("Länken går inte att använda", Html.Heading(await owner.PageAsync(undo)));
        // Its account is somebody's, by the customer number.
        Assert.Null((await AccountOfAsync(account)).Email);
    }

    [Fact]
    public async Task Killed_half_way_back_it_is_gone_on_with_and_not_erased()
    {
        await portal.AccountAsync(Somebody);
        var before = await portal.DumpAsync();
        await DisownAsync();
        await using (var db = portal.Store())
        {
            // What the killed process had done last.
            var now = portal.Time.GetUtcNow().UtcDateTime;
            await db.AddressHolds.ExecuteUpdateAsync(set => set.SetProperty(row => row.UndoneAt, now), Cancellation);
        }
        portal.Time.Advance(HeldAddresses.Time * 2);
        Assert.Empty(await Held.EraseDueAsync(Cancellation));

        Assert.Single((await Task.WhenAll(Held.ResumeAsync(Cancellation), Held.ResumeAsync(Cancellation))).SelectMany(ended => ended));

        Assert.Equal(before, await portal.DumpAsync());
    }

    [Fact]
    public async Task An_address_that_several_subscribers_use_goes_from_all_and_each_is_told()
    {
        var (one, other) = (await portal.AccountAsync(Somebody), await portal.AccountAsync(24));
        await portal.SqlAsync($"UPDATE subscriber SET email = '{Address.ToUpperInvariant()}' WHERE customer_number = '{new DemoSubscriber(24).CustomerNumber}'");

        await DisownAsync();

        Assert.Equal(0, await HoldingAsync());
        foreach (var account in new[] { one, other })
        {
            using var subscriber = portal.Client(account);
            Assert.Contains("Din e-postadress togs bort", await subscriber.PageAsync(PortalUrls.Overview), StringComparison.Ordinal);
        }
        // Who has another address is written to there, and keeps it.
        Assert.Equal(new DemoSubscriber(24).OwnEmail, (await AccountOfAsync(other)).Email);
        Assert.Equal([new DemoSubscriber(24).OwnEmail], (await portal.LettersAsync()).Where(l => l.Letter == nameof(AddressGoneLetter)).Select(l => l.Address));
    }

    [Fact]
    public async Task Links_and_codes_of_one_purpose_are_of_no_use_for_the_other()
    {
        await portal.AccountAsync(Somebody);
        await DisownAsync();
        var undo = await UndoLinkAsync();
        using var owner = portal.Client(null);
        var pages = new List<string>();
        foreach (var token in new[] { (await LinkAsync(Address)).Split('/')[^1], undo.Split('/')[^1][1..], "finns-inte-417" })
        {
            var page = await owner.PageAsync(PortalUrls.UndoDisavowal(token));
            pages.Add(Html.WithoutTokens(page).Replace(token, "", StringComparison.Ordinal));
        }
        Assert.Single(pages.Distinct());
        Assert.Equal("Länken går inte att använda", Html.Heading(pages[0]));

        // A code that removes does not put back.
        await ProveAsync(owner, Address);
        Assert.Equal("Visa att brevlådan är din", Html.Heading(await SendAsync(owner, undo, "choice", ("choice", "lagg-tillbaka"))));
        Assert.Equal(0, await HoldingAsync());
    }

    [Fact]
    public async Task Instead_of_an_expired_link_a_new_one_is_mailed_and_nobody_is_told_whether()
    {
        var link = await LinkAsync(Address);
        using var owner = portal.Client(null);
        portal.Time.Advance(Outbox.LinkValidity - TimeSpan.FromSeconds(1));
        Assert.Equal("Är det inte din adress?", Html.Heading(await owner.PageAsync(link)));
        portal.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("Länken går inte att använda", Html.Heading(await owner.PageAsync(link)));
        var unknown = PortalUrls.NotMyAddressLink(new string('A', 43));

        // The first button, as scanners press it.
        Assert.Contains("Kryssa för", await SendAsync(owner, link, "renew"), StringComparison.Ordinal);
        Assert.Empty(await portal.LettersAsync());
        var (known, other) = (await SendAsync(owner, link, "renew", ("renew", "true")), await SendAsync(owner, unknown, "renew", ("renew", "true")));

        Assert.Equal("Titta i brevlådan", Html.Heading(known));
        Assert.Equal(Html.WithoutTokens(known).Replace(link, "", StringComparison.Ordinal), Html.WithoutTokens(other).Replace(unknown, "", StringComparison.Ordinal));
        var letter = Assert.Single(await portal.LettersAsync());
        Assert.Equal((nameof(RenewedLinkLetter), Address), (letter.Letter, letter.Address));
        Assert.Equal("Är det inte din adress?", Html.Heading(await owner.PageAsync(LinkIn(letter.Text, "/inte-min-adress/lank/"))));

        portal.Time.Advance(MailLink.Renewable);
        await SendAsync(owner, link, "renew", ("renew", "true"));
        Assert.Single(await portal.LettersAsync());
    }

    [Fact]
    public async Task Killed_between_record_and_removal_the_next_round_detaches_it_with_all_that_stands_by_then()
    {
        var account = await portal.AccountAsync(Somebody);
        var disavowals = portal.Services.GetRequiredService<Disavowals>();
        var token = (await LinkAsync(Address)).Split('/')[^1];
        await using (var busy = new SqliteConnection($"Data Source={portal.Kalejdo};Pooling=False"))
        {
            await busy.OpenAsync(Cancellation);
            await using var locked = busy.BeginTransaction();
            Assert.IsType<DisavowalResult.NotNow>(await disavowals.DisownAsync(token, "sv", Address, block: false, Cancellation));
        }
        Assert.NotNull((await AccountOfAsync(account)).Email);
        await portal.SqlAsync($"UPDATE support_ticket SET contact_email = '{Address}' WHERE id = (SELECT max(id) FROM support_ticket)");
        var before = await portal.DumpAsync();

        Assert.Single((await Task.WhenAll(disavowals.ResumeAsync(Cancellation), disavowals.ResumeAsync(Cancellation))).SelectMany(ended => ended));

        Assert.Equal(0, await HoldingAsync());
        Assert.Null((await AccountOfAsync(account)).Email);
        Assert.Single(await portal.LettersAsync(), letter => letter.Letter == nameof(AddressDetachedLetter));
        using var owner = portal.Client(null);
        await SendAsync(owner, await UndoLinkAsync(), "choice", ("choice", "lagg-tillbaka"));
        await SendAsync(owner, await UndoLinkAsync(), "code", ("code", Code((await portal.LettersAsync())[^1].Text)));
        Assert.Equal(before, await portal.DumpAsync());
    }

    [Fact]
    public async Task An_account_that_nobody_can_sign_in_to_any_more_goes_with_its_address()
    {
        string id;
        await using (var db = portal.Store())
        {
            var account = new Account("sv", DateTime.UnixEpoch) { Email = "ensam@exempel.se", NormalizedEmail = "ENSAM@EXEMPEL.SE", EmailConfirmed = true };
            db.Users.Add(account);
            await db.SaveChangesAsync(Cancellation);
            id = account.Id;
        }
        using var owner = portal.Client(null);
        Assert.Equal("Din adress är borttagen", Html.Heading(await SendAsync(owner, await ProveAsync(owner, "ensam@exempel.se"), "choice", ("choice", "ta-bort"))));
        Assert.Null((await AccountOfAsync(id)).Email);

        portal.Time.Advance(HeldAddresses.Time);
        await Held.EraseDueAsync(Cancellation);

        await using var after = portal.Store();
        Assert.False(await after.Users.AnyAsync(row => row.Id == id, Cancellation));
    }

    /// <summary>Neither the game nor the newsletter says that an address was confirmed (the map's <c>verified_by</c>): it goes at once.</summary>
    [Theory]
    [InlineData("game_player", "UPDATE game_player SET email = 'bara.har@exempel.se', email_verified_at = '2026-01-01 10:00:00' WHERE id = (SELECT min(id) FROM game_player)")]
    [InlineData("newsletter_consent", "INSERT INTO newsletter_consent (email, source, given_at) VALUES ('bara.har@exempel.se', 'website', '2026-01-01 10:00:00')")]
    public async Task An_address_of_no_subscriber_goes_at_once(string table, string given)
    {
        _ = portal.Services;
        await portal.SqlAsync(given);
        var link = await LinkAsync("bara.har@exempel.se");
        using var owner = portal.Client(null);

        Assert.Equal("Din adress är borttagen", Html.Heading(await SendAsync(owner, link, "choice", ("choice", "ta-bort"))));

        Assert.Equal(0, await portal.ScalarAsync<long>($"SELECT count(*) FROM {table} WHERE email = 'bara.har@exempel.se'"));
        var receipt = Assert.Single(await portal.LettersAsync());
        Assert.Equal((nameof(AddressRemovedLetter), "bara.har@exempel.se"), (receipt.Letter, receipt.Address));
    }

    [Fact]
    public async Task A_new_address_ends_the_notice()
    {
        var account = await portal.AccountAsync(Somebody);
        await DisownAsync();
        await using (var db = portal.Store())
        {
            await using var transaction = await db.Database.BeginTransactionAsync(Cancellation);
            await PendingCorrections.SetAddressAsync(db, portal.Services.GetRequiredService<PortalKeys>(), await db.Users.SingleAsync(row => row.Id == account, Cancellation), "ny@exempel.se", DateTime.UnixEpoch, Cancellation);
            await db.SaveChangesAsync(Cancellation);
            await transaction.CommitAsync(Cancellation);
        }

        using var subscriber = portal.Client(account);
        Assert.DoesNotContain("Din e-postadress togs bort", await subscriber.PageAsync(PortalUrls.Overview), StringComparison.Ordinal);
        // Put back afterwards, it does not push the new one out.
        using var owner = portal.Client(null);
        await SendAsync(owner, await UndoLinkAsync(), "choice", ("choice", "lagg-tillbaka"));
        await SendAsync(owner, await UndoLinkAsync(), "code", ("code", Code((await portal.LettersAsync())[^1].Text)));
        Assert.Equal("ny@exempel.se", (await AccountOfAsync(account)).Email);
    }

    [Fact]
    public async Task Whether_an_address_is_known_is_told_neither_by_words_nor_by_work()
    {
        await portal.AccountAsync(Somebody);
        using var statements = new Statements(Path.GetDirectoryName(portal.Kalejdo)!);
        var answers = new List<string>();
        var work = new List<string>();
        // The first one warms up.
        foreach (var address in new[] { "forst@exempel.se", Address, "okand@exempel.se", "inga@exempel.se" })
        {
            using var browser = portal.Client(null);
            statements.Take();
            using var asked = await PostAsync(browser, PortalUrls.NotMyAddress, "address", ("address", address));
            work.Add(string.Join('\n', statements.Take()));
            answers.Add($"{asked.StatusCode} {asked.Headers.Location}");
        }

        Assert.Contains("one_time_codes", work[0], StringComparison.Ordinal);
        Assert.DoesNotContain("accounts", work[1], StringComparison.Ordinal);
        Assert.Single(work.Skip(1).Distinct());
        Assert.Single(answers.Distinct());
        Assert.Equal(4, (await portal.LettersAsync()).Count(letter => letter.Letter == nameof(AddressCodeLetter)));
    }

    public ValueTask DisposeAsync() => portal.DisposeAsync();

    private async Task<string> DisownAsync()
    {
        using var owner = portal.Client(null);
        return await SendAsync(owner, await ProveAsync(owner, Address), "choice", ("choice", "ta-bort"));
    }

    /// <summary>By the page without a link: address, then code.</summary>
    private async Task<string> ProveAsync(HttpClient browser, string address)
    {
        await SendAsync(browser, PortalUrls.NotMyAddress, "address", ("address", address));
        var letter = (await portal.LettersAsync())[^1];
        Assert.Equal((nameof(AddressCodeLetter), address), (letter.Letter, letter.Address));
        using var right = await PostAsync(browser, PortalUrls.NotMyAddressCode, "code", ("code", Code(letter.Text)));
        Assert.Equal(HttpStatusCode.Found, right.StatusCode);
        return right.Headers.Location!.PathOf();
    }

    private async Task<string> LinkAsync(string address)
    {
        await using var db = portal.Store();
        db.MailLinks.Add(MailLink.New(portal.Services.GetRequiredService<PortalKeys>(), MailLinkPurpose.Disavowal, address, portal.Time.GetUtcNow().UtcDateTime, Outbox.LinkValidity, out var token));
        await db.SaveChangesAsync(Cancellation);
        return PortalUrls.NotMyAddressLink(token);
    }

    private async Task<string> UndoLinkAsync() => LinkIn((await portal.LettersAsync()).Last(l => l.Letter == nameof(AddressDetachedLetter)).Text, "/inte-min-adress/angra/");

    private static string LinkIn(string text, string path) => new Uri(Regex.Match(text, $@"\S+{path}\S+").Value).AbsolutePath;

    private static string Code(string text) => SixDigits().Match(text).Value;

    private static async Task<string> SendAsync(HttpClient browser, string address, string form, params (string Name, string Value)[] fields)
    {
        using var answer = await PostAsync(browser, address, form, fields);
        return await answer.PageAsync();
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpClient browser, string address, string form, params (string Name, string Value)[] fields)
    {
        var token = Html.AntiforgeryToken(await browser.PageAsync(address));
        return await browser.PostAsync(new Uri(address, UriKind.Relative), new FormUrlEncodedContent(
            [new("_handler", form), new("__RequestVerificationToken", token), .. fields.Select(f => KeyValuePair.Create(f.Name, f.Value))]), Cancellation);
    }

    private async Task<long> HoldingAsync()
    {
        var held = 0L;
        foreach (var (table, column) in new[] { ("subscriber", "email"), ("game_player", "email"), ("support_ticket", "contact_email"), ("newsletter_consent", "email") })
        {
            held += await portal.ScalarAsync<long>($"SELECT count(*) FROM {table} WHERE lower(trim({column})) = lower('{Address}')");
        }
        return held;
    }

    private async Task<Account> AccountOfAsync(string id)
    {
        await using var db = portal.Store();
        return await db.Users.AsNoTracking().SingleAsync(row => row.Id == id, Cancellation);
    }

    private static Task<List<string>> EventsAsync(PortalDbContext db, string number) =>
        db.AuditEntries.Where(row => row.CaseNumber == number).OrderBy(row => row.Sequence).Select(row => row.Event).ToListAsync(Cancellation);

    [GeneratedRegex("^[0-9]{6}$", RegexOptions.Multiline)]
    private static partial Regex SixDigits();
}
