using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Rights;
using Microsoft.Data.Sqlite;

namespace Kalejdo.Portal.Tests.Rights;

public sealed class ReadingTests(ReadingTests.Seeded seeded) : IClassFixture<ReadingTests.Seeded>
{
    private const string History = "kalejdo.viewing_history";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static IReadOnlyList<Identity> Of(int subscriber) => [new("customer_number", new DemoSubscriber(subscriber).CustomerNumber)];

    [Fact]
    public async Task A_long_history_takes_the_statements_of_a_short_one_and_reads_it_by_its_index()
    {
        var (longOne, shortOne) = (await PlanAsync(1), await PlanAsync(21));

        Assert.True(longOne.Rows >= Seeded.LongHistory);
        Assert.True(shortOne.Rows < 100);
        Assert.Equal(shortOne.Statements, longOne.Statements);
        var history = Assert.Single(longOne.Plan, step => step.Contains(" t ", StringComparison.Ordinal) || step.EndsWith(" t", StringComparison.Ordinal));
        Assert.Contains("USING INDEX ix_viewing_history_profile_id (profile_id=?)", history, StringComparison.Ordinal);
        // A sort of all rows would be "USE TEMP B-TREE FOR ORDER BY" before the limit; the index has them in order but for the last term.
        Assert.Contains(longOne.Plan, step => step.Contains("LAST TERM OF ORDER BY", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_long_history_is_counted_so_far_only_and_in_its_index_alone()
    {
        var (longOne, shortOne) = (await CountPlanAsync(1), await CountPlanAsync(21));

        Assert.Equal(shortOne.Statements, longOne.Statements);
        Assert.Equal(Reading.CountedTo + 1, longOne.Rows);
        Assert.InRange(shortOne.Rows, 1, 99);
        var history = longOne.Plan.Where(step => step.EndsWith(" (profile_id=?)", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, history.Count);
        Assert.All(history, step => Assert.Contains("SEARCH t USING COVERING INDEX ix_viewing_history_profile_id", step, StringComparison.Ordinal));
        Assert.DoesNotContain(longOne.Plan, step => step.Contains("TEMP B-TREE", StringComparison.Ordinal) || step.StartsWith("SCAN t", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_overview_of_a_long_history_lists_none_of_it()
    {
        var database = (await seeded.OpenAsync()).All[0];
        await using var located = await Reading.LocateForCountsAsync(database, Of(1), Cancellation);
        var history = located.Collections.Single(c => c.Collection.Id == History);

        Assert.DoesNotContain(history, located.Kept);
        Assert.DoesNotContain(located.Session.Sent, sql => sql.Contains($"INSERT INTO {Located.Marks(history)} ", StringComparison.Ordinal));
        var (counts, _) = await new Reading(await seeded.OpenAsync()).CountAsync(Of(1), Cancellation);
        Assert.Equal(Reading.CountedTo + 1, counts.Single(c => c.Collection.Id == History).Listed);
        Assert.DoesNotContain(counts, c => c.Collection.Id == "kalejdo.channel");
    }

    [Fact]
    public async Task Pages_follow_each_other_without_gaps_or_repeats_although_instants_are_equal()
    {
        await seeded.SqlAsync($"UPDATE viewing_history SET watched_at = '2026-01-01 10:00:00' WHERE id IN (SELECT v.id FROM viewing_history v JOIN tv_profile p ON p.id = v.profile_id JOIN subscriber s ON s.id = p.subscriber_id WHERE p.is_own AND s.customer_number = '{new DemoSubscriber(21).CustomerNumber}')");
        var reading = new Reading(await seeded.OpenAsync());
        var keys = new List<string>();
        long total;
        var page = 0;
        do
        {
            var (read, problems) = await reading.PageAsync(Of(21), History, ++page, 4, Cancellation);
            Assert.Empty(problems);
            keys.AddRange(read!.Rows.Select(row => row.Key["id"]));
            total = read.Count!.Listed;
            Assert.Equal(keys.Count < total, read.More);
        }
        while (keys.Count < total);

        Assert.Equal(total, keys.Distinct().Count());
        Assert.True(page > 1);
    }

    [Fact]
    public async Task A_reference_is_named_by_what_it_leads_to()
    {
        var (page, _) = await new Reading(await seeded.OpenAsync()).PageAsync(Of(21), History, 1, 3, Cancellation);
        var channel = page!.Collection.Fields.TakeWhile(field => field.Name != "channel_id").Count();

        var names = await seeded.TextsAsync("SELECT name FROM channel");
        Assert.All(page.Rows, row => Assert.Contains(row.Names[channel], names));
    }

    [Fact]
    public async Task A_row_is_read_by_its_key_by_nobody_but_its_subject()
    {
        var reading = new Reading(await seeded.OpenAsync());
        var (page, _) = await reading.PageAsync(Of(21), "kalejdo.device", 1, 1, Cancellation);
        var key = new RowKey("kalejdo.device", page!.Rows[0].Key);

        Assert.Single((await reading.RowAsync(Of(21), key, Cancellation)).Page!.Rows);
        Assert.Empty((await reading.RowAsync(Of(4), key, Cancellation)).Page?.Rows ?? []);
        Assert.Empty((await reading.RowAsync(Of(21), key with { Key = new Dictionary<string, string>() }, Cancellation)).Page!.Rows);
        Assert.Empty((await reading.RowAsync(Of(21), key with { Key = new Dictionary<string, string> { ["id"] = "1 OR 1=1" } }, Cancellation)).Page!.Rows);
    }

    [Fact]
    public async Task Lines_are_read_for_the_invoices_of_a_page_alone()
    {
        var reading = new Reading(await seeded.OpenAsync());
        var (invoices, _) = await reading.PageAsync(Of(21), "kalejdo.invoice", 1, 1, Cancellation);
        var (lines, _) = await reading.BelongingAsync(Of(21), "kalejdo.invoice_line", invoices!, 100, Cancellation);

        Assert.NotEmpty(lines!.Rows);
        Assert.All(lines.Rows, line => Assert.Equal(invoices!.Rows[0].Key["id"], line.Key["invoice_id"]));
    }

    [Fact]
    public async Task Other_people_of_the_household_keep_all_but_their_names()
    {
        var (page, _) = await new Reading(await seeded.OpenAsync()).PageAsync(Of(17), "kalejdo.tv_profile", 1, 50, Cancellation);
        var (name, created) = (page!.Collection.Fields.TakeWhile(f => f.Name != "name").Count(), page.Collection.Fields.TakeWhile(f => f.Name != "created_at").Count());

        Assert.Contains(page.Rows, row => row.Member);
        Assert.All(page.Rows.Where(row => row.Member), row => Assert.NotNull(row.Values[name]));
        Assert.All(page.Rows.Where(row => row.Member), row => Assert.Null(row.Values[created]));
        Assert.NotNull(Assert.Single(page.Rows, row => !row.Member).Values[created]);
    }

    private async Task<(long Rows, int Statements, IReadOnlyList<string> Plan)> CountPlanAsync(int subscriber)
    {
        var database = (await seeded.OpenAsync()).All[0];
        var mapped = database.Graph.Collections.Single(c => c.Collection.Id == History);
        await using var located = await Located.LocateAsync(database, Of(subscriber), [mapped], write: false, Cancellation);
        var query = Reading.CountQuery(located, mapped);
        var statements = located.Session.Statements;
        var plan = await located.Session.ReadAsync($"EXPLAIN QUERY PLAN {query}", row => row.GetString(3), Cancellation);
        return ((await located.Session.ReadAsync(query, row => row.GetInt64(0), Cancellation))[0], statements, plan);
    }

    private async Task<(long Rows, int Statements, IReadOnlyList<string> Plan)> PlanAsync(int subscriber)
    {
        var database = (await seeded.OpenAsync()).All[0];
        var mapped = database.Graph.Collections.Single(c => c.Collection.Id == History);
        await using var located = await Located.LocateAsync(database, Of(subscriber), [mapped], write: false, Cancellation);
        var query = await Reading.PageQueryAsync(located, mapped, 0, 26, Cancellation);
        var statements = located.Session.Statements;
        var plan = await located.Session.ReadAsync($"EXPLAIN QUERY PLAN {query}", row => row.GetString(3), Cancellation);
        var rows = located.Rows(mapped);
        return ((await located.Session.ReadAsync($"SELECT count(*) FROM {rows.From} WHERE {rows.Where}", row => row.GetInt64(0), Cancellation))[0], statements, plan);
    }

    public sealed class Seeded : IAsyncLifetime
    {
        public const int LongHistory = 100_000;

        private readonly string folder = Directory.CreateTempSubdirectory("reading-").FullName;

        private string Connection => $"Data Source={Path.Combine(folder, "kalejdo.db")};Pooling=False";

        public async ValueTask InitializeAsync()
        {
            await using var connection = new SqliteConnection(Connection);
            await DemoDatabase.SeedAsync(connection, new SeedOptions(24, new DateOnly(2026, 3, 2), LongHistory), null, Cancellation);
        }

        internal async Task<Databases> OpenAsync()
        {
            var (map, problems) = MapReader.Read([.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Maps"), "kalejdo.*.yml")]);
            Assert.DoesNotContain(problems, problem => problem.Severity == Severity.Error);
            var (databases, refusals) = await Databases.OpenAsync(map, [new Source("kalejdo", Provider.Sqlite, Connection)], Cancellation);
            Assert.Empty(refusals);
            return databases!;
        }

        public async Task SqlAsync(string sql)
        {
            await using var connection = new SqliteConnection(Connection);
            await connection.OpenAsync(Cancellation);
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            await command.ExecuteNonQueryAsync(Cancellation);
        }

        public async Task<IReadOnlyList<string>> TextsAsync(string sql)
        {
            await using var connection = new SqliteConnection(Connection);
            await connection.OpenAsync(Cancellation);
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            await using var reader = await command.ExecuteReaderAsync(Cancellation);
            var texts = new List<string>();
            while (await reader.ReadAsync(Cancellation))
            {
                texts.Add(reader.GetString(0));
            }
            return texts;
        }

        public ValueTask DisposeAsync()
        {
            Directory.Delete(folder, recursive: true);
            return ValueTask.CompletedTask;
        }
    }
}
