using System.Net;
using System.Text.RegularExpressions;
using Kalejdo.Portal.Tests.Support;
using Npgsql;

namespace Kalejdo.Portal.Tests.Store;

/// <summary>The program as an operator starts it, on PostgreSQL.</summary>
public sealed partial class TwoNodesTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("portal-nodes-").FullName;
    private PostgresDatabase store = null!;
    private PostgresDatabase kalejdo = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_nodes_start_at_once_on_an_empty_database_and_both_serve()
    {
        await using var one = Start(store.Connection, 5181);
        await using var other = Start(store.Connection, 5182);

        using var people = new HttpClient();
        foreach (var port in new[] { 5181, 5182 })
        {
            var page = await ServedAsync(people, port);
            Assert.Contains("<h1", page, StringComparison.Ordinal);
        }
        Assert.Equal(["1"], await ColumnAsync("SELECT count(*)::text FROM audit_head"));
    }

    [Fact]
    public async Task A_role_that_may_not_change_audit_and_ledger_runs_the_portal()
    {
        // The statements of docs/postgresql.md, with names of this test's own.
        var role = $"portal_{Guid.NewGuid():N}"[..20];
        var said = await File.ReadAllTextAsync(Path.Combine(Root(), "docs", "postgresql.md"), Cancellation);
        var statements = SqlBlock().Matches(said).Select(block => block.Groups[1].Value).ToList();
        Assert.Equal(2, statements.Count);
        await PostgresServer.ExecuteAsync(store.Connection, $"CREATE ROLE {role} LOGIN");
        var owner = await RunAsync(store.Connection, "datamap", "check");
        Assert.True(owner.ExitCode == 0, owner.ToString());
        // The triggers of the append-only tables copy nothing; the check cannot know.
        Assert.All(owner.Output.TrimEnd().Split('\n').SkipLast(1), line => Assert.Matches("portal.dataset.yml.*(audit_entries|erasure_ledger)' has the trigger", line));
        await PostgresServer.ExecuteAsync(store.Connection, Regex.Replace(statements[1], @"\bportal\b(?=;)", role));

        var running = new NpgsqlConnectionStringBuilder(store.Connection) { Username = role, Pooling = false }.ConnectionString;
        var read = await RunAsync(running, "access", "--identity", "email=asa.sjoberg@post.example");
        Assert.True(read is { ExitCode: 0, Error: "" }, read.ToString());
        var erased = await RunAsync(running, "erase", "--identity", "customer_number=10063352", "--format", "json");
        Assert.True(erased.ExitCode == 0, erased.ToString());
        Assert.Equal(["2"], await ColumnAsync("SELECT count(*)::text FROM erasure_ledger"));
        foreach (var change in new[] { "UPDATE audit_entries SET event = 'x'", "DELETE FROM audit_entries", "UPDATE erasure_ledger SET identity_hash = 'x'", "TRUNCATE audit_entries", "DROP TRIGGER audit_entries_no_change ON audit_entries" })
        {
            var refused = await Assert.ThrowsAsync<PostgresException>(() => PostgresServer.ExecuteAsync(running, change));
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
        }
    }

    [Fact]
    public async Task After_a_restore_the_command_erases_again()
    {
        Assert.Equal(0, (await RunAsync(store.Connection, "datamap", "check")).ExitCode);
        var backup = await kalejdo.BackUpAsync();
        var taken = TimeProvider.System.GetUtcNow().ToString("O");
        var first = await RunAsync(store.Connection, "erase", "--identity", "customer_number=10063352", "--format", "json");
        Assert.True(first.ExitCode == 0, first.ToString());
        await kalejdo.RestoreAsync(backup);

        var dry = await RunAsync(store.Connection, "erasures", "replay", "--backup-taken", taken, "--dry-run", "--format", "json");
        var again = await RunAsync(store.Connection, "erasures", "replay", "--backup-taken", taken, "--format", "json");
        var twice = await RunAsync(store.Connection, "erasures", "replay", "--backup-taken", taken, "--format", "json");

        Assert.True(dry.ExitCode == 0, dry.ToString());
        Assert.EndsWith("\"left\":null}", dry.Output.TrimEnd(), StringComparison.Ordinal);
        Assert.True(again.ExitCode == 0, again.ToString());
        Assert.Contains("1 erasures were done again.", again.Error, StringComparison.Ordinal);
        Assert.Equal(Rows(first.Output), Rows(again.Output));
        Assert.Equal("""{"steps":[],"left":0}""", twice.Output.TrimEnd());
        Assert.Equal(2, (await RunAsync(store.Connection, "erasures", "replay", "--backup-taken", "2999-01-01")).ExitCode);
    }

    public async ValueTask InitializeAsync()
    {
        (store, kalejdo) = (await PostgresDatabase.EmptyAsync(), await PostgresDatabase.KalejdoAsync(40, new DateOnly(2026, 11, 22)));
    }

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        await kalejdo.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private static IEnumerable<string> Rows(string json) => StepRows().Matches(json).Select(step => step.Value).Order(StringComparer.Ordinal);

    private PortalProcess Start(string connection, int? port, params string[] arguments) => PortalProcess.Start(
        folder, asNobody: false,
        ["Store__Provider=postgresql", $"Store__ConnectionString={connection}", $"DataMap__Sources__kalejdo=postgresql:{kalejdo.Connection}", "Mail__Mailbox=false"],
        port is null ? arguments : ["--urls", $"http://127.0.0.1:{port}"]);

    private async Task<PortalRun> RunAsync(string connection, params string[] arguments)
    {
        await using var run = Start(connection, null, arguments);
        return await run.EndAsync();
    }

    private static async Task<string> ServedAsync(HttpClient people, int port)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (true)
        {
            try
            {
                using var answer = await people.GetAsync(new Uri($"http://127.0.0.1:{port}{PortalUrls.SignIn}"), Cancellation);
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                return await answer.Content.ReadAsStringAsync(Cancellation);
            }
            catch (HttpRequestException)
            {
                await timer.WaitForNextTickAsync(patience.Token);
            }
        }
    }

    private async Task<List<string>> ColumnAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(store.Connection);
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(Cancellation);
        var values = new List<string>();
        while (await reader.ReadAsync(Cancellation))
        {
            values.Add(reader.GetString(0));
        }
        return values;
    }

    private static string Root()
    {
        var top = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(top.FullName, "Kalejdo.Portal.sln")))
        {
            top = top.Parent!;
        }
        return top.FullName;
    }

    [GeneratedRegex("```sql\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex SqlBlock();

    [GeneratedRegex("\"collection\":\"[^\"]+\",\"action\":\"[^\"]+\",\"rows\":\\d+")]
    private static partial Regex StepRows();
}
