using System.Data.Common;
using System.Globalization;
using System.Text;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Kalejdo.Portal.Tests.Rights;

/// <summary>The engine on Kalejdo's own database and map, at the size of a thousand subscribers.</summary>
public sealed class KalejdoDatabaseTests : IAsyncLifetime
{
    private const int Subscribers = 1000;
    private readonly string _folder = Directory.CreateTempSubdirectory("portal-kalejdo-").FullName;
    private Databases _databases = null!;

    private string Connection => $"Data Source={Path.Combine(_folder, "kalejdo.db")};Pooling=False";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await using (var connection = new SqliteConnection(Connection))
        {
            await DemoDatabase.SeedAsync(connection, new SeedOptions(Subscribers, new DateOnly(2026, 11, 22)), null, Cancellation);
        }

        var (map, _) = MapReader.Read([Path.Combine(AppContext.BaseDirectory, "Maps", "kalejdo.dataset.yml"), Path.Combine(AppContext.BaseDirectory, "Maps", "kalejdo.system.yml")]);
        var (databases, problems) = await Databases.OpenAsync(map, [new Source("kalejdo", Provider.Sqlite, $"Data Source={Path.Combine(_folder, "kalejdo.db")}")], Cancellation);
        Assert.Empty(problems);
        _databases = databases!;
    }

    public ValueTask DisposeAsync()
    {
        _databases.Dispose();
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task No_byte_of_three_hundred_erased_people_is_left_outside_what_the_plan_keeps()
    {
        await MakeUniqueAsync();
        var erasure = new Erasure(_databases, new ManualTimeProvider(new DateTimeOffset(2026, 11, 22, 9, 0, 0, TimeSpan.Zero)));
        var erased = Enumerable.Range(1, Subscribers).Where(n => n % 10 < 3).ToList();
        foreach (var number in erased)
        {
            Assert.IsType<ErasureOutcome.Done>(await erasure.ExecuteAsync("kalejdo", Who(number), ErasureScope.Everything, Cancellation));
        }

        Assert.True(await erasure.OverwriteAsync("kalejdo", Cancellation));

        // Names stay in the invoices and the traffic data that the plan retained, and nowhere else; addresses and numbers stay nowhere.
        var kept = await RetainedNamesAsync();
        var files = Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories).Select(file => Encoding.UTF8.GetString(File.ReadAllBytes(file))).ToList();
        Assert.All(erased, number =>
        {
            Assert.DoesNotContain(files, file => file.Contains(Email(number), StringComparison.OrdinalIgnoreCase));
            Assert.DoesNotContain(files, file => file.Contains(Phone(number), StringComparison.Ordinal));
            Assert.Equal(kept.GetValueOrDefault(Name(number)), files.Sum(file => Count(file, Name(number))));
        });
        // Of those who stay the same search finds everything.
        Assert.Contains(files, file => file.Contains(Email(5), StringComparison.Ordinal) && file.Contains(Phone(5), StringComparison.Ordinal) && file.Contains(Name(5), StringComparison.Ordinal));
    }

    [Fact]
    public async Task No_large_table_is_read_whole_to_find_or_erase_a_subject()
    {
        await MakeUniqueAsync();
        await using var located = await Located.LocateAsync(_databases.All[0], Who(1), write: true, Cancellation);
        await new Disposal(located, _databases.Map, ErasureScope.Everything, new DateOnly(2026, 11, 22)).PlanAsync(Cancellation);
        foreach (var collection in located.Collections)
        {
            await foreach (var _ in new LocatedCollection(located, collection).RowsAsync(Cancellation))
            {
            }
        }

        foreach (var statement in located.Session.Sent.Where(sql => !sql.StartsWith("CREATE", StringComparison.Ordinal)).ToList())
        {
            var plan = await located.Session.ReadAsync($"EXPLAIN QUERY PLAN {statement}", row => row.GetString(3), Cancellation);
            Assert.All(plan.Where(step => step.StartsWith("SCAN ", StringComparison.Ordinal)), step => Assert.True(IsSmall(step.Split(' ')[1]), $"{step} in {statement}"));
        }

        // Aliases of the subject's own marks and of nested results; everything else is a table.
        static bool IsSmall(string what) =>
            what is "l" or "lf" or "lp" or "ki" or "mh" or "mc" or "ma" or "CONSTANT" or "counted" or "known_identity" or "new_rows" or "n" || what.StartsWith("located_", StringComparison.Ordinal)
            || what.StartsWith("m_", StringComparison.Ordinal) || what.StartsWith('(');
    }

    [Fact]
    public async Task PostgreSQL_reads_no_large_table_whole_either()
    {
        const string schema = "kalejdo_plans";
        var connectionString = await PostgresServer.NewSchemaAsync(schema);
        await using (var connection = new NpgsqlConnection(connectionString))
        {
            await DemoDatabase.SeedAsync(connection, new SeedOptions(Subscribers, new DateOnly(2026, 11, 22)), null, Cancellation);
        }

        await PostgresServer.ExecuteAsync(connectionString, "ANALYZE");
        var (databases, problems) = await Databases.OpenAsync(_databases.Map, [new Source("kalejdo", Provider.Postgresql, connectionString)], Cancellation);
        Assert.Empty(problems);
        IReadOnlyList<Identity> who = [new("customer_number", new DemoSubscriber(1).CustomerNumber), new("email", new DemoSubscriber(1).OwnEmail)];
        await using var located = await Located.LocateAsync(databases!.All[0], who, write: true, Cancellation);
        await new Disposal(located, databases.Map, ErasureScope.Everything, new DateOnly(2026, 11, 22)).PlanAsync(Cancellation);
        foreach (var collection in located.Collections)
        {
            await foreach (var _ in new LocatedCollection(located, collection).RowsAsync(Cancellation))
            {
            }
        }

        foreach (var statement in located.Session.Sent.Where(sql => !sql.StartsWith("CREATE", StringComparison.Ordinal)).ToList())
        {
            var plan = await located.Session.ReadAsync($"EXPLAIN {statement}", row => row.GetString(0), Cancellation);
            Assert.All(plan.Where(step => step.Contains("Seq Scan on ", StringComparison.Ordinal)), step =>
                Assert.Matches("Seq Scan on (located_|known_identity)", step));
            // A hash is made of one side whole.
            Assert.All(plan, step => Assert.DoesNotMatch("Hash (Anti |Semi |Left |Right )?Join|Merge (Anti |Semi |Left |Right )?Join", step));
        }
    }

    [Fact]
    public async Task A_larger_subject_takes_as_many_statements()
    {
        var counts = new List<int>();
        foreach (var factor in new[] { 1, 50 })
        {
            await SqlAsync($"INSERT INTO viewing_history (profile_id, channel_id, programme, watched_at, seconds) SELECT h.profile_id, h.channel_id, h.programme, h.watched_at, h.seconds FROM viewing_history h JOIN tv_profile p ON p.id = h.profile_id, (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {factor}) SELECT i FROM n) WHERE p.subscriber_id = 1");
            await using var located = await Located.LocateAsync(_databases.All[0], [new Identity("customer_number", new DemoSubscriber(1).CustomerNumber)], write: false, Cancellation);
            counts.Add(located.Session.Statements);
        }

        Assert.Equal(counts[0], counts[1]);
    }

    [Fact]
    public async Task A_subject_takes_few_statements_and_none_for_what_it_has_not()
    {
        IReadOnlyList<Identity> who = [new("customer_number", new DemoSubscriber(1).CustomerNumber), new("email", new DemoSubscriber(1).OwnEmail)];
        (int Statements, int RoundTrips) access, erasure;
        await using (var located = await Located.LocateAsync(_databases.All[0], who, write: false, Cancellation))
        {
            foreach (var collection in located.Collections)
            {
                await foreach (var _ in new LocatedCollection(located, collection).RowsAsync(Cancellation))
                {
                }
            }

            access = (located.Session.Statements, located.Session.RoundTrips);
        }

        await using (var located = await Located.LocateAsync(_databases.All[0], who, write: true, Cancellation))
        {
            Assert.IsType<ErasureOutcome.Done>(await new Disposal(located, _databases.Map, ErasureScope.Everything, new DateOnly(2026, 11, 22)).ExecuteAsync(Cancellation));
            erasure = (located.Session.Statements, located.Session.RoundTrips);
        }

        Assert.InRange(access.Statements, 1, 80);
        Assert.InRange(access.RoundTrips, 1, 50);
        Assert.InRange(erasure.Statements, 1, 100);
        Assert.InRange(erasure.RoundTrips, 1, 25);
    }

    private static List<Identity> Who(int number) => [new("customer_number", new DemoSubscriber(number).CustomerNumber), new("email", Email(number))];

    private static string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"Förnamn{number:D5}Öst Efternamn{number:D5}");

    private static string Email(int number) => string.Create(CultureInfo.InvariantCulture, $"unik.{number:D5}.person@exempel.se");

    private static string Phone(int number) => string.Create(CultureInfo.InvariantCulture, $"+4699{number:D5}77");

    private Task MakeUniqueAsync() => SqlAsync("""
        UPDATE subscriber SET full_name = printf('Förnamn%05dÖst Efternamn%05d', id, id), email = printf('unik.%05d.person@exempel.se', id), phone = printf('+4699%05d77', id), email_verified_at = '2026-01-01 00:00:00';
        UPDATE ip_assignment SET subscriber_name = printf('Förnamn%05dÖst Efternamn%05d', subscriber_id, subscriber_id);
        UPDATE invoice SET name = printf('Förnamn%05dÖst Efternamn%05d', subscriber_id, subscriber_id);
        UPDATE support_ticket SET contact_name = NULL, contact_email = printf('unik.%05d.person@exempel.se', subscriber_id) WHERE subscriber_id IS NOT NULL;
        UPDATE support_ticket SET status = 'closed', closed_at = coalesce(closed_at, opened_at);
        UPDATE subscription SET ends_on = starts_on, balance_owed = 0;
        """);

    private async Task SqlAsync(string sql)
    {
        await using var connection = new SqliteConnection(Connection);
        await connection.OpenAsync(Cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    private async Task<Dictionary<string, int>> RetainedNamesAsync()
    {
        await using var connection = new SqliteConnection(Connection);
        await connection.OpenAsync(Cancellation);
        return (await ColumnAsync(connection, "SELECT name FROM invoice UNION ALL SELECT subscriber_name FROM ip_assignment")).GroupBy(name => name).ToDictionary(names => names.Key, names => names.Count());
    }

    private static async Task<List<string>> ColumnAsync(DbConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync(Cancellation);
        var values = new List<string>();
        while (await reader.ReadAsync(Cancellation))
        {
            values.Add(reader.GetString(0));
        }

        return values;
    }

    private static int Count(string text, string value)
    {
        var count = 0;
        for (var at = text.IndexOf(value, StringComparison.Ordinal); at >= 0; at = text.IndexOf(value, at + 1, StringComparison.Ordinal))
        {
            count++;
        }

        return count;
    }
}
