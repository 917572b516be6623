using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Tests.Support;
using static Kalejdo.Portal.Tests.Support.MappedDatabaseUnderTest;
using static Kalejdo.Portal.Tests.Support.MapText;

namespace Kalejdo.Portal.Tests.DataMap;

/// <summary>What the check finds, one by one (design.md 3).</summary>
public sealed class MapCheckTests
{
    private const string Sql = """
        CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, name TEXT);
        CREATE INDEX ix_email ON customer (lower(trim(email)));
        """;

    private static readonly string Customer = Collection("customer", "", Key(), Identity(), Personal("name"));

    [Theory, EveryEngine]
    public async Task A_map_that_fits_has_no_findings(Provider provider) => Assert.Empty(await FindAsync(provider, Sql, Dataset(Customer)));

    [Theory, EveryEngine]
    public async Task Unknown_tables_and_columns_are_errors_with_the_nearest_name(Provider provider)
    {
        Assert.Equal(["error: the database of 'shop' has no table 'custommer'; did you mean 'customer'?"], await FindAsync(provider, Sql, Dataset(Collection("custommer", "", Key()))));
        Assert.Equal(["error: the table 'customer' has no column 'e_mail'; did you mean 'email'?"], await FindAsync(provider, Sql, Dataset(Collection("customer", "", Key(), Identity("e_mail")))));
    }

    [Theory, EveryEngine]
    public async Task Columns_and_tables_that_no_map_mentions_are_told(Provider provider)
    {
        var found = await FindAsync(provider, Sql + "CREATE TABLE secret (id INTEGER PRIMARY KEY);", Dataset(Collection("customer", "", Key(), Identity())));

        Assert.Contains(found, f => f.StartsWith("warning: no map mentions these columns of 'customer': name;", StringComparison.Ordinal));
        Assert.Contains(found, f => f.StartsWith("warning: no map mentions the table 'secret'", StringComparison.Ordinal));
    }

    [Theory, EveryEngine]
    public async Task Missing_indexes_are_told_by_their_way_of_matching(Provider provider)
    {
        var found = await FindAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, number TEXT);
            CREATE INDEX ix_email ON customer (email);
            CREATE TABLE login (id INTEGER PRIMARY KEY, customer_id INTEGER);
            """, Dataset(Collection("customer", "", Key(), Identity(), Identity("number")), Collection("login", "", Key(), From("customer_id", "customer.id"))));

        Assert.Contains(found, f => f.Contains("CREATE INDEX … ON customer (lower(trim(email)))", StringComparison.Ordinal));
        Assert.Contains(found, f => f.Contains("CREATE INDEX … ON customer (number)", StringComparison.Ordinal));
        Assert.Contains(found, f => f.Contains("CREATE INDEX … ON login (customer_id)", StringComparison.Ordinal));
    }

    [Theory, EveryEngine]
    public async Task A_foreign_key_that_the_map_does_not_know_is_told(Provider provider) => Assert.Contains(
        "warning: the foreign key login(customer_id) to customer is not a reference of the map",
        await FindAsync(provider, Sql + "CREATE TABLE login (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (id));", Dataset(Customer, Collection("login", "", Key(), Plain("customer_id")))));

    [Theory, EveryEngine]
    public async Task A_missing_key_is_an_error_where_the_map_is_annotated(Provider provider)
    {
        const string Click = "CREATE TABLE click (email TEXT, page TEXT); CREATE INDEX ix_click ON click (lower(trim(email)));";
        Assert.Contains(await FindAsync(provider, Click, Dataset(Collection("click", "", Identity(), Plain("page")))), f => f.StartsWith("warning: the table 'click' has no primary key", StringComparison.Ordinal));
        Assert.Contains(await FindAsync(provider, Click, Dataset(Collection("click", "on_erasure: delete", Identity(), Plain("page")))), f => f.StartsWith("error: the table 'click' has no primary key", StringComparison.Ordinal));
    }

    [Theory, EveryEngine]
    public async Task Masks_that_the_database_would_refuse_are_told(Provider provider)
    {
        var found = await FindAsync(provider, """
            CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT NOT NULL, code TEXT UNIQUE);
            CREATE INDEX ix_email ON customer (lower(trim(email)));
            """, Dataset(Collection("customer", "", Key(), Identity(), Masked("code", "string_rewrite"))));

        Assert.Contains(found, f => f.StartsWith("error: the column 'email' is NOT NULL and has no mask, so erasing it would be refused", StringComparison.Ordinal));
        Assert.Contains(found, f => f.StartsWith("error: the column 'code' is unique, but its mask writes the same value", StringComparison.Ordinal));
    }

    [Theory, EveryEngine]
    public async Task Types_that_do_not_fit_are_told(Provider provider) => Assert.Contains(
        await FindAsync(provider, "CREATE TABLE customer (id INTEGER PRIMARY KEY, number INTEGER UNIQUE);", Dataset(Collection("customer", "", Key(), Identity("number", meta: "data_type: string")))),
        f => f.StartsWith("warning: 'data_type: string' does not fit the column 'number'", StringComparison.Ordinal));

    [Theory, EveryEngine]
    public async Task A_trigger_is_told(Provider provider) => Assert.Contains(
        await FindAsync(provider, Sql + (provider == Provider.Sqlite
            ? "CREATE TRIGGER copy AFTER DELETE ON customer BEGIN SELECT 1; END;"
            : "CREATE FUNCTION copy() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER copy AFTER DELETE ON customer FOR EACH ROW EXECUTE FUNCTION copy();"), Dataset(Customer)),
        f => f.StartsWith("warning: the table 'customer' has the trigger 'copy', which may copy what is erased", StringComparison.Ordinal));

    [Theory, EveryEngine]
    public async Task Anonymous_data_that_leads_to_a_person_or_device_is_an_error(Provider provider)
    {
        var found = await FindAsync(provider, Sql + "CREATE TABLE telemetry (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (id), serial TEXT);", Dataset(Customer,
            Collection("telemetry", "anonymous: true", Key(), Plain("customer_id"), "{name: serial, data_categories: [user.device.device_id]}")));

        Assert.Contains("error: 'telemetry' is said to be anonymous, but customer_id refers to 'customer', which leads to a person", found);
        Assert.Contains("error: 'telemetry' is said to be anonymous, but 'serial' tells one person or device from another", found);
    }

    [Theory, EveryEngine]
    public async Task A_kind_without_purpose_basis_period_or_label_is_an_error(Provider provider)
    {
        Assert.Contains(await FindAsync(provider, Sql, Dataset(Collection("customer", "kind: k", Key(), Identity(), Personal("name"))) + "portal: {kinds: [{key: k}]}\n"),
            f => f.StartsWith("error: the kind 'k' lacks 'label:", StringComparison.Ordinal) && f.Contains("'keep:", StringComparison.Ordinal) && f.Contains("a purpose", StringComparison.Ordinal));
        Assert.Contains(await FindAsync(provider, Sql, Dataset(Collection("customer", "on_erasure: delete", Key(), Identity(), Personal("name")))),
            f => f.StartsWith("error: the collection 'customer' belongs to no kind", StringComparison.Ordinal));
    }

    [Theory, EveryEngine]
    public async Task Grounds_must_look_at_a_fitting_column_within_reach(Provider provider)
    {
        var found = await FindAsync(provider, Sql + "CREATE TABLE other (id INTEGER PRIMARY KEY, day DATE);", Dataset(
            Collection("customer", "kind: k, on_erasure: retain, retain: [{rule: years, from: name}, {rule: runs, from: name}, {rule: years, from: other.day}]", Key(), Identity(), Personal("name")),
            Collection("other", "kind: k", Key(), Plain("day"))) + Retention("years: {ground: {sv: a, en: b}, keep: P7Y, counted_from: date}\nruns: {ground: {sv: a, en: b}, counted_from: condition}") + "  kinds: [{key: k}]\n");

        Assert.Contains("error: 'name' is no date, so the days of 'years' cannot count from it", found);
        Assert.Contains("error: the condition on the text column 'name' needs its values; write 'equals: [open]'", found);
        Assert.Contains("error: no reference joins 'customer' and 'other'", found);
    }

    private static async Task<List<string>> FindAsync(Provider provider, string sql, string map)
    {
        await using var shop = await UnmappedAsync(provider, sql);
        await File.WriteAllTextAsync(shop.MapFile, map, Cancellation);
        var (read, problems) = MapReader.Read([shop.MapFile]);
        Assert.Empty(problems);
        var (schema, _) = await Databases.ReadSchemaAsync(shop.Source, Cancellation);
        // PostgreSQL's server holds the schemas of other tests; the check looks at those that the map describes.
        return [.. MapCheck.Run(read, [(read.Datasets, schema!)]).Select(p => p.ToString()[(p.At.ToString().Length + 2)..])];
    }
}
