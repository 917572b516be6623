using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Kalejdo.Portal.Features.Erasure;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using static Kalejdo.Portal.Tests.Support.MapText;

namespace Kalejdo.Portal.Tests.Features.Erasure;

/// <summary>
/// Killed between, before and within two databases, one on SQLite and one on PostgreSQL, whose rows lead to each other and back: once one
/// of them is erased, nothing in the other leads to the rest any longer, and still the next start brings it to the same end.
/// </summary>
public sealed class ErasureKillAcrossTests : IAsyncLifetime
{
    private const string Delete = "masking_strategy_override: {strategy: delete}";
    private static readonly Identity[] Somebody = [new("email", "anna@exempel.se")];

    // From customer to device to ticket to rating: from one database to the other, back, and over again.
    private static readonly string Map =
        DatasetOf("kalejdo", "",
            CollectionWith("customer", "", Delete, Key(), Identity(), Personal("name"), Plain("profile", Reference("profile.code", "to", "tv")), Plain("common", Reference("profile.code", "to", "tv"))),
            Collection("visit", "", Key(), Plain("customer_id", Reference("customer.id", "from", "kalejdo")), Personal("page")),
            CollectionWith("ticket", "", Delete, Key(), Plain("serial", Reference("device.serial", "from", "tv")), Personal("body")))
        + DatasetOf("tv", "",
            CollectionWith("device", "", Delete, Key(), Plain("customer_id", Reference("customer.id", "from", "kalejdo")), Plain("serial"), Personal("model")),
            CollectionWith("viewing", "", Delete, Key(), Plain("device_id", Reference("device.id", "from", "tv")), Personal("programme")),
            CollectionWith("profile", "", Delete, Key("code"), Personal("name")),
            CollectionWith("rating", "", Delete, Key(), Plain("ticket_id", Reference("ticket.id", "from", "kalejdo")), Personal("comment"))).Replace("dataset:\n", "", StringComparison.Ordinal);

    private const string Kalejdo = """
        CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, name TEXT, profile TEXT, common TEXT);
        CREATE INDEX ix_customer ON customer (lower(trim(email)));
        INSERT INTO customer VALUES (1, 'anna@exempel.se', 'Anna', 'a', 's'), (2, 'bo@exempel.se', 'Bo', 'b', 's'), (3, 'cia@exempel.se', 'Cia', 'c', NULL);
        CREATE TABLE visit (id INTEGER PRIMARY KEY, customer_id INTEGER, page TEXT);
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) INSERT INTO visit SELECT i, i % 3 + 1, 'sida ' || i FROM n;
        CREATE TABLE ticket (id INTEGER PRIMARY KEY, serial TEXT, body TEXT);
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60) INSERT INTO ticket SELECT i, 's' || (i % 6 + 1), 'fel ' || i FROM n;
        """;

    private const string Tv = """
        CREATE TABLE device (id INTEGER PRIMARY KEY, customer_id INTEGER, serial TEXT UNIQUE, model TEXT);
        INSERT INTO device SELECT i, (i - 1) / 2 + 1, 's' || i, 'modell ' || i FROM generate_series(1, 6) AS i;
        CREATE TABLE viewing (id INTEGER PRIMARY KEY, device_id INTEGER REFERENCES device (id), programme TEXT);
        INSERT INTO viewing SELECT i, i % 6 + 1, 'program ' || i FROM generate_series(1, 600) AS i;
        CREATE TABLE profile (code TEXT PRIMARY KEY, name TEXT);
        INSERT INTO profile VALUES ('a', 'Anna'), ('b', 'Bo'), ('c', 'Cia'), ('s', 'Alla');
        CREATE TABLE rating (id INTEGER PRIMARY KEY, ticket_id INTEGER, comment TEXT);
        INSERT INTO rating SELECT i, i, 'bra ' || i FROM generate_series(1, 60) AS i;
        """;

    private readonly string template = Directory.CreateTempSubdirectory("portal-kill-").FullName;
    private readonly List<string> folders = [];
    private string untouched = "";
    private string erased = "";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Path.Combine(template, "var"));
        await File.WriteAllTextAsync(Path.Combine(template, "map.yml"), Map, Cancellation);
        await using (var kalejdo = new SqliteConnection($"Data Source={Path.Combine(template, "var", "kalejdo.db")};Pooling=False"))
        {
            await kalejdo.OpenAsync(Cancellation);
            await using var command = kalejdo.CreateCommand();
            command.CommandText = Kalejdo;
            await command.ExecuteNonQueryAsync(Cancellation);
        }
        await using var tv = await TvAsync();
        await using (var portal = await StartAsync(template, tv))
        {
            await portal.Services.GetRequiredService<Erasures>().EraseAsync([new("email", "ingen@exempel.se")], ErasureScope.Everything, "test", new Steps(), Cancellation);
        }
        ClearPools(template);
        untouched = await DataAsync(template, tv);
        var folder = Copy();
        await using var undisturbed = await StartAsync(folder, tv);
        await EraseAsync(undisturbed, new Steps());
        erased = await DataAsync(folder, tv);

        // All of Anna's, and nothing else: her visits without their pages and without her, what she shares with Bo as it was.
        Assert.Equal(3 + 300 + 60 - 1 - 20, Lines(erased, "kalejdo"));
        Assert.Equal(6 + 600 + 4 + 60 - 2 - 200 - 1 - 20, Lines(erased, "tv"));
        Assert.Contains("(s,Alla)", erased, StringComparison.Ordinal);
        Assert.Equal(100, erased.Split('\n').Count(line => line.EndsWith("||", StringComparison.Ordinal)));
    }

    public ValueTask DisposeAsync()
    {
        foreach (var folder in folders.Append(template))
        {
            ClearPools(folder);
            Directory.Delete(folder, recursive: true);
        }
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Interrupted_after_any_step_it_is_resumed_to_the_same_end()
    {
        var steps = new Steps();
        await using (var tv = await TvAsync())
        await using (var portal = await StartAsync(Copy(), tv))
        {
            await EraseAsync(portal, steps);
        }
        Assert.Equal(["kalejdo erased", "tv erased"], steps.Told.Where(s => s.EndsWith("kalejdo erased", StringComparison.Ordinal) || s.EndsWith("tv erased", StringComparison.Ordinal)).Select(s => s.Split(": ")[1]).Order(StringComparer.Ordinal));

        for (var step = 1; step <= steps.Told.Count; step++)
        {
            var folder = Copy();
            await using var tv = await TvAsync();
            await using (var killed = await StartAsync(folder, tv))
            {
                await Assert.ThrowsAsync<Killed>(() => EraseAsync(killed, new Steps(step)));
            }
            await using var next = await StartAsync(folder, tv);
            await next.Services.GetRequiredService<Erasures>().ResumeAsync(new Steps(), Cancellation);

            Assert.Equal(erased, await DataAsync(folder, tv));
            await ErasureKillTests.AssertEvidenceAsync(next, folder, cases: 1);
        }
    }

    [Fact]
    public async Task Killed_at_random_moments_the_next_start_finishes_it()
    {
        var times = LongForm.IsAsked ? 100 : 5;
        var clock = new Stopwatch();
        TimeSpan whole;
        await using (var tv = await TvAsync())
        await using (var measured = Run(Copy(), tv, Somebody[0].Value))
        {
            await measured.SaysAsync("intent recorded");
            clock.Start();
            await measured.SaysAsync(": closed");
            whole = clock.Elapsed;
        }
        var (unfinished, half) = (0, 0);
        for (var i = 0; i < times; i++)
        {
            var folder = Copy();
            await using var tv = await TvAsync();
            var moment = whole * RandomNumberGenerator.GetInt32(1000) / 1000;
            await using (var erasing = Run(folder, tv, Somebody[0].Value))
            {
                await erasing.SaysAsync("intent recorded");
                if (await erasing.RunsForAsync(moment))
                {
                    await erasing.KillAsync();
                }
            }
            unfinished += Dumps.Query(Path.Combine(folder, "var", "portal.db"), "SELECT case_number FROM working_sets").Count;
            half += await DataAsync(folder, tv) is var now && now != untouched && now != erased ? 1 : 0;
            await using (var next = Run(folder, tv, "ingen@exempel.se"))
            {
                var run = await next.EndAsync();
                Assert.True(run.ExitCode == 0, run.ToString());
            }
            var message = string.Create(CultureInfo.InvariantCulture, $"Run {i}, killed {moment.TotalMilliseconds:0} ms after the intent.");
            Assert.True(erased == await DataAsync(folder, tv), message);
            await using var portal = await StartAsync(folder, tv);
            await ErasureKillTests.AssertEvidenceAsync(portal, folder, cases: 1);
        }
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{times} kills: {unfinished} before the end, {half} of them with one database erased and the other not. Undisturbed {whole.TotalMilliseconds:0} ms from intent to end."));
    }

    private static Task<PostgresDatabase> TvAsync() => PostgresDatabase.OfAsync("tv_template", Tv);

    private static PortalProcess Run(string folder, PostgresDatabase tv, string email) => PortalProcess.Start(
        folder, asNobody: false, [.. Settings(folder, tv).Select(s => $"{s.Key.Replace(":", "__", StringComparison.Ordinal)}={s.Value}")], "erase", "--identity", $"email={email}");

    private static IEnumerable<KeyValuePair<string, string>> Settings(string folder, PostgresDatabase tv) =>
    [
        new("DataMap:Maps:0", Path.Combine(folder, "map.yml")),
        new("DataMap:Maps:1", Path.Combine(AppContext.BaseDirectory, "Maps", "portal.dataset.yml")),
        new("DataMap:Sources:tv", $"postgresql:{tv.Connection}"),
    ];

    private static async Task<WebApplication> StartAsync(string folder, PostgresDatabase tv)
    {
        var portal = Portal.Build([$"--DataRoot={folder}", "--Logging:LogLevel:Default=None", "--Logging:LogLevel:Microsoft.AspNetCore=None", .. Settings(folder, tv).Select(s => $"--{s.Key}={s.Value}")]);
        await PortalStore.MigrateAsync(portal.Services, Cancellation);
        return portal;
    }

    private static async Task EraseAsync(WebApplication portal, Steps steps) =>
        Assert.IsType<ErasureResult.Erased>(await portal.Services.GetRequiredService<Erasures>().EraseAsync(Somebody, ErasureScope.Everything, "operator:test", steps, Cancellation));

    /// <summary>Every row of both databases.</summary>
    private static async Task<string> DataAsync(string folder, PostgresDatabase tv)
    {
        await using var connection = new NpgsqlConnection(tv.Connection);
        await connection.OpenAsync(Cancellation);
        var rows = new List<string>();
        foreach (var table in new[] { "device", "viewing", "profile", "rating" })
        {
            await using var command = new NpgsqlCommand($"SELECT t::text FROM {table} AS t ORDER BY 1", connection);
            await using var reader = await command.ExecuteReaderAsync(Cancellation);
            while (await reader.ReadAsync(Cancellation))
            {
                rows.Add($"tv.{table} {reader.GetString(0)}");
            }
        }
        return $"{string.Join('\n', Dumps.Of(Path.Combine(folder, "var", "kalejdo.db")).Split('\n').Select(line => $"kalejdo {line}"))}\n{string.Join('\n', rows)}";
    }

    /// <summary>Rows, not the names of tables.</summary>
    private static int Lines(string data, string database) => data.Split('\n').Count(line => line.StartsWith(database, StringComparison.Ordinal) && !line.Contains("==", StringComparison.Ordinal) && line.TrimEnd() != database);

    private string Copy()
    {
        var folder = Directory.CreateTempSubdirectory("portal-kill-").FullName;
        folders.Add(folder);
        foreach (var file in Directory.GetFiles(template, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(folder, Path.GetRelativePath(template, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        return folder;
    }

    private static void ClearPools(string folder)
    {
        using var pooled = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(folder, "var", "portal.db") }.ToString());
        SqliteConnection.ClearPool(pooled);
    }

    private sealed class Killed : Exception;

    private sealed class Steps(int killedAt = 0) : IProgress<string>
    {
        public List<string> Told { get; } = [];

        public void Report(string value)
        {
            Told.Add(value);
            if (Told.Count == killedAt)
            {
                throw new Killed();
            }
        }
    }
}
