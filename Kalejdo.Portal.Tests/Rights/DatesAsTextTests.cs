using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Rights;
using static Kalejdo.Portal.Tests.Support.MappedDatabaseUnderTest;
using static Kalejdo.Portal.Tests.Support.MapText;

namespace Kalejdo.Portal.Tests.Rights;

/// <summary>SQLite has no type for days, and Entity Framework writes days and instants into TEXT columns: retention grounds count from them too.</summary>
public sealed class DatesAsTextTests
{
    private const string Sql = """
        CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, ends_on TEXT); INSERT INTO customer VALUES (1, 'anna@exempel.se', '2026-11-21');
        CREATE TABLE visit (id INTEGER PRIMARY KEY, customer_id INTEGER, at TEXT, name TEXT);
        INSERT INTO visit VALUES
          (1, 1, '2026-01-21 22:59:59.9999999', 'x'), (2, 1, '2026-01-21 23:00:00', 'x'), (3, 1, '2026-01-22', 'x'), (4, 1, '2026-01-21', 'x'),
          (5, 1, '2026-06-30T22:00:00Z', 'x'), (6, 1, NULL, 'x'), (7, 1, 'okänt', 'x');
        """;

    private static readonly string s_map = Dataset(
        Collection("customer", "kind: k, on_erasure: retain, retain: {rule: running, from: ends_on}", Key(), Identity(), Plain("ends_on")),
        Collection("visit", "kind: k, on_erasure: retain, retain: {rule: traffic, from: at}", Key(), From("customer_id", "customer.id"), Plain("at"), Personal("name")))
        + Retention("traffic: {ground: {sv: LEK, en: the ECA}, keep: P10M, counted_from: date}\nrunning: {ground: {sv: avtalet löper, en: the agreement runs}, counted_from: condition}")
        + "  kinds: [{key: k, label: {sv: k, en: k}, keep: {sv: k, en: k}}]\n";

    [Fact]
    public async Task Grounds_count_from_days_and_instants_that_are_written_as_text()
    {
        await using var shop = await CreateAsync(Provider.Sqlite, Sql, s_map);

        // Days are Sweden's, whether the text says a day or an instant of UTC; what is no day keeps the row.
        Assert.Equal(
            ["customer reduce 1", "visit delete 2", "visit retain 1 traffic 2027-05-01", "visit retain 2 traffic", "visit retain 2 traffic 2026-11-22"],
            await shop.EraseAsync(Email("anna@exempel.se")));
        Assert.Equal(["2", "3", "5", "6", "7"], await shop.ColumnAsync("SELECT id FROM visit ORDER BY id"));
    }

    [Fact]
    public async Task A_condition_on_such_a_column_holds_until_its_day_has_passed()
    {
        await using var shop = await CreateAsync(Provider.Sqlite, Sql.Replace("'2026-11-21'", "'2026-11-22'", StringComparison.Ordinal), s_map);

        Assert.Contains("customer retain 1 running", await shop.PlanAsync("anna@exempel.se"));
    }

    [Fact]
    public async Task The_check_lets_text_be_a_day_in_SQLite_alone()
    {
        foreach (var provider in Enum.GetValues<Provider>())
        {
            await using var shop = await UnmappedAsync(provider, Sql);
            await System.IO.File.WriteAllTextAsync(shop.MapFile, s_map, Cancellation);
            var (map, _) = MapReader.Read([shop.MapFile]);
            var (schema, _) = await Databases.ReadSchemaAsync(shop.Source, Cancellation);

            var problems = MapCheck.Run(map, [(map.Datasets, schema!)]).Where(p => p.Message.Contains("'at' is", StringComparison.Ordinal) || p.Message.Contains("'ends_on'", StringComparison.Ordinal)).ToList();

            Assert.Equal(provider == Provider.Sqlite ? [Severity.Warning, Severity.Warning] : [Severity.Error, Severity.Error], problems.Select(p => p.Severity));
        }
    }
}
