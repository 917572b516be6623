using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Tests.Support;
using static Kalejdo.Portal.Tests.Support.MapText;
using static Kalejdo.Portal.Tests.Support.MappedDatabaseUnderTest;

namespace Kalejdo.Portal.Tests.Rights;

public sealed class LocatingTests
{
    private const string Customers = """
        CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, name TEXT);
        INSERT INTO customer VALUES (1, 'anna@exempel.se', 'Anna'), (2, 'bo@exempel.se', 'Bo');
        """;

    private static readonly string Customer = Collection("customer", "", Key(), Identity(), Personal("name"));

    [Theory, EveryEngine]
    public async Task From_leads_from_the_named_collection_to_the_one_that_refers(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Customers + """
            CREATE TABLE purchase (id INTEGER PRIMARY KEY, customer_id INTEGER);
            INSERT INTO purchase VALUES (10, 1), (11, 1), (20, 2), (30, NULL);
            """, Dataset(Customer, Collection("purchase", "", Key(), From("customer_id", "customer.id"))));

        Assert.Equal(["10", "11"], await shop.SeenAsync("anna@exempel.se", "purchase", "id"));
    }

    [Theory, EveryEngine]
    public async Task From_does_not_lead_back(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Customers + """
            CREATE TABLE ticket (id INTEGER PRIMARY KEY, sender TEXT, customer_id INTEGER);
            INSERT INTO ticket VALUES (10, 'anna@exempel.se', 2);
            """, Dataset(Customer, Collection("ticket", "", Key(), Identity("sender", identity: "email"), From("customer_id", "customer.id"))));

        Assert.Equal(["1"], await shop.SeenAsync("anna@exempel.se", "customer", "id"));
    }

    [Theory, EveryEngine]
    public async Task To_leads_from_the_one_that_refers_and_not_back(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE address (id INTEGER PRIMARY KEY, street TEXT);
            INSERT INTO address VALUES (7, 'Storgatan 1'), (8, 'Lillgatan 2');
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, address_id INTEGER);
            INSERT INTO customer VALUES (1, 'anna@exempel.se', 7), (2, 'bo@exempel.se', 7), (3, 'cia@exempel.se', 8);
            """, Dataset(
            Collection("customer", "", Key(), Identity(), To("address_id", "address.id")),
            Collection("address", "", Key(), Personal("street"))));

        Assert.Equal(["7"], await shop.SeenAsync("anna@exempel.se", "address", "id"));
        Assert.Equal(["1"], await shop.SeenAsync("anna@exempel.se", "customer", "id"));
    }

    [Theory, EveryEngine]
    public async Task Absent_direction_leads_both_ways(Provider provider)
    {
        const string Sql = """
            CREATE TABLE account (id INTEGER PRIMARY KEY, email TEXT);
            INSERT INTO account VALUES (1, 'anna@exempel.se'), (2, NULL);
            CREATE TABLE card (id INTEGER PRIMARY KEY, account_id INTEGER, holder TEXT);
            INSERT INTO card VALUES (5, 1, NULL), (6, 2, 'bo@exempel.se');
            """;
        await using var shop = await CreateAsync(provider, Sql, Dataset(
            Collection("account", "", Key(), Identity()), Collection("card", "", Key(), Both("account_id", "account.id"), Identity("holder", identity: "email"))));

        Assert.Equal(["5"], await shop.SeenAsync("anna@exempel.se", "card", "id"));
        Assert.Equal(["2"], await shop.SeenAsync("bo@exempel.se", "account", "id"));
    }

    [Theory, EveryEngine]
    public async Task A_reference_written_at_the_parent_is_the_same_reference(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT);
            INSERT INTO customer VALUES (1, 'anna@exempel.se'), (2, 'bo@exempel.se');
            CREATE TABLE purchase (id INTEGER PRIMARY KEY, customer_id INTEGER);
            INSERT INTO purchase VALUES (10, 1), (20, 2);
            """, Dataset(
            Collection("customer", "", Plain("id", $"primary_key: true, {Reference("purchase.customer_id", "to")}"), Identity()),
            Collection("purchase", "on_erasure: delete, kind: k", Key(), Plain("customer_id"))) + "portal: {kinds: [{key: k, label: {sv: k, en: k}}]}\n");

        Assert.Equal(["10"], await shop.SeenAsync("anna@exempel.se", "purchase", "id"));
        Assert.Equal(["customer anonymise 1", "purchase delete 1"], await shop.EraseAsync("anna@exempel.se"));
    }

    [Theory, EveryEngine]
    public async Task Self_references_and_cycles_are_followed_to_their_end_and_each_row_counts_once(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Customers + """
            CREATE TABLE comment (id INTEGER PRIMARY KEY, customer_id INTEGER, reply_to INTEGER REFERENCES comment (id), first_of INTEGER);
            INSERT INTO comment VALUES (1, 1, NULL, NULL), (2, NULL, 1, NULL), (3, NULL, 2, NULL), (4, NULL, 3, 1), (5, NULL, 5, NULL), (9, 2, NULL, NULL);
            """, Dataset(Customer, Collection("comment", "", Key(), From("customer_id", "customer.id"), From("reply_to", "comment.id"), From("first_of", "comment.id"))));

        Assert.Equal(["1", "2", "3", "4"], await shop.SeenAsync("anna@exempel.se", "comment", "id"));
    }

    [Theory, EveryEngine]
    public async Task References_of_one_foreign_key_are_joined_by_and(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE purchase (shop INTEGER NOT NULL, number INTEGER NOT NULL, email TEXT, PRIMARY KEY (shop, number));
            INSERT INTO purchase VALUES (1, 1, 'anna@exempel.se'), (1, 2, 'bo@exempel.se'), (2, 1, 'bo@exempel.se'), (2, 2, 'anna@exempel.se');
            CREATE TABLE line (id INTEGER PRIMARY KEY, shop INTEGER, number INTEGER, FOREIGN KEY (shop, number) REFERENCES purchase (shop, number));
            INSERT INTO line VALUES (11, 1, 1), (12, 1, 2), (21, 2, 1), (22, 2, 2);
            """, Dataset(
            Collection("purchase", "", Key("shop"), Key("number"), Identity()),
            Collection("line", "", Key(), From("shop", "purchase.shop"), From("number", "purchase.number"))));

        Assert.Equal(["11", "22"], await shop.SeenAsync("anna@exempel.se", "line", "id"));
    }

    [Theory, EveryEngine]
    public async Task References_of_one_named_group_are_joined_by_and(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE purchase (shop INTEGER NOT NULL, number INTEGER NOT NULL, email TEXT, PRIMARY KEY (shop, number));
            INSERT INTO purchase VALUES (1, 1, 'anna@exempel.se'), (1, 2, 'bo@exempel.se'), (2, 1, 'bo@exempel.se');
            CREATE TABLE line (id INTEGER PRIMARY KEY, shop INTEGER, number INTEGER);
            INSERT INTO line VALUES (11, 1, 1), (12, 1, 2), (21, 2, 1);
            """, Dataset(
            Collection("purchase", "", Key("shop"), Key("number"), Identity()),
            Collection("line", "", Key(), Plain("shop", Reference("purchase.shop", "from", group: "order")), Plain("number", Reference("purchase.number", "from", group: "order")))));

        Assert.Equal(["11"], await shop.SeenAsync("anna@exempel.se", "line", "id"));
    }

    [Theory, EveryEngine]
    public async Task Two_references_to_one_parent_are_joined_by_or(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Customers + """
            CREATE TABLE transfer (id INTEGER PRIMARY KEY, payer INTEGER, payee INTEGER);
            INSERT INTO transfer VALUES (1, 1, NULL), (2, NULL, 1), (3, 1, 1), (4, 2, NULL);
            """, Dataset(Customer, Collection("transfer", "", Key(), From("payer", "customer.id"), From("payee", "customer.id"))));

        Assert.Equal(["1", "2", "3"], await shop.SeenAsync("anna@exempel.se", "transfer", "id"));
    }

    [Theory, EveryEngine]
    public async Task The_rows_of_several_identities_are_united(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, number TEXT);
            INSERT INTO customer VALUES (1, 'anna@exempel.se', 'K1'), (2, 'annan@exempel.se', 'K2'), (3, NULL, 'K3'), (4, 'bo@exempel.se', 'K4');
            """, Dataset(Collection("customer", "", Key(), Identity(), Identity("number", identity: "customer_number"))));

        Assert.Equal(["1", "2", "3"], await shop.SeenAsync([new("email", "anna@exempel.se"), new("email", "annan@exempel.se"), new("customer_number", "K3"), new("customer_number", "K3")], "customer", "id"));
    }

    [Theory, EveryEngine]
    public async Task Email_matches_without_regard_to_case_and_blanks_and_with_Swedish_letters(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT);
            INSERT INTO customer VALUES (1, 'åsa.öberg@exempel.se'), (2, ' Åsa.ÖBERG@Exempel.SE '), (3, 'asa.oberg@exempel.se'), (4, 'ÅSA.ÖBERG@EXEMPEL.SE'), (5, 'åsa_öberg@exempel.se');
            CREATE TABLE note (id INTEGER PRIMARY KEY, customer_id INTEGER, email TEXT);
            INSERT INTO note VALUES (1, 1, 'ÅSA.öberg@exempel.se'), (2, 1, 'bo@exempel.se');
            """, Dataset(
            Collection("customer", "", Key(), Identity()),
            Collection("note", "", Key(), From("customer_id", "customer.id"), Identity())));

        Assert.Equal(["1", "2", "4"], await shop.SeenAsync(" ÅSA.öberg@exempel.SE", "customer", "id"));
        Assert.Equal(["ÅSA.öberg@exempel.se", "-"], await shop.SeenAsync("åsa.öberg@exempel.se", "note", "email"));
    }

    [Theory, EveryEngine]
    public async Task Other_identities_match_exactly(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, number TEXT);
            INSERT INTO customer VALUES (1, 'K1'), (2, 'k1'), (3, 'K1 ');
            """, Dataset(Collection("customer", "", Key(), Identity("number"))));

        Assert.Equal(["1"], await shop.SeenAsync([new("number", "K1")], "customer", "id"));
    }

    [Theory, EveryEngine]
    public async Task The_map_may_say_how_an_identity_matches(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, number TEXT, email TEXT);
            INSERT INTO customer VALUES (1, 'K1', 'a@x.se'), (2, 'k1', 'A@x.se'), (3, ' K1', NULL);
            """, Dataset(Collection("customer", "kind: k", Key(), Identity("number", portal: "match: ignore_case"), Identity(portal: "match: exact"))) + "portal: {kinds: [{key: k, label: {sv: k, en: k}}]}\n");

        Assert.Equal(["1", "2", "3"], await shop.SeenAsync([new("number", "k1 ")], "customer", "id"));
        Assert.Equal(["2"], await shop.SeenAsync("A@x.se", "customer", "id"));
    }

    [Theory, EveryEngine]
    public async Task An_address_that_was_never_verified_finds_nothing(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, verified TIMESTAMP);
            INSERT INTO customer VALUES (1, 'anna@exempel.se', NULL), (2, 'anna@exempel.se', '2026-01-01 10:00:00');
            """, Dataset(Collection("customer", "kind: k", Key(), Identity(portal: "verified_by: verified"), Plain("verified"))) + "portal: {kinds: [{key: k, label: {sv: k, en: k}}]}\n");

        Assert.Equal(["2"], await shop.SeenAsync("anna@exempel.se", "customer", "id"));
    }

    [Theory, EveryEngine]
    public async Task Identities_are_compared_by_the_type_of_their_column(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, number INTEGER, small SMALLINT, amount NUMERIC(5, 2), born DATE);
            INSERT INTO customer VALUES (1, 42, 7, 1.23, '1980-02-29'), (2, 43, 8, 9.5, NULL);
            """, Dataset(Collection("customer", "", Key(), Identity("number"), Identity("small"), Identity("amount"), Identity("born"))));

        Assert.Equal(["1"], await Seen("number", "42"));
        Assert.Equal(["1"], await Seen("small", "7"));
        Assert.Equal(["1"], await Seen("amount", "1.23"));
        Assert.Equal(["1"], await Seen("born", "1980-02-29"));
        // What no row can hold is no match, never an error.
        foreach (var (name, value) in new[]
        {
            ("number", "K42"), ("number", "99999999999"), ("number", "4.2"), ("number", "99999999999999999999"), ("small", "70000"), ("amount", "1.234"), ("amount", "123456789"),
            ("born", "1981-02-29"), ("born", "igår"),
        })
        {
            Assert.Empty(await Seen(name, value));
            Assert.Empty(await shop.EraseAsync([new Identity(name, value)]));
        }

        Task<string[]> Seen(string name, string value) => shop.SeenAsync([new(name, value)], "customer", "id");
    }

    [Fact]
    public async Task PostgreSQLs_own_types_compare_too_and_what_they_cannot_hold_is_no_match()
    {
        await using var shop = await CreateAsync(Provider.Postgresql, """
            CREATE TYPE mood AS ENUM ('glad', 'arg');
            CREATE DOMAIN customer_number AS integer CHECK (VALUE > 0);
            CREATE TABLE customer (id uuid PRIMARY KEY, mood mood, host inet, tags text[], number customer_number, code char(8), facts jsonb);
            INSERT INTO customer VALUES ('6d0f5a3e-97c6-4a4c-9a0b-0d2b3c4d5e6f', 'glad', '10.0.0.1', '{a,b}', 5, 'AB', '{"a":1}');
            """, Dataset(Collection("customer", "", Identity("id", "primary_key: true"), Identity("mood"), Identity("host"), Identity("tags"), Identity("number"), Identity("code"), Identity("facts"))));

        foreach (var (name, found, missing) in new[]
        {
            ("id", "6D0F5A3E-97C6-4A4C-9A0B-0D2B3C4D5E6F", "K1"), ("mood", "glad", "trött"), ("host", "10.0.0.1/32", "10.0.0.256"),
            ("tags", "{a,b}", "{a"), ("number", "5", "-5"), ("code", "AB", "ABC"), ("facts", "{\"a\": 1}", "{"),
        })
        {
            Assert.Single(await shop.SeenAsync([new(name, found)], "customer", "id"));
            Assert.Empty(await shop.SeenAsync([new(name, missing)], "customer", "id"));
        }
    }

    [Theory, EveryEngine]
    public async Task Rows_of_a_table_without_a_key_count_each(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Customers + """
            CREATE TABLE click (customer_id INTEGER, page TEXT);
            INSERT INTO click VALUES (1, 'start'), (1, 'start'), (1, NULL), (2, 'start'), (2, 'start');
            """, Dataset(Customer, CollectionWith("click", "", "masking_strategy_override: {strategy: delete}", From("customer_id", "customer.id"), Personal("page"))));

        Assert.Equal(3, (await shop.SeenAsync("anna@exempel.se", "click", "page")).Length);
        Assert.Equal(["click delete 3", "customer anonymise 1"], await shop.EraseAsync("anna@exempel.se"));
        Assert.Equal(["2", "2"], await shop.ColumnAsync("SELECT customer_id FROM click"));
    }

    [Theory, EveryEngine]
    public async Task Rows_without_a_key_are_masked_and_their_circles_cut(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Customers + """
            CREATE TABLE node (code TEXT UNIQUE, customer_id INTEGER, next TEXT REFERENCES node (code), label TEXT);
            INSERT INTO node VALUES ('a', 1, NULL, 'x'), ('b', 1, 'a', 'x'), ('c', 2, NULL, 'x');
            UPDATE node SET next = 'b' WHERE code = 'a';
            """, Dataset(Customer, CollectionWith("node", "", "masking_strategy_override: {strategy: delete}", Plain("code"), From("customer_id", "customer.id"), From("next", "node.code"), Personal("label"))));

        Assert.Equal(["customer anonymise 1", "node delete 2"], await shop.EraseAsync("anna@exempel.se"));
        Assert.Equal(["c"], await shop.ColumnAsync("SELECT code FROM node"));
    }

    [Fact]
    public async Task Equal_places_in_different_partitions_are_different_rows()
    {
        await using var shop = await CreateAsync(Provider.Postgresql, Customers + """
            CREATE TABLE event (customer_id INTEGER, day DATE, what TEXT, owner TEXT) PARTITION BY RANGE (day);
            CREATE TABLE event_2025 PARTITION OF event FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
            CREATE TABLE event_2026 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
            INSERT INTO event VALUES (1, '2025-05-05', 'annas'), (2, '2026-05-05', 'bos'), (1, '2026-05-06', 'annas');
            """, Dataset(Customer, CollectionWith("event", "", "masking_strategy_override: {strategy: delete}",
            From("customer_id", "customer.id"), Plain("day"), Personal("what"), Identity("owner", identity: "email"))));

        Assert.Equal(["annas", "annas"], await shop.SeenAsync("anna@exempel.se", "event", "what"));
        Assert.Equal(["customer anonymise 1", "event delete 2"], await shop.EraseAsync("anna@exempel.se"));
        Assert.Equal(["bos"], await shop.ColumnAsync("SELECT what FROM event"));
    }

    [Fact]
    public async Task Tables_without_row_ids_and_with_columns_called_rowid_are_told_apart_by_their_keys()
    {
        await using var shop = await CreateAsync(Provider.Sqlite, Customers + """
            CREATE TABLE setting (customer_id INTEGER, name TEXT, value TEXT, PRIMARY KEY (customer_id, name)) WITHOUT ROWID;
            INSERT INTO setting VALUES (1, 'språk', 'sv'), (1, 'tema', 'mörkt'), (2, 'språk', 'en');
            CREATE TABLE odd (rowid TEXT, oid TEXT, _rowid_ TEXT PRIMARY KEY, customer_id INTEGER);
            INSERT INTO odd VALUES ('x', 'x', 'a', 1), ('x', 'x', 'b', 1), ('x', 'x', 'c', 2);
            """, Dataset(Customer,
            CollectionWith("setting", "", "masking_strategy_override: {strategy: delete}", From("customer_id", "customer.id", "primary_key: true"), Key("name"), Personal("value")),
            CollectionWith("odd", "", "masking_strategy_override: {strategy: delete}", Plain("rowid"), From("customer_id", "customer.id"), Key("_rowid_"))));

        Assert.Equal(["customer anonymise 1", "odd delete 2", "setting delete 2"], await shop.EraseAsync("anna@exempel.se"));
        Assert.Equal(["2"], await shop.ColumnAsync("SELECT customer_id FROM setting"));
        Assert.Equal(["c"], await shop.ColumnAsync("SELECT _rowid_ FROM odd"));
    }

    [Theory, EveryEngine]
    public async Task Names_are_quoted_whatever_they_are(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE "Order" ("select" INTEGER PRIMARY KEY, "E-post""; DROP TABLE x; --" TEXT, "Group" TEXT);
            CREATE TABLE "user's lines" ("Line @p0" INTEGER PRIMARY KEY, "from" INTEGER REFERENCES "Order" ("select"), "ort (å)" TEXT);
            INSERT INTO "Order" VALUES (1, 'anna@exempel.se', 'g'), (2, 'bo@exempel.se', 'h');
            INSERT INTO "user's lines" VALUES (1, 1, 'Åmål'), (2, 2, 'Örebro');
            """, Dataset(
            CollectionWith("Order", "", "", Key("select"), Identity("E-post\"; DROP TABLE x; --", identity: "email"), Personal("Group")),
            CollectionWith("user's lines", "", "masking_strategy_override: {strategy: delete}", Key("Line @p0"), From("from", "Order.select"), Personal("ort (å)"))));

        Assert.Equal(["Åmål"], await shop.SeenAsync("anna@exempel.se", "user's lines", "ort (å)"));
        Assert.Equal(["Order anonymise 1", "user's lines delete 1"], await shop.EraseAsync("anna@exempel.se"));
        Assert.Equal(["Örebro"], await shop.ColumnAsync("SELECT \"ort (å)\" FROM \"user's lines\""));
    }

    [Fact]
    public async Task A_namespace_names_the_schema()
    {
        await using var shop = await UnmappedAsync(Provider.Postgresql, """
            CREATE SCHEMA "Other one"; CREATE TABLE "Other one".customer (id INTEGER PRIMARY KEY, email TEXT);
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT);
            INSERT INTO "Other one".customer VALUES (1, 'anna@exempel.se'); INSERT INTO customer VALUES (2, 'anna@exempel.se');
            """);
        await shop.MapAsync(DatasetOf("shop", "namespace: {schema: 'Other one'}", Collection("customer", "", Key(), Identity())));

        Assert.Equal(["1"], await shop.SeenAsync("anna@exempel.se", "customer", "id"));
        Assert.Equal(["customer anonymise 1"], await shop.EraseAsync("anna@exempel.se"));
        Assert.Equal(["anna@exempel.se"], await shop.ColumnAsync("SELECT email FROM customer"));
    }

    [Theory, EveryEngine]
    public async Task Rows_reached_by_two_ways_count_once(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Customers + """
            CREATE TABLE home (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (id));
            CREATE TABLE device (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (id), home_id INTEGER REFERENCES home (id), owner TEXT);
            INSERT INTO home VALUES (1, 1), (2, 2);
            INSERT INTO device VALUES (1, 1, 1, 'anna@exempel.se'), (2, NULL, 1, NULL), (3, 2, 2, NULL);
            """, Dataset(Customer,
            CollectionWith("home", "", "masking_strategy_override: {strategy: delete}", Key(), From("customer_id", "customer.id")),
            CollectionWith("device", "", "masking_strategy_override: {strategy: delete}", Key(), From("customer_id", "customer.id"), From("home_id", "home.id"), Identity("owner", identity: "email"))));

        Assert.Equal(["1", "2"], await shop.SeenAsync("anna@exempel.se", "device", "id"));
        Assert.Equal(["customer anonymise 1", "device delete 2", "home delete 1"], await shop.EraseAsync("anna@exempel.se"));
    }

    [Theory, EveryEngine]
    public async Task Somebody_unknown_has_empty_collections_and_no_steps(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Customers + "CREATE TABLE purchase (id INTEGER PRIMARY KEY, customer_id INTEGER);",
            Dataset(Customer, Collection("purchase", "", Key(), From("customer_id", "customer.id"))));

        Assert.Equal("""{"shop.customer":[],"shop.purchase":[]}""", (await shop.AccessAsync(Email("ingen@exempel.se"))).ToJsonString());
        Assert.Empty(await shop.EraseAsync("ingen@exempel.se"));
    }

    [Theory, EveryEngine]
    public async Task Skipped_and_anonymous_collections_take_no_part(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Customers + """
            CREATE TABLE a (id INTEGER PRIMARY KEY, customer_id INTEGER); INSERT INTO a VALUES (1, 1);
            CREATE TABLE b (id INTEGER PRIMARY KEY, customer_id INTEGER); INSERT INTO b VALUES (1, 1);
            """, Dataset(Customer, CollectionWith("a", "", "skip_processing: true", Key(), From("customer_id", "customer.id")), Collection("b", "anonymous: true", Key(), From("customer_id", "customer.id"))));

        Assert.Equal(["shop.customer"], (await shop.AccessAsync(Email("anna@exempel.se"))).Select(c => c.Key));
    }

    [Theory, EveryEngine]
    public async Task Identities_that_cannot_be_used_are_refused(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Customers, Dataset(Customer));

        Assert.Contains("no map knows the identity 'phone'; known are email", Assert.Single(await shop.RefusedAsync([new("phone", "070")])), StringComparison.Ordinal);
        foreach (var value in new[] { "", "  ", new string('a', 1001), "anna@exempel.se\n", "anna\0", "\ud800anna" })
        {
            var refusals = await shop.RefusedAsync([new("email", value)]);
            Assert.NotEmpty(refusals);
            Assert.All(refusals, r => Assert.DoesNotContain("anna", r, StringComparison.Ordinal));
        }
    }

    [Theory, EveryEngine]
    public async Task Identities_cannot_inject(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Customers, Dataset(Customer));
        var before = await shop.DumpAsync();

        foreach (var value in new[] { "' OR '1'='1", "x'; DROP TABLE customer; --", "%", "@p0", "anna@exempel.se' --", "\\'; DELETE FROM customer; --", "$$", "NULL" })
        {
            Assert.Empty(await shop.SeenAsync(value, "customer", "id"));
            Assert.Empty(await shop.EraseAsync(value));
        }

        Assert.Equal(before, await shop.DumpAsync());
    }
}
