using System.Globalization;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Tests.Support;
using static Kalejdo.Portal.Tests.Support.MappedDatabasesUnderTest;
using static Kalejdo.Portal.Tests.Support.MappedDatabaseUnderTest;
using static Kalejdo.Portal.Tests.Support.MapText;

namespace Kalejdo.Portal.Tests.Rights;

/// <summary>References from a database of one engine to one of the other: <c>crm</c> is of the engine given, <c>shop</c> of the other.</summary>
public sealed class AcrossTests
{
    private const string Anna = "anna@exempel.se";
    private const string Bo = "bo@exempel.se";
    private const string Delete = "masking_strategy_override: {strategy: delete}";

    private const string Customers = """
        CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, name TEXT);
        INSERT INTO customer VALUES (1, 'anna@exempel.se', 'Anna'), (2, 'bo@exempel.se', 'Bo');
        """;

    private static readonly string Customer = CollectionWith("customer", "", Delete, Key(), Identity(), Personal("name"));

    private static readonly string Rules = Retention("seven_years: {ground: {sv: lag, en: law}, keep: P7Y, counted_from: date}") + "  kinds: [{key: k, label: {sv: k, en: k}}]\n";

    [Theory, EveryEngine]
    public async Task Rows_are_followed_into_the_other_database_and_back(Provider provider)
    {
        foreach (var backwards in new[] { false, true })
        {
            await using var both = await CreateAsync(provider, Customers + """
                CREATE TABLE parcel (id INTEGER PRIMARY KEY, street TEXT); INSERT INTO parcel VALUES (7, 'Storgatan 1'), (8, 'Lillgatan 2'), (9, 'Ingens gata 3');
                """, """
                CREATE TABLE purchase (id INTEGER PRIMARY KEY, customer_id INTEGER, parcel_id BIGINT, what TEXT);
                INSERT INTO purchase VALUES (1, 1, 7, 'a'), (2, 1, NULL, 'b'), (3, 2, 8, 'c'), (4, NULL, 9, 'd');
                """, Maps(
                DatasetOf("crm", "", Customer, CollectionWith("parcel", "", Delete, Key(), Personal("street"))),
                DatasetOf("shop", "", CollectionWith("purchase", "", Delete, Key(),
                    Plain("customer_id", Reference("customer.id", "from", "crm")), Plain("parcel_id", Reference("parcel.id", "to", "crm")), Personal("what")))));

            Assert.Equal(["1", "2"], await both.SeenAsync(Anna, "shop.purchase", "id"));
            Assert.Equal(["Storgatan 1"], await both.SeenAsync(Anna, "crm.parcel", "street"));
            Assert.Equal(["customer delete 1", "parcel delete 1", "purchase delete 2"], await both.EraseAsync(Anna, backwards: backwards));
            Assert.Equal(["8", "9"], await both.Crm.ColumnAsync("SELECT id FROM parcel ORDER BY id"));
            Assert.Equal(["3", "4"], await both.Shop.ColumnAsync("SELECT id FROM purchase ORDER BY id"));
            Assert.Equal(["Lillgatan 2"], await both.SeenAsync(Bo, "crm.parcel", "street"));
        }
    }

    [Theory, EveryEngine]
    public async Task The_database_to_which_the_other_leads_goes_first_unless_the_map_says_after(Provider provider)
    {
        foreach (var (after, order) in new[] { ("", "shop crm"), ("after: [crm]", "crm shop") })
        {
            await using var both = await CreateAsync(provider, Customers, "CREATE TABLE login (id INTEGER PRIMARY KEY, customer_id INTEGER, device TEXT); INSERT INTO login VALUES (1, 1, 'a'), (2, 2, 'b');", Maps(
                DatasetOf("crm", "", Customer),
                DatasetOf("shop", after, CollectionWith("login", "", Delete, Key(), Plain("customer_id", Reference("customer.id", "from", "crm")), Personal("device")))));

            Assert.Equal(order, string.Join(' ', both.Databases.Keys));
            Assert.Equal(["customer delete 1", "login delete 1"], await both.EraseAsync(Anna));
        }
    }

    [Theory, EveryEngine]
    public async Task A_circle_through_both_databases_goes_whichever_of_them_goes_first(Provider provider)
    {
        foreach (var backwards in new[] { false, true })
        {
            await using var both = await CreateAsync(provider, """
                CREATE TABLE person (id INTEGER PRIMARY KEY, email TEXT, friend_id INTEGER, note TEXT);
                INSERT INTO person VALUES (1, 'anna@exempel.se', 11, 'x'), (2, NULL, 12, 'x'), (3, NULL, 13, 'x'), (9, 'bo@exempel.se', 19, 'x');
                """, """
                CREATE TABLE person (id INTEGER PRIMARY KEY, friend_id INTEGER, note TEXT);
                INSERT INTO person VALUES (11, 2, 'x'), (12, 3, 'x'), (13, 1, 'x'), (19, 9, 'x');
                """, Maps(
                DatasetOf("crm", "", CollectionWith("person", "", Delete, Key(), Identity(), Plain("friend_id", Reference("person.id", "to", "shop")), Personal("note"))),
                DatasetOf("shop", "", CollectionWith("person", "", Delete, Key(), Plain("friend_id", Reference("person.id", "to", "crm")), Personal("note")))));

            Assert.Equal(["person delete 3", "person delete 3"], await both.EraseAsync(Anna, backwards: backwards));
            Assert.Equal(["9"], await both.Crm.ColumnAsync("SELECT id FROM person"));
            Assert.Equal(["19"], await both.Shop.ColumnAsync("SELECT id FROM person"));
        }
    }

    [Theory, EveryEngine]
    public async Task What_two_people_refer_to_from_the_other_database_is_shared_and_their_reference_to_it_is_cut(Provider provider)
    {
        foreach (var backwards in new[] { false, true })
        {
            await using var both = await CreateAsync(provider, """
                CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, address_id INTEGER);
                INSERT INTO customer VALUES (1, 'anna@exempel.se', 7), (2, 'bo@exempel.se', 7), (3, 'cia@exempel.se', 8), (4, NULL, 8);
                """, """
                CREATE TABLE town (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO town VALUES (1, 'Åmål'), (2, 'Säffle');
                CREATE TABLE address (id INTEGER PRIMARY KEY, street TEXT, town_id INTEGER REFERENCES town (id)); INSERT INTO address VALUES (7, 'Storgatan 1', 1), (8, 'Lillgatan 2', 2);
                """, Maps(
                DatasetOf("crm", "", Collection("customer", "", Key(), Identity(), Plain("address_id", Reference("address.id", "to", "shop")))),
                DatasetOf("shop", "", Collection("address", "", Key(), Personal("street"), To("town_id", "town.id")), Collection("town", "", Key(), Personal("name")))));

            Assert.Equal(["address anonymise 1", "customer anonymise 1", "town anonymise 1"], await both.PlanAsync("cia@exempel.se"));
            Assert.Equal(["address shared 1", "customer anonymise 1", "town shared 1"], await both.EraseAsync(Anna, backwards: backwards));
            Assert.Equal(["-", "7", "8", "8"], await both.Crm.ColumnAsync("SELECT address_id FROM customer ORDER BY id"));
            Assert.Equal(["Storgatan 1"], await both.SeenAsync(Bo, "shop.address", "street"));
            // The last of two sharers takes it along.
            Assert.Equal(["address anonymise 1", "customer anonymise 1", "town anonymise 1"], await both.EraseAsync(Bo, backwards: backwards));
        }
    }

    [Theory, EveryEngine]
    public async Task Nobody_walks_from_a_shared_row_to_the_neighbour_in_the_other_database(Provider provider)
    {
        await using var both = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, address_id INTEGER);
            INSERT INTO customer VALUES (1, 'anna@exempel.se', 7), (2, 'bo@exempel.se', 7), (3, NULL, 7);
            """, "CREATE TABLE address (id INTEGER PRIMARY KEY, street TEXT); INSERT INTO address VALUES (7, 'Storgatan 1');", Maps(
            DatasetOf("crm", "", Collection("customer", "", Key(), Identity(), Plain("address_id", Reference("address.id", null, "shop")))),
            DatasetOf("shop", "", Collection("address", "", Key(), Personal("street")))));

        Assert.Equal(["1"], await both.SeenAsync(Anna, "crm.customer", "id"));
        Assert.Equal(["address shared 1", "customer anonymise 1"], await both.EraseAsync(Anna));
    }

    [Theory, EveryEngine]
    public async Task Somebody_elses_identity_in_the_other_database_is_known_by_all_that_the_subject_is_known_by(Provider provider)
    {
        await using var both = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, number TEXT); INSERT INTO customer VALUES (1, 'anna@exempel.se', 'K1'), (2, 'bo@exempel.se', 'K2');
            """, """
            CREATE TABLE message (id INTEGER PRIMARY KEY, customer_id INTEGER, number TEXT, body TEXT);
            INSERT INTO message VALUES (1, 1, 'K1', 'Hej'), (2, 1, 'K2', 'Svar'), (3, 1, NULL, 'Hälsning');
            """, Maps(
            DatasetOf("crm", "", CollectionWith("customer", "", Delete, Key(), Identity(), Identity("number"))),
            DatasetOf("shop", "", CollectionWith("message", "", Delete, Key(), Plain("customer_id", Reference("customer.id", "from", "crm")), Identity("number"), Personal("body")))));

        Assert.Equal(["Hej", "-", "Hälsning"], await both.SeenAsync(Anna, "shop.message", "body"));
        Assert.Equal(["customer reduce 1", "message delete 2", "message untouched 1"], await both.EraseAsync(Anna));
        Assert.Equal(["Svar"], await both.Shop.ColumnAsync("SELECT body FROM message"));
    }

    [Theory, EveryEngine]
    public async Task Rows_that_stay_in_the_other_database_keep_or_let_go_of_what_they_refer_to(Provider provider)
    {
        foreach (var backwards in new[] { false, true })
        {
            await using var both = await CreateAsync(provider, """
                CREATE TABLE region (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO region VALUES (1, 'r'), (2, 'r');
                CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, name TEXT, region_id INTEGER NOT NULL REFERENCES region (id));
                INSERT INTO customer VALUES (1, 'anna@exempel.se', 'Anna', 1), (2, 'bo@exempel.se', 'Bo', 2);
                """, """
                CREATE TABLE invoice (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, day DATE); INSERT INTO invoice VALUES (1, 1, '2026-01-01'), (2, 2, '2010-01-01');
                CREATE TABLE note (id INTEGER PRIMARY KEY, customer_id INTEGER, topic TEXT); INSERT INTO note VALUES (1, 1, 'a'), (2, 2, 'b');
                """, Maps(
                DatasetOf("crm", "", CollectionWith("region", "", Delete, Key(), Personal("name")), CollectionWith("customer", "", Delete, Key(), Identity(), Personal("name"), Plain("region_id", Reference("region.id", "to", "crm")))),
                DatasetOf("shop", "",
                    Collection("invoice", "kind: k, on_erasure: retain, retain: {rule: seven_years, from: day}", Key(), Plain("customer_id", Reference("customer.id", "from", "crm")), Plain("day")),
                    Collection("note", "", Key(), Plain("customer_id", Reference("customer.id", "from", "crm")), Plain("topic")))) + Rules);

            // Anna's invoice stays and needs her row, whose region is needed in turn; Bo's has had its time.
            Assert.Equal(["customer reduce 1", "invoice retain 1 seven_years 2033-01-01", "note untouched 1", "region reduce 1"], await both.EraseAsync(Anna, backwards: backwards));
            Assert.Equal(["customer delete 1", "invoice delete 1", "note anonymise 1", "region delete 1"], await both.EraseAsync(Bo, backwards: backwards));
            Assert.Equal(["1 1", "2 -"], await both.Shop.ColumnAsync("SELECT id || ' ' || coalesce(CAST(customer_id AS text), '-') FROM note ORDER BY 1"));
            Assert.Equal(["1 - -"], await both.Crm.ColumnAsync("SELECT id || ' ' || coalesce(email, '-') || ' ' || coalesce(name, '-') FROM customer"));
        }
    }

    [Theory, EveryEngine]
    public async Task Composite_references_to_the_other_database_are_joined_by_and_and_their_values_are_only_values(Provider provider)
    {
        await using var both = await CreateAsync(provider, """
            CREATE TABLE contact (tenant TEXT NOT NULL, number INTEGER NOT NULL, email TEXT, PRIMARY KEY (tenant, number));
            INSERT INTO contact VALUES ('a''"); DROP TABLE task; --å😀', 1, 'anna@exempel.se'), ('a', 2, 'bo@exempel.se'), ('b', 1, 'bo@exempel.se');
            """, """
            CREATE TABLE task (id INTEGER PRIMARY KEY, tenant TEXT, contact INTEGER, title TEXT);
            INSERT INTO task VALUES (1, 'a''"); DROP TABLE task; --å😀', 1, 'x'), (2, 'a', 2, 'x'), (3, 'b', 1, 'x'), (4, 'a', NULL, 'x'), (5, NULL, 1, 'x');
            """, Maps(
            DatasetOf("crm", "", CollectionWith("contact", "", Delete, Key("tenant"), Key("number"), Identity())),
            DatasetOf("shop", "", CollectionWith("task", "", Delete, Key(), Plain("tenant", Reference("contact.tenant", "from", "crm", "contact")), Plain("contact", Reference("contact.number", "from", "crm", "contact")), Personal("title")))));

        Assert.Equal(["1"], await both.SeenAsync(Anna, "shop.task", "id"));
        Assert.Equal(["contact delete 1", "task delete 1"], await both.EraseAsync(Anna));
    }

    [Theory, EveryEngine]
    public async Task Keys_are_compared_whatever_type_they_have_on_either_side(Provider provider)
    {
        const string Id = "6d0f5a3e-97c6-4a4c-9a0b-0d2b3c4d5e6f";
        await using var both = await CreateAsync(provider, $"""
            CREATE TABLE customer (id {(provider == Provider.Sqlite ? "TEXT" : "UUID")} PRIMARY KEY, email TEXT, code VARCHAR(3), fee NUMERIC(8, 2));
            INSERT INTO customer VALUES ('{(provider == Provider.Sqlite ? Id.ToUpperInvariant() : Id)}', 'anna@exempel.se', 'ab', 1.50);
            """, $"""
            CREATE TABLE login (id INTEGER PRIMARY KEY, customer_id {(provider == Provider.Sqlite ? "UUID" : "TEXT")}); INSERT INTO login VALUES (1, '{(provider == Provider.Sqlite ? Id : Id.ToUpperInvariant())}');
            CREATE TABLE tariff (id INTEGER PRIMARY KEY, fee NUMERIC); INSERT INTO tariff VALUES (1, 1.5), (2, 1.51);
            CREATE TABLE label (id INTEGER PRIMARY KEY, code VARCHAR(2)); INSERT INTO label VALUES (1, 'ab'), (2, 'AB');
            CREATE TABLE short (id INTEGER PRIMARY KEY, code SMALLINT); INSERT INTO short VALUES (1, 1);
            """, Maps(
            DatasetOf("crm", "", Collection("customer", "", Key(), Identity(), Plain("code"), Plain("fee"))),
            DatasetOf("shop", "",
                Collection("login", "", Key(), Plain("customer_id", Reference("customer.id", "from", "crm"))),
                Collection("tariff", "", Key(), Plain("fee", Reference("customer.fee", "from", "crm"))),
                Collection("label", "", Key(), Plain("code", Reference("customer.code", "from", "crm"))),
                Collection("short", "", Key(), Plain("code", Reference("customer.code", "from", "crm"))))));

        Assert.Equal(["1"], await both.SeenAsync(Anna, "shop.login", "id"));
        Assert.Equal(["1"], await both.SeenAsync(Anna, "shop.tariff", "id"));
        Assert.Equal(["1"], await both.SeenAsync(Anna, "shop.label", "id"));
        Assert.Empty(await both.SeenAsync(Anna, "shop.short", "id"));
    }

    [Theory, EveryEngine]
    public async Task A_single_row_takes_along_what_hangs_on_it_in_the_other_database_and_nothing_else(Provider provider)
    {
        await using var both = await CreateAsync(provider, Customers + """
            CREATE TABLE device (id INTEGER PRIMARY KEY, customer_id INTEGER, name TEXT); INSERT INTO device VALUES (1, 1, 'x'), (2, 1, 'x'), (3, 2, 'x');
            """, """
            CREATE TABLE reading (id INTEGER PRIMARY KEY, device_id INTEGER, value TEXT); INSERT INTO reading VALUES (1, 1, 'x'), (2, 1, 'x'), (3, 2, 'x'), (4, 3, 'x');
            CREATE TABLE remark (id INTEGER PRIMARY KEY, reading_id INTEGER, text TEXT); INSERT INTO remark VALUES (1, 1, 'x'), (2, 3, 'x');
            """, Maps(
            DatasetOf("crm", "", Customer, CollectionWith("device", "", Delete, Key(), From("customer_id", "customer.id").Replace("dataset: shop", "dataset: crm", StringComparison.Ordinal), Personal("name"))),
            DatasetOf("shop", "",
                CollectionWith("reading", "", Delete, Key(), Plain("device_id", Reference("device.id", "from", "crm")), Personal("value")),
                CollectionWith("remark", "", Delete, Key(), From("reading_id", "reading.id"), Personal("text")))));

        Assert.Equal(["device delete 1", "reading delete 2", "remark delete 1"], await both.EraseAsync(Anna, new ErasureScope([], [new RowKey("crm.device", new Dictionary<string, string> { ["id"] = "1" })])));
        Assert.Equal(["device delete 1", "reading delete 1", "remark delete 1"], await both.EraseAsync(Anna, ErasureScope.OfKinds(["device"])));
        Assert.Equal(["4"], await both.Shop.ColumnAsync("SELECT id FROM reading"));
    }

    [Theory, EveryEngine]
    public async Task A_database_that_does_not_answer_refuses_the_whole_and_is_named(Provider provider)
    {
        await using var both = await CreateAsync(provider, Customers, "CREATE TABLE login (id INTEGER PRIMARY KEY, customer_id INTEGER); INSERT INTO login VALUES (1, 1);", Maps(
            DatasetOf("crm", "", Customer), DatasetOf("shop", "", CollectionWith("login", "", Delete, Key(), Plain("customer_id", Reference("customer.id", "from", "crm"))))));
        await both.Shop.SqlAsync("ALTER TABLE login RENAME TO logins");
        var before = await both.DumpAsync();

        var planned = Assert.IsType<ErasureOutcome.Refused>(await both.Erasure.PlanAsync(Email(Anna), ErasureScope.Everything, Cancellation));
        var executed = Assert.IsType<ErasureOutcome.Refused>(await both.Erasure.ExecuteAsync("crm", Email(Anna), ErasureScope.Everything, Cancellation));

        Assert.Contains("the database 'shop'", Assert.Single(planned.Reasons).Reason, StringComparison.Ordinal);
        Assert.Equal(planned.Reasons, executed.Reasons);
        Assert.NotEmpty(await new Access(both.Databases).ReadAsync(Email(Anna), _ => Task.CompletedTask, Cancellation));
        Assert.Equal(before, await both.DumpAsync());
    }

    [Theory, EveryEngine]
    public async Task A_row_that_comes_for_the_subject_between_two_databases_is_reported_although_nothing_else_leads_to_it_any_longer(Provider provider)
    {
        await using var both = await CreateAsync(provider, Customers, "CREATE TABLE login (id INTEGER PRIMARY KEY, customer_id INTEGER, device TEXT); INSERT INTO login VALUES (1, 1, 'x'), (2, 2, 'x');", Maps(
            DatasetOf("crm", "", Customer), DatasetOf("shop", "", CollectionWith("login", "", Delete, Key(), Plain("customer_id", Reference("customer.id", "from", "crm")), Personal("device")))));
        var (anna, all) = (Email(Anna), ErasureScope.Everything);
        var plan = Assert.IsType<ErasureOutcome.Done>(await both.Erasure.PlanAsync(anna, all, Cancellation));
        await both.Erasure.ExecuteAsync("crm", anna, all, plan.Carried, null, Cancellation);

        // Erased too where it comes before its own database's turn,
        await both.Shop.SqlAsync("INSERT INTO login VALUES (3, 1, 'x')");
        Assert.Equal(["login delete 2"], Texts(Assert.IsType<ErasureOutcome.Done>(await both.Erasure.ExecuteAsync("shop", anna, all, plan.Carried, null, Cancellation)).Steps));
        Assert.Equal(0, await both.Erasure.LeftAsync(anna, all, plan.Carried, Cancellation));

        // and told of where it comes after.
        await both.Shop.SqlAsync("INSERT INTO login VALUES (4, 1, 'x')");
        Assert.Equal(1, await both.Erasure.LeftAsync(anna, all, plan.Carried, Cancellation));
        await both.Erasure.ExecuteAsync("shop", anna, all, plan.Carried, null, Cancellation);
        Assert.Equal(["2"], await both.Shop.ColumnAsync("SELECT id FROM login"));
    }

    [Theory, EveryEngine]
    public async Task Keys_travel_in_batches_so_that_few_statements_carry_many(Provider provider)
    {
        var counts = new List<int>();
        foreach (var rows in new[] { 3, 4_000, 12_000 })
        {
            var numbers = Enumerable.Range(1, rows).ToList();
            await using var both = await CreateAsync(
                provider,
                Customers + $"CREATE TABLE device (id INTEGER PRIMARY KEY, customer_id INTEGER); INSERT INTO device VALUES {Rows("1")};",
                $"CREATE TABLE reading (id INTEGER PRIMARY KEY, device_id INTEGER); CREATE INDEX by_device ON reading (device_id); INSERT INTO reading VALUES {Rows(null)};",
                Maps(
                    DatasetOf("crm", "", Customer, CollectionWith("device", "", Delete, Key(), Plain("customer_id", Reference("customer.id", "from", "crm")))),
                    DatasetOf("shop", "", CollectionWith("reading", "", Delete, Key(), Plain("device_id", Reference("device.id", "from", "crm"))))));
            var shop = both.Databases.All.Single(d => d.Source.Key == "shop");

            await using var located = await Located.LocateAsync(shop, Email(Anna), write: false, Cancellation);

            counts.Add(located.Session.Statements);
            Assert.Equal(rows, (await located.Session.ReadAsync($"SELECT count(*) FROM {Located.Marks(located.Collections[0])}", r => r.GetInt64(0), Cancellation))[0]);

            string Rows(string? owner) => string.Join(", ", numbers.Select(i => string.Create(CultureInfo.InvariantCulture, $"({i}, {owner ?? i.ToString(CultureInfo.InvariantCulture)})")));
        }

        Assert.Equal(counts[0], counts[1]);
        Assert.Equal(counts[0] + 2, counts[2]);
    }

    [Theory, EveryEngine]
    public async Task A_corrected_identity_is_corrected_in_both_databases_or_in_none(Provider provider)
    {
        await using var both = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT); INSERT INTO customer VALUES (1, 'anna@exempel.se'), (2, 'bo@exempel.se');
            """, """
            CREATE TABLE account (id INTEGER PRIMARY KEY, customer_id INTEGER, email TEXT UNIQUE); INSERT INTO account VALUES (1, 1, 'anna@exempel.se'), (2, 2, 'bo@exempel.se'), (3, NULL, 'upptagen@exempel.se');
            """, Maps(
            DatasetOf("crm", "", Collection("customer", "kind: k", Key(), Identity(portal: "correct: {rule: email}"))),
            DatasetOf("shop", "", Collection("account", "kind: k", Key(), Plain("customer_id", Reference("customer.id", "from", "crm")), Identity(portal: "correct: {rule: email}")))) + "portal: {kinds: [{key: k, label: {sv: k, en: k}}]}\n");
        var (rectification, before) = (new Rectification(both.Databases), await both.DumpAsync());

        var refused = Assert.IsType<RectificationOutcome.Refused>(await rectification.CorrectAsync(Email(Anna), "crm.customer.email", null, Anna, "upptagen@exempel.se", Cancellation));
        Assert.Equal("shop.account.email", refused.Reason.Field);
        Assert.Equal(before, await both.DumpAsync());

        Assert.Equal(new RectificationOutcome.Corrected(2), await rectification.CorrectAsync(Email(Anna), "crm.customer.email", null, Anna, "anna.ny@exempel.se", Cancellation));
        Assert.Equal(["anna.ny@exempel.se"], await both.Shop.ColumnAsync("SELECT email FROM account WHERE id = 1"));
        Assert.Equal(["anna.ny@exempel.se"], await both.Crm.ColumnAsync("SELECT email FROM customer WHERE id = 1"));
    }
}
