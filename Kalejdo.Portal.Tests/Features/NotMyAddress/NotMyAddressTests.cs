using System.Net;
using System.Text.RegularExpressions;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Features.NotMyAddress;
using Kalejdo.Portal.Mail;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Kalejdo.Portal.Tests.Features.NotMyAddress;

public partial class NotMyAddressTests : IAsyncLifetime, IDisposable
{
    private const string Address = "vilse@exempel.se";
    private readonly OwnPortal _portal = new();
    private HttpClient _person = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _person = _portal.Person();
        // Three rows that somebody else gave the address to, none of them ever confirmed; written in their own ways.
        await _portal.KalejdoAsync($"UPDATE subscriber SET email = ' Vilse@exempel.se', email_verified_at = NULL WHERE id IN (SELECT id FROM subscriber ORDER BY id LIMIT 2)");
        await _portal.KalejdoAsync($"INSERT INTO newsletter_consent (email, source, given_at) VALUES ('{Address}', 'shop', '2026-01-01')");
        await _portal.KalejdoAsync($"UPDATE game_player SET email = 'VILSE@exempel.se', email_verified_at = NULL WHERE id = (SELECT min(id) FROM game_player)");
    }

    [Fact]
    public async Task A_never_verified_address_goes_from_wherever_it_stands_and_nothing_else_changes()
    {
        var others = await _portal.RowsAsync("SELECT id, customer_number, full_name, phone, language FROM subscriber ORDER BY id");
        var players = await _portal.RowsAsync("SELECT id, nickname FROM game_player ORDER BY id");
        var link = await LinkAsync();
        var hash = MailLink.HashAddress(_portal.Services.GetRequiredService<PortalKeys>(), Address);
        await using (var store = _portal.Open())
        {
            store.BouncedAddresses.Add(new BouncedAddress { AddressHash = hash, ReasonCode = "smtp-550", BouncedAt = DateTime.UnixEpoch, ExpiresAt = TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(9) });
            await store.SaveChangesAsync(Cancellation);
        }

        var page = await PostAsync(link, "ta-bort");

        Assert.Equal("Din adress är borttagen", Html.Heading(page));
        Assert.Empty(await _portal.RowsAsync("SELECT 1 FROM subscriber WHERE lower(trim(email)) = 'vilse@exempel.se'"));
        Assert.Empty(await _portal.RowsAsync("SELECT 1 FROM newsletter_consent WHERE email LIKE 'vilse%'"));
        Assert.Matches("^[g-v]{24}@removed.invalid$", Assert.Single(await _portal.RowsAsync("SELECT email FROM game_player ORDER BY id LIMIT 1")));
        Assert.Equal(others, await _portal.RowsAsync("SELECT id, customer_number, full_name, phone, language FROM subscriber ORDER BY id"));
        Assert.Equal(players, await _portal.RowsAsync("SELECT id, nickname FROM game_player ORDER BY id"));

        await using var db = _portal.Open();
        var closed = await db.Cases.SingleAsync(row => row.Type == CaseType.Disavowal, Cancellation);
        Assert.Equal((CaseStatus.WaitingForRecipients, null), (closed.Status, closed.ReasonCode));
        Assert.Contains(closed.Number, page, StringComparison.Ordinal);
        Assert.DoesNotContain("vilse", closed.OutcomeJson, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(["disavowal.intended", "disavowal.done"], await db.AuditEntries.Where(row => row.CaseNumber == closed.Number).OrderBy(row => row.Sequence).Select(row => row.Event).ToListAsync(Cancellation));
        Assert.IsType<AuditVerdict.Intact>(await _portal.Services.GetRequiredService<AuditTrail>().VerifyAsync(db, Cancellation));

        var receipt = await _portal.MailAsync();
        Assert.Equal((Address, "Din adress är borttagen"), (receipt.Address, receipt.Letter.Subject));
        Assert.Contains(closed.Number, receipt.Letter.Text, StringComparison.Ordinal);
        // The address is forgotten: neither this mail's link nor an earlier one's holds it.
        Assert.EndsWith(PortalUrls.NotMyAddress, StrayLink().Match(receipt.Letter.Text).Groups[1].Value, StringComparison.Ordinal);
        Assert.False(await db.BouncedAddresses.AnyAsync(Cancellation));
        Assert.All(await db.MailLinks.Where(row => row.AddressHash == hash).ToListAsync(Cancellation), row => Assert.Empty(row.SealedAddress));
        // Whether it had strayed somewhere is asked, with the authority's 72 hours.
        Assert.Equal((closed.Number, closed.ReceivedAt.AddHours(72)), await db.Incidents.Select(row => new ValueTuple<string, DateTime>(row.CaseNumber, row.ReportBy)).SingleAsync(Cancellation));
    }

    [Fact]
    public async Task A_second_click_says_that_it_is_done_whichever_mail_it_comes_from()
    {
        var (first, second) = (await LinkAsync(), await LinkAsync());
        await PostAsync(first, "ta-bort");

        foreach (var link in new[] { first, second })
        {
            Assert.Equal("Det är redan gjort", Html.Heading(await _person.PageAsync(link)));
        }

        await using var db = _portal.Open();
        Assert.Equal(1, await db.Cases.CountAsync(row => row.Type == CaseType.Disavowal, Cancellation));
    }

    [Fact]
    public async Task A_double_click_is_one_case()
    {
        var link = await LinkAsync();
        var token = Html.AntiforgeryToken(await _person.PageAsync(link));

        var pages = await Task.WhenAll(Enumerable.Range(0, 2).Select(async _ => Html.Heading(await (await SendAsync(link, "ta-bort", token)).PageAsync())));

        Assert.Contains("Din adress är borttagen", pages);
        Assert.All(pages, heading => Assert.Contains(heading, new[] { "Din adress är borttagen", "Det är redan gjort" }));
        await using var db = _portal.Open();
        Assert.Equal(1, await db.Cases.CountAsync(row => row.Type == CaseType.Disavowal, Cancellation));
        Assert.Equal(1, await db.Outbox.CountAsync(row => row.Template == nameof(AddressRemovedLetter), Cancellation));
    }

    [Fact]
    public async Task Scanners_change_nothing()
    {
        var link = await LinkAsync();
        var before = await EverythingAsync();

        var page = await _person.PageAsync(link);
        using (var head = await _person.SendAsync(new HttpRequestMessage(HttpMethod.Head, link), Cancellation))
        {
            Assert.True(head.StatusCode is HttpStatusCode.OK or HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotFound);
        }

        // The first button of every form, as it stands: nothing is chosen beforehand.
        Assert.DoesNotContain("checked", page, StringComparison.OrdinalIgnoreCase);
        var pressed = await (await SendAsync(link, null, Html.AntiforgeryToken(page))).PageAsync();
        Assert.Contains("Välj vad du vill göra", pressed, StringComparison.Ordinal);
        using (var forged = await SendAsync(link, "ta-bort", null))
        {
            Assert.Equal(HttpStatusCode.BadRequest, forged.StatusCode);
        }

        Assert.Equal(before, await EverythingAsync());
        Assert.Equal("Är det inte din adress?", Html.Heading(await _person.PageAsync(link)));
    }

    [Fact]
    public async Task Who_leaves_the_address_may_come_back()
    {
        var link = await LinkAsync();
        var before = await EverythingAsync();

        Assert.Equal("Adressen står kvar", Html.Heading(await PostAsync(link, "behall")));
        Assert.Equal(before, await EverythingAsync());
        Assert.Equal("Din adress är borttagen", Html.Heading(await PostAsync(link, "ta-bort")));
    }

    [Fact]
    public async Task The_page_tells_service_masked_address_and_day_and_nothing_of_whoever_wrote_it()
    {
        var name = Assert.Single(await _portal.RowsAsync("SELECT full_name FROM subscriber ORDER BY id LIMIT 1"));
        var page = await _person.PageAsync(await LinkAsync());

        Assert.Contains("v•••@e•••.se", page, StringComparison.Ordinal);
        Assert.Contains("Mina uppgifter, Kalejdo Bredband AB", page, StringComparison.Ordinal);
        Assert.DoesNotContain(Address, page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(name, page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a@b.se", "a•••@b•••.se")]
    [InlineData("märta.lund@post.exempel.se", "m•••@p•••.se")]
    [InlineData("å@värd", "å•••@v•••")]
    public void Masks_leave_enough_to_know_it_again(string address, string mask) => Assert.Equal(mask, Kalejdo.Portal.Mail.MaskedAddress.Of(address));

    [Fact]
    public async Task Unknown_altered_expired_and_other_pages_links_look_all_the_same()
    {
        var good = await LinkAsync();
        var token = good[(good.LastIndexOf('/') + 1)..];
        string expired, otherPurpose;
        await using (var db = _portal.Open())
        {
            var (keys, now) = (_portal.Services.GetRequiredService<PortalKeys>(), TimeProvider.System.GetUtcNow().UtcDateTime);
            db.MailLinks.Add(MailLink.New(keys, MailLinkPurpose.Disavowal, Address, now, TimeSpan.FromSeconds(-1), out expired));
            db.MailLinks.Add(MailLink.New(keys, MailLinkPurpose.UndoErasure, Address, now, TimeSpan.FromDays(1), out otherPurpose));
            await db.SaveChangesAsync(Cancellation);
        }

        var before = await EverythingAsync();
        var pages = new List<string>();
        foreach (var useless in new[] { token[..^1] + (token[^1] == 'A' ? 'E' : 'A'), token[1..], expired, otherPurpose, "finns-inte-417", new string('å', 500) })
        {
            var link = PortalUrls.NotMyAddressLink(useless);
            var page = await _person.PageAsync(link);
            pages.Add(WithoutTokens(page, useless));
            pages.Add(WithoutTokens(await (await SendAsync(link, "ta-bort", Html.AntiforgeryToken(page))).PageAsync(), useless));
        }

        Assert.Equal("Länken går inte att använda", Html.Heading(pages[0]));
        Assert.Single(pages.Distinct());
        Assert.Equal(before, await EverythingAsync());
    }

    [Theory]
    [InlineData(Address, "Din adress är borttagen")]
    [InlineData("okand@exempel.se", "Din adress är borttagen")]
    public async Task Without_a_link_a_mailed_code_leads_to_the_same_page_and_tells_nothing(string address, string end)
    {
        var asked = await FormAsync(PortalUrls.NotMyAddress, "address", new() { ["address"] = $" {address} " });
        Assert.Equal((HttpStatusCode.Found, PortalUrls.NotMyAddressCode), (asked.StatusCode, asked.Headers.Location!.AbsolutePath));
        var mail = await _portal.MailAsync();
        Assert.Equal(address, mail.Address);
        var code = Regex.Match(mail.Letter.Text, "^[0-9]{6}$", RegexOptions.Multiline).Value;

        var wrong = await FormAsync(PortalUrls.NotMyAddressCode, "code", new() { ["code"] = code == "000000" ? "000001" : "000000" });
        Assert.Contains("Koden stämmer inte", await wrong.PageAsync(), StringComparison.Ordinal);
        var right = await FormAsync(PortalUrls.NotMyAddressCode, "code", new() { ["code"] = code });
        Assert.Equal(HttpStatusCode.Found, right.StatusCode);
        var link = right.Headers.Location!.AbsolutePath;
        Assert.DoesNotContain("exempel", link, StringComparison.Ordinal);

        Assert.Equal(end, Html.Heading(await PostAsync(link, "ta-bort")));
        using var again = await _person.GetAsync(PortalUrls.NotMyAddressCode, Cancellation);
        Assert.Equal(HttpStatusCode.Found, again.StatusCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("inte en adress")]
    [InlineData("namn@exempel")]
    [InlineData("Namn <namn@exempel.se>")]
    [InlineData("a@exempel.se\r\nBcc: b@exempel.se")]
    public async Task What_is_no_address_is_said_and_gets_no_mail(string typed)
    {
        var page = await (await FormAsync(PortalUrls.NotMyAddress, "address", new() { ["address"] = typed })).PageAsync();

        Assert.Contains("Skriv hela adressen", page, StringComparison.Ordinal);
        await using var db = _portal.Open();
        Assert.False(await db.Outbox.AnyAsync(Cancellation));
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    public void Dispose()
    {
        _person.Dispose();
        _portal.Dispose();
    }

    /// <summary>The link of a mail that went astray.</summary>
    private async Task<string> LinkAsync()
    {
        await using (var db = _portal.Open())
        {
            await _portal.Services.GetRequiredService<Outbox>().AddAsync(db, new AddressCodeLetter("417205"), Address, "sv", null, Cancellation);
            await db.SaveChangesAsync(Cancellation);
        }

        return new Uri(StrayLink().Match((await _portal.MailAsync()).Letter.Text).Groups[1].Value).AbsolutePath;
    }

    private async Task<string> PostAsync(string link, string choice) =>
        await (await SendAsync(link, choice, Html.AntiforgeryToken(await _person.PageAsync(link)))).PageAsync();

    private Task<HttpResponseMessage> SendAsync(string link, string? choice, string? antiforgery)
    {
        var fields = new Dictionary<string, string> { ["_handler"] = "choice" };
        if (choice is not null)
        {
            fields["choice"] = choice;
        }

        if (antiforgery is not null)
        {
            fields["__RequestVerificationToken"] = antiforgery;
        }

        return _person.PostAsync(link, new FormUrlEncodedContent(fields), Cancellation);
    }

    private async Task<HttpResponseMessage> FormAsync(string address, string form, Dictionary<string, string> fields)
    {
        fields["_handler"] = form;
        fields["__RequestVerificationToken"] = Html.AntiforgeryToken(await _person.PageAsync(address));
        return await _person.PostAsync(address, new FormUrlEncodedContent(fields), Cancellation);
    }

    private async Task<IReadOnlyList<string>> KalejdoAsync() =>
    [
        .. await _portal.RowsAsync("SELECT * FROM subscriber ORDER BY id"),
        .. await _portal.RowsAsync("SELECT * FROM game_player ORDER BY id"),
        .. await _portal.RowsAsync("SELECT * FROM newsletter_consent ORDER BY email"),
        .. await _portal.RowsAsync("SELECT * FROM support_ticket ORDER BY id"),
    ];

    private async Task<string> EverythingAsync()
    {
        await using var db = _portal.Open();
        var links = await db.MailLinks.OrderBy(row => row.TokenHash).Select(row => new { row.TokenHash, row.UsedAt }).ToListAsync(Cancellation);
        return string.Join('\n', [.. await KalejdoAsync(), .. links.Select(row => row.ToString()!),
            $"{await db.Cases.CountAsync(Cancellation)} {await db.Outbox.CountAsync(Cancellation)} {await db.AuditEntries.CountAsync(Cancellation)}"]);
    }

    private static string WithoutTokens(string page, string token) =>
        Html.WithoutTokens(page).Replace(Uri.EscapeDataString(token), "", StringComparison.Ordinal).Replace(token, "", StringComparison.Ordinal);

    [GeneratedRegex("Det här är inte min e-postadress: (\\S+)")]
    private static partial Regex StrayLink();
}
