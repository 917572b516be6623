using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Kalejdo.Portal.Audit;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Features.Erasure;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Store;
using Kalejdo.Portal.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Kalejdo.Portal.Tests.Features.Erasure;

/// <summary>Whatever moment an erasure is killed at, the next start brings it to the same end.</summary>
public sealed class ErasureKillTests : IAsyncLifetime
{
    private static readonly Identity[] Somebody = [new("email", "asa.sjoberg@post.example")];
    private static readonly Identity[] SomebodyElse = [new("email", "birgitta.lindqvist@mejl.example")];

    private readonly string template = Directory.CreateTempSubdirectory("portal-kill-").FullName;
    private readonly List<string> folders = [];
    private string untouched = "";
    private string erased = "";
    private string bothErased = "";
    private string otherErased = "";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A portal with a demonstration, its keys made; and what its data looks like after each erasure that nobody disturbs.</summary>
    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Path.Combine(template, "var"));
        await using (var kalejdo = new SqliteConnection($"Data Source={Path.Combine(template, "var", "kalejdo.db")};Pooling=False"))
        {
            await DemoDatabase.SeedAsync(kalejdo, new SeedOptions(30, new DateOnly(2026, 11, 22)), null, Cancellation);
        }
        await using (var portal = await StartAsync(template))
        {
            await portal.Services.GetRequiredService<Erasures>().EraseAsync([new("email", "nobody@post.example")], ErasureScope.Everything, "test", new Silence(), Cancellation);
        }
        ClearPools(template);
        untouched = Data(template);
        var folder = Copy();
        await using (var portal = await StartAsync(folder))
        {
            await EraseAsync(portal, Somebody, new Silence());
            erased = Data(folder);
            await EraseAsync(portal, SomebodyElse, new Silence());
            bothErased = Data(folder);
        }
        folder = Copy();
        await using (var portal = await StartAsync(folder))
        {
            await EraseAsync(portal, SomebodyElse, new Silence());
            otherErased = Data(folder);
        }
        Assert.Equal(4, new[] { untouched, erased, otherErased, bothErased }.Distinct().Count());
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
        var steps = new List<string>();
        await using (var portal = await StartAsync(Copy()))
        {
            await EraseAsync(portal, Somebody, new Remembering(steps));
        }
        Assert.Contains(steps, s => s.EndsWith("kalejdo erased", StringComparison.Ordinal));

        var closing = steps.FindIndex(s => s.EndsWith(": closed", StringComparison.Ordinal));
        Assert.InRange(closing, 1, steps.Count - 1);
        for (var step = 1; step <= steps.Count; step++)
        {
            var folder = Copy();
            await using (var killed = await StartAsync(folder))
            {
                await Assert.ThrowsAsync<Killed>(() => EraseAsync(killed, Somebody, new KilledAt(step)));
            }
            await using var next = await StartAsync(folder);
            var closed = await next.Services.GetRequiredService<Erasures>().ResumeAsync(new Silence(), Cancellation);

            // Told of its closing, it was closed already.
            Assert.Equal(step > closing ? 0 : 1, closed.Count);
            Assert.Equal(erased, Data(folder));
            await AssertEvidenceAsync(next, folder, cases: 1);
        }
    }

    [Fact]
    public async Task What_was_planned_is_what_the_evidence_of_a_resumed_erasure_says()
    {
        var (whole, broken) = (Copy(), Copy());
        await using var undisturbed = await StartAsync(whole);
        await EraseAsync(undisturbed, Somebody, new Silence());
        await using (var killed = await StartAsync(broken))
        {
            // Between the database's commit and the record of it.
            await Assert.ThrowsAsync<Killed>(() => EraseAsync(killed, Somebody, new KilledAt(2)));
        }
        await using var next = await StartAsync(broken);
        await next.Services.GetRequiredService<Erasures>().ResumeAsync(new Silence(), Cancellation);

        const string outcome = "SELECT outcome_json FROM cases";
        Assert.Equal(Dumps.Query(PortalFile(whole), outcome), Dumps.Query(PortalFile(broken), outcome));
    }

    [Fact]
    public async Task Killed_at_random_moments_the_next_start_finishes_it()
    {
        var times = LongForm.IsAsked ? 100 : 5;
        string[] erase = ["erase", "--identity", "email=" + Somebody[0].Value];
        var clock = System.Diagnostics.Stopwatch.StartNew();
        await using var measured = PortalProcess.Start(Copy(), erase);
        await measured.SaysAsync("intent recorded");
        var beforehand = (int)clock.ElapsedMilliseconds;
        Assert.Equal(0, (await measured.EndAsync()).ExitCode);
        var whole = (int)clock.ElapsedMilliseconds;
        var (begun, unfinished) = (0, 0);
        for (var i = 0; i < times; i++)
        {
            var folder = Copy();
            // Most of its time the program starts and plans, when there is nothing to finish; so most kills come after the intent.
            var late = i % 5 != 0;
            var moment = RandomNumberGenerator.GetInt32(late ? whole - beforehand : whole);
            await using (var erasing = PortalProcess.Start(folder, erase))
            {
                if (late)
                {
                    await erasing.SaysAsync("intent recorded");
                }
                if (await erasing.RunsForAsync(TimeSpan.FromMilliseconds(moment)))
                {
                    await erasing.KillAsync();
                }
            }
            var intended = Dumps.Query(PortalFile(folder), "SELECT number FROM cases").Count == 1;
            begun += intended ? 1 : 0;
            unfinished += WorkingSets(folder);
            var message = string.Create(CultureInfo.InvariantCulture, $"Run {i}, killed {moment} ms after the {(late ? "intent" : "start")}, intent recorded: {intended}.");
            if (i % 2 == 0)
            {
                var next = await PortalProcess.RunAsync(folder, "erase", "--identity", "email=" + SomebodyElse[0].Value);
                Assert.True(next.ExitCode == 0, message + next);
                Assert.True((intended ? bothErased : otherErased) == Data(folder), message);
            }
            else
            {
                await using var web = PortalProcess.Start(folder, "--urls", "http://127.0.0.1:0");
                await FinishedAsync(folder, message);
                Assert.True((intended ? erased : untouched) == Data(folder), message);
            }
            await using var portal = await StartAsync(folder);
            await AssertEvidenceAsync(portal, folder, cases: (intended ? 1 : 0) + (i % 2 == 0 ? 1 : 0));
        }
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{times} kills: {begun} after the intent, {unfinished} of them unfinished. Undisturbed {whole} ms, the intent after {beforehand}."));
    }

    [Fact]
    public async Task The_working_set_cannot_be_read_without_the_key_file()
    {
        var folder = Copy();
        await using (var killed = await StartAsync(folder))
        {
            await Assert.ThrowsAsync<Killed>(() => EraseAsync(killed, Somebody, new KilledAt(1)));
        }
        ClearPools(folder);
        Assert.Equal(1, WorkingSets(folder));
        foreach (var file in Directory.GetFiles(Path.Combine(folder, "var"), "portal.db*"))
        {
            var bytes = await File.ReadAllBytesAsync(file, Cancellation);
            Assert.True(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Somebody[0].Value)) < 0, file);
        }
        File.Delete(Path.Combine(folder, "var", "keys", "portal.key"));

        // A key file is made anew, and does not fit.
        await using var stranger = Portal.Build([$"--DataRoot={folder}", "--Logging:LogLevel:Default=None", "--Logging:LogLevel:Microsoft.AspNetCore=None"]);
        await Assert.ThrowsAsync<InvalidOperationException>(() => PortalStore.MigrateAsync(stranger.Services, Cancellation));
        await Assert.ThrowsAnyAsync<CryptographicException>(() => stranger.Services.GetRequiredService<Erasures>().ResumeAsync(new Silence(), Cancellation));
        Assert.Equal(untouched, Data(folder));
    }

    private static async Task FinishedAsync(string folder, string message)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (WorkingSets(folder) > 0)
        {
            Assert.True(await timer.WaitForNextTickAsync(patience.Token), message);
        }
    }

    internal static async Task AssertEvidenceAsync(WebApplication portal, string folder, int cases)
    {
        Assert.Equal(0, WorkingSets(folder));
        var numbers = Dumps.Query(PortalFile(folder), """
            SELECT number FROM cases
            WHERE CASE WHEN number IN (SELECT case_number FROM recipient_notices) THEN status = 'WaitingForRecipients' AND closed_at IS NULL ELSE status = 'Done' AND closed_at IS NOT NULL END
            ORDER BY number
            """);
        Assert.Equal(cases, numbers.Count);
        Assert.Equal(numbers, Dumps.Query(PortalFile(folder), "SELECT number FROM cases ORDER BY number"));
        foreach (var happened in new[] { "erasure.intended", "erasure.done" })
        {
            Assert.Equal(numbers, Dumps.Query(PortalFile(folder), $"SELECT case_number FROM audit_entries WHERE event = '{happened}' ORDER BY case_number"));
        }
        foreach (var happened in new[] { "Intended", "Completed" })
        {
            Assert.Equal(numbers, Dumps.Query(PortalFile(folder), $"SELECT case_number FROM erasure_ledger WHERE event = '{happened}' ORDER BY case_number"));
        }
        await using var db = await portal.Services.GetRequiredService<IDbContextFactory<PortalDbContext>>().CreateDbContextAsync(Cancellation);
        Assert.IsType<AuditVerdict.Intact>(await portal.Services.GetRequiredService<AuditTrail>().VerifyAsync(db, Cancellation));
    }

    private static async Task EraseAsync(WebApplication portal, Identity[] identities, IProgress<string> progress) =>
        Assert.IsType<ErasureResult.Erased>(await portal.Services.GetRequiredService<Erasures>().EraseAsync(identities, ErasureScope.Everything, "operator:test", progress, Cancellation));

    private static async Task<WebApplication> StartAsync(string folder)
    {
        var portal = Portal.Build([$"--DataRoot={folder}", "--Logging:LogLevel:Default=None", "--Logging:LogLevel:Microsoft.AspNetCore=None"]);
        await PortalStore.MigrateAsync(portal.Services, Cancellation);
        return portal;
    }

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

    private static int WorkingSets(string folder) => Dumps.Query(PortalFile(folder), "SELECT case_number FROM working_sets").Count;

    private static string Data(string folder) => Dumps.Of(Path.Combine(folder, "var", "kalejdo.db"));

    private static string PortalFile(string folder) => Path.Combine(folder, "var", "portal.db");

    private static void ClearPools(string folder)
    {
        using var pooled = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = PortalFile(folder) }.ToString());
        SqliteConnection.ClearPool(pooled);
    }

    private sealed class Killed : Exception;

    private sealed class Silence : IProgress<string>
    {
        public void Report(string value)
        {
        }
    }

    private sealed class Remembering(List<string> steps) : IProgress<string>
    {
        public void Report(string value) => steps.Add(value);
    }

    private sealed class KilledAt(int step) : IProgress<string>
    {
        private int told;

        public void Report(string value)
        {
            if (++told == step)
            {
                throw new Killed();
            }
        }
    }
}
