using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Tests.Support;
using static Kalejdo.Portal.Tests.Support.MappedDatabaseUnderTest;
using static Kalejdo.Portal.Tests.Support.MapText;

namespace Kalejdo.Portal.Tests.Rights;

public sealed class RectificationTests
{
    private const string Sql = """
        CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT UNIQUE, name TEXT NOT NULL, phone TEXT, born DATE, language TEXT, note TEXT);
        INSERT INTO customer VALUES (1, 'anna@exempel.se', 'Ana', '070-1', NULL, 'sv', NULL), (2, 'bo@exempel.se', 'Ana', '070-1', NULL, 'sv', NULL);
        CREATE TABLE contact (id INTEGER PRIMARY KEY, customer_id INTEGER, email TEXT, name TEXT);
        INSERT INTO contact VALUES (1, 1, 'ANNA@exempel.se', 'Ana'), (2, 1, 'bo@exempel.se', 'Ana'), (3, 1, NULL, 'Ana'), (4, 1, NULL, 'Anna');
        """;

    private static readonly string Map = Dataset(
        Collection("customer", "kind: k", Key(), Identity(portal: "correct: {rule: email}"), Personal("name", portal: "correct: {rule: name, length: 20}"), Personal("phone", portal: "correct: {rule: phone}"),
            Personal("born", portal: "correct: {rule: date}"), Personal("language"), Personal("note")),
        Collection("contact", "kind: k", Key(), From("customer_id", "customer.id"), Identity(portal: "correct: {rule: email}"), Personal("name", portal: "correct: {rule: name}"))) + "portal: {kinds: [{key: k, label: {sv: k, en: k}}]}\n";

    private static readonly IReadOnlyList<Identity> Anna = Email("anna@exempel.se");

    [Theory, EveryEngine]
    public async Task The_value_is_replaced_in_the_subjects_own_rows_alone(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Sql, Map);

        Assert.Equal(new RectificationOutcome.Corrected(1), await CorrectAsync(shop, "customer.name", null, "Ana", "Änna"));
        Assert.Equal(["Änna", "Ana"], await shop.ColumnAsync("SELECT name FROM customer ORDER BY id"));
        // The second contact carries somebody else's address.
        Assert.Equal(new RectificationOutcome.Corrected(2), await CorrectAsync(shop, "contact.name", null, "Ana", "Änna"));
        Assert.Equal(["Änna", "Ana", "Änna", "Anna"], await shop.ColumnAsync("SELECT name FROM contact ORDER BY id"));
    }

    [Theory, EveryEngine]
    public async Task One_row_is_corrected_where_its_key_is_given(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Sql, Map);

        Assert.Equal(new RectificationOutcome.Corrected(1), await CorrectAsync(shop, "contact.name", "3", "Ana", "Änna"));
        Assert.Equal(["Ana", "Ana", "Änna", "Anna"], await shop.ColumnAsync("SELECT name FROM contact ORDER BY id"));
        // Not somebody else's, whatever the key.
        Assert.IsType<RectificationOutcome.Stale>(await CorrectAsync(shop, "contact.name", "2", "Ana", "Änna"));
        Assert.IsType<RectificationOutcome.Stale>(await CorrectAsync(shop, "customer.name", "2", "Ana", "Änna"));
        Assert.IsType<RectificationOutcome.Stale>(await CorrectAsync(shop, "customer.name", "1 OR 1=1", "Ana", "Änna"));
    }

    [Theory, EveryEngine]
    public async Task A_key_of_another_table_or_half_a_key_is_refused(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Sql, Map);
        var before = await shop.DumpAsync();

        foreach (var key in new[] { new RowKey("shop.contact", new Dictionary<string, string> { ["id"] = "1" }), new RowKey("shop.customer", new Dictionary<string, string>()) })
        {
            Assert.IsType<RectificationOutcome.Refused>(await new Rectification(shop.Databases).CorrectAsync(Anna, "shop.customer.name", key, "Ana", "Änna", Cancellation));
        }

        Assert.Equal(before, await shop.DumpAsync());
    }

    [Theory, EveryEngine]
    public async Task A_value_that_has_changed_meanwhile_is_not_overwritten(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Sql, Map);
        var before = await shop.DumpAsync();

        Assert.IsType<RectificationOutcome.Stale>(await CorrectAsync(shop, "customer.name", null, "Anna", "Änna"));
        Assert.IsType<RectificationOutcome.Stale>(await CorrectAsync(shop, "customer.name", null, null, "Änna"));
        Assert.IsType<RectificationOutcome.Stale>(await CorrectAsync(shop, "customer.born", null, "igår", "1980-01-01"));
        Assert.Equal(before, await shop.DumpAsync());
    }

    [Theory, EveryEngine]
    public async Task Empty_values_are_filled_and_filled_ones_emptied(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Sql, Map);

        Assert.Equal(new RectificationOutcome.Corrected(1), await CorrectAsync(shop, "customer.born", null, null, "1980-02-29"));
        Assert.Equal(["1"], await shop.ColumnAsync("SELECT count(*) FROM customer WHERE born = '1980-02-29'"));
        Assert.Equal(new RectificationOutcome.Corrected(1), await CorrectAsync(shop, "customer.born", null, "1980-02-29", null));
        Assert.Equal(["0"], await shop.ColumnAsync("SELECT count(*) FROM customer WHERE born IS NOT NULL"));
    }

    [Theory, EveryEngine]
    public async Task A_corrected_identity_is_corrected_in_every_own_row_that_held_it(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Sql, Map);

        Assert.Equal(new RectificationOutcome.Corrected(2), await CorrectAsync(shop, "customer.email", null, "anna@exempel.se", "anna.ny@exempel.se"));
        Assert.Equal(["anna.ny@exempel.se", "bo@exempel.se"], await shop.ColumnAsync("SELECT email FROM customer ORDER BY id"));
        Assert.Equal(["anna.ny@exempel.se", "bo@exempel.se", "-", "-"], await shop.ColumnAsync("SELECT email FROM contact ORDER BY id"));
    }

    [Theory, EveryEngine]
    public async Task A_clash_with_a_rule_of_the_database_is_explained_without_values_and_changes_nothing(Provider provider)
    {
        await using var shop = await CreateAsync(provider, "CREATE TABLE known (name TEXT PRIMARY KEY); INSERT INTO known VALUES ('Ana'), ('Anna');"
            + Sql.Replace("phone TEXT", "phone TEXT CHECK (phone <> '070-2')", StringComparison.Ordinal)
                .Replace("email TEXT, name TEXT);", "email TEXT, name TEXT REFERENCES known (name) DEFERRABLE INITIALLY DEFERRED);", StringComparison.Ordinal), Map);
        var before = await shop.DumpAsync();

        foreach (var (field, old, value, rule, broken) in new[]
        {
            ("customer.email", "anna@exempel.se", "bo@exempel.se", "another row already has this value", BrokenRule.Unique), ("customer.name", "Ana", null, "it must not be empty", BrokenRule.NotNull),
            ("customer.phone", "070-1", "070-2", "the value is not one that is allowed there", BrokenRule.Check), ("contact.name", "Ana", "Bo", "a row would refer to one that does not exist", BrokenRule.Reference),
        })
        {
            var refused = Assert.IsType<RectificationOutcome.Refused>(await CorrectAsync(shop, field, null, old, value));
            Assert.Equal($"shop.{field}", refused.Reason.Field);
            Assert.Equal(broken, refused.Rule);
            Assert.Contains("a rule of the database forbids it", refused.Reason.Reason, StringComparison.Ordinal);
            Assert.Contains(rule, refused.Reason.Reason, StringComparison.Ordinal);
            Assert.DoesNotContain("bo@", refused.Reason.Reason, StringComparison.Ordinal);
        }

        Assert.Equal(before, await shop.DumpAsync());
    }

    [Theory, EveryEngine]
    public async Task What_may_not_be_corrected_is_refused(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Sql, Map);
        var before = await shop.DumpAsync();

        Assert.Contains("does not let this be corrected", await ReasonAsync("customer.language", "sv", "en"), StringComparison.Ordinal);
        Assert.Contains("no map knows the field", await ReasonAsync("customer.naam", "Ana", "Anna"), StringComparison.Ordinal);
        Assert.Contains("no map knows the field", await ReasonAsync("name", "Ana", "Anna"), StringComparison.Ordinal);
        Assert.Contains("longer than 20", await ReasonAsync("customer.name", "Ana", new string('a', 21)), StringComparison.Ordinal);
        Assert.Contains("control characters", await ReasonAsync("customer.name", "Ana", "An\na"), StringComparison.Ordinal);
        Assert.Equal(before, await shop.DumpAsync());

        async Task<string> ReasonAsync(string field, string old, string value) => Assert.IsType<RectificationOutcome.Refused>(await CorrectAsync(shop, field, null, old, value)).Reason.Reason;
    }

    [Theory]
    [InlineData("email", "å.ö@exempel.se", true)]
    [InlineData("email", "a@b", false)]
    [InlineData("email", "a b@exempel.se", false)]
    [InlineData("email", "a@exempel..se", false)]
    [InlineData("email", "a@b@exempel.se", false)]
    [InlineData("phone", "070-123 45 67", true)]
    [InlineData("phone", "+46 (0)70 123 45 67", true)]
    [InlineData("phone", "ring mig", false)]
    [InlineData("postal_code", "123 45", true)]
    [InlineData("postal_code", "12345", true)]
    [InlineData("postal_code", "1234", false)]
    [InlineData("postal_code", "١٢٣ ٤٥", false)]
    [InlineData("name", "Åsa Öberg-Ek", true)]
    [InlineData("name", " ", false)]
    [InlineData("date", "2024-02-29", true)]
    [InlineData("date", "2023-02-29", false)]
    [InlineData("choice", "sv", true)]
    [InlineData("choice", "fi", false)]
    [InlineData("text", "två\nrader", true)]
    [InlineData("text", "\0", false)]
    public void Rules_keep_slips_out(string rule, string value, bool fine) =>
        Assert.Equal(fine, CorrectionRules.Problem(new Correction(rule, null, [new Choice("sv", new LocalText("Svenska", "Swedish"))], false), value) is null);

    private static Task<RectificationOutcome> CorrectAsync(MappedDatabaseUnderTest shop, string field, string? id, string? old, string? value) =>
        new Rectification(shop.Databases).CorrectAsync(
            Anna, $"shop.{field}", id is null ? null : new RowKey($"shop.{field.Split('.')[0]}", new Dictionary<string, string> { ["id"] = id }), old, value, Cancellation);
}
