using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using Kalejdo.Portal.Benchmarks;
using Kalejdo.Portal.Benchmarks.ByHand;
using Kalejdo.Portal.Benchmarks.Data;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Kalejdo.Portal.Tests.Benchmarks;

/// <summary>
/// A ratio of the benchmarks says something only where both sides do the same: here they do it for every situation of the
/// demonstration's subscribers, and must come to the same bytes and rows.
/// </summary>
public sealed partial class BothSidesTests : IDisposable
{
    private const int Subscribers = DemoSubscriber.Cases * 2;
    private static int s_count;
    private readonly string _folder = Directory.CreateTempSubdirectory("portal-benchmarks-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static IEnumerable<int> Situations => Enumerable.Range(1, DemoSubscriber.Cases);

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        NpgsqlConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [EveryEngine]
    public async Task Both_sides_of_an_access_write_the_same_bytes(Provider provider)
    {
        var data = await SeededAsync(provider, history: 700);
        foreach (var number in Situations)
        {
            var subject = data with { Subject = number };
            using MemoryStream engine = new(), hand = new();
            await new Access(subject.Databases).WriteJsonAsync(subject.Identities, engine, Cancellation);
            await new HandAccess(subject).WriteJsonAsync(hand, Cancellation);
            Assert.Equal(Encoding.UTF8.GetString(hand.ToArray()), Encoding.UTF8.GetString(engine.ToArray()));
            Assert.True(await Jobs.SameJsonAsync(subject, Cancellation));
        }
    }

    [Theory]
    [EveryEngine]
    public async Task Both_sides_of_an_erasure_leave_the_same_rows(Provider provider)
    {
        var (engine, hand) = (await SeededAsync(provider, history: 50), await SeededAsync(provider, history: 50));
        foreach (var number in Situations)
        {
            var job = Jobs.Erase(engine with { Subject = number }, "erase");
            var changed = await job.Engine(Cancellation);
            Assert.Equal(changed, await new HandErasure(hand with { Subject = number }).ExecuteAsync(Cancellation));
            Assert.Equal(await DumpAsync(hand), await DumpAsync(engine));
        }
    }

    [Theory]
    [EveryEngine]
    public async Task Both_sides_of_a_page_show_the_same(Provider provider)
    {
        var data = await SeededAsync(provider, history: 60);
        foreach (var number in Situations)
        {
            var subject = data with { Subject = number };
            var (engine, hand) = (await Jobs.EnginePageAsync(subject, Cancellation), await new HandPage(subject).FirstAsync(Jobs.PageSize, Cancellation));
            Assert.Equal(hand.Rows, engine.Rows.Select(r => new HandPage.Row((long)r.Values[0]!, (long)r.Values[1]!, (long)r.Values[2]!, (string)r.Values[3]!, (string)r.Values[4]!, (long)r.Values[5]!, r.Names[2])));
            Assert.Equal((hand.More, hand.Listed, hand.Household), (engine.More, engine.Count!.Listed, engine.Count.Household));
        }
    }

    [Theory]
    [EveryEngine]
    public async Task The_bare_archive_packs_what_the_download_holds(Provider provider)
    {
        var data = await SeededAsync(provider, history: 2000);
        using MemoryStream engine = new(), bare = new();
        await new AccessZip(data.Databases, DataSet.Time).WriteAsync(data.Identities, engine, Cancellation);
        await (await BareZip.OfAsync(data, Cancellation)).WriteAsync(bare, Cancellation);
        Assert.Equal(await EntriesAsync(bare), await EntriesAsync(engine));
    }

    [Theory]
    [EveryEngine]
    public async Task Every_job_runs_and_puts_back_what_it_erased(Provider provider)
    {
        var data = await SeededAsync(provider, history: 100);
        var before = await DumpAsync(data);
        Job[] jobs =
        [
            Jobs.Access(data, "access", 1, ""), Jobs.Erase(data, "erase"), Jobs.FirstPage(data, "page"), await Jobs.ZipAsync(data, "zip", Cancellation),
            .. Jobs.Growth(data, data, "growth", ""),
        ];
        foreach (var job in jobs)
        {
            var measured = await new Rounds(2, 2, TimeSpan.Zero).MeasureAsync(job, Cancellation);
            Assert.Equal((2, 2), (measured.EngineTimes.Count, measured.OtherTimes.Count));
            Assert.True(measured.Ratio > 0, job.Name);
        }

        Assert.Equal(before, await DumpAsync(data));
    }

    private async Task<DataSet> SeededAsync(Provider provider, int history)
    {
        var name = $"bothsides_{Interlocked.Increment(ref s_count)}";
        var connection = provider == Provider.Sqlite ? $"Data Source={Path.Combine(_folder, name)}.db" : await PostgresServer.NewSchemaAsync(name);
        await using (System.Data.Common.DbConnection filling = provider == Provider.Sqlite ? new SqliteConnection(connection) : new NpgsqlConnection(connection))
        {
            await DemoDatabase.SeedAsync(filling, new SeedOptions(Subscribers, DataSet.Today, history), null, Cancellation);
        }

        return await DataSet.OpenAsync(provider, connection, Cancellation);
    }

    /// <summary>Every row of every table, random masks apart.</summary>
    private static async Task<string> DumpAsync(DataSet data)
    {
        await using var connection = data.NewConnection();
        await connection.OpenAsync(Cancellation);
        var text = new StringBuilder();
        foreach (var table in Tables)
        {
            await using var command = connection.CreateCommand();
            command.CommandText = $"SELECT * FROM {table} ORDER BY 1, 2";
            await using var reader = await command.ExecuteReaderAsync(Cancellation);
            text.Append(table).Append('\n');
            while (await reader.ReadAsync(Cancellation))
            {
                text.AppendJoin('|', Enumerable.Range(0, reader.FieldCount).Select(i => Masked().Replace($"{reader.GetValue(i)}", "masked"))).Append('\n');
            }
        }

        return text.ToString();
    }

    private static string[] Tables { get; } =
    [
        "installation_address", "subscriber", "subscription", "consent", "ip_assignment", "device_model", "channel", "tv_box", "tv_profile", "favourite", "recording",
        "viewing_history", "smart_home", "home_member", "presence", "device", "device_event", "automation", "game_player", "game_score", "support_ticket",
        "support_message", "fault_report", "newsletter_consent", "invoice", "invoice_line", "telemetry",
    ];

    private static async Task<List<(string, string)>> EntriesAsync(MemoryStream packed)
    {
        await using var archive = new ZipArchive(packed, ZipArchiveMode.Read, leaveOpen: true);
        var entries = new List<(string, string)>();
        foreach (var entry in archive.Entries)
        {
            using var reader = new StreamReader(await entry.OpenAsync(Cancellation));
            entries.Add((entry.FullName, await reader.ReadToEndAsync(Cancellation)));
        }

        return entries;
    }

    [GeneratedRegex("^([g-v]{16}|[0-9a-f]{16})$")]
    private static partial Regex Masked();
}
