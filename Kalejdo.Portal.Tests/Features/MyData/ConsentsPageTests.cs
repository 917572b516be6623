using System.Net;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Kalejdo.Portal.Tests.Features.MyData;

public sealed class ConsentsPageTests(PortalOfItsOwn portal) : IClassFixture<PortalOfItsOwn>
{
    private const string Tips = "consent-viewing_recommendations";
    private const string Sms = "consent-offers_by_sms";
    private const string Newsletter = "newsletter_consent";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_withdrawal_is_in_force_at_once_and_is_a_closed_case()
    {
        using var client = await portal.SignedInAsync(21);
        await GivenAsync(21, "viewing_recommendations");
        var cases = await CasesAsync();

        using var response = await client.FillInAsync(PortalUrls.Consents, Tips);
        var page = await response.PageAsync();

        Assert.Contains("Samtycket är återkallat", page, StringComparison.Ordinal);
        Assert.Equal(1, await CountAsync(21, "viewing_recommendations", "withdrawn_at IS NOT NULL"));
        var added = Assert.Single(await CasesAsync(), after => cases.All(before => before.Number != after.Number));
        Assert.Equal((CaseType.ConsentWithdrawal, CaseStatus.Done), (added.Type, added.Status));
        Assert.NotNull(added.ClosedAt);
        Assert.Contains(added.Number, page, StringComparison.Ordinal);
        await using var store = portal.Store();
        Assert.Equal(
            ["consent.withdrawal-intended", "consent.withdrawn"],
            await store.AuditEntries.Where(entry => entry.CaseNumber == added.Number).OrderBy(entry => entry.Sequence).Select(entry => entry.Event).ToListAsync(Cancellation));
    }

    [Fact]
    public async Task What_was_never_given_is_off_and_can_be_given()
    {
        using var client = await portal.SignedInAsync(24);
        await portal.SqlAsync($"DELETE FROM consent WHERE subscriber_id = {Id(24)} AND purpose = 'offers_by_sms'");
        var before = await client.PageAsync(PortalUrls.Consents);
        Assert.Contains("Du har inte sagt ja", before, StringComparison.Ordinal);
        Assert.DoesNotContain($"id=\"{Sms}\" name=\"Form.On\" value=\"true\" checked", before, StringComparison.Ordinal);

        using var response = await client.FillInAsync(PortalUrls.Consents, Sms, ("Form.On", "true"));

        Assert.Contains("Samtycket är lämnat", await response.PageAsync(), StringComparison.Ordinal);
        Assert.Equal(1, await CountAsync(24, "offers_by_sms", "withdrawn_at IS NULL"));
    }

    [Fact]
    public async Task Giving_again_opens_the_same_row_anew()
    {
        using var client = await portal.SignedInAsync(21);
        await GivenAsync(21, "offers_by_email");
        using (await client.FillInAsync(PortalUrls.Consents, "consent-offers_by_email"))
        {
            Assert.Equal(0, await CountAsync(21, "offers_by_email", "withdrawn_at IS NULL"));
        }
        using (await client.FillInAsync(PortalUrls.Consents, "consent-offers_by_email", ("Form.On", "true")))
        {
            Assert.Equal(1, await CountAsync(21, "offers_by_email", "withdrawn_at IS NULL"));
            Assert.Equal(1, await CountAsync(21, "offers_by_email", "1 = 1"));
        }
    }

    [Fact]
    public async Task The_newsletter_is_found_by_the_address_and_ended()
    {
        using var client = await portal.SignedInAsync(21);
        await portal.SqlAsync($"INSERT INTO newsletter_consent (email, source, given_at) VALUES ('{new DemoSubscriber(21).OwnEmail}', 'website', '2025-01-01 10:00:00') ON CONFLICT DO UPDATE SET withdrawn_at = NULL");

        using var response = await client.FillInAsync(PortalUrls.Consents, Newsletter);

        Assert.Contains("Samtycket är återkallat: Nyhetsbrev", await response.PageAsync(), StringComparison.Ordinal);
        Assert.Equal(0, await portal.ScalarAsync<int>($"SELECT count(*) FROM newsletter_consent WHERE lower(trim(email)) = '{new DemoSubscriber(21).OwnEmail}' AND withdrawn_at IS NULL"));
    }

    [Fact]
    public async Task Nobody_elses_consent_is_touched()
    {
        using var client = await portal.SignedInAsync(24);
        var others = $"SELECT count(*) FROM consent WHERE withdrawn_at IS NULL AND subscriber_id <> {Id(24)}";
        var before = await portal.ScalarAsync<int>(others);
        await GivenAsync(24, "viewing_recommendations");

        using var response = await client.FillInAsync(PortalUrls.Consents, Tips);

        Assert.Equal(before, await portal.ScalarAsync<int>(others));
        Assert.Equal(0, await CountAsync(24, "viewing_recommendations", "withdrawn_at IS NULL"));
    }

    [Fact]
    public async Task Saving_what_is_so_already_changes_nothing_and_opens_no_case()
    {
        using var client = await portal.SignedInAsync(21);
        await GivenAsync(21, "viewing_recommendations");
        var (given, cases) = (await portal.ScalarAsync<string>($"SELECT given_at FROM consent WHERE subscriber_id = {Id(21)} AND purpose = 'viewing_recommendations'"), (await CasesAsync()).Count);

        using var response = await client.FillInAsync(PortalUrls.Consents, Tips, ("Form.On", "true"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(given, await portal.ScalarAsync<string>($"SELECT given_at FROM consent WHERE subscriber_id = {Id(21)} AND purpose = 'viewing_recommendations'"));
        Assert.Equal(cases, (await CasesAsync()).Count);
    }

    [Theory]
    [InlineData("consent-everything")]
    [InlineData("newsletter")]
    public async Task An_unknown_consent_is_refused(string form)
    {
        using var client = await portal.SignedInAsync(21);
        using var response = await client.FillInAsync(PortalUrls.Consents, form);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("Vi kunde inte ta emot formuläret", Html.Heading(await response.PageAsync()));
    }

    [Fact]
    public async Task A_forged_token_changes_nothing()
    {
        using var client = await portal.SignedInAsync(21);
        await GivenAsync(21, "viewing_recommendations");
        using var response = await client.PostFormAsync(PortalUrls.Consents, Tips, "forged");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(1, await CountAsync(21, "viewing_recommendations", "withdrawn_at IS NULL"));
    }

    private static string Id(int subscriber) => $"(SELECT id FROM subscriber WHERE customer_number = '{new DemoSubscriber(subscriber).CustomerNumber}')";

    private Task<int> CountAsync(int subscriber, string purpose, string condition) =>
        portal.ScalarAsync<int>($"SELECT count(*) FROM consent WHERE subscriber_id = {Id(subscriber)} AND purpose = '{purpose}' AND {condition}");

    private Task<int> GivenAsync(int subscriber, string purpose) => portal.SqlAsync(
        $"INSERT INTO consent (subscriber_id, purpose, given_at) VALUES ({Id(subscriber)}, '{purpose}', '2025-01-01 10:00:00') ON CONFLICT DO UPDATE SET given_at = '2025-01-01 10:00:00', withdrawn_at = NULL");

    private async Task<List<Case>> CasesAsync()
    {
        await using var store = portal.Store();
        return await store.Cases.AsNoTracking().ToListAsync(Cancellation);
    }
}
