using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Kalejdo.Portal.Demo;
using Microsoft.Data.Sqlite;

namespace Kalejdo.Portal.Tests.Demo;

public sealed class DemoDatabaseTests
{
    private static readonly DateOnly Today = new(2026, 11, 22);

    [Fact]
    public async Task The_same_options_give_the_same_rows()
    {
        await using var one = await SeededAsync(30);
        await using var other = await SeededAsync(30);

        Assert.Equal(await HashAsync(one), await HashAsync(other));
    }

    [Fact]
    public async Task The_rows_are_those_of_every_other_machine()
    {
        await using var database = await SeededAsync(20);

        Assert.Equal(TheHash, await HashAsync(database));
    }

    [Fact]
    public async Task Foreign_keys_hold_and_every_table_is_filled()
    {
        await using var database = await SeededAsync(50);

        Assert.Empty(await ColumnAsync(database, "SELECT \"table\" FROM pragma_foreign_key_check"));
        foreach (var table in await TablesAsync(database))
        {
            Assert.True(await CountAsync(database, $"SELECT count(*) FROM {table}") > 0, table);
        }
    }

    [Fact]
    public async Task The_result_counts_the_rows_of_each_table()
    {
        await using var database = new SqliteConnection("Data Source=:memory:");
        var seeded = Assert.IsType<Seeded>(await DemoDatabase.SeedAsync(database, new SeedOptions(40, Today, 321), null, TestContext.Current.CancellationToken));

        Assert.Equal(await TablesAsync(database), seeded.RowsOfTables.Keys.Order(StringComparer.Ordinal));
        foreach (var (table, rows) in seeded.RowsOfTables)
        {
            Assert.Equal(await CountAsync(database, $"SELECT count(*) FROM {table}"), rows);
        }

        Assert.Equal(40, seeded.RowsOfTables["subscriber"]);
        Assert.Equal(321, await CountAsync(database, "SELECT count(*) FROM viewing_history h JOIN tv_profile p ON p.id = h.profile_id WHERE p.subscriber_id = 1 AND p.is_own"));
    }

    [Fact]
    public async Task What_the_result_says_of_a_subscriber_stands_in_the_database()
    {
        await using var database = new SqliteConnection("Data Source=:memory:");
        var seeded = Assert.IsType<Seeded>(await DemoDatabase.SeedAsync(database, new SeedOptions(20, Today), null, TestContext.Current.CancellationToken));

        foreach (var subscriber in seeded.Worthwhile)
        {
            Assert.Equal(
                [subscriber.Email!],
                await ColumnAsync(database, $"""
                    SELECT DISTINCT s.email FROM subscriber s JOIN subscription a ON a.subscriber_id = s.id JOIN tv_box b ON b.subscription_id = a.id
                    WHERE s.customer_number = '{subscriber.CustomerNumber}' AND b.box_code = '{subscriber.BoxCode}'
                    """));
        }
    }

    [Theory]
    [InlineData("an address that two subscribers share", "SELECT installation_address_id FROM subscriber GROUP BY 1 HAVING count(*) > 1")]
    [InlineData("an address never verified", "SELECT id FROM subscriber WHERE email IS NOT NULL AND email_verified_at IS NULL")]
    [InlineData("an address that is somebody else's", "SELECT b.id FROM subscriber a JOIN subscriber b ON a.email = b.email AND a.id <> b.id WHERE a.email_verified_at IS NOT NULL AND b.email_verified_at IS NULL")]
    [InlineData("one person with two agreements", "SELECT email FROM subscriber WHERE email_verified_at IS NOT NULL GROUP BY email HAVING count(*) = 2")]
    [InlineData("a household with several profiles", "SELECT subscriber_id FROM tv_profile GROUP BY 1 HAVING count(*) > 3 AND sum(is_own) = 1")]
    [InlineData("a home with several people", "SELECT smart_home_id FROM home_member GROUP BY 1 HAVING count(*) > 3 AND sum(is_own) = 1")]
    [InlineData("ended and settled", "SELECT subscriber_id FROM subscription GROUP BY 1 HAVING max(ends_on) < '2026-11-22' AND count(ends_on) = count(*) AND sum(balance_owed) = 0")]
    [InlineData("ended with money owed", "SELECT subscriber_id FROM subscription GROUP BY 1 HAVING max(ends_on) < '2026-11-22' AND count(ends_on) = count(*) AND sum(balance_owed) > 0")]
    [InlineData("running", "SELECT id FROM subscription WHERE ends_on IS NULL")]
    [InlineData("notice given", "SELECT id FROM subscription WHERE ends_on > '2026-11-22'")]
    [InlineData("a company with a contact person", "SELECT id FROM subscriber WHERE company_name IS NOT NULL AND contact_person IS NOT NULL")]
    [InlineData("somebody without e-mail", "SELECT id FROM subscriber WHERE email IS NULL")]
    [InlineData("a protected identity", "SELECT id FROM subscriber WHERE protected_identity")]
    [InlineData("capital letters in an address", "SELECT id FROM subscriber WHERE email <> lower(email)")]
    [InlineData("blanks around an address", "SELECT id FROM subscriber WHERE email <> trim(email)")]
    [InlineData("Swedish letters in an address", "SELECT id FROM subscriber WHERE email LIKE '%ä%'")]
    [InlineData("a player who is no subscriber", "SELECT id FROM game_player WHERE email NOT IN (SELECT lower(trim(email)) FROM subscriber WHERE email IS NOT NULL)")]
    [InlineData("a player who is a subscriber", "SELECT id FROM game_player WHERE email IN (SELECT email FROM subscriber WHERE email_verified_at IS NOT NULL)")]
    [InlineData("a player never verified", "SELECT id FROM game_player WHERE email_verified_at IS NULL")]
    [InlineData("a reader who is no subscriber", "SELECT email FROM newsletter_consent WHERE email NOT IN (SELECT lower(trim(email)) FROM subscriber WHERE email IS NOT NULL)")]
    [InlineData("an open dispute", "SELECT id FROM support_ticket WHERE status = 'disputed'")]
    [InlineData("a ticket of nobody's agreement", "SELECT id FROM support_ticket WHERE subscriber_id IS NULL")]
    [InlineData("an invoice that the law asks for no more", "SELECT id FROM invoice WHERE invoice_date < '2019-01-01'")]
    [InlineData("an invoice of this year", "SELECT id FROM invoice WHERE invoice_date >= '2026-01-01'")]
    [InlineData("traffic data older than ten months", "SELECT id FROM ip_assignment WHERE released_at < '2026-01-22'")]
    [InlineData("traffic data within ten months", "SELECT id FROM ip_assignment WHERE released_at >= '2026-01-22'")]
    public async Task Twenty_subscribers_hold_every_awkward_case(string situation, string query)
    {
        await using var twenty = await SeededAsync(20);
        await using var fifty = await SeededAsync(50);

        Assert.True((await ColumnAsync(twenty, query)).Count > 0, situation);
        Assert.True((await ColumnAsync(fifty, query)).Count > 0, situation);
    }

    [Fact]
    public async Task The_first_subscriber_has_data_of_every_kind()
    {
        await using var database = await SeededAsync(20);
        const string subscriptions = "SELECT id FROM subscription WHERE subscriber_id = 1";
        const string home = $"SELECT id FROM smart_home WHERE subscription_id IN ({subscriptions})";
        const string own = "SELECT id FROM tv_profile WHERE subscriber_id = 1 AND is_own";
        string[] queries =
        [
            "consent WHERE subscriber_id = 1", "ip_assignment WHERE subscriber_id = 1", "support_ticket WHERE subscriber_id = 1",
            "invoice WHERE subscriber_id = 1 AND paid_on IS NOT NULL", $"tv_box WHERE subscription_id IN ({subscriptions})",
            $"fault_report WHERE subscription_id IN ({subscriptions})", $"favourite WHERE profile_id IN ({own})", $"recording WHERE profile_id IN ({own})",
            $"viewing_history WHERE profile_id IN ({own})", $"home_member WHERE is_own AND smart_home_id IN ({home})", $"device WHERE smart_home_id IN ({home})",
            $"automation WHERE smart_home_id IN ({home})", "game_player WHERE email = (SELECT email FROM subscriber WHERE id = 1)",
            "newsletter_consent WHERE email = (SELECT email FROM subscriber WHERE id = 1)",
        ];

        foreach (var query in queries)
        {
            Assert.True(await CountAsync(database, $"SELECT count(*) FROM {query}") > 0, query);
        }
    }

    [Fact]
    public void Names_customer_numbers_phones_and_codes_do_not_repeat()
    {
        var subscribers = Enumerable.Range(1, 50_000).Select(number => new DemoSubscriber(number)).ToList();
        var others = subscribers.Where(subscriber => subscriber.Case is not (DemoCase.MistypedEmail or DemoCase.SecondAgreement or DemoCase.NoEmail)).ToList();

        Assert.Equal(2_400, subscribers.Take(2_400).Select(subscriber => subscriber.FullName).Distinct().Count());
        Assert.Equal(50_000, subscribers.Select(subscriber => SwedishNames.Of(subscriber.Number)).Distinct().Count());
        Assert.Equal(50_000, subscribers.Select(subscriber => subscriber.CustomerNumber).Distinct().Count());
        Assert.Equal(47_500, subscribers.Select(subscriber => subscriber.Phone).OfType<string>().Distinct().Count());
        Assert.Equal(100_000, subscribers.SelectMany(subscriber => (string[])[subscriber.BoxCode, subscriber.SecondBoxCode]).Distinct().Count());
        Assert.Equal(others.Count, others.Select(subscriber => subscriber.Email!.Trim().ToUpperInvariant()).Distinct().Count());
    }

    [Fact]
    public async Task A_subscriber_is_the_same_however_many_there_are()
    {
        await using var few = await SeededAsync(20);
        await using var many = await SeededAsync(60);
        const string query = "SELECT customer_number || full_name || coalesce(email, '') || created_at FROM subscriber WHERE id <= 20 ORDER BY id";

        Assert.Equal(await ColumnAsync(few, query), await ColumnAsync(many, query));
    }

    [Fact]
    public async Task A_database_that_holds_subscribers_is_left_alone()
    {
        await using var database = await SeededAsync(20);
        var before = await HashAsync(database);

        var again = await DemoDatabase.SeedAsync(database, new SeedOptions(5, Today), null, TestContext.Current.CancellationToken);

        Assert.Equal(new AlreadyFilled(20), again);
        Assert.Equal(before, await HashAsync(database));
    }

    [Fact]
    public async Task A_seeding_that_is_stopped_leaves_an_empty_database()
    {
        await using var database = new SqliteConnection("Data Source=:memory:");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var progress = new Stopping(stop);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => DemoDatabase.SeedAsync(database, new SeedOptions(3_000, Today), progress, stop.Token));

        Assert.Empty(await TablesAsync(database));
    }

    [Fact]
    public void Both_engines_have_the_same_schema()
    {
        Assert.Equal(Neutral("kalejdo.sqlite.sql"), Neutral("kalejdo.postgresql.sql"));

        static IEnumerable<string> Neutral(string script)
        {
            using var reader = new StreamReader(typeof(DemoDatabase).Assembly.GetManifestResourceStream(script)!);
            return reader.ReadToEnd().ToLowerInvariant()
                .Replace("bigint generated by default as identity", "integer", StringComparison.Ordinal)
                .Replace("bigint", "integer", StringComparison.Ordinal)
                .Replace("timestamptz", "datetime", StringComparison.Ordinal)
                .Split('\n')
                .Where(line => !line.StartsWith("--", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_long_history_is_paged_newest_first_by_its_index()
    {
        await using var database = await SeededAsync(1);

        var plan = await ColumnAsync(database, "EXPLAIN QUERY PLAN SELECT * FROM viewing_history WHERE profile_id = 1 ORDER BY watched_at DESC LIMIT 50", 3);

        Assert.Equal("SEARCH viewing_history USING INDEX ix_viewing_history_profile_id (profile_id=?)", Assert.Single(plan));
    }

    // Changes only when the invented data is meant to change.
    private const string TheHash = "96996bab0b8a5ea9c260a764e58b818566cdb17d75e5c7c082ef5db2ff7e81bc";

    private static async Task<SqliteConnection> SeededAsync(int subscribers)
    {
        var database = new SqliteConnection("Data Source=:memory:");
        Assert.IsType<Seeded>(await DemoDatabase.SeedAsync(database, new SeedOptions(subscribers, Today), null, TestContext.Current.CancellationToken));
        return database;
    }

    private static Task<List<string>> TablesAsync(SqliteConnection database) =>
        ColumnAsync(database, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name");

    private static async Task<string> HashAsync(SqliteConnection database)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var table in await TablesAsync(database))
        {
            await using var command = database.CreateCommand();
            command.CommandText = $"SELECT * FROM {table} ORDER BY 1, 2";
            await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
            while (await reader.ReadAsync(TestContext.Current.CancellationToken))
            {
                for (var i = 0; i < reader.FieldCount; i++)
                {
                    hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{table}.{i}={reader.GetValue(i)}\n")));
                }
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static async Task<long> CountAsync(SqliteConnection database, string query) =>
        long.Parse(Assert.Single(await ColumnAsync(database, query)), CultureInfo.InvariantCulture);

    private static async Task<List<string>> ColumnAsync(SqliteConnection database, string query, int column = 0)
    {
        await using var command = database.CreateCommand();
        command.CommandText = query;
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        List<string> values = [];
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            values.Add(reader.GetString(column));
        }

        return values;
    }

    private sealed class Stopping(CancellationTokenSource source) : IProgress<string>
    {
        public void Report(string value) => source.Cancel();
    }
}
