using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Tests.Support;
using static Kalejdo.Portal.Tests.Support.MappedDatabaseUnderTest;
using static Kalejdo.Portal.Tests.Support.MapText;

namespace Kalejdo.Portal.Tests.Rights;

public sealed class AccessTests
{
    private const string Anna = "anna@exempel.se";

    [Fact]
    public async Task Values_of_SQLite_are_what_they_are_in_JSON()
    {
        await using var shop = await CreateAsync(Provider.Sqlite, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, big BIGINT, fee NUMERIC(10,2), ratio REAL, flag BOOLEAN, born DATE, at DATETIME, clock TIME, raw BLOB, note TEXT, "nothing" TEXT);
            INSERT INTO customer VALUES (1, 'anna@exempel.se', 9223372036854775807, 249.50, 0.1, 1, '1980-02-29', '2026-01-02 03:04:05', '10:00', x'00ff', 'Åsa "<&>" 😀', NULL);
            """, Dataset(Collection("customer", "", Key(), Identity(), Plain("big"), Plain("fee"), Plain("ratio"), Plain("flag"), Plain("born"), Plain("at"), Plain("clock"), Plain("raw"), Plain("note"), Plain("nothing"))));

        Assert.Equal(
            """{"id":1,"email":"anna@exempel.se","big":9223372036854775807,"fee":"249.5","ratio":0.1,"flag":true,"born":"1980-02-29","at":"2026-01-02T03:04:05","clock":"10:00","raw":"AP8=","note":"Åsa \"<&>\" \uD83D\uDE00","nothing":null}""",
            await RowAsync(shop));
    }

    [Fact]
    public async Task Values_of_PostgreSQL_are_what_they_are_in_JSON()
    {
        await using var shop = await CreateAsync(Provider.Postgresql, """
            CREATE DOMAIN age AS smallint CHECK (VALUE > 0);
            CREATE TYPE mood AS ENUM ('glad');
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, small SMALLINT, big BIGINT, fee NUMERIC(10,2), cash MONEY, ratio REAL, flag BOOLEAN, born DATE, at TIMESTAMP, zoned TIMESTAMPTZ(3), clock TIME, zoned_clock TIMETZ,
              raw BYTEA, doc JSONB, tags TEXT[], fees NUMERIC[], days DATE[], uid UUID, host INET, years age, mood mood, span INTERVAL, never TIMESTAMP, code CHAR(4), nothing TEXT);
            INSERT INTO customer VALUES (1, 'anna@exempel.se', 2, 9223372036854775807, 249.50, '249.50', 0.1, TRUE, '1980-02-29', '2026-01-02 03:04:05.678', '2026-01-02 03:04:05+01', '10:00', '10:00+01',
              '\x00ff', '{"a": [1]}', '{a,"b c"}', '{1.50,2}', '{2026-01-01}', '6d0f5a3e-97c6-4a4c-9a0b-0d2b3c4d5e6f', '10.0.0.1', 7, 'glad', '1 day', 'infinity', 'AB', NULL);
            """, Dataset(Collection("customer", "", [Key(), Identity(), .. "small big fee cash ratio flag born at zoned clock zoned_clock raw doc tags fees days uid host years mood span never code nothing".Split(' ').Select(c => Plain(c))])));

        Assert.Equal(
            """{"id":1,"email":"anna@exempel.se","small":2,"big":9223372036854775807,"fee":"249.50","cash":"249.50","ratio":0.1,"flag":true,"born":"1980-02-29","at":"2026-01-02T03:04:05.678","zoned":"2026-01-02T02:04:05Z","clock":"10:00:00","zoned_clock":"10:00:00+01","raw":"AP8=","doc":"{\"a\": [1]}","tags":"{a,\"b c\"}","fees":"{1.50,2}","days":"{2026-01-01}","uid":"6d0f5a3e-97c6-4a4c-9a0b-0d2b3c4d5e6f","host":"10.0.0.1/32","years":7,"mood":"glad","span":"1 day","never":"9999-12-31T23:59:59.9999999","code":"AB  ","nothing":null}""",
            await RowAsync(shop));
    }

    [Theory, EveryEngine]
    public async Task Several_identities_stand_in_the_answer_and_columns_that_the_map_leaves_out_do_not(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, secret TEXT); INSERT INTO customer VALUES (1, 'anna@exempel.se', 'x');
            """, Dataset(Collection("customer", "", Key(), Identity())));
        using var json = new MemoryStream();

        await new Access(shop.Databases).WriteJsonAsync([new("email", Anna), new("email", "b@x.se")], json, Cancellation);

        Assert.Equal("""{"identity":{"email":["anna@exempel.se","b@x.se"]},"collections":{"shop.customer":[{"id":1,"email":"anna@exempel.se"}]}}""", System.Text.Encoding.UTF8.GetString(json.ToArray()));
    }

    [Theory, EveryEngine]
    public async Task A_history_comes_newest_first(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT); INSERT INTO customer VALUES (1, 'anna@exempel.se');
            CREATE TABLE event (id INTEGER PRIMARY KEY, customer_id INTEGER, at TIMESTAMP);
            INSERT INTO event VALUES (1, 1, '2026-01-01 00:00:00'), (2, 1, '2026-03-01 00:00:00'), (3, 1, '2026-02-01 00:00:00');
            """, Dataset(Collection("customer", "", Key(), Identity()), Collection("event", "newest_first: at", Key(), From("customer_id", "customer.id"), Plain("at"))));

        Assert.Equal(["2", "3", "1"], await shop.SeenAsync(Anna, "event", "id"));
    }

    [Theory, EveryEngine]
    public async Task Rows_come_with_whose_they_are(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE address (id INTEGER PRIMARY KEY, email TEXT, street TEXT); INSERT INTO address VALUES (1, NULL, 'delad'), (2, 'bo@exempel.se', 'bos'), (3, NULL, 'egen');
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, a INTEGER, b INTEGER, c INTEGER); INSERT INTO customer VALUES (1, 'anna@exempel.se', 1, 2, 3), (2, 'cia@exempel.se', 1, NULL, NULL);
            """, Dataset(
            Collection("customer", "", Key(), Identity(), To("a", "address.id"), To("b", "address.id"), To("c", "address.id")), Collection("address", "", Key(), Identity(), Personal("street"))));
        var seen = new List<(object?, bool, bool)>();

        await new Access(shop.Databases).ReadAsync(Email(Anna), async collection =>
        {
            await foreach (var row in collection.RowsAsync(Cancellation))
            {
                if (collection.Collection.Name == "address")
                {
                    seen.Add((row[2], row.Shared, row.Anothers));
                }
            }
        }, Cancellation);

        Assert.Equal([("delad", true, false), (null, false, true), ("egen", false, false)], seen);
    }

    [Theory, EveryEngine]
    public async Task Other_people_of_the_household_are_a_name_and_what_is_theirs_stays_out(Provider provider)
    {
        await using var shop = await CreateAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT); INSERT INTO customer VALUES (1, 'anna@exempel.se');
            CREATE TABLE profile (id INTEGER PRIMARY KEY, customer_id INTEGER, name TEXT, own BOOLEAN, born INTEGER, mail TEXT, level INTEGER);
            INSERT INTO profile VALUES (1, 1, 'Anna', TRUE, 1980, 'a@x.se', 1), (2, 1, 'Bo', FALSE, 2017, 'b@x.se', 2), (3, 1, 'Cia', NULL, 2019, 'c@x.se', 3);
            CREATE TABLE seen (id INTEGER PRIMARY KEY, profile_id INTEGER, what TEXT); INSERT INTO seen VALUES (1, 1, 'Annas'), (2, 2, 'Bos'), (3, 3, 'Cias');
            """, Dataset(
            Collection("customer", "", Key(), Identity()),
            Collection("profile", "household: {own: own}", Key(), From("customer_id", "customer.id"), "{name: name, data_categories: [user.name.first]}", Personal("own"), Personal("born"), Personal("mail"), Plain("level")),
            Collection("seen", "", Key(), From("profile_id", "profile.id"), Personal("what"))));
        using var json = new MemoryStream();
        Assert.Empty(await new Access(shop.Databases).WriteJsonAsync(Email(Anna), json, Cancellation));

        Assert.Equal(
            """{"identity":{"email":"anna@exempel.se"},"collections":{"shop.customer":[{"id":1,"email":"anna@exempel.se"}],"shop.profile":[{"id":1,"customer_id":1,"name":"Anna","own":true,"born":1980,"mail":"a@x.se","level":1},{"id":2,"customer_id":1,"name":"Bo","own":false,"born":null,"mail":null,"level":2},{"id":3,"customer_id":1,"name":"Cia","own":null,"born":null,"mail":null,"level":3}],"shop.seen":[{"id":1,"profile_id":1,"what":"Annas"}]}}""",
            System.Text.Encoding.UTF8.GetString(json.ToArray()));
    }

    [Fact]
    public async Task One_snapshot_is_read_whatever_is_written_meanwhile()
    {
        await using var shop = await CreateAsync(Provider.Postgresql, """
            CREATE TABLE a (id INTEGER PRIMARY KEY, email TEXT); INSERT INTO a VALUES (1, 'anna@exempel.se');
            CREATE TABLE b (id INTEGER PRIMARY KEY, email TEXT); INSERT INTO b VALUES (1, 'anna@exempel.se');
            """, Dataset(Collection("a", "", Key(), Identity()), Collection("b", "", Key(), Identity())));
        var rows = 0;

        await new Access(shop.Databases).ReadAsync(Email(Anna), async collection =>
        {
            await shop.SqlAsync("DELETE FROM b");
            await foreach (var _ in collection.RowsAsync(Cancellation))
            {
                rows++;
            }
        }, Cancellation);

        Assert.Equal(2, rows);
    }

    private static async Task<string> RowAsync(MappedDatabaseUnderTest shop)
    {
        using var json = new MemoryStream();
        Assert.Empty(await new Access(shop.Databases).WriteJsonAsync(Email(Anna), json, Cancellation));
        var text = System.Text.Encoding.UTF8.GetString(json.ToArray());
        const string Before = "\"shop.customer\":[";
        return text[(text.IndexOf(Before, StringComparison.Ordinal) + Before.Length)..^3];
    }
}
