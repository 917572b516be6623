using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Tests.Support;
using static Kalejdo.Portal.Tests.Support.MappedDatabaseUnderTest;
using static Kalejdo.Portal.Tests.Support.MapText;

namespace Kalejdo.Portal.Tests.Rights;

/// <summary>An address that its mailbox's owner disowns: taken away on every engine, and put back where it had been confirmed.</summary>
public sealed class DisavowalTests
{
    private const string Address = "vilse@exempel.se";

    private const string Sql = """
        CREATE TABLE customer (id INTEGER PRIMARY KEY, number TEXT, email TEXT, confirmed TIMESTAMP, name TEXT);
        INSERT INTO customer VALUES (1, 'K1', 'vilse@exempel.se', NULL, 'Anna'), (2, 'K2', ' Vilse@Exempel.se ', NULL, 'Bo'), (3, 'K3', 'bo@exempel.se', '2026-01-01 10:00:00', 'Bo');
        CREATE TABLE player (id INTEGER PRIMARY KEY, email VARCHAR(60) NOT NULL UNIQUE, confirmed TIMESTAMP, nickname TEXT);
        INSERT INTO player VALUES (1, 'VILSE@exempel.se', '2026-01-01 10:00:00', 'räv'), (2, 'vilse@exempel.se', NULL, 'lo'), (3, 'bo@exempel.se', NULL, 'björn');
        CREATE TABLE letter (email TEXT PRIMARY KEY, given DATE NOT NULL, active BOOLEAN NOT NULL, price NUMERIC(8,2));
        INSERT INTO letter VALUES ('vilse@exempel.se', '2026-02-03', TRUE, 12.50), ('bo@exempel.se', '2026-02-03', FALSE, NULL);
        CREATE TABLE login (email TEXT, realm TEXT, seen DATE, PRIMARY KEY (email, realm));
        INSERT INTO login VALUES ('vilse@exempel.se', 'tv', '2026-03-04'), ('Vilse@exempel.se', 'spel', NULL), ('bo@exempel.se', 'tv', NULL);
        CREATE TABLE note (id INTEGER PRIMARY KEY, email TEXT);
        INSERT INTO note VALUES (1, 'vilse@exempel.se');
        """;

    private static string Map(bool note = false) => Dataset(
        [
            Collection("customer", "kind: k", Key(), Identity("number", identity: "customer_number"), Identity(portal: "on_disavowal: clear, verified_by: confirmed"), Personal("confirmed"), Personal("name")),
            // It tells when the player confirmed it, but the map does not go by that.
            Collection("player", "kind: k", Key(), Identity(portal: "on_disavowal: placeholder"), Personal("confirmed"), Personal("nickname")),
            Collection("letter", "kind: k", Identity(meta: "primary_key: true", portal: "on_disavowal: delete"), Personal("given"), Personal("active"), Personal("price")),
            Collection("login", "kind: k", Identity(meta: "primary_key: true", portal: "on_disavowal: clear"), Key("realm"), Personal("seen")),
            .. note ? [Collection("note", "kind: k", Key(), Identity())] : Array.Empty<string>(),
        ]) + "portal: {kinds: [{key: k, label: {sv: k, en: k}}]}\n";

    [Theory, EveryEngine]
    public async Task A_never_verified_address_goes_from_every_row_by_what_the_map_says(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Sql, Map());

        var removed = Assert.IsType<DisavowalOutcome.Removed>(await new Disavowal(shop.Databases).RemoveAsync(Address, Cancellation));

        Assert.Equal(
            [("shop.customer.email", OnDisavowal.Clear, 2), ("shop.player.email", OnDisavowal.Placeholder, 2), ("shop.letter.email", OnDisavowal.Delete, 1), ("shop.login.email", OnDisavowal.Placeholder, 2)],
            removed.Steps.Select(step => (step.Field, step.Action!.Value, step.Rows)));
        await AssertGoneAsync(shop);
        Assert.Equal(["räv", "lo", "björn"], await shop.ColumnAsync("SELECT nickname FROM player ORDER BY id"));
        // Again there is nothing to do, and nothing is done.
        var after = await shop.DumpAsync();
        Assert.Empty(Assert.IsType<DisavowalOutcome.Removed>(await new Disavowal(shop.Databases).RemoveAsync(Address, Cancellation)).Steps);
        Assert.Equal(after, await shop.DumpAsync());
    }

    [Theory, EveryEngine]
    public async Task A_verified_address_stays_until_what_brings_it_back_is_held(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Sql + "UPDATE customer SET confirmed = '2026-01-02 03:04:05' WHERE id = 2;", Map());
        var (before, disavowal) = (await shop.DumpAsync(), new Disavowal(shop.Databases));

        Assert.IsType<DisavowalOutcome.Verified>(await disavowal.RemoveAsync(Address, Cancellation));
        Assert.IsType<DisavowalOutcome.Changed>(await disavowal.DetachAsync(Address, [], Cancellation));
        Assert.Equal(before, await shop.DumpAsync());

        var standing = await StandingAsync(disavowal);
        Assert.True(standing.Verified);
        Assert.Equal(["K1", "K2"], standing.Rows.SelectMany(row => row.Identities).Where(i => i.Name == "customer_number").Select(i => i.Value));
        Assert.Equal(7, Assert.IsType<DisavowalOutcome.Removed>(await disavowal.DetachAsync(Address, standing.Rows, Cancellation)).Steps.Sum(step => step.Rows));
        await AssertGoneAsync(shop);
        Assert.Equal(["1"], await shop.ColumnAsync("SELECT count(*) FROM customer WHERE confirmed IS NOT NULL"));

        Assert.Equal(new RestorationOutcome.Restored(7, 0), await disavowal.RestoreAsync(standing.Rows, Cancellation));
        Assert.Equal(before, await shop.DumpAsync());
        Assert.Equal(new RestorationOutcome.Restored(7, 0), await disavowal.RestoreAsync(standing.Rows, Cancellation));
        Assert.Equal(before, await shop.DumpAsync());
    }

    [Theory, EveryEngine]
    public async Task What_stands_there_since_is_left_alone(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Sql, Map());
        var disavowal = new Disavowal(shop.Databases);
        var held = (await StandingAsync(disavowal)).Rows;
        await disavowal.DetachAsync(Address, held, Cancellation);
        await shop.SqlAsync("""
            UPDATE customer SET email = 'anna@exempel.se' WHERE id = 1;
            INSERT INTO player VALUES (4, 'VILSE@exempel.se', NULL, 'varg');
            INSERT INTO letter VALUES ('vilse@exempel.se', '2026-05-06', FALSE, NULL);
            DELETE FROM login WHERE realm = 'tv' AND email LIKE '%removed.invalid';
            """);
        await shop.SqlAsync("UPDATE player SET email = 'ny@exempel.se' WHERE id = 2;");

        var restored = Assert.IsType<RestorationOutcome.Restored>(await disavowal.RestoreAsync(held, Cancellation));

        Assert.Equal(["anna@exempel.se", " Vilse@Exempel.se ", "bo@exempel.se"], await shop.ColumnAsync("SELECT email FROM customer ORDER BY id"));
        Assert.Equal(["ny@exempel.se", "bo@exempel.se", "VILSE@exempel.se"], await shop.ColumnAsync("SELECT email FROM player WHERE id > 1 ORDER BY id"));
        Assert.Matches("^[g-v]{24}@removed.invalid$", (await shop.ColumnAsync("SELECT email FROM player WHERE id = 1"))[0]);
        Assert.Equal(["1"], await shop.ColumnAsync("SELECT count(*) FROM letter WHERE email = 'vilse@exempel.se'"));
        Assert.Equal(["Vilse@exempel.se", "bo@exempel.se"], (await shop.ColumnAsync("SELECT email FROM login")).OrderBy(e => e, StringComparer.Ordinal));
        // The customer, the two players and one login are not as they were; the letter is there again, as somebody's own.
        Assert.Equal(new RestorationOutcome.Restored(3, 4), restored);
    }

    [Theory, EveryEngine]
    public async Task A_row_that_came_meanwhile_is_held_first(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Sql, Map());
        var disavowal = new Disavowal(shop.Databases);
        var held = (await StandingAsync(disavowal)).Rows;
        await shop.SqlAsync("INSERT INTO customer VALUES (4, 'K4', 'vilse@exempel.se', NULL, 'Cia')");
        var before = await shop.DumpAsync();

        Assert.IsType<DisavowalOutcome.Changed>(await disavowal.DetachAsync(Address, held, Cancellation));
        Assert.Equal(before, await shop.DumpAsync());
        Assert.IsType<DisavowalOutcome.Removed>(await disavowal.DetachAsync(Address, (await StandingAsync(disavowal)).Rows, Cancellation));
        await AssertGoneAsync(shop);
    }

    [Theory, EveryEngine]
    public async Task Where_the_map_says_nothing_it_stays_and_is_told(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Sql, Map(note: true));
        var disavowal = new Disavowal(shop.Databases);
        var held = (await StandingAsync(disavowal)).Rows;

        var left = Assert.IsType<DisavowalOutcome.Removed>(await disavowal.DetachAsync(Address, held, Cancellation)).Steps.Single(step => step.Action is null);
        Assert.Equal(new DisavowalStep("shop.note.email", null, 1), left);
        Assert.Equal(left, Assert.Single(Assert.IsType<DisavowalOutcome.Removed>(await disavowal.RemoveAsync(Address, Cancellation)).Steps));
        Assert.Equal([Address], await shop.ColumnAsync("SELECT email FROM note"));
    }

    [Theory, EveryEngine]
    public async Task Placeholders_are_never_twice_the_same_and_fit_their_column(Provider provider)
    {
        var many = string.Concat(Enumerable.Range(10, 200).Select(i => $"INSERT INTO narrow VALUES ({i}, '{new string('a', 12)}@b.se', {i});"));
        await using var shop = await CreateAsync(
            provider,
            $"CREATE TABLE narrow (id INTEGER PRIMARY KEY, email VARCHAR(24) NOT NULL, place INTEGER, UNIQUE (email, place)); CREATE TABLE tiny (id INTEGER PRIMARY KEY, email VARCHAR(10) NOT NULL); INSERT INTO tiny VALUES (1, 'a@b.se');{many}",
            Dataset(Collection("narrow", "kind: k", Key(), Identity(portal: "on_disavowal: placeholder")), Collection("tiny", "kind: k", Key(), Identity(portal: "on_disavowal: clear"))) + "portal: {kinds: [{key: k, label: {sv: k, en: k}}]}\n");
        var disavowal = new Disavowal(shop.Databases);

        await disavowal.RemoveAsync($"{new string('a', 12)}@b.se", Cancellation);
        await disavowal.RemoveAsync("a@b.se", Cancellation);

        var masked = await shop.ColumnAsync("SELECT email FROM narrow");
        Assert.All(masked, email => Assert.Matches("^[g-v]{8}@removed.invalid$", email));
        Assert.Equal(200, masked.Distinct().Count());
        Assert.Matches("^[g-v]{10}$", Assert.Single(await shop.ColumnAsync("SELECT email FROM tiny")));
    }

    [Theory, EveryEngine]
    public async Task An_address_that_only_players_use_is_never_taken_for_a_confirmed_one(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Sql + "DELETE FROM customer; DELETE FROM letter; DELETE FROM login;", Map());
        var disavowal = new Disavowal(shop.Databases);

        Assert.False((await StandingAsync(disavowal)).Verified);
        Assert.Equal([new DisavowalStep("shop.player.email", OnDisavowal.Placeholder, 2)], Assert.IsType<DisavowalOutcome.Removed>(await disavowal.RemoveAsync(Address, Cancellation)).Steps);
        Assert.Equal(["3"], await shop.ColumnAsync("SELECT id FROM player WHERE email LIKE '%exempel.se'"));
    }

    [Theory, EveryEngine]
    public async Task An_address_that_stands_nowhere_changes_nothing(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Sql, Map());
        var (before, disavowal) = (await shop.DumpAsync(), new Disavowal(shop.Databases));

        foreach (var address in new[] { "ingen@exempel.se", "vilse@exempel.se.nu", "%@exempel.se", "vilse_exempel.se", "' OR 1=1 --" })
        {
            Assert.Equal((false, 0), (await disavowal.FindAsync(address, Cancellation)).Standing is { } standing ? (standing.Verified, standing.Rows.Count) : (true, -1));
            Assert.Empty(Assert.IsType<DisavowalOutcome.Removed>(await disavowal.RemoveAsync(address, Cancellation)).Steps);
        }
        Assert.Equal(before, await shop.DumpAsync());
    }

    [Theory, EveryEngine]
    public async Task Letters_beyond_ascii_are_found_in_either_case(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Sql + "UPDATE customer SET email = 'ÅSA.Öberg@exempel.se' WHERE id = 1;", Map());

        Assert.Equal([new DisavowalStep("shop.customer.email", OnDisavowal.Clear, 1)], Assert.IsType<DisavowalOutcome.Removed>(await new Disavowal(shop.Databases).RemoveAsync("åsa.öberg@exempel.se", Cancellation)).Steps);
    }

    [Theory, EveryEngine]
    public async Task Several_databases_are_all_asked_and_one_that_fails_is_gone_on_with(Provider provider)
    {
        const string Player = "CREATE TABLE player (id INTEGER PRIMARY KEY, email VARCHAR(60) NOT NULL UNIQUE); INSERT INTO player VALUES (1, 'vilse@exempel.se');";
        const string Customer = "CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, confirmed TIMESTAMP); INSERT INTO customer VALUES (1, 'vilse@exempel.se', '2026-01-01 10:00:00');";
        await using var both = await MappedDatabasesUnderTest.CreateAsync(provider, Player, Customer, MappedDatabasesUnderTest.Maps(
            DatasetOf("crm", "", Collection("player", "kind: k", Key(), Identity(portal: "on_disavowal: placeholder"))),
            DatasetOf("shop", "", Collection("customer", "kind: k", Key(), Identity(portal: "on_disavowal: clear, verified_by: confirmed"), Personal("confirmed"))))
            + "portal: {kinds: [{key: k, label: {sv: k, en: k}}]}\n");
        var (disavowal, before) = (new Disavowal(both.Databases), await both.DumpAsync());
        // Confirmed in the one, it stays in the other too.
        Assert.IsType<DisavowalOutcome.Verified>(await disavowal.RemoveAsync(Address, Cancellation));
        Assert.Equal(before, await both.DumpAsync());
        var held = (await StandingAsync(disavowal)).Rows;

        // The second database will not do it, the first has; as after a kill between the two.
        await both.Shop.SqlAsync(provider == Provider.Postgresql
            ? "CREATE TRIGGER no BEFORE UPDATE ON customer BEGIN SELECT RAISE(ABORT, 'no'); END"
            : "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$; CREATE TRIGGER no BEFORE UPDATE ON customer FOR EACH ROW EXECUTE FUNCTION no()");
        Assert.IsType<DisavowalOutcome.Refused>(await disavowal.DetachAsync(Address, held, Cancellation));
        Assert.Equal(["0", "1"], [.. await both.Crm.ColumnAsync("SELECT count(*) FROM player WHERE email = 'vilse@exempel.se'"), .. await both.Shop.ColumnAsync("SELECT count(*) FROM customer WHERE email = 'vilse@exempel.se'")]);

        await both.Shop.SqlAsync(provider == Provider.Postgresql ? "DROP TRIGGER no" : "DROP TRIGGER no ON customer");
        Assert.IsType<DisavowalOutcome.Removed>(await disavowal.DetachAsync(Address, held, Cancellation));
        Assert.Equal(["-"], await both.Shop.ColumnAsync("SELECT email FROM customer"));
        Assert.Equal(new RestorationOutcome.Restored(2, 0), await disavowal.RestoreAsync(held, Cancellation));
        Assert.Equal(before.Replace("\nno", "", StringComparison.Ordinal), await both.DumpAsync());
    }

    private static async Task<AddressStanding> StandingAsync(Disavowal disavowal)
    {
        var (standing, problems) = await disavowal.FindAsync(Address, Cancellation);
        Assert.Empty(problems);
        return standing!;
    }

    private static async Task AssertGoneAsync(MappedDatabaseUnderTest shop)
    {
        foreach (var table in new[] { "customer", "player", "letter", "login" })
        {
            Assert.Equal(["0"], await shop.ColumnAsync($"SELECT count(*) FROM {table} WHERE lower(trim(email)) = '{Address}'"));
            Assert.Equal(["1"], await shop.ColumnAsync($"SELECT count(*) FROM {table} WHERE email = 'bo@exempel.se'"));
        }
        var placeholders = (await shop.ColumnAsync("SELECT email FROM player WHERE id < 3")).Concat(await shop.ColumnAsync("SELECT email FROM login WHERE email <> 'bo@exempel.se'")).ToList();
        Assert.All(placeholders, email => Assert.Matches("^[g-v]{24}@removed.invalid$", email));
        Assert.Equal(4, placeholders.Distinct().Count());
        Assert.Equal(["Anna", "Bo", "Bo"], (await shop.ColumnAsync("SELECT name FROM customer WHERE id < 4 ORDER BY id")));
    }
}
