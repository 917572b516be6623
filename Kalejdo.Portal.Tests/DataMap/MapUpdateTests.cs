using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Tests.Support;
using static Kalejdo.Portal.Tests.Support.MappedDatabaseUnderTest;

namespace Kalejdo.Portal.Tests.DataMap;

/// <summary>What a map that people have filled in lacks or has too much after its database changed.</summary>
public sealed class MapUpdateTests
{
    private const string Tables = """
        CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, fax TEXT, region_id INTEGER);
        CREATE TABLE login (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (id));
        CREATE TABLE legacy (id INTEGER PRIMARY KEY, note TEXT);
        """;

    private const string Map = """
        # Ours, with care.
        dataset:
          - fides_key: shop
            collections:
              - name: customer
                portal: {label: {sv: Kund, en: Customer}}
                fields:
                  - name: id
                    fides_meta: {primary_key: true}
                  - name: email
                    data_categories: [user.contact.email]
                    fides_meta: {identity: email, data_type: string}
                  # nobody has one any more
                  - name: fax
                    data_categories:
                      - user.contact
                  - name: region_id

              - name: legacy
                fields:
                  - {name: id}
                  - {name: note}
              - name: login
                fields:
                  - name: id
                    fides_meta:
                      primary_key: true
                  - name: customer_id
                    fides_meta:
                      references:
                        - {dataset: shop, field: customer.id, direction: from}

        # The end.
        """;

    [Theory, EveryEngine]
    public async Task Nothing_is_to_do_where_nothing_has_changed(Provider provider)
    {
        await using var shop = await UnmappedAsync(provider, Tables);
        Assert.Empty(await FindAsync(shop, Map));
    }

    [Theory, EveryEngine]
    public async Task What_is_new_can_be_pasted_and_what_is_gone_can_be_deleted(Provider provider)
    {
        await using var shop = await UnmappedAsync(provider, Tables);
        await shop.SqlAsync("DROP TABLE legacy");
        await shop.SqlAsync("ALTER TABLE customer DROP COLUMN fax");
        await shop.SqlAsync("ALTER TABLE customer ADD COLUMN mobil TEXT");
        await shop.SqlAsync("ALTER TABLE customer ADD COLUMN \"x: - 'y'\" TEXT");
        await shop.SqlAsync("CREATE TABLE payment (id INTEGER PRIMARY KEY, login_id INTEGER NOT NULL REFERENCES login (id), belopp NUMERIC(10,2))");

        var changes = await FindAsync(shop, Map);
        Assert.Equal(
            [
                "14 the column 'fax' of 'customer' is gone; delete the lines 14 to 16",
                "17 the table 'customer' has columns that no map mentions: mobil, x: - 'y'; paste behind this line, in 'fields:'",
                "19 the table 'legacy' is gone; delete the lines 19 to 22",
                "31 no map mentions the table 'payment'; paste behind this line, in 'collections:' of 'shop'",
            ], changes.Select(c => $"{c.At.Line} {c.What}"));

        // From the end, so that line numbers stay right.
        var lines = Map.Split('\n').ToList();
        foreach (var change in changes.Reverse())
        {
            if (change.DeleteTo is { } last)
            {
                lines.RemoveRange(change.At.Line - 1, last - change.At.Line + 1);
            }
            else
            {
                lines.InsertRange(change.At.Line, change.Paste);
            }
        }

        Assert.Empty(await FindAsync(shop, string.Join('\n', lines)));
        var (map, problems) = MapReader.Read([shop.MapFile]);
        Assert.Empty(problems);
        Assert.Equal(["customer: id, email, region_id, mobil, x: - 'y'", "login: id, customer_id", "payment: id, login_id, belopp"], map.Collections.Select(c => $"{c.Name}: {string.Join(", ", c.Fields.Select(f => f.Name))}"));
        Assert.Equal(Direction.From, Assert.Single(map.Find("shop", "payment")!.Find("login_id")!.References).Direction);
        Assert.Contains("# The end.", lines);
    }

    [Theory, EveryEngine]
    public async Task Changed_keys_types_and_nullability_are_told_with_what_to_write(Provider provider)
    {
        await using var shop = await UnmappedAsync(provider, """
            CREATE TABLE region (id INTEGER PRIMARY KEY);
            CREATE TABLE customer (id INTEGER NOT NULL, email INTEGER, fax TEXT NOT NULL, region_id INTEGER NOT NULL REFERENCES region (id), PRIMARY KEY (id, region_id));
            CREATE TABLE login (id INTEGER PRIMARY KEY, customer_id INTEGER);
            CREATE TABLE legacy (id INTEGER PRIMARY KEY, note TEXT);
            """);
        var changes = await FindAsync(shop, Map);

        Assert.Equal(
            [
                "10 the column 'email' of 'customer' is integer now; change 'data_type: string' to 'data_type: integer'",
                "14 the column 'fax' is NOT NULL and has no mask, so erasing it would be refused; give it a 'masking_strategy_override', for example random_string_rewrite, or let the row go ('on_erasure: delete'); or paste under its 'fides_meta:'",
                "17 the column 'region_id' is part of the primary key of 'customer' now; write 'primary_key: true' under its 'fides_meta:'",
                "17 the foreign key customer(region_id) to region is no reference of the map; paste under 'fides_meta:' of 'region_id'",
                "31 no map mentions the table 'region'; paste behind this line, in 'collections:' of 'shop'",
            ], changes.Select(c => $"{c.At.Line} {c.What}").Select(c => c.Replace("INTEGER", "integer", StringComparison.Ordinal)));
        Assert.Equal(["              references:", "                - dataset: shop", "                  field: region.id", "                  direction: to # guess"], changes[3].Paste);
        Assert.Equal(["              masking_strategy_override: # NOT NULL: it cannot be emptied", "                strategy: random_string_rewrite"], changes[1].Paste);
    }

    [Theory, EveryEngine]
    public async Task A_key_that_is_no_longer_one_and_a_reference_to_what_is_gone_are_told(Provider provider)
    {
        await using var shop = await UnmappedAsync(provider, """
            CREATE TABLE customer (number INTEGER PRIMARY KEY, email TEXT, fax TEXT, region_id INTEGER);
            CREATE TABLE login (id INTEGER, customer_id INTEGER PRIMARY KEY);
            CREATE TABLE legacy (id INTEGER PRIMARY KEY, note TEXT);
            """);

        Assert.Equal(
            [
                "8 the column 'id' of 'customer' is gone; delete the lines 8 to 9",
                "17 the table 'customer' has columns that no map mentions: number; paste behind this line, in 'fields:'",
                "25 the column 'id' is no longer part of the primary key of 'login'; delete its 'primary_key: true'",
                "28 the column 'customer_id' is part of the primary key of 'login' now; write 'primary_key: true' under its 'fides_meta:'",
                "31 what the reference to 'customer.id' names is gone; delete the reference",
            ], (await FindAsync(shop, Map)).Select(c => $"{c.At.Line} {c.What}"));
    }

    private static async Task<IReadOnlyList<MapChange>> FindAsync(MappedDatabaseUnderTest shop, string map)
    {
        await File.WriteAllTextAsync(shop.MapFile, map, Cancellation);
        var (read, problems) = MapReader.Read([shop.MapFile]);
        Assert.Empty(problems);
        var (schema, _) = await Databases.ReadSchemaAsync(shop.Source, Cancellation);
        return MapUpdate.Find([(read.Datasets, schema!)]);
    }
}
