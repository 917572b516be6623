using System.Globalization;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Tests.Support;
using static Kalejdo.Portal.Tests.Support.MappedDatabaseUnderTest;

namespace Kalejdo.Portal.Tests.Rights;

/// <summary>Rows that outlive an erasure, and go when their ground has ended although no identity finds them any more.</summary>
public sealed class KeptRowsTests
{
    private const string Sql = """
        CREATE TABLE person (id INTEGER PRIMARY KEY, number VARCHAR(40) NOT NULL UNIQUE, email VARCHAR(80));
        CREATE TABLE bill (id INTEGER PRIMARY KEY, person_id INTEGER NOT NULL REFERENCES person (id), day DATE NOT NULL, name TEXT);
        CREATE TABLE line (bill_id INTEGER NOT NULL REFERENCES bill (id), no INTEGER NOT NULL, what TEXT, PRIMARY KEY (bill_id, no));
        CREATE TABLE traffic (id INTEGER PRIMARY KEY, person_id INTEGER NOT NULL REFERENCES person (id), day DATE, ip TEXT);
        CREATE TABLE contract (id INTEGER PRIMARY KEY, person_id INTEGER NOT NULL REFERENCES person (id), ends DATE);
        CREATE TABLE note (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES person (id), words TEXT);
        INSERT INTO person VALUES (1, 'N-1', 'eva@exempel.example'), (2, 'N-2', 'bo@exempel.example');
        INSERT INTO bill VALUES (10, 1, '2022-06-01', 'Eva'), (11, 1, '2023-12-31', 'Eva'), (12, 2, '2022-06-01', 'Bo');
        INSERT INTO line VALUES (10, 1, 'TV'), (10, 2, 'Film'), (11, 1, 'TV'), (12, 1, 'TV');
        INSERT INTO traffic VALUES (20, 1, '2028-02-29', '10.0.0.1'), (21, 2, '2028-02-29', '10.0.0.2');
        INSERT INTO note VALUES (30, 1, 'Evas'), (31, 2, 'Bos')
        """;

    private const string Map = """
        portal:
          retention:
            books: {ground: {sv: bokföringslagen, en: the Accounting Act}, keep: P7Y, counted_from: end_of_calendar_year}
            traffic: {ground: {sv: trafikdata, en: traffic data}, keep: P1Y, counted_from: date}
            running: {ground: {sv: avtalet löper, en: the agreement runs}, counted_from: condition}
        dataset:
          - fides_key: shop
            name: Shop
            collections:
              - name: person
                portal: {on_erasure: retain, retain: {rule: running, from: contract.ends}}
                fields:
                  - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
                  - {name: number, data_categories: [user.unique_id], fides_meta: {identity: number, masking_strategy_override: {strategy: random_string_rewrite, configuration: {length: 20}}}}
                  - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
              - name: bill
                portal: {on_erasure: retain, retain: {rule: books, from: day}}
                fields:
                  - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
                  - {name: person_id, data_categories: [system.operations], fides_meta: {references: [{dataset: shop, field: person.id, direction: from}]}}
                  - {name: day, data_categories: [user.financial]}
                  - {name: name, data_categories: [user.name]}
              - name: line
                portal: {on_erasure: retain, retain: {rule: books, from: bill.day}}
                fields:
                  - {name: bill_id, data_categories: [system.operations], fides_meta: {primary_key: true, references: [{dataset: shop, field: bill.id, direction: from}]}}
                  - {name: no, data_categories: [system.operations], fides_meta: {primary_key: true}}
                  - {name: what, data_categories: [user.financial]}
              - name: traffic
                portal: {on_erasure: retain, retain: {rule: traffic, from: day}}
                fields:
                  - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
                  - {name: person_id, data_categories: [system.operations], fides_meta: {references: [{dataset: shop, field: person.id, direction: from}]}}
                  - {name: day, data_categories: [user.device]}
                  - {name: ip, data_categories: [user.device.ip_address]}
              - name: contract
                portal: {on_erasure: retain, retain: {rule: running, from: ends}}
                fields:
                  - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
                  - {name: person_id, data_categories: [system.operations], fides_meta: {references: [{dataset: shop, field: person.id, direction: from}]}}
                  - {name: ends, data_categories: [user.financial]}
              - name: note
                portal: {on_erasure: delete}
                fields:
                  - {name: id, data_categories: [system.operations], fides_meta: {primary_key: true}}
                  - {name: person_id, data_categories: [system.operations], fides_meta: {references: [{dataset: shop, field: person.id, direction: from}]}}
                  - {name: words, data_categories: [user.content]}
        """;

    [Theory]
    [EveryEngine]
    public async Task Told_with_their_last_day_and_gone_the_day_after(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Sql, Map);
        shop.Time.Advance(new DateTimeOffset(2028, 3, 1, 9, 0, 0, TimeSpan.Zero) - shop.Time.GetUtcNow());
        var kept = await EraseAsync(shop, Email("eva@exempel.example"));

        // Seven years from the end of 2022 and of 2023; a year from a leap day; and who they belong to.
        Assert.Equal(
            ["bill id=10 2029-12-31", "bill id=11 2030-12-31", "line bill_id=10,no=1 2029-12-31", "line bill_id=10,no=2 2029-12-31", "line bill_id=11,no=1 2030-12-31", "traffic id=20 2029-02-28"],
            kept.Where(k => k.Rule is not null).Select(Text).Order(StringComparer.Ordinal));
        var owner = Assert.Single(kept, k => k.Rule is null).Row;
        Assert.Equal("1", owner.Key["id"]);
        Assert.Equal(owner.Key["number"], (await shop.ColumnAsync("SELECT number FROM person WHERE id = 1")).Single());
        Assert.NotEqual("N-1", owner.Key["number"]);
        var others = await OthersAsync(shop);

        await AtAsync(new DateTimeOffset(2029, 2, 28, 22, 59, 59, TimeSpan.Zero));
        Assert.Equal(["20", "21"], await shop.ColumnAsync("SELECT id FROM traffic ORDER BY id"));
        await AtAsync(new DateTimeOffset(2029, 2, 28, 23, 0, 0, TimeSpan.Zero));
        Assert.Equal(["21"], await shop.ColumnAsync("SELECT id FROM traffic ORDER BY id"));
        await AtAsync(new DateTimeOffset(2029, 12, 31, 22, 59, 59, TimeSpan.Zero));
        Assert.Equal(["10", "11", "12"], await shop.ColumnAsync("SELECT id FROM bill ORDER BY id"));
        await AtAsync(new DateTimeOffset(2029, 12, 31, 23, 0, 0, TimeSpan.Zero));
        Assert.Equal(["11", "12"], await shop.ColumnAsync("SELECT id FROM bill ORDER BY id"));
        Assert.Equal(["11", "12"], await shop.ColumnAsync("SELECT bill_id FROM line ORDER BY bill_id"));
        Assert.Equal(["1", "2"], await shop.ColumnAsync("SELECT id FROM person ORDER BY id"));
        await AtAsync(new DateTimeOffset(2030, 12, 31, 23, 0, 0, TimeSpan.Zero));
        Assert.Equal(["12"], await shop.ColumnAsync("SELECT id FROM bill ORDER BY id"));
        Assert.Equal(["2"], await shop.ColumnAsync("SELECT id FROM person ORDER BY id"));
        Assert.Equal(others, await OthersAsync(shop));

        async Task AtAsync(DateTimeOffset moment)
        {
            shop.Time.Advance(moment - shop.Time.GetUtcNow());
            await EraseAsync(shop, [], kept);
        }
    }

    [Theory]
    [EveryEngine]
    public async Task A_number_that_was_given_to_somebody_else_finds_nothing(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Sql, Map);
        var owner = (await EraseAsync(shop, Email("eva@exempel.example"))).Where(k => k.Rule is null).ToList();
        await shop.SqlAsync("UPDATE person SET number = 'N-3', email = 'ny@exempel.example' WHERE id = 1");
        var before = await shop.DumpAsync();

        await EraseAsync(shop, [], owner);

        Assert.Equal(before, await shop.DumpAsync());
    }

    [Theory]
    [EveryEngine]
    public async Task What_a_condition_keeps_is_told_without_a_day_and_kept_as_long_as_it_holds(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Sql + "; INSERT INTO contract VALUES (40, 1, NULL), (41, 2, NULL)", Map);
        var kept = await EraseAsync(shop, Email("eva@exempel.example"));
        Assert.Equal(["contract id=40 -", "person id=1,number=N-1 -"], kept.Where(k => k.Until is null).Select(Text).Order(StringComparer.Ordinal));
        var scope = Scope(kept.Where(k => k.Until is null));

        Assert.Equal(2, (await shop.Erasure.KeptAsync([], scope, Cancellation))!.Count(k => k.Until is null));
        await shop.SqlAsync("UPDATE contract SET ends = '2026-11-21' WHERE id = 40");
        Assert.DoesNotContain(await shop.Erasure.KeptAsync([], scope, Cancellation) ?? [], k => k.Until is null);

        await EraseAsync(shop, [], [.. kept.Where(k => k.Until is null)]);
        Assert.Equal(["41"], await shop.ColumnAsync("SELECT id FROM contract"));
        Assert.Equal(["-", "bo@exempel.example"], await shop.ColumnAsync("SELECT email FROM person ORDER BY id"));
        Assert.Equal(["10", "11", "12"], await shop.ColumnAsync("SELECT id FROM bill ORDER BY id"));
    }

    private static ErasureScope Scope(IEnumerable<KeptRow> rows) => new([], [.. rows.Select(r => r.Row)]) { Known = true };

    private static async Task<IReadOnlyList<KeptRow>> EraseAsync(MappedDatabaseUnderTest shop, IReadOnlyList<Identity> identities, IReadOnlyList<KeptRow>? rows = null)
    {
        var kept = new List<KeptRow>();
        var outcome = await shop.Erasure.ExecuteAsync(
            "shop",
            identities,
            rows is null ? ErasureScope.Everything : Scope(rows),
            [],
            (told, _) =>
            {
                kept.AddRange(told);
                return Task.CompletedTask;
            },
            Cancellation);
        Assert.IsType<ErasureOutcome.Done>(outcome);
        return kept;
    }

    private static async Task<string> OthersAsync(MappedDatabaseUnderTest shop) => string.Join('\n', await shop.ColumnAsync("""
        SELECT number || email FROM person WHERE id = 2 UNION ALL SELECT name FROM bill WHERE person_id = 2
        UNION ALL SELECT ip FROM traffic WHERE person_id = 2 UNION ALL SELECT words FROM note ORDER BY 1
        """));

    private static string Text(KeptRow row) => string.Create(
        CultureInfo.InvariantCulture,
        $"{row.Row.Collection["shop.".Length..]} {string.Join(',', row.Row.Key.Select(k => $"{k.Key}={k.Value}"))} {(row.Until is { } day ? day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : "-")}");
}
