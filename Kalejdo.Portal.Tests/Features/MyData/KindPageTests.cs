using System.Net;
using System.Text.RegularExpressions;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Kalejdo.Portal.Tests.Features.MyData;

public sealed partial class KindPageTests(PortalOfItsOwn portal) : IClassFixture<PortalOfItsOwn>
{
    private const int Complete = 21;
    private const int SharesAnAddress = 23;
    private const int LargeHousehold = 37;
    private const int Another = 24;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("sv", "Kontaktuppgifter", "Kundnummer", "Svenska", "Nej")]
    [InlineData("en", "Contact details", "Customer number", "Swedish", "No")]
    public async Task Shows_values_in_words(string language, params string[] words)
    {
        using var client = await portal.SignedInAsync(Complete, language);
        var page = await client.PageAsync(PortalUrls.Kind("contact_details"));

        Assert.Equal(words[0], Html.Heading(page));
        Assert.All(words, word => Assert.Contains(word, page, StringComparison.Ordinal));
        Assert.Contains(new DemoSubscriber(Complete).CustomerNumber, page, StringComparison.Ordinal);
        Assert.Contains(new DemoSubscriber(Complete).FullName, page, StringComparison.Ordinal);
        Assert.Contains("<details>", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sv", "Hur länge", "1\u00a0tim\u00a053\u00a0min")]
    [InlineData("en", "How long", "1\u00a0h\u00a053\u00a0min")]
    public async Task Shows_seconds_in_hours_and_minutes(string language, string label, string said)
    {
        using var client = await portal.SignedInAsync(Complete, language);
        await portal.SqlAsync("UPDATE viewing_history SET seconds = 6806");
        var page = await client.PageAsync(PortalUrls.Kind("viewing_history"));

        Assert.Contains(label, page, StringComparison.Ordinal);
        Assert.Contains(said, page, StringComparison.Ordinal);
        Assert.DoesNotContain("6806", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sv", "avtal, artikel 6.1 b", "Du lämnade dem", "Exempel Utskick AB, som trycker och skickar fakturor", "Så länge du har avtal")]
    [InlineData("en", "contract, Article 6(1)(b)", "You gave them", "Exempel Utskick AB, who prints and sends invoices", "As long as you have an agreement")]
    public async Task Says_why_from_where_to_whom_and_how_long(string language, params string[] words)
    {
        using var client = await portal.SignedInAsync(Complete, language);
        var page = await client.PageAsync(PortalUrls.Kind("contact_details"));

        Assert.All(words, word => Assert.Contains(word, page, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Names_no_recipient_where_there_is_none()
    {
        using var client = await portal.SignedInAsync(Complete);

        Assert.Contains("Ingen av våra partner", await client.PageAsync(PortalUrls.Kind("viewing_history")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Links_each_correctable_field_and_each_row_by_a_token_that_shows_nothing()
    {
        using var client = await portal.SignedInAsync(Complete);
        await using var store = portal.Store();
        var account = await store.Users.Where(user => user.Email == new DemoSubscriber(Complete).OwnEmail).Select(user => user.Id).SingleAsync(Cancellation);
        await portal.SqlAsync($"INSERT INTO newsletter_consent (email, source, given_at) VALUES ('{new DemoSubscriber(Complete).OwnEmail}', 'website', '2025-01-01 10:00:00') ON CONFLICT DO NOTHING");
        var newsletter = await client.PageAsync(PortalUrls.Kind("newsletter"));
        var token = CorrectName().Match(newsletter).Groups[1].Value;

        var row = portal.Services.GetRequiredService<RowLinks>().Read(account, token);
        Assert.NotNull(row);
        Assert.Equal(("kalejdo.newsletter_consent", new DemoSubscriber(Complete).OwnEmail), (row.Collection, row.Key["email"]));
        Assert.DoesNotContain(Html.Links(newsletter), link => link.Contains('@', StringComparison.Ordinal) || link.Contains("%40", StringComparison.Ordinal));
        Assert.Contains(PortalUrls.EraseKind("newsletter"), Html.Links(newsletter));
    }

    [Fact]
    public void A_token_serves_its_own_account_alone()
    {
        var links = portal.Services.GetRequiredService<RowLinks>();
        var token = links.Of("one", new("kalejdo.device", new Dictionary<string, string> { ["id"] = "1" }));

        Assert.NotNull(links.Read("one", token));
        Assert.Null(links.Read("another", token));
        Assert.Null(links.Read("one", token[..^4] + "AAAA"));
        Assert.Null(links.Read("one", "no/base64!"));
    }

    [Fact]
    public async Task A_shared_row_is_said_to_be_shared_and_offers_no_erasure()
    {
        using var client = await portal.SignedInAsync(SharesAnAddress);
        var page = await client.PageAsync(PortalUrls.Kind("addresses"));

        Assert.Contains("Gäller även andra", page, StringComparison.Ordinal);
        Assert.DoesNotContain(Html.Links(page), link => link.StartsWith("/radera", StringComparison.Ordinal) || link.StartsWith("/ratta", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Other_people_of_the_household_are_names_and_counts()
    {
        using var client = await portal.SignedInAsync(LargeHousehold);
        var subscriber = await portal.ScalarAsync<long>($"SELECT id FROM subscriber WHERE customer_number = '{new DemoSubscriber(LargeHousehold).CustomerNumber}'");
        await portal.SqlAsync($"UPDATE tv_profile SET birth_year = 2017 WHERE subscriber_id = {subscriber} AND NOT is_own");
        await portal.SqlAsync($"INSERT INTO viewing_history (profile_id, channel_id, programme, watched_at, seconds) SELECT max(id), 1, 'Bara för andra', '2026-01-01 10:00:00', 5 FROM tv_profile WHERE subscriber_id = {subscriber} AND NOT is_own");
        var other = await portal.ScalarAsync<string>($"SELECT name FROM tv_profile WHERE subscriber_id = {subscriber} AND NOT is_own LIMIT 1");

        var profiles = await client.PageAsync(PortalUrls.Kind("tv_profiles"));
        Assert.Contains(other, profiles, StringComparison.Ordinal);
        Assert.Contains("Någon annan i hushållet", profiles, StringComparison.Ordinal);
        Assert.Contains("Ta bort ur hushållet", profiles, StringComparison.Ordinal);
        Assert.DoesNotContain("2017", profiles, StringComparison.Ordinal);

        var history = await client.PageAsync(PortalUrls.Kind("viewing_history"));
        Assert.Contains("Andra i hushållet har", history, StringComparison.Ordinal);
        Assert.DoesNotContain("Bara för andra", history, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_stands_in_a_database_never_becomes_markup()
    {
        await portal.SqlAsync($"UPDATE recording SET programme = '<script>alert(1)</script>' WHERE profile_id IN (SELECT id FROM tv_profile WHERE is_own AND subscriber_id = (SELECT id FROM subscriber WHERE customer_number = '{new DemoSubscriber(Complete).CustomerNumber}'))");
        using var client = await portal.SignedInAsync(Complete);
        var page = await client.GetStringAsync(PortalUrls.Kind("recordings"), Cancellation);

        Assert.Contains("&lt;script&gt;", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Messages_stand_with_their_ticket_and_lines_with_their_invoice()
    {
        using var client = await portal.SignedInAsync(Complete);

        var tickets = await client.PageAsync(PortalUrls.Kind("support_tickets"));
        Assert.Equal(1, Regex.Count(tickets, "<caption[^>]*>Meddelanden i supportärenden: S"));
        var invoices = await client.PageAsync(PortalUrls.Kind("invoices"));
        Assert.Equal(Regex.Count(invoices, "Fakturanummer"), Regex.Count(invoices, "<caption[^>]*>Fakturarader: "));
    }

    [Theory]
    [InlineData("/mina-uppgifter/finns_inte")]
    [InlineData("/mina-uppgifter/kalejdo.subscriber")]
    [InlineData("/mina-uppgifter/telemetry")]
    [InlineData("/mina-uppgifter/viewing_history?sida=0")]
    [InlineData("/mina-uppgifter/viewing_history?sida=-1")]
    [InlineData("/mina-uppgifter/viewing_history?sida=tva")]
    [InlineData("/mina-uppgifter/viewing_history?sida=99999999999")]
    [InlineData("/mina-uppgifter/viewing_history?del=kalejdo.subscriber&sida=2")]
    public async Task What_does_not_exist_is_said_to_be_missing(string address)
    {
        using var client = await portal.SignedInAsync(Complete);
        using var response = await client.GetAsync(address, Cancellation);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("Sidan finns inte", Html.Heading(await response.PageAsync()));
    }

    [Fact]
    public async Task A_page_number_whose_rows_are_gone_leads_to_the_last_page()
    {
        using var client = await portal.SignedInAsync(Complete);
        using var response = await client.GetAsync(PortalUrls.Kind("viewing_history", "kalejdo.viewing_history", 2147483647), Cancellation);

        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
        Assert.EndsWith(PortalUrls.Kind("viewing_history"), response.Headers.Location!.OriginalString, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_person_sees_nothing_of_it()
    {
        var subscriber = new DemoSubscriber(Complete);
        using var client = await portal.SignedInAsync(Another);
        foreach (var address in new[] { PortalUrls.Overview, PortalUrls.MyData, PortalUrls.Consents, PortalUrls.Kind("contact_details"), PortalUrls.Kind("invoices"), PortalUrls.Kind("newsletter") })
        {
            var page = await client.PageAsync(address);
            Assert.DoesNotContain(subscriber.CustomerNumber, page, StringComparison.Ordinal);
            Assert.DoesNotContain(subscriber.OwnEmail, page, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(subscriber.FullName, page, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(PortalUrls.Overview)]
    [InlineData(PortalUrls.MyData)]
    [InlineData("/mina-uppgifter/contact_details")]
    [InlineData(PortalUrls.Consents)]
    [InlineData(PortalUrls.Download)]
    public async Task Whoever_is_not_signed_in_is_led_away(string address)
    {
        using var client = portal.Client();
        using var response = await client.GetAsync(address, Cancellation);

        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
        Assert.Equal(PortalUrls.SignInFrom(address), response.Headers.Location!.PathOf());
    }

    [Fact]
    public async Task Each_look_is_on_record_once_by_kind_and_names_nobody()
    {
        using var client = await portal.SignedInAsync(Another);
        var before = await ReadsAsync("presence");
        await client.PageAsync(PortalUrls.Kind("presence"));
        await client.PageAsync(PortalUrls.Kind("presence"));

        Assert.Equal(before + 2, await ReadsAsync("presence"));
    }

    private async Task<int> ReadsAsync(string kind)
    {
        await using var db = portal.Store();
        return await db.AuditEntries.CountAsync(entry => entry.Event == "access.read" && entry.ReasonCode == kind && entry.Subject != null && entry.Subject == entry.Actor, Cancellation);
    }

    [GeneratedRegex("href=\"/ratta/([^/\"]+)/name\"")]
    private static partial Regex CorrectName();
}
