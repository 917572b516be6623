using System.Globalization;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Tests.Support;
using static Kalejdo.Portal.Tests.Support.MappedDatabaseUnderTest;
using static Kalejdo.Portal.Tests.Support.MapText;

namespace Kalejdo.Portal.Tests.Rights;

/// <summary>What goes, what stays and why (design.md 5). Every erasure here is also planned, proved and repeated by <see cref="MappedDatabaseUnderTest.EraseAsync(IReadOnlyList{Identity}, ErasureScope?)"/>.</summary>
public sealed class ErasingTests
{
    private const string Anna = "anna@exempel.se";
    private const string Delete = "masking_strategy_override: {strategy: delete}";

    private const string Customers = """
        CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, name TEXT);
        INSERT INTO customer VALUES (1, 'anna@exempel.se', 'Anna'), (2, 'bo@exempel.se', 'Bo');
        """;

    private static readonly string DeletedCustomer = CollectionWith("customer", "", Delete, Key(), Identity(), Personal("name"));

    private static readonly string Rules = Retention("""
        bookkeeping: {ground: {sv: bokföringslagen, en: the Accounting Act}, keep: P7Y, counted_from: end_of_calendar_year}
        traffic: {ground: {sv: LEK, en: the ECA}, keep: P10M, counted_from: date}
        running: {ground: {sv: avtalet löper, en: the agreement runs}, counted_from: condition}
        owed: {ground: {sv: skuld, en: money is owed}, counted_from: condition}
        """) + "  kinds: [{key: k, label: {sv: k, en: k}}]\n";

    [Theory, EveryEngine]
    public async Task Anonymised_rows_lose_what_is_personal_and_their_way_to_the_person(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Customers + """
            CREATE TABLE fault (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (id), reporter TEXT, fault TEXT);
            INSERT INTO fault VALUES (1, 1, 'Anna', 'slow'), (2, 1, NULL, 'slow'), (3, 2, 'Bo', 'slow');
            """, Dataset(
            Collection("customer", "kind: k, on_erasure: delete", Key(), Identity(), Personal("name")),
            Collection("fault", "kind: k, on_erasure: anonymise", Key(), From("customer_id", "customer.id"), Personal("reporter"), Plain("fault"))) + Rules);

        Assert.Equal(["customer delete 1", "fault anonymise 2"], await shop.EraseAsync(Anna));
        Assert.Equal(["1 - - slow", "2 - - slow", "3 2 Bo slow"], await shop.ColumnAsync("SELECT id || ' ' || coalesce(CAST(customer_id AS text), '-') || ' ' || coalesce(reporter, '-') || ' ' || fault FROM fault ORDER BY 1"));
    }

    [Theory, EveryEngine]
    public async Task Retained_rows_stay_until_their_day_and_their_parents_are_reduced(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Customers + """
            CREATE TABLE invoice (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customer (id), name TEXT, invoice_date DATE);
            INSERT INTO invoice VALUES (1, 1, 'Anna', '2018-05-05'), (2, 1, 'Anna', '2019-01-01'), (3, 1, 'Anna', '2019-12-31'), (4, 1, 'Anna', '2026-02-02'), (5, 1, 'Anna', NULL), (6, 2, 'Bo', '2010-01-01');
            CREATE TABLE invoice_line (invoice_id INTEGER NOT NULL REFERENCES invoice (id) ON DELETE CASCADE, line INTEGER NOT NULL, what TEXT, PRIMARY KEY (invoice_id, line));
            INSERT INTO invoice_line VALUES (1, 1, 'TV'), (2, 1, 'TV'), (3, 1, 'TV'), (3, 2, 'Spel'), (4, 1, 'TV'), (5, 1, 'TV');
            """, Dataset(
            Collection("customer", "kind: k, on_erasure: delete", Key(), Identity(), Personal("name")),
            Collection("invoice", "kind: k, on_erasure: retain, retain: {rule: bookkeeping, from: invoice_date}", Key(), From("customer_id", "customer.id"), Personal("name"), Plain("invoice_date")),
            Collection("invoice_line", "kind: k, on_erasure: retain, retain: {rule: bookkeeping, from: invoice.invoice_date}", From("invoice_id", "invoice.id", "primary_key: true"), Key("line"), Personal("what"))) + Rules);

        Assert.Equal(
            ["customer reduce 1", "invoice delete 1", "invoice retain 1 bookkeeping", "invoice retain 1 bookkeeping 2033-12-31", "invoice retain 2 bookkeeping 2026-12-31",
                "invoice_line delete 1", "invoice_line retain 1 bookkeeping", "invoice_line retain 1 bookkeeping 2033-12-31", "invoice_line retain 3 bookkeeping 2026-12-31"],
            await shop.EraseAsync(Anna));
        Assert.Equal(["2 1", "3 1", "4 1", "5 1", "6 2"], await shop.ColumnAsync("SELECT id || ' ' || customer_id FROM invoice ORDER BY 1"));
        Assert.Equal(["1 - -", "2 bo@exempel.se Bo"], await shop.ColumnAsync("SELECT id || ' ' || coalesce(email, '-') || ' ' || coalesce(name, '-') FROM customer ORDER BY 1"));
    }

    [Theory, EveryEngine]
    public async Task Conditions_keep_rows_as_long_as_they_hold(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Customers + """
            CREATE TABLE agreement (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (id), ends_on DATE, owed NUMERIC(8, 2), status TEXT, locked BOOLEAN);
            INSERT INTO agreement VALUES
              (1, 1, NULL, 0, 'closed', FALSE), (2, 1, '2026-11-22', 0, 'closed', FALSE), (3, 1, '2026-11-21', 0, 'closed', FALSE), (4, 1, '2020-01-01', 0.01, 'closed', FALSE),
              (5, 1, '2020-01-01', -5, 'disputed', NULL), (6, 1, '2020-01-01', NULL, 'closed', TRUE);
            """, Dataset(
            Collection("customer", "kind: k, on_erasure: retain, retain: [{rule: running, from: agreement.ends_on}, {rule: owed, from: agreement.owed}]", Key(), Identity(), Personal("name")),
            Collection("agreement", "kind: k, on_erasure: retain, retain: [{rule: running, from: ends_on}, {rule: owed, from: owed}, {rule: running, from: status, equals: [disputed, open]}, {rule: running, from: locked}]",
                Key(), From("customer_id", "customer.id"), Plain("ends_on"), Plain("owed"), Plain("status"), Plain("locked"))) + Rules);

        Assert.Equal(["agreement delete 1", "agreement retain 1 owed", "agreement retain 4 running", "customer retain 1 running"], await shop.EraseAsync(Anna));
        Assert.Equal(["1", "2", "4", "5", "6"], await shop.ColumnAsync("SELECT id FROM agreement ORDER BY 1"));
        Assert.Equal([Anna, "bo@exempel.se"], await shop.ColumnAsync("SELECT email FROM customer ORDER BY 1"));
    }

    [Theory, EveryEngine]
    public async Task A_row_whose_ground_has_ended_may_be_anonymised(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Customers + """
            CREATE TABLE assignment (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (id), name TEXT, at TIMESTAMP);
            INSERT INTO assignment VALUES (1, 1, 'Anna', '2026-01-21 22:59:59'), (2, 1, 'Anna', '2026-01-21 23:00:00'), (3, 1, 'Anna', '2026-06-30 21:59:59'), (4, 1, 'Anna', '2026-06-30 22:00:00');
            """, Dataset(
            CollectionWith("customer", "", Delete, Key(), Identity(), Personal("name")),
            Collection("assignment", "kind: k, on_erasure: retain, otherwise: anonymise, retain: {rule: traffic, from: at}", Key(), From("customer_id", "customer.id"), Personal("name"), Plain("at"))) + Rules);

        // Days are Sweden's: 23:00 UTC in January and 22:00 UTC in June belong to the next one.
        Assert.Equal(["assignment anonymise 1", "assignment retain 1 traffic 2026-11-22", "assignment retain 1 traffic 2027-04-30", "assignment retain 1 traffic 2027-05-01", "customer reduce 1"], await shop.EraseAsync(Anna));
    }

    [Theory, EveryEngine]
    public async Task Days_that_mean_never_or_nothing_keep_the_row(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Customers + $"""
            CREATE TABLE invoice (id INTEGER PRIMARY KEY, customer_id INTEGER, day DATE);
            INSERT INTO invoice VALUES (1, 1, '9999-12-31'), (2, 1, {(provider == Provider.Sqlite ? "'okänt'" : "'infinity'")}), (3, 1, '0001-01-01');
            """, Dataset(
            CollectionWith("customer", "", Delete, Key(), Identity(), Personal("name")),
            Collection("invoice", "kind: k, on_erasure: retain, retain: {rule: bookkeeping, from: day}", Key(), From("customer_id", "customer.id"), Plain("day"))) + Rules);

        Assert.Equal(["customer reduce 1", "invoice delete 1", "invoice retain 1 bookkeeping", "invoice retain 1 bookkeeping 9999-12-31"], await shop.EraseAsync(Anna));
    }

    [Fact]
    public async Task Instants_with_a_zone_count_by_Swedish_days_whatever_their_precision()
    {
        await using var shop = await CreateAsync(Provider.Postgresql, Customers + """
            CREATE TABLE assignment (id INTEGER PRIMARY KEY, customer_id INTEGER, at TIMESTAMP(3) WITH TIME ZONE);
            INSERT INTO assignment VALUES (1, 1, '2026-01-21 23:59:59.999+01'), (2, 1, '2026-01-22 00:00:00+01'), (3, 1, 'infinity');
            """, Dataset(DeletedCustomer,
            Collection("assignment", "kind: k, on_erasure: retain, retain: {rule: traffic, from: at}", Key(), From("customer_id", "customer.id"), Plain("at"))) + Rules);

        Assert.Equal(["assignment delete 1", "assignment retain 1 traffic", "assignment retain 1 traffic 2026-11-22", "customer reduce 1"], await shop.EraseAsync(Anna));
    }

    [Theory, EveryEngine]
    public async Task The_chain_of_parents_of_a_row_that_stays_is_reduced_and_its_references_stay(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE region (id INTEGER PRIMARY KEY, email TEXT, name TEXT);
            CREATE TABLE customer (id INTEGER PRIMARY KEY, region_id INTEGER NOT NULL REFERENCES region (id), name TEXT);
            CREATE TABLE agreement (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customer (id), note TEXT);
            CREATE TABLE invoice (id INTEGER PRIMARY KEY, agreement_id INTEGER REFERENCES agreement (id), day DATE);
            INSERT INTO region VALUES (1, 'anna@exempel.se', 'r'), (2, 'bo@exempel.se', 'r');
            INSERT INTO customer VALUES (1, 1, 'c'), (2, 2, 'c');
            INSERT INTO agreement VALUES (1, 1, 'a'), (2, 1, 'a'), (3, 2, 'a');
            INSERT INTO invoice VALUES (1, 1, '2026-01-01');
            """, Dataset(
            CollectionWith("region", "", Delete, Key(), Identity(), Personal("name")),
            CollectionWith("customer", "", Delete, Key(), From("region_id", "region.id"), Personal("name")),
            CollectionWith("agreement", "", Delete, Key(), From("customer_id", "customer.id"), Personal("note")),
            Collection("invoice", "kind: k, on_erasure: retain, retain: {rule: bookkeeping, from: day}", Key(), From("agreement_id", "agreement.id"), Plain("day"))) + Rules);

        Assert.Equal(["agreement delete 1", "agreement reduce 1", "customer reduce 1", "invoice retain 1 bookkeeping 2033-12-31", "region reduce 1"], await shop.EraseAsync(Anna));
        Assert.Equal(["1 1"], await shop.ColumnAsync("SELECT a.customer_id || ' ' || c.region_id FROM invoice i JOIN agreement a ON a.id = i.agreement_id JOIN customer c ON c.id = a.customer_id"));
    }

    [Theory, EveryEngine]
    public async Task A_reduced_row_that_has_nothing_left_to_lose_stays_untouched(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE hub (id INTEGER PRIMARY KEY, serial TEXT, email TEXT);
            CREATE TABLE invoice (id INTEGER PRIMARY KEY, email TEXT, hub_id INTEGER REFERENCES hub (id), day DATE);
            INSERT INTO hub VALUES (1, 'abc', NULL); INSERT INTO invoice VALUES (1, 'anna@exempel.se', 1, '2026-01-01');
            """, Dataset(
            Collection("hub", "kind: k, on_erasure: delete", Key(), Personal("serial"), Identity()),
            Collection("invoice", "kind: k, on_erasure: retain, retain: {rule: bookkeeping, from: day}", Key(), Identity(), To("hub_id", "hub.id"), Plain("day"))) + Rules);

        Assert.Equal(["hub reduce 1", "invoice retain 1 bookkeeping 2033-12-31"], await shop.EraseAsync(Anna));
        Assert.Equal(["hub untouched 1", "invoice retain 1 bookkeeping 2033-12-31"], await shop.PlanAsync(Anna));
    }

    [Theory, EveryEngine]
    public async Task What_an_erasure_left_of_a_row_may_stay_referred_to_although_others_lead_to_it_now(Provider provider)
    {
        // Found by a random database: without its address the customer is found no longer, but shared with whoever played against it.
        await using var shop = await CreateAsync(provider, Customers + """
            CREATE TABLE duel (id INTEGER PRIMARY KEY, email TEXT, customer_id INTEGER REFERENCES customer (id));
            CREATE TABLE folder (id INTEGER PRIMARY KEY, name TEXT, customer_id INTEGER REFERENCES customer (id));
            CREATE TABLE invoice (id INTEGER PRIMARY KEY, email TEXT, folder_id INTEGER NOT NULL REFERENCES folder (id), day DATE);
            INSERT INTO duel VALUES (1, 'bo@exempel.se', 1); INSERT INTO folder VALUES (1, 'x', 1); INSERT INTO invoice VALUES (1, 'anna@exempel.se', 1, '2026-01-01');
            """, Dataset(
            Collection("customer", "", Key(), Identity(), Personal("name")),
            Collection("duel", "", Key(), Identity(), To("customer_id", "customer.id")),
            CollectionWith("folder", "", Delete, Key(), Personal("name"), To("customer_id", "customer.id")),
            Collection("invoice", "kind: k, on_erasure: retain, retain: {rule: bookkeeping, from: day}", Key(), Identity(), To("folder_id", "folder.id"), Plain("day"))) + Rules);

        Assert.Equal(["customer anonymise 1", "folder reduce 1", "invoice retain 1 bookkeeping 2033-12-31"], await shop.EraseAsync(Anna));
    }

    [Fact]
    public async Task A_row_kept_for_others_needs_no_column_that_can_be_written()
    {
        await using var shop = await CreateAsync(Provider.Postgresql, """
            CREATE TABLE customer (id INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email TEXT);
            CREATE TABLE home (id INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customer (id));
            CREATE TABLE unmapped (home_id INTEGER REFERENCES home (id) ON DELETE CASCADE);
            INSERT INTO customer (email) VALUES ('anna@exempel.se'); INSERT INTO home (customer_id) VALUES (1); INSERT INTO unmapped VALUES (1);
            """, Dataset(
            CollectionWith("customer", "", Delete, Key(), Identity()), CollectionWith("home", "", Delete, Key(), From("customer_id", "customer.id"))));

        Assert.Equal(["customer reduce 1", "home untouched 1"], await shop.EraseAsync(Anna));
    }

    [Theory, EveryEngine]
    public async Task Rows_of_tables_that_no_map_knows_keep_their_parent_whatever_their_key_would_do(Provider provider)
    {
        foreach (var onDelete in new[] { "NO ACTION", "RESTRICT", "CASCADE", "SET NULL" })
        {
            await using var shop = await CreateAsync(provider, Customers + $"""
                CREATE TABLE secret (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (id) ON DELETE {onDelete});
                INSERT INTO secret VALUES (1, 1);
                """, Dataset(DeletedCustomer));

            Assert.Equal(["customer reduce 1"], await shop.EraseAsync(Anna));
            Assert.Equal(["1"], await shop.ColumnAsync("SELECT customer_id FROM secret"));
        }
    }

    [Theory, EveryEngine]
    public async Task References_to_rows_that_go_are_cut_where_the_referring_row_stays(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Customers + """
            CREATE TABLE note (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (id), topic TEXT);
            INSERT INTO note VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'c');
            CREATE TABLE remark (id INTEGER PRIMARY KEY, note_id INTEGER REFERENCES note (id));
            INSERT INTO remark VALUES (1, 1);
            CREATE TABLE loose (id INTEGER PRIMARY KEY, customer_id INTEGER, topic TEXT);
            INSERT INTO loose VALUES (1, 1, 'a');
            """, Dataset(DeletedCustomer,
            Collection("note", "", Key(), From("customer_id", "customer.id"), Plain("topic")),
            Collection("remark", "", Key(), From("note_id", "note.id")),
            Collection("loose", "", Key(), From("customer_id", "customer.id"), Plain("topic"))));

        Assert.Equal(["customer delete 1", "loose anonymise 1", "note anonymise 2", "remark untouched 1"], await shop.EraseAsync(Anna));
        Assert.Equal(["1 - a", "2 - b", "3 2 c"], await shop.ColumnAsync("SELECT id || ' ' || coalesce(CAST(customer_id AS text), '-') || ' ' || topic FROM note ORDER BY 1"));
        Assert.Equal(["-"], await shop.ColumnAsync("SELECT customer_id FROM loose"));
    }

    [Theory, EveryEngine]
    public async Task A_leaf_that_stays_lets_go_of_its_parent(Provider provider)
    {
        foreach (var onDelete in new[] { "NO ACTION", "CASCADE", "SET NULL" })
        {
            await using var shop = await CreateAsync(provider, Customers + $"""
                CREATE TABLE note (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (id) ON DELETE {onDelete}, topic TEXT);
                INSERT INTO note VALUES (1, 1, 'a'), (2, 2, 'b');
                """, Dataset(DeletedCustomer, Collection("note", "", Key(), From("customer_id", "customer.id"), Plain("topic"))));

            Assert.Equal(["customer delete 1", "note anonymise 1"], await shop.EraseAsync(Anna));
            Assert.Equal(["1 -", "2 2"], await shop.ColumnAsync("SELECT id || ' ' || coalesce(CAST(customer_id AS text), '-') FROM note ORDER BY 1"));
        }
    }

    [Theory, EveryEngine]
    public async Task Trees_and_circles_go_children_first(Provider provider)
    {
        foreach (var onDelete in new[] { "NO ACTION", "RESTRICT", "CASCADE", "SET NULL" })
        {
            await using var shop = await CreateAsync(provider, Customers + $"""
                CREATE TABLE folder (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customer (id) ON DELETE {onDelete.Replace("SET NULL", "RESTRICT", StringComparison.Ordinal)}, parent_id INTEGER REFERENCES folder (id) ON DELETE {onDelete}, cover_id INTEGER);
                CREATE TABLE picture (id INTEGER PRIMARY KEY, folder_id INTEGER NOT NULL REFERENCES folder (id) ON DELETE {onDelete.Replace("SET NULL", "RESTRICT", StringComparison.Ordinal)});
                INSERT INTO folder VALUES (1, 1, NULL, 1), (2, 1, 1, NULL), (3, 1, 2, NULL), (4, 1, 4, NULL), (5, 2, NULL, NULL);
                INSERT INTO picture VALUES (1, 1), (2, 3), (3, 5);
                """, Dataset(DeletedCustomer,
                CollectionWith("folder", "", Delete, Key(), From("customer_id", "customer.id"), From("parent_id", "folder.id"), Plain("cover_id")),
                CollectionWith("picture", "", Delete, Key(), From("folder_id", "folder.id"))));

            Assert.Equal(["customer delete 1", "folder delete 4", "picture delete 2"], await shop.EraseAsync(Anna));
            Assert.Equal(["5"], await shop.ColumnAsync("SELECT id FROM folder"));
            Assert.Equal(["3"], await shop.ColumnAsync("SELECT id FROM picture"));
        }
    }

    [Theory, EveryEngine]
    public async Task Keys_in_a_circle_with_a_nullable_side_are_cut_there(Provider provider)
    {
        // SQLite cannot add a foreign key later, but lets a table name one that comes.
        await using var shop = await CreateAsync(provider, provider == Provider.Sqlite
            ? """
                CREATE TABLE account (id INTEGER PRIMARY KEY, email TEXT, main_card INTEGER REFERENCES card (id) ON DELETE RESTRICT);
                CREATE TABLE card (id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE RESTRICT);
                INSERT INTO account VALUES (1, 'anna@exempel.se', NULL), (2, 'bo@exempel.se', NULL);
                INSERT INTO card VALUES (1, 1), (2, 2); UPDATE account SET main_card = id;
                """
            : """
                CREATE TABLE account (id INTEGER PRIMARY KEY, email TEXT, main_card INTEGER);
                CREATE TABLE card (id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE RESTRICT);
                INSERT INTO account VALUES (1, 'anna@exempel.se', 1), (2, 'bo@exempel.se', 2);
                INSERT INTO card VALUES (1, 1), (2, 2); ALTER TABLE account ADD FOREIGN KEY (main_card) REFERENCES card (id) ON DELETE RESTRICT;
                """, Dataset(
            CollectionWith("account", "", Delete, Key(), Identity(), To("main_card", "card.id")),
            CollectionWith("card", "", Delete, Key(), From("account_id", "account.id"))));

        Assert.Equal(["account delete 1", "card delete 1"], await shop.EraseAsync(Anna));
        Assert.Equal(["2"], await shop.ColumnAsync("SELECT main_card FROM account"));
    }

    [Theory, EveryEngine]
    public async Task A_tree_whose_root_refers_to_itself_goes_with_a_key_that_cannot_be_nulled(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Customers + """
            CREATE TABLE node (id INTEGER PRIMARY KEY, customer_id INTEGER, parent_id INTEGER NOT NULL REFERENCES node (id) ON DELETE CASCADE);
            INSERT INTO node VALUES (1, 1, 1), (2, 1, 1), (3, 1, 2), (4, 2, 4);
            """, Dataset(DeletedCustomer, CollectionWith("node", "", Delete, Key(), From("customer_id", "customer.id"), From("parent_id", "node.id"))));

        Assert.Equal(["customer delete 1", "node delete 3"], await shop.EraseAsync(Anna));
        Assert.Equal(["4"], await shop.ColumnAsync("SELECT id FROM node"));
    }

    [Theory, EveryEngine]
    public async Task What_the_database_does_on_its_own_makes_it_refuse_and_nothing_changes(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Customers + (provider == Provider.Sqlite
            ? "CREATE TRIGGER stay BEFORE DELETE ON customer BEGIN SELECT RAISE(IGNORE); END;"
            : "CREATE FUNCTION stay() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER stay BEFORE DELETE ON customer FOR EACH ROW EXECUTE FUNCTION stay();"), Dataset(DeletedCustomer));
        var before = await shop.DumpAsync();

        var refused = Assert.IsType<ErasureOutcome.Refused>(await shop.Erasure.ExecuteAsync("shop", Email(Anna), ErasureScope.Everything, Cancellation));

        Assert.Contains("the plan counts 1 rows, but the database would change 0", Assert.Single(refused.Reasons).Reason, StringComparison.Ordinal);
        Assert.Equal(before, await shop.DumpAsync());
    }

    [Theory, EveryEngine]
    public async Task A_constraint_that_only_the_database_can_check_rolls_everything_back_and_names_no_value(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, name TEXT, shown TEXT GENERATED ALWAYS AS ('+' || name) STORED CHECK (shown <> '+Raderad'));
            INSERT INTO customer (id, email, name) VALUES (1, 'anna@exempel.se', 'Anna Hemlig');
            CREATE TABLE login (id INTEGER PRIMARY KEY, customer_id INTEGER); INSERT INTO login VALUES (1, 1);
            """, Dataset(
            Collection("customer", "", Key(), Identity(), Masked("name", "string_rewrite", "rewrite_value: Raderad")), CollectionWith("login", "", Delete, Key(), From("customer_id", "customer.id"))));
        var before = await shop.DumpAsync();

        var refused = Assert.IsType<ErasureOutcome.Refused>(await shop.Erasure.ExecuteAsync("shop", Email(Anna), ErasureScope.Everything, Cancellation));

        Assert.Contains("a rule of the database forbids it", Assert.Single(refused.Reasons).Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("Hemlig", refused.Reasons[0].Reason, StringComparison.Ordinal);
        Assert.Equal(before, await shop.DumpAsync());
    }

    private const string Household = Customers + """
        CREATE TABLE profile (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customer (id), name TEXT);
        INSERT INTO profile VALUES (1, 1, 'Anna'), (2, 1, 'Kim'), (3, 2, 'Bo');
        CREATE TABLE viewing (id INTEGER PRIMARY KEY, profile_id INTEGER NOT NULL REFERENCES profile (id), programme TEXT);
        INSERT INTO viewing VALUES (1, 1, 'Nyheter'), (2, 2, 'Tecknat'), (3, 2, 'Tecknat'), (4, 3, 'Film');
        CREATE TABLE mark (viewing_id INTEGER NOT NULL REFERENCES viewing (id), at INTEGER NOT NULL, PRIMARY KEY (viewing_id, at));
        INSERT INTO mark VALUES (1, 1), (2, 1), (3, 1), (3, 2), (4, 1);
        """;

    private static readonly string HouseholdMap = Dataset(
        Collection("customer", "kind: contact, on_erasure: delete", Key(), Identity(), Personal("name")),
        Collection("profile", "kind: profiles, on_erasure: delete", Key(), From("customer_id", "customer.id"), Personal("name")),
        Collection("viewing", "kind: history, on_erasure: delete", Key(), From("profile_id", "profile.id"), Personal("programme")),
        Collection("mark", "kind: marks, on_erasure: delete", From("viewing_id", "viewing.id", "primary_key: true"), Key("at")))
        + "portal:\n  kinds: [{key: contact, label: {sv: k, en: k}}, {key: profiles, label: {sv: k, en: k}}, {key: history, label: {sv: k, en: k}}, {key: marks, label: {sv: k, en: k}}]\n";

    [Theory, EveryEngine]
    public async Task A_kind_goes_with_what_depends_on_it_and_nothing_else(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Household, HouseholdMap);

        Assert.Equal(["mark delete 4"], await shop.EraseAsync(Email(Anna), ErasureScope.OfKinds(["marks"])));
        Assert.Equal(["profile delete 2", "viewing delete 3"], await shop.EraseAsync(Email(Anna), ErasureScope.OfKinds(["profiles"])));
        Assert.Equal([Anna, "bo@exempel.se"], await shop.ColumnAsync("SELECT email FROM customer ORDER BY 1"));
        Assert.Equal(["4"], await shop.ColumnAsync("SELECT id FROM viewing"));
    }

    [Theory, EveryEngine]
    public async Task A_single_row_goes_with_what_depends_on_it_and_nothing_else(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Household, HouseholdMap);

        Assert.Equal(["mark delete 3", "profile delete 1", "viewing delete 2"], await shop.EraseAsync(Email(Anna), Row("profile", ("id", "2"))));
        Assert.Equal(["1", "3"], await shop.ColumnAsync("SELECT id FROM profile ORDER BY 1"));
        Assert.Equal(["1", "4"], await shop.ColumnAsync("SELECT id FROM viewing ORDER BY 1"));
        Assert.Equal(["1 1", "4 1"], await shop.ColumnAsync("SELECT viewing_id || ' ' || at FROM mark ORDER BY 1"));
        Assert.Equal(["mark delete 1"], await shop.EraseAsync(Email(Anna), Row("mark", ("viewing_id", "1"), ("at", "1"))));
    }

    [Theory, EveryEngine]
    public async Task Somebody_elses_row_cannot_be_named(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Household, HouseholdMap);
        var before = await shop.DumpAsync();

        Assert.Empty(await shop.EraseAsync(Email(Anna), Row("profile", ("id", "3"))));
        Assert.Empty(await shop.EraseAsync(Email(Anna), Row("profile", ("id", "3 OR 1=1"))));
        Assert.Equal(before, await shop.DumpAsync());
    }

    [Theory, EveryEngine]
    public async Task Kinds_and_rows_that_nobody_knows_are_refused(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Household, HouseholdMap);

        Assert.Contains("no map knows the kind 'allt'; known are contact, profiles, history, marks", await shop.RefusedAsync(Email(Anna), ErasureScope.OfKinds(["allt"])));
        Assert.NotEmpty(await shop.RefusedAsync(Email(Anna), Row("profil", ("id", "1"))));
        Assert.NotEmpty(await shop.RefusedAsync(Email(Anna), Row("profile", ("name", "Anna"))));
        Assert.NotEmpty(await shop.RefusedAsync(Email(Anna), Row("mark", ("viewing_id", "1"))));
    }

    [Theory, EveryEngine]
    public async Task What_is_out_of_the_scope_is_not_even_cut(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Customers + """
            CREATE TABLE home (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (id), name TEXT);
            CREATE TABLE device (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (id), home_id INTEGER REFERENCES home (id));
            INSERT INTO home VALUES (1, 1, 'Hemma'), (2, 1, 'Stugan'); INSERT INTO device VALUES (1, 1, 1);
            """, Dataset(
            Collection("customer", "kind: contact, on_erasure: delete", Key(), Identity(), Personal("name")),
            Collection("home", "kind: homes, on_erasure: delete", Key(), From("customer_id", "customer.id"), Personal("name")),
            Collection("device", "kind: devices, on_erasure: delete", Key(), From("customer_id", "customer.id"), From("home_id", "home.id")))
            + "portal:\n  kinds: [{key: contact, label: {sv: k, en: k}}, {key: homes, label: {sv: k, en: k}}, {key: devices, label: {sv: k, en: k}}]\n");

        Assert.Equal(["home delete 1", "home reduce 1"], await shop.EraseAsync(Email(Anna), ErasureScope.OfKinds(["homes"])));
        Assert.Equal(["1"], await shop.ColumnAsync("SELECT home_id FROM device"));
    }

    [Theory, EveryEngine]
    public async Task Two_references_of_one_table_to_the_same_parent_are_cut_each_by_itself(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Customers + """
            CREATE TABLE place (id INTEGER PRIMARY KEY, street TEXT);
            INSERT INTO place VALUES (1, 'Egen'), (2, 'Delad');
            CREATE TABLE parcel (id INTEGER PRIMARY KEY, email TEXT, from_id INTEGER REFERENCES place (id), to_id INTEGER REFERENCES place (id), content TEXT);
            INSERT INTO parcel VALUES (1, 'anna@exempel.se', 1, 2, 'bok'), (2, 'bo@exempel.se', 2, 2, 'skor');
            """, Dataset(
            Collection("parcel", "", Key(), Identity(), To("from_id", "place.id"), To("to_id", "place.id"), Plain("content")),
            CollectionWith("place", "", Delete, Key(), Personal("street"))));

        Assert.Equal(["parcel anonymise 1", "place delete 1", "place shared 1"], await shop.EraseAsync(Anna));
        Assert.Equal(["1 - - bok", "2 2 2 skor"], await shop.ColumnAsync("SELECT id || ' ' || coalesce(CAST(from_id AS text), '-') || ' ' || coalesce(CAST(to_id AS text), '-') || ' ' || content FROM parcel ORDER BY 1"));
    }

    [Theory, EveryEngine]
    public async Task Composite_references_are_cut_without_touching_the_shared_part(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE tenant (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO tenant VALUES (1, 't');
            CREATE TABLE contact (tenant_id INTEGER NOT NULL REFERENCES tenant (id), number INTEGER NOT NULL, email TEXT, PRIMARY KEY (tenant_id, number));
            CREATE TABLE task (id INTEGER PRIMARY KEY, tenant_id INTEGER REFERENCES tenant (id), contact_number INTEGER, title TEXT, FOREIGN KEY (tenant_id, contact_number) REFERENCES contact (tenant_id, number));
            INSERT INTO contact VALUES (1, 1, 'anna@exempel.se'), (1, 2, 'bo@exempel.se');
            INSERT INTO task VALUES (1, 1, 1, 'a'), (2, 1, 2, 'b');
            """, Dataset(
            CollectionWith("contact", "", Delete, Key("tenant_id"), Key("number"), Identity()),
            Collection("task", "", Key(), From("tenant_id", "contact.tenant_id"), From("contact_number", "contact.number"), Plain("title"))));

        Assert.Equal(["contact delete 1", "task anonymise 1"], await shop.EraseAsync(Anna));
        Assert.Equal(["1 1 -", "2 1 2"], await shop.ColumnAsync("SELECT id || ' ' || tenant_id || ' ' || coalesce(CAST(contact_number AS text), '-') FROM task ORDER BY 1"));
    }

    [Theory, EveryEngine]
    public async Task Erase_after_and_deferred_keys_are_heeded(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE a (id INTEGER PRIMARY KEY, email TEXT, b_id INTEGER NOT NULL);
            CREATE TABLE b (id INTEGER PRIMARY KEY, email TEXT, a_id INTEGER NOT NULL REFERENCES a (id) DEFERRABLE INITIALLY DEFERRED);
            INSERT INTO a VALUES (1, 'anna@exempel.se', 1), (2, 'bo@exempel.se', 2); INSERT INTO b VALUES (1, 'anna@exempel.se', 1), (2, 'bo@exempel.se', 2);
            """, Dataset(
            CollectionWith("a", "", Delete, Key(), Identity()),
            CollectionWith("b", "", $"{Delete}, erase_after: [shop.a]", Key(), Identity(), From("a_id", "a.id"))));

        Assert.Equal(["a delete 1", "b delete 1"], await shop.EraseAsync(Anna));
    }

    [Theory, EveryEngine]
    public async Task Two_datasets_of_one_database_are_one(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Customers + """
            CREATE TABLE login (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (id)); INSERT INTO login VALUES (1, 1), (2, 2);
            """, DatasetOf("shop", "after: [logins]", DeletedCustomer)
            + DatasetOf("logins", "", CollectionWith("login", "", Delete, Key(), Plain("customer_id", Reference("customer.id", "from")))).Replace("dataset:\n", "", StringComparison.Ordinal));

        Assert.Equal(["customer delete 1", "login delete 1"], await shop.EraseAsync(Anna));
    }

    [Theory, EveryEngine]
    public async Task Many_rows_go_with_as_many_statements_as_few(Provider provider)
    {
        var counts = new List<int>();
        foreach (var rows in new[] { 3, 3000 })
        {
            var values = string.Join(", ", Enumerable.Range(1, rows).Select(i => string.Create(CultureInfo.InvariantCulture, $"({i}, {1 + (i % 2)}, 'x')")));
            await using var shop = await CreateAsync(provider, Customers + $"CREATE TABLE a (id INTEGER PRIMARY KEY, customer_id INTEGER, x TEXT); INSERT INTO a VALUES {values}; CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER, x TEXT); INSERT INTO b VALUES {values};",
                Dataset(DeletedCustomer, CollectionWith("a", "", Delete, Key(), From("customer_id", "customer.id"), Personal("x")), CollectionWith("b", "", Delete, Key(), From("a_id", "a.id"), Personal("x"))));
            await using var located = await Located.LocateAsync(shop.Databases.All[0], Email(Anna), write: true, Cancellation);
            Assert.IsType<ErasureOutcome.Done>(await new Disposal(located, shop.Databases.Map, ErasureScope.Everything, new DateOnly(2026, 11, 22)).ExecuteAsync(Cancellation));
            counts.Add(located.Session.Statements);
        }

        Assert.Equal(counts[0], counts[1]);
    }

    private static ErasureScope Row(string collection, params (string Column, string Value)[] key) => new([], [new RowKey($"shop.{collection}", key.ToDictionary(k => k.Column, k => k.Value))]);
}
