using System.Text.RegularExpressions;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Tests.Support;
using static Kalejdo.Portal.Tests.Support.MappedDatabaseUnderTest;
using static Kalejdo.Portal.Tests.Support.MapText;

namespace Kalejdo.Portal.Tests.Rights;

public sealed class MaskingTests
{
    private const string Anna = "anna@exempel.se";

    [Theory, EveryEngine]
    public async Task Personal_fields_are_nulled_and_others_keys_and_references_stay(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, name TEXT, username TEXT, system_name TEXT);
            INSERT INTO customer VALUES (1, 'anna@exempel.se', 'Anna', 'u', 's'), (2, 'bo@exempel.se', 'Bo', 'u', 's');
            CREATE TABLE login (id INTEGER PRIMARY KEY, customer_id INTEGER, device TEXT, serial TEXT);
            INSERT INTO login VALUES (1, 1, 'd', 's'), (2, 2, 'd', 's');
            """, Dataset(
            Collection("customer", "", Key(), Identity(), Personal("name"),
                // Whole segments: user_name is not below user.
                "{name: username, data_categories: [username.x, user_name]}", "{name: system_name, data_categories: [system.user]}"),
            Collection("login", "", "{name: id, data_categories: [user.unique_id], fides_meta: {primary_key: true}}",
                "{name: customer_id, data_categories: [user.unique_id], fides_meta: {references: [{dataset: shop, field: customer.id, direction: from}]}}",
                "{name: device, data_categories: [user]}", "{name: serial}")));

        Assert.Equal(["customer anonymise 1", "login anonymise 1"], await shop.EraseAsync(Anna));
        Assert.Equal(["1 - - u s", "2 bo@exempel.se Bo u s"], await shop.ColumnAsync("SELECT id || ' ' || coalesce(email, '-') || ' ' || coalesce(name, '-') || ' ' || username || ' ' || system_name FROM customer ORDER BY 1"));
        Assert.Equal(["1 1 - s", "2 2 d s"], await shop.ColumnAsync("SELECT id || ' ' || customer_id || ' ' || coalesce(device, '-') || ' ' || serial FROM login ORDER BY 1"));
    }

    [Theory, EveryEngine]
    public async Task Categories_are_taken_from_the_collection_and_the_dataset_where_a_field_has_none(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE a (email TEXT, x TEXT); INSERT INTO a VALUES ('anna@exempel.se', 'x');
            CREATE TABLE b (email TEXT, x TEXT); INSERT INTO b VALUES ('anna@exempel.se', 'x');
            """, """
            dataset:
              - fides_key: shop
                data_categories: [user.contact]
                collections:
                  - {name: a, fields: [{name: email, fidesops_meta: {identity: email}}, {name: x}]}
                  - {name: b, data_categories: [system.operations], fields: [{name: email, fides_meta: {identity: email}}, {name: x}]}
            """);

        await shop.EraseAsync(Anna);

        Assert.Equal(["-"], await shop.ColumnAsync("SELECT x FROM a"));
        Assert.Equal(["x"], await shop.ColumnAsync("SELECT x FROM b"));
    }

    [Theory, EveryEngine]
    public async Task Each_strategy_writes_what_it_says(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, a TEXT, b TEXT, c TEXT, d TEXT, e TEXT, f TEXT, g TEXT, n INTEGER, flag BOOLEAN, born DATE, amount NUMERIC(6, 2));
            INSERT INTO customer VALUES (1, 'anna@exempel.se', 'a', 'b', 'c', 'd', 'e', 'f', NULL, 5, TRUE, '1980-01-01', 12.5);
            """, Dataset(Collection("customer", "", Key(),
            "{name: email, data_categories: [user.contact.email], fides_meta: {identity: email, masking_strategy_override: {strategy: random_string_rewrite, configuration: {length: 12, format_preservation: {suffix: '@removed.invalid'}}}}}",
            Masked("a", "null_rewrite"), Masked("b", "string_rewrite", "rewrite_value: Raderad, format_preservation: {suffix: '!'}"), Masked("c", "random_string_rewrite"),
            Masked("d", "hash", "algorithm: SHA-512"), Masked("e", "hmac"), Masked("f", "preserve"), Masked("g", "string_rewrite"),
            Masked("n", "string_rewrite", "rewrite_value: '0'"), Masked("flag", "string_rewrite", "rewrite_value: 'false'"), Masked("born", "string_rewrite", "rewrite_value: '1900-01-01'"),
            Masked("amount", "string_rewrite", "rewrite_value: '0'"))));

        Assert.Equal(["customer pseudonymise 1"], await shop.EraseAsync(Anna));
        Assert.Matches(new Regex("^[a-z]{12}@removed\\.invalid$"), Assert.Single(await shop.ColumnAsync("SELECT email FROM customer")));
        Assert.Equal(["-"], await shop.ColumnAsync("SELECT a FROM customer"));
        Assert.Equal(["Raderad!"], await shop.ColumnAsync("SELECT b FROM customer"));
        Assert.Matches(new Regex("^[a-z]{30}$"), Assert.Single(await shop.ColumnAsync("SELECT c FROM customer")));
        Assert.Equal(["18ac3e7343f016890c510e93f935261169d9e3f565436429830faf0934f4f8e4"], await shop.ColumnAsync("SELECT d FROM customer"));
        Assert.Matches(new Regex("^[0-9a-f]{64}$"), Assert.Single(await shop.ColumnAsync("SELECT e FROM customer")));
        Assert.Equal(["f"], await shop.ColumnAsync("SELECT f FROM customer"));
        // Nothing is made up where nothing was.
        Assert.Equal(["-"], await shop.ColumnAsync("SELECT g FROM customer"));
        Assert.Equal(["1"], await shop.ColumnAsync("SELECT count(*) FROM customer WHERE n = 0 AND NOT flag AND born = '1900-01-01' AND amount = 0"));
    }

    [Theory, EveryEngine]
    public async Task Rows_reached_by_reference_are_hashed_and_rewritten_too_and_once_only(Provider provider)
    {
        // The customer stays findable, so that its rows are found again.
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT);
            INSERT INTO customer VALUES (1, 'anna@exempel.se');
            CREATE TABLE a (id INTEGER PRIMARY KEY, customer_id INTEGER, x TEXT); INSERT INTO a VALUES (1, 1, 'x');
            CREATE TABLE b (id INTEGER PRIMARY KEY, customer_id INTEGER, x TEXT); INSERT INTO b VALUES (1, 1, '0a');
            CREATE TABLE c (id INTEGER PRIMARY KEY, customer_id INTEGER, x TEXT); INSERT INTO c VALUES (1, 1, 'x');
            """, Dataset(
            Collection("customer", "", Key(), Identity(meta: "read_only: true")),
            Collection("a", "", Key(), From("customer_id", "customer.id"), Masked("x", "hash")),
            Collection("b", "", Key(), From("customer_id", "customer.id"), Masked("x", "random_string_rewrite", "length: 2")),
            Collection("c", "", Key(), From("customer_id", "customer.id"), Masked("x", "hmac", "format_preservation: {suffix: '-x'}"))));

        Assert.Equal(["a pseudonymise 1", "b anonymise 1", "c pseudonymise 1", "customer untouched 1"], await shop.EraseAsync(Anna));
        Assert.DoesNotContain("0a", await shop.ColumnAsync("SELECT x FROM b"));
    }

    [Theory, EveryEngine]
    public async Task Masks_keep_to_the_length_of_map_and_column(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email VARCHAR(20), a VARCHAR(5), b TEXT, c VARCHAR(10), d VARCHAR(8));
            INSERT INTO customer VALUES (1, 'anna@exempel.se', 'a', 'b', 'c', 'd');
            """, Dataset(Collection("customer", "", Key(), Identity(),
            Masked("a", "string_rewrite", "rewrite_value: Raderad"), Personal("b", "length: 4, masking_strategy_override: {strategy: random_string_rewrite}"),
            Masked("c", "hash"), Masked("d", "hmac", "format_preservation: {suffix: -x}"))));

        await shop.EraseAsync(Anna);

        Assert.Equal(["Rader"], await shop.ColumnAsync("SELECT a FROM customer"));
        Assert.Equal(["4"], await shop.ColumnAsync("SELECT length(b) FROM customer"));
        Assert.Equal(["10"], await shop.ColumnAsync("SELECT length(c) FROM customer"));
        Assert.Matches(new Regex("^[0-9a-f]{6}-x$"), Assert.Single(await shop.ColumnAsync("SELECT d FROM customer")));
    }

    [Theory, EveryEngine]
    public async Task A_row_whose_key_is_the_personal_value_is_deleted(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE visit (email TEXT NOT NULL, at INTEGER NOT NULL, page TEXT, PRIMARY KEY (email, at));
            INSERT INTO visit VALUES ('anna@exempel.se', 1, 'x'), ('Anna@exempel.se', 2, 'x'), ('bo@exempel.se', 1, 'x');
            """, Dataset(Collection("visit", "", Identity(meta: "primary_key: true"), Key("at"), Personal("page"))));

        Assert.Equal(["visit delete 2"], await shop.EraseAsync(Anna));
        Assert.Equal(["bo@exempel.se"], await shop.ColumnAsync("SELECT email FROM visit"));
    }

    [Theory, EveryEngine]
    public async Task The_delete_override_deletes(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT NOT NULL); INSERT INTO customer VALUES (1, 'anna@exempel.se'), (2, 'bo@exempel.se');
            """, Dataset(CollectionWith("customer", "", "masking_strategy_override: {strategy: delete}", Key(), Identity())));

        Assert.Equal(["customer delete 1"], await shop.EraseAsync(Anna));
        Assert.Equal(["2"], await shop.ColumnAsync("SELECT id FROM customer"));
    }

    [Theory, EveryEngine]
    public async Task What_cannot_be_masked_is_refused_whole_with_the_field(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT NOT NULL, number INTEGER UNIQUE, code TEXT UNIQUE, born DATE);
            INSERT INTO customer VALUES (1, 'anna@exempel.se', 5, 'c', NULL);
            CREATE TABLE login (id INTEGER PRIMARY KEY, customer_id INTEGER, device TEXT);
            INSERT INTO login VALUES (1, 1, 'd');
            """, Dataset(
            Collection("customer", "", Key(), Identity(), Masked("number", "random_string_rewrite"), Masked("code", "string_rewrite"), Masked("born", "string_rewrite", "rewrite_value: aldrig")),
            Collection("login", "", Key(), From("customer_id", "customer.id"), Personal("device"))));

        var refusals = await shop.RefusedAsync(Email(Anna));

        Assert.Equal(4, refusals.Length);
        Assert.StartsWith("shop.customer.email: the column is NOT NULL", refusals[0], StringComparison.Ordinal);
        Assert.StartsWith("shop.customer.number: the mask writes text", refusals[1], StringComparison.Ordinal);
        Assert.StartsWith("shop.customer.code: the column is unique", refusals[2], StringComparison.Ordinal);
        Assert.StartsWith("shop.customer.born: the mask's value does not fit", refusals[3], StringComparison.Ordinal);
        // Who has nothing there has nothing to refuse.
        Assert.Empty(await shop.EraseAsync("ingen@exempel.se"));
    }

    [Theory, EveryEngine]
    public async Task A_mask_that_would_clash_in_a_composite_unique_index_is_refused_in_the_plan_and_only_then(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT);
            INSERT INTO customer VALUES (1, 'anna@exempel.se'), (2, 'bo@exempel.se'), (3, 'cia@exempel.se'), (4, 'dag@exempel.se');
            CREATE TABLE handle (id INTEGER PRIMARY KEY, customer_id INTEGER, game TEXT, name TEXT, UNIQUE (game, name));
            INSERT INTO handle VALUES (1, 1, 'schack', 'a'), (2, 1, 'schack', 'b'), (3, 2, 'schack', 'c'), (4, 2, 'go', 'c'), (5, 3, 'bridge', 'd'), (6, 4, 'bridge', 'MASKED'), (7, 4, NULL, 'e'), (8, 4, NULL, 'f');
            """, Dataset(
            Collection("customer", "", Key(), Identity()),
            Collection("handle", "", Key(), From("customer_id", "customer.id"), Plain("game"), Masked("name", "string_rewrite"))));

        // Two of Anna's rows would agree; Bo's would not; Cia's would look like a row that has been masked before.
        Assert.StartsWith("shop.handle.name: together with game the column must be unique", Assert.Single(await shop.RefusedAsync(Email(Anna))), StringComparison.Ordinal);
        Assert.Equal(["customer anonymise 1", "handle anonymise 2"], await shop.EraseAsync("bo@exempel.se"));
        Assert.StartsWith("shop.handle.name: together with game", Assert.Single(await shop.RefusedAsync(Email("cia@exempel.se"))), StringComparison.Ordinal);
        Assert.Equal(["customer anonymise 1", "handle anonymise 2", "handle untouched 1"], await shop.EraseAsync("dag@exempel.se"));
    }

    [Theory, EveryEngine]
    public async Task What_a_CHECK_would_refuse_is_refused_in_the_plan_with_field_and_rule_and_only_then(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, "full name" TEXT CHECK /* not ) */ ("full name" <> 'ra''derad)'), language TEXT, company TEXT, number INTEGER, vip BOOLEAN,
                CONSTRAINT "both, or none" CHECK ((company IS NULL) = (number IS NULL)), -- CHECK (1 = 0)
                CONSTRAINT known CHECK (language IN ('sv', 'en')), CHECK (vip OR language = 'sv'), CHECK (number >= 0));
            INSERT INTO customer VALUES (1, 'anna@exempel.se', 'Anna', 'sv', NULL, NULL, TRUE), (2, 'bo@exempel.se', NULL, 'en', 'Bolaget', 5, TRUE), (3, 'cia@exempel.se', NULL, 'sv', NULL, NULL, NULL);
            """, Dataset(Collection("customer", "", Key(), Identity(), Masked("full name", "string_rewrite", "rewrite_value: \"ra'derad)\""), Masked("language", "string_rewrite", "rewrite_value: xx"),
            Plain("company"), Personal("number"), Masked("vip", "string_rewrite", "rewrite_value: 'false'"))));

        // Anna has a name, and everybody a language; Bo's number would go and the company stay. An unknown vip stays unknown.
        var anna = await shop.RefusedAsync(Email(Anna));
        Assert.Equal(3, anna.Length);
        Assert.Single(anna, r => r.StartsWith("shop.customer.full name: the database allows only some values there (its CHECK", StringComparison.Ordinal) && r.Contains("mask that fits", StringComparison.Ordinal));
        Assert.Single(anna, r => r.StartsWith("shop.customer.language: the database allows only some values there (its CHECK 'known')", StringComparison.Ordinal));
        Assert.DoesNotContain(anna, r => r.Contains("Anna", StringComparison.Ordinal) || r.Contains("ra'derad", StringComparison.Ordinal));
        Assert.Single(await shop.RefusedAsync(Email("bo@exempel.se")), r => r.StartsWith("shop.customer.number: the database allows only some values there (its CHECK 'both, or", StringComparison.Ordinal));
        Assert.Single(await shop.RefusedAsync(Email("cia@exempel.se")));
    }

    [Theory, EveryEngine]
    public async Task A_CHECK_that_the_masks_keep_to_stands_in_nobodys_way(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT CHECK (email LIKE '%@%'), name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 30), age INTEGER CHECK (age BETWEEN 0 AND 120), born DATE CHECK (born >= '1900-01-01'), paid NUMERIC(6,2) CHECK (paid >= 0.0));
            INSERT INTO customer VALUES (1, 'anna@exempel.se', 'Anna', 40, '1980-01-01', 12.5);
            """, Dataset(Collection("customer", "", Key(), Identity(), Masked("name", "random_string_rewrite"), Masked("age", "string_rewrite", "rewrite_value: '0'"), Masked("born", "string_rewrite", "rewrite_value: '1900-01-01'"), Masked("paid", "string_rewrite", "rewrite_value: '0'"))));

        Assert.Equal(["customer anonymise 1"], await shop.EraseAsync(Anna));
    }

    [Theory, EveryEngine]
    public async Task A_clash_in_a_unique_index_on_an_expression_or_on_some_rows_is_refused_in_the_plan_and_only_then(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT);
            INSERT INTO customer VALUES (1, 'anna@exempel.se'), (2, 'bo@exempel.se'), (3, 'cia@exempel.se'), (4, 'dag@exempel.se'), (5, 'eva@exempel.se');
            CREATE TABLE handle (id INTEGER PRIMARY KEY, customer_id INTEGER, game TEXT, name TEXT, code TEXT, active BOOLEAN);
            CREATE UNIQUE INDEX ux_name ON handle (game, lower(trim(name)) DESC);
            CREATE UNIQUE INDEX ux_code ON handle (code) WHERE active AND code <> '(';
            CREATE UNIQUE INDEX ux_none ON handle ((coalesce(code, '-')), customer_id) WHERE NOT active;
            INSERT INTO handle VALUES (1, 1, 'schack', 'a', NULL, NULL), (2, 1, 'schack', 'b', NULL, NULL), (3, 2, 'schack', 'c', NULL, NULL), (4, 2, 'go', 'c', NULL, NULL), (5, 3, 'x', 'd', 'y', TRUE),
                (6, 3, 'y', 'd', 'z', NULL), (7, 4, 'z', 'e', 'å', TRUE), (8, 4, 'å', 'f', 'ä', TRUE), (9, 5, 'bridge', NULL, NULL, NULL), (10, 5, 'bridge', NULL, NULL, NULL);
            """, Dataset(
            Collection("customer", "", Key(), Identity()),
            Collection("handle", "", Key(), From("customer_id", "customer.id"), Plain("game"), Masked("name", "string_rewrite"), Masked("code", "string_rewrite"), Plain("active"))));

        // Two of Anna's would be alike in the expression, two of Dag's in the condition; Bo's, Cia's and Eva's in neither.
        Assert.StartsWith("shop.handle.name: together with game the unique index 'ux_name' lets no two rows be alike in it, but its mask writes the same value", Assert.Single(await shop.RefusedAsync(Email(Anna))), StringComparison.Ordinal);
        Assert.StartsWith("shop.handle.code: the unique index 'ux_code' lets no two rows be alike", Assert.Single(await shop.RefusedAsync(Email("dag@exempel.se"))), StringComparison.Ordinal);
        Assert.Equal(["customer anonymise 1", "handle anonymise 2"], await shop.EraseAsync("bo@exempel.se"));
        Assert.Equal(["customer anonymise 1", "handle anonymise 2"], await shop.EraseAsync("cia@exempel.se"));
        Assert.Equal(["customer anonymise 1", "handle untouched 2"], await shop.EraseAsync("eva@exempel.se"));
    }

    [Theory, EveryEngine]
    public async Task A_reference_that_is_cut_is_looked_at_too(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT);
            INSERT INTO customer VALUES (1, 'anna@exempel.se'), (2, 'bo@exempel.se');
            CREATE TABLE device (id INTEGER PRIMARY KEY, owner_id INTEGER REFERENCES customer (id), serial TEXT NOT NULL, state TEXT, CHECK (owner_id IS NOT NULL OR state = 'stock'));
            CREATE UNIQUE INDEX ux_stock ON device (serial) WHERE owner_id IS NULL;
            INSERT INTO device VALUES (1, 1, 'a', 'used'), (2, 2, 'b', 'stock'), (3, NULL, 'b', 'stock');
            """, Dataset(
            CollectionWith("customer", "", "masking_strategy_override: {strategy: delete}", Key(), Identity()),
            Collection("device", "", Key(), From("owner_id", "customer.id"), Plain("serial"), Plain("state"))));

        Assert.StartsWith("shop.device.owner_id: the database allows only some values there", Assert.Single(await shop.RefusedAsync(Email(Anna))), StringComparison.Ordinal);
        Assert.StartsWith("shop.device.owner_id: together with serial the unique index 'ux_stock' lets no two rows be alike in it, but an erasure would leave several rows alike", Assert.Single(await shop.RefusedAsync(Email("bo@exempel.se"))), StringComparison.Ordinal);
    }

    [Theory, EveryEngine]
    public async Task A_value_by_which_rows_that_stay_refer_is_not_overwritten(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT UNIQUE, nick TEXT UNIQUE, code TEXT UNIQUE);
            INSERT INTO customer VALUES (1, 'anna@exempel.se', 'anna', 'a'), (2, 'bo@exempel.se', 'bo', 'b'), (3, 'cia@exempel.se', 'cia', 'c');
            CREATE TABLE post (id INTEGER PRIMARY KEY, nick TEXT REFERENCES customer (nick), code TEXT REFERENCES customer (code) ON UPDATE CASCADE, email TEXT REFERENCES customer (email));
            INSERT INTO post VALUES (1, 'anna', 'a', 'anna@exempel.se'), (2, NULL, 'b', 'bo@exempel.se');
            CREATE TABLE mark (id INTEGER PRIMARY KEY, customer_id INTEGER, nick TEXT REFERENCES customer (nick)); INSERT INTO mark VALUES (1, 3, 'bo');
            """, Dataset(
            Collection("customer", "", Key(), Identity(), Personal("nick"), Personal("code")),
            Collection("post", "", Key(), From("nick", "customer.nick"), Plain("code"), Identity()),
            Collection("mark", "", Key(), From("customer_id", "customer.id"), Masked("nick", "random_string_rewrite"))));

        Assert.StartsWith("shop.customer.nick: rows of 'post' that stay refer to this value", Assert.Single(await shop.RefusedAsync(Email(Anna))), StringComparison.Ordinal);
        Assert.StartsWith("shop.customer.nick: rows of 'mark' that stay refer to this value", Assert.Single(await shop.RefusedAsync(Email("bo@exempel.se"))), StringComparison.Ordinal);
        await shop.SqlAsync("UPDATE mark SET nick = NULL; UPDATE post SET nick = NULL");
        // A database that passes the change on does it itself, and whose value goes first lets go.
        Assert.Equal(["customer anonymise 1", "post anonymise 1"], await shop.EraseAsync(Anna));
        Assert.Equal(["- -", "b bo@exempel.se"], await shop.ColumnAsync("SELECT coalesce(code, '-') || ' ' || coalesce(email, '-') FROM post ORDER BY id"));
    }

    [Fact]
    public async Task PostgreSQLs_domains_enumerations_and_narrow_types_are_asked_before_anything_is_changed()
    {
        await using var shop = await CreateAsync(Provider.Postgresql, """
            CREATE DOMAIN "sort" AS TEXT CONSTRAINT sorts CHECK (VALUE IN ('a', 'VALUE'));
            CREATE TYPE mood AS ENUM ('glad', 'sad');
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT);
            INSERT INTO customer VALUES (1, 'anna@exempel.se');
            CREATE TABLE a (id INTEGER PRIMARY KEY, customer_id INTEGER, x "sort", y "sort"); INSERT INTO a VALUES (1, 1, 'a', 'a');
            CREATE TABLE b (id INTEGER PRIMARY KEY, customer_id INTEGER, x mood, y mood); INSERT INTO b VALUES (1, 1, 'sad', 'sad');
            """, Dataset(
            Collection("customer", "", Key(), Identity()),
            Collection("a", "", Key(), From("customer_id", "customer.id"), Masked("x", "string_rewrite", "rewrite_value: VALUE"), Masked("y", "string_rewrite", "rewrite_value: b")),
            Collection("b", "", Key(), From("customer_id", "customer.id"), Masked("x", "string_rewrite", "rewrite_value: glad"), Personal("y"))));

        Assert.StartsWith("shop.a.y: the database allows only some values there (its CHECK 'sorts')", Assert.Single(await shop.RefusedAsync(Email(Anna))), StringComparison.Ordinal);

        await shop.SqlAsync("DELETE FROM a");
        Assert.Equal(["b anonymise 1", "customer anonymise 1"], await shop.EraseAsync(Anna));
    }

    [Theory]
    [InlineData("mood", "'sad'", "string_rewrite", "rewrite_value: x")]
    [InlineData("uuid", "gen_random_uuid()", "random_string_rewrite", "")]
    [InlineData("jsonb", "'{}'", "hash", "")]
    [InlineData("smallint", "1", "string_rewrite", "rewrite_value: '99999'")]
    [InlineData("numeric(4,2)", "1", "string_rewrite", "rewrite_value: '999'")]
    public async Task What_a_column_of_PostgreSQLs_cannot_hold_is_refused_in_the_plan_with_the_field(string type, string value, string strategy, string configuration)
    {
        await using var shop = await CreateAsync(Provider.Postgresql, $"""
            CREATE TYPE mood AS ENUM ('glad', 'sad');
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, x {type});
            INSERT INTO customer VALUES (1, 'anna@exempel.se', {value});
            """, Dataset(Collection("customer", "", Key(), Identity(), Masked("x", strategy, configuration))));

        Assert.StartsWith("shop.customer.x: the database cannot take what would be written to x", Assert.Single(await shop.RefusedAsync(Email(Anna))), StringComparison.Ordinal);
    }

    [Theory, EveryEngine]
    public async Task Read_only_fields_stay_and_an_untouched_row_is_said_to_be(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, name TEXT);
            INSERT INTO customer VALUES (1, 'anna@exempel.se', 'Anna');
            """, Dataset(Collection("customer", "", Key(), Identity(meta: "read_only: true"), Personal("name", "read_only: true"))));

        Assert.Equal(["customer untouched 1"], await shop.EraseAsync(Anna));
        Assert.Equal(["Anna"], await shop.ColumnAsync("SELECT name FROM customer"));
    }

    [Theory, EveryEngine]
    public async Task Columns_that_the_database_computes_follow_their_sources(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, first TEXT, whole TEXT GENERATED ALWAYS AS (first || '!') STORED);
            INSERT INTO customer (id, email, first) VALUES (1, 'anna@exempel.se', 'Anna');
            """, Dataset(Collection("customer", "", Key(), Identity(), Personal("first"), Personal("whole"))));

        Assert.Equal(["Anna!"], await shop.SeenAsync(Anna, "customer", "whole"));
        Assert.Equal(["customer anonymise 1"], await shop.EraseAsync(Anna));
        Assert.Equal(["-"], await shop.ColumnAsync("SELECT whole FROM customer"));
    }

    [Theory, EveryEngine]
    public async Task Values_that_look_like_SQL_are_only_values(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, name TEXT, note TEXT);
            INSERT INTO customer VALUES (1, 'anna@exempel.se', '''; DROP TABLE customer; --', '@p0');
            """, Dataset(Collection("customer", "", Key(), Identity(), Masked("name", "string_rewrite", "rewrite_value: \"'; DELETE FROM customer; --\""), Masked("note", "hash"))));

        Assert.Equal(["'; DROP TABLE customer; --"], await shop.SeenAsync(Anna, "customer", "name"));
        await shop.EraseAsync(Anna);
        Assert.Equal(["'; DELETE FROM customer; --"], await shop.ColumnAsync("SELECT name FROM customer"));
    }

    [Theory, EveryEngine]
    public async Task A_view_is_shown_but_its_erasure_refused(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE person (id INTEGER PRIMARY KEY, email TEXT, name TEXT);
            INSERT INTO person VALUES (1, 'anna@exempel.se', NULL);
            CREATE VIEW customer AS SELECT id, email, name FROM person;
            """, Dataset(Collection("customer", "", Key(), Identity(), Personal("name"))));

        Assert.Equal(["1"], await shop.SeenAsync(Anna, "customer", "id"));
        Assert.Contains("this is a view", Assert.Single(await shop.RefusedAsync(Email(Anna))), StringComparison.Ordinal);
    }
}
