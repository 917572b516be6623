using System.Net;
using System.Text.RegularExpressions;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Correction;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Kalejdo.Portal.Tests.Features.Correction;

/// <summary>Correcting from the person's side: one field, checked, never over somebody else's change.</summary>
public class CorrectPageTests(SignedInPortal portal) : IClassFixture<SignedInPortal>
{
    private const string Error = "field-error";
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Corrects_one_value_with_evidence_and_touches_nothing_else()
    {
        var account = await portal.AccountAsync(4);
        using var client = portal.Client(account);
        var (address, before) = (await AddressAsync(account, 4, "phone"), await portal.DumpAsync());
        var page = await client.PageAsync(address);
        Assert.Equal("Rätta: Telefon", Html.Heading(page));

        var done = await client.PageAsync(Target(await client.SubmitAsync(address, page, ("New", "070-123 45 67"))));
        Assert.Equal("Uppgiften är rättad", Html.Heading(done));
        var again = await (await client.SubmitAsync(address, page, ("New", "070-123 45 67"))).PageAsync();
        Assert.Contains("Det står redan så som du vill", again, StringComparison.Ordinal);

        var after = await portal.DumpAsync();
        Assert.StartsWith("subscriber: ", Assert.Single(before.Except(after)), StringComparison.Ordinal);
        Assert.Contains("|070-123 45 67|", Assert.Single(after.Except(before)), StringComparison.Ordinal);
        var number = await NumberOnAsync(done);
        Assert.Equal((CaseStatus.WaitingForRecipients, "rectification.intended rectification.done"), await CaseAsync(number));
        var letter = Assert.Single(await portal.LettersAsync(number));
        Assert.Equal((nameof(CorrectedLetter), new DemoSubscriber(4).OwnEmail), (letter.Letter, letter.Address));
        Assert.DoesNotContain("070-123", letter.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("phone", "sju", "Skriv ett telefonnummer", "Write a phone number")]
    [InlineData("email", "inte en adress", "Skriv en e-postadress", "Write an e-mail address")]
    [InlineData("email", "", "Skriv en e-postadress", "Write an e-mail address")]
    [InlineData("language", "de", "Välj ett av alternativen", "Choose one of the alternatives")]
    [InlineData("full_name", " ", "Skriv ett namn", "Write a name")]
    [InlineData("full_name", "Bo\u0007", "Skriv bara vanliga tecken", "Use ordinary characters only")]
    public async Task A_wrong_value_is_told_beside_the_field_in_both_languages(string field, string value, string swedish, string english)
    {
        var account = await portal.AccountAsync(24);
        var (address, before) = (await AddressAsync(account, 24, field), await portal.DumpAsync());
        foreach (var (language, message) in ((string, string)[])[("sv", swedish), ("en", english)])
        {
            using var client = portal.Client(account, language);
            var page = await (await client.SubmitAsync(address, await client.PageAsync(address), ("New", value))).PageAsync();

            Assert.Contains(Error, page, StringComparison.Ordinal);
            Assert.Contains("error-summary", page, StringComparison.Ordinal);
            Assert.Contains(message, page, StringComparison.Ordinal);
        }
        Assert.Equal(before, await portal.DumpAsync());
    }

    [Fact]
    public async Task A_value_too_long_or_the_same_is_told()
    {
        var account = await portal.AccountAsync(24);
        using var client = portal.Client(account);
        var address = await AddressAsync(account, 24, "full_name");
        var page = await client.PageAsync(address);

        Assert.Contains("Skriv högst 200 tecken", await (await client.SubmitAsync(address, page, ("New", new string('å', 201)))).PageAsync(), StringComparison.Ordinal);
        Assert.Contains("Det står redan så", await (await client.SubmitAsync(address, page, ("New", new DemoSubscriber(24).FullName))).PageAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_value_that_changed_meanwhile_is_shown_and_not_overwritten()
    {
        var account = await portal.AccountAsync(6);
        using var client = portal.Client(account);
        var address = await AddressAsync(account, 6, "phone");
        var page = await client.PageAsync(address);
        await portal.SqlAsync($"UPDATE subscriber SET phone = '+46701112233' WHERE customer_number = '{new DemoSubscriber(6).CustomerNumber}'");
        var before = await portal.DumpAsync();

        var answer = await (await client.SubmitAsync(address, page, ("New", "070-123 45 67"))).PageAsync();

        Assert.Contains("Uppgiften har ändrats under tiden", answer, StringComparison.Ordinal);
        Assert.Contains("+46701112233", answer, StringComparison.Ordinal);
        Assert.Equal(before, await portal.DumpAsync());
        Assert.Equal("Uppgiften är rättad", Html.Heading(await client.PageAsync(Target(await client.SubmitAsync(address, answer, ("New", "070-123 45 67"))))));
    }

    [Fact]
    public async Task A_new_address_takes_effect_when_its_mailbox_is_confirmed_everywhere_the_old_one_stood()
    {
        var (account, old, wanted) = (await portal.AccountAsync(21), new DemoSubscriber(21).OwnEmail, "ny.adress@exempel.se");
        using var client = portal.Client(account);
        var (address, before) = (await AddressAsync(account, 21, "email"), await portal.DumpAsync());
        var page = await client.PageAsync(address);
        Assert.True(before.Count(row => row.Contains(old, StringComparison.OrdinalIgnoreCase)) > 1, "the demo holds the address in several places");

        var confirm = Target(await client.SubmitAsync(address, page, ("New", wanted)));
        var letter = (await portal.LettersAsync()).Last(l => l.Letter == nameof(ConfirmAddressLetter));
        Assert.Equal(wanted, letter.Address);
        Assert.Equal(before, await portal.DumpAsync());

        var form = await client.PageAsync(confirm);
        var code = Regex.Match(letter.Text, @"\b\d{3} ?\d{3}\b").Value;
        var wrong = code.Replace(" ", "", StringComparison.Ordinal) == "000000" ? "000001" : "000000";
        Assert.Contains("Koden stämmer inte", await (await client.SubmitAsync(confirm, form, ("Code", wrong))).PageAsync(), StringComparison.Ordinal);
        using (var stranger = portal.Client(await portal.AccountAsync(24)))
        {
            Assert.Contains("Koden gäller inte längre", await stranger.PageAsync(confirm), StringComparison.Ordinal);
        }
        Assert.Equal(before, await portal.DumpAsync());

        var done = await client.PageAsync(Target(await client.SubmitAsync(confirm, form, ("Code", code))));
        Assert.Equal("Uppgiften är rättad", Html.Heading(done));
        Assert.Contains("Koden gäller inte längre", await (await client.SubmitAsync(confirm, form, ("Code", code))).PageAsync(), StringComparison.Ordinal);

        var after = await portal.DumpAsync();
        Assert.Equal(before.Count(row => row.Contains(old, StringComparison.OrdinalIgnoreCase)), after.Count(row => row.Contains(wanted, StringComparison.Ordinal)));
        Assert.DoesNotContain(after, row => row.Contains(old, StringComparison.OrdinalIgnoreCase));
        await using var db = portal.Store();
        Assert.Equal(wanted, (await db.Users.SingleAsync(u => u.Id == account, Cancellation)).Email);
        var letters = await portal.LettersAsync(await NumberOnAsync(done));
        Assert.Equal([(nameof(AddressReplacedLetter), old), (nameof(CorrectedLetter), wanted)], letters.Select(l => (l.Letter, l.Address)));
        Assert.DoesNotContain(wanted, letters[0].Text, StringComparison.OrdinalIgnoreCase);
        Assert.Contains(wanted, await client.PageAsync(PortalUrls.Kind("contact_details")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_code_typed_too_late_changes_nothing()
    {
        var account = await portal.AccountAsync(34);
        using var client = portal.Client(account);
        var (address, before) = (await AddressAsync(account, 34, "email"), await portal.DumpAsync());
        var confirm = Target(await client.SubmitAsync(address, await client.PageAsync(address), ("New", "for.sent@exempel.se")));
        var (form, code) = (await client.PageAsync(confirm), await CodeAsync());

        portal.Time.Advance(OneTimeCodes.Validity);
        Assert.Contains("Koden gäller inte längre", await (await client.SubmitAsync(confirm, form, ("Code", code))).PageAsync(), StringComparison.Ordinal);
        Assert.Contains("Koden gäller inte längre", await client.PageAsync(confirm), StringComparison.Ordinal);
        Assert.Equal(before, await portal.DumpAsync());
    }

    [Fact]
    public async Task An_address_that_another_account_took_meanwhile_is_not_taken_over()
    {
        var account = await portal.AccountAsync(35);
        using var client = portal.Client(account);
        var (address, before) = (await AddressAsync(account, 35, "email"), await portal.DumpAsync());
        var confirm = Target(await client.SubmitAsync(address, await client.PageAsync(address), ("New", "tagen@exempel.se")));
        var form = await client.PageAsync(confirm);
        await using (var db = portal.Store())
        {
            db.Users.Add(new Account("sv", portal.Time.GetUtcNow().UtcDateTime) { Email = "tagen@exempel.se", NormalizedEmail = "TAGEN@EXEMPEL.SE", EmailConfirmed = true });
            await db.SaveChangesAsync(Cancellation);
        }

        var told = await (await client.SubmitAsync(confirm, form, ("Code", await CodeAsync()))).PageAsync();

        Assert.Equal("Adressen hör till ett annat konto", Html.Heading(told));
        Assert.Contains("Ingenting har ändrats", told, StringComparison.Ordinal);
        Assert.Equal(before, await portal.DumpAsync());
        await using var store = portal.Store();
        Assert.NotEqual("tagen@exempel.se", (await store.Users.SingleAsync(u => u.Id == account, Cancellation)).Email);
    }

    [Fact]
    public async Task A_new_address_asks_who_it_is_first()
    {
        var account = await portal.AccountAsync(14);
        using var client = portal.Client(account);
        client.DefaultRequestHeaders.Add(SignedInPortal.AgoHeader, "10");
        var address = await AddressAsync(account, 14, "email");

        Assert.Equal(PortalUrls.ConfirmFrom(address), Target(await client.SubmitAsync(address, await client.PageAsync(address), ("New", "ny@exempel.se"))));
        Assert.DoesNotContain(await portal.LettersAsync(), l => l.Address == "ny@exempel.se");
    }

    [Fact]
    public async Task What_staff_decide_becomes_one_case_and_is_shown_until_then()
    {
        var account = await portal.AccountAsync(26);
        using var client = portal.Client(account);
        var (address, before) = (await AddressAsync(account, 26, "full_name"), await portal.DumpAsync());
        var page = await client.PageAsync(address);

        var answers = await Task.WhenAll(client.SubmitAsync(address, page, ("New", "Åsa Nytt Namn")), client.SubmitAsync(address, page, ("New", "Åsa Nytt Namn")));
        var shown = await client.PageAsync(Target(answers[0]));

        Assert.Equal("Vi har tagit emot din begäran", Html.Heading(shown));
        var number = await NumberOnAsync(shown);
        Assert.Equal(number, await NumberOnAsync(await client.PageAsync(Target(answers[1]))));
        Assert.Equal((CaseStatus.Received, "rectification.requested"), await CaseAsync(number));
        var waiting = await client.PageAsync(address);
        Assert.Contains("Åsa Nytt Namn", waiting, StringComparison.Ordinal);
        Assert.Contains(number, waiting, StringComparison.Ordinal);
        Assert.Equal(before, await portal.DumpAsync());
        await using var db = portal.Store();
        var letter = Assert.Single(await portal.LettersAsync(number));
        Assert.Equal((nameof(CorrectionReceivedLetter), new DemoSubscriber(26).OwnEmail), (letter.Letter, letter.Address));
        var due = (await db.Cases.SingleAsync(c => c.Number == number, Cancellation)).DueOn;
        Assert.Contains("svar senast " + due.ToString("d MMMM yyyy", System.Globalization.CultureInfo.GetCultureInfo("sv")), letter.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Nytt Namn", letter.Text, StringComparison.Ordinal);
        var stored = await db.PendingCorrections.SingleAsync(p => p.AccountId == account, Cancellation);
        Assert.DoesNotContain("Nytt Namn", System.Text.Encoding.UTF8.GetString(stored.SealedPayload), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_elses_row_no_other_field_and_no_altered_link_is_found()
    {
        var (mine, theirs) = (await portal.AccountAsync(24), await portal.AccountAsync(28));
        using var client = portal.Client(mine);
        var own = await AddressAsync(mine, 24, "phone");
        foreach (var address in (string[])
        [
            await AddressAsync(theirs, 28, "phone"),
            await AddressAsync(mine, 28, "phone"),
            await AddressAsync(mine, 24, "customer_number"),
            await AddressAsync(mine, 24, "finns_inte"),
            own.Replace("/phone", "x/phone", StringComparison.Ordinal),
            "/ratta/x/phone",
        ])
        {
            var answer = await client.GetAsync(new Uri(address, UriKind.Relative), Cancellation);
            Assert.True(answer.StatusCode == HttpStatusCode.NotFound, address);
            Assert.Equal("Sidan finns inte", Html.Heading(await answer.PageAsync()));
        }
        var page = await client.PageAsync(own);
        Assert.Equal(HttpStatusCode.BadRequest, (await client.SubmitAsync(own, page, ("__RequestVerificationToken", "x"), ("New", "070-123 45 67"))).StatusCode);
    }

    [Fact]
    public async Task A_contact_person_is_asked_of_companies_alone()
    {
        var (person, company) = (await portal.AccountAsync(24), await portal.AccountAsync(30));
        using var client = portal.Client(person);
        Assert.DoesNotContain("Kontaktperson", await client.PageAsync(PortalUrls.Kind("contact_details")), StringComparison.Ordinal);
        using var refused = await client.GetAsync(new Uri(await AddressAsync(person, 24, "contact_person"), UriKind.Relative), Cancellation);
        Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);

        using var other = portal.Client(company);
        Assert.Contains("Kontaktperson", await other.PageAsync(PortalUrls.Kind("contact_details")), StringComparison.Ordinal);
        Assert.Equal("Rätta: Kontaktperson", Html.Heading(await other.PageAsync(await AddressAsync(company, 30, "contact_person"))));
    }

    [Fact]
    public async Task A_locked_database_changes_nothing_and_says_so()
    {
        var account = await portal.AccountAsync(30);
        using var client = portal.Client(account);
        var (address, before) = (await AddressAsync(account, 30, "contact_person"), await portal.DumpAsync());
        var page = await client.PageAsync(address);
        await using (await portal.Data.LockAsync())
        {
            var answer = await (await client.SubmitAsync(address, page, ("New", "Åsa Berg"))).PageAsync();

            Assert.Equal("Det går inte att rätta just nu", Html.Heading(answer));
            Assert.Contains("Ingenting har ändrats", answer, StringComparison.Ordinal);
            var number = await NumberOnAsync(answer);
            Assert.Equal(CaseStatus.Received, (await CaseAsync(number)).Item1);
            Assert.Equal(nameof(CorrectionReceivedLetter), Assert.Single(await portal.LettersAsync(number)).Letter);
        }
        Assert.Equal(before, await portal.DumpAsync());
        Assert.Equal("Uppgiften är rättad", Html.Heading(await client.PageAsync(Target(await client.SubmitAsync(address, page, ("New", "Åsa Berg"))))));
    }

    [Theory]
    [InlineData("sv", "Det går inte att spara", "den får bara finnas en gång")]
    [InlineData("en", "It cannot be saved", "it may be there only once")]
    public async Task What_a_rule_of_the_database_forbids_is_explained_and_left_to_staff(string language, string title, string why)
    {
        var account = await portal.AccountAsync(28);
        using var client = portal.Client(account, language);
        var address = await AddressAsync(account, 28, "phone");
        var others = await portal.ScalarAsync<string>($"SELECT phone FROM subscriber WHERE phone IS NOT NULL AND customer_number <> '{new DemoSubscriber(28).CustomerNumber}' ORDER BY id LIMIT 1");
        await portal.SqlAsync($"CREATE UNIQUE INDEX ux_phone ON subscriber (phone) WHERE phone = '{others}'");
        var before = await portal.DumpAsync();

        var answer = await (await client.SubmitAsync(address, await client.PageAsync(address), ("New", others))).PageAsync();

        Assert.Equal(title, Html.Heading(answer));
        Assert.Contains(why, answer, StringComparison.Ordinal);
        Assert.DoesNotContain(others, answer, StringComparison.Ordinal);
        Assert.Equal(CaseStatus.Received, (await CaseAsync(await NumberOnAsync(answer))).Item1);
        Assert.Equal(before, await portal.DumpAsync());
        await portal.SqlAsync("DROP INDEX ux_phone");
    }

    private async Task<string> CodeAsync() =>
        Regex.Match((await portal.LettersAsync()).Last(l => l.Letter == nameof(ConfirmAddressLetter)).Text, @"(?m)^\d{6}$").Value;

    private static string Target(HttpResponseMessage answer)
    {
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        var location = answer.Headers.Location!;
        return location.IsAbsoluteUri ? location.PathAndQuery : location.ToString();
    }

    private async Task<string> AddressAsync(string account, int subscriber, string field)
    {
        var id = await portal.ScalarAsync<string>($"SELECT id FROM subscriber WHERE customer_number = '{new DemoSubscriber(subscriber).CustomerNumber}'");
        return PortalUrls.Correct(portal.Services.GetRequiredService<RowLinks>().Of(account, new RowKey("kalejdo.subscriber", new Dictionary<string, string> { ["id"] = id })), field);
    }

    private async Task<string> NumberOnAsync(string page)
    {
        await using var db = portal.Store();
        return (await db.Cases.Select(c => c.Number).ToListAsync(Cancellation)).Single(number => page.Contains(number, StringComparison.Ordinal));
    }

    private async Task<(CaseStatus, string)> CaseAsync(string number)
    {
        await using var db = portal.Store();
        var events = await db.AuditEntries.Where(a => a.CaseNumber == number).OrderBy(a => a.Sequence).Select(a => a.Event).ToListAsync(Cancellation);
        return ((await db.Cases.SingleAsync(c => c.Number == number, Cancellation)).Status, string.Join(' ', events));
    }
}
