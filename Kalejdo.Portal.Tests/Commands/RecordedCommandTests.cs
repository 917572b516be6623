using System.Text.Json;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Kalejdo.Portal.Tests.Commands;

/// <summary>On the configured databases nothing is read or changed without a record of it.</summary>
public sealed class RecordedCommandTests : IAsyncLifetime
{
    private const string Email = "asa.sjoberg@post.example";

    private readonly string folder = Directory.CreateTempSubdirectory("portal-recorded-").FullName;

    private string Portal => Path.Combine(folder, "var", "portal.db");

    private string Kalejdo => Path.Combine(folder, "var", "kalejdo.db");

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Path.Combine(folder, "var"));
        await using var kalejdo = new SqliteConnection($"Data Source={Kalejdo};Pooling=False");
        await DemoDatabase.SeedAsync(kalejdo, new SeedOptions(30, new DateOnly(2026, 11, 22)), null, TestContext.Current.CancellationToken);
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_read_is_on_record_with_numbers_alone()
    {
        var run = await RunAsync("access", "--identity", $"email={Email}");
        var dry = await RunAsync("erase", "--identity", $"email={Email}", "--dry-run");

        Assert.True(run is { ExitCode: 0, Error: "" }, run.ToString());
        Assert.True(dry is { ExitCode: 0, Error: "" }, dry.ToString());
        var rows = Dumps.Query(Portal, "SELECT event, subject = (SELECT number FROM audit_people ORDER BY rowid LIMIT 1), actor IS NOT NULL, reason_code IS NULL, case_number IS NULL FROM audit_entries");
        Assert.Equal(2, rows.Count);
        Assert.Single(rows.Distinct());
        Assert.Equal("access.read", rows[0].Split('|')[0]);
        Assert.Equal(["1"], Dumps.Query(Portal, "SELECT count(DISTINCT subject) FROM audit_entries"));
        Assert.Empty(Dumps.Query(Portal, "SELECT * FROM cases"));
        Assert.DoesNotContain("sjoberg", Dumps.Of(Portal), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Whether_the_audit_trail_is_whole_is_told_by_command()
    {
        Assert.Equal(0, (await RunAsync("access", "--identity", $"email={Email}")).ExitCode);
        Assert.Equal(0, (await RunAsync("access", "--identity", $"email={Email}")).ExitCode);
        var whole = await RunAsync("audit", "verify");
        using (var other = new SqliteConnection($"Data Source={Portal};Pooling=False"))
        {
            other.Open();
            using var command = other.CreateCommand();
            command.CommandText = "DROP TRIGGER audit_entries_no_update";
            command.ExecuteNonQuery();
            command.CommandText = "UPDATE audit_entries SET event = 'nothing' WHERE sequence = 2";
            command.ExecuteNonQuery();
        }
        var broken = await RunAsync("audit", "verify");

        Assert.True(whole is { ExitCode: 0, Error: "" }, whole.ToString());
        Assert.Contains("whole: 2 entries", whole.Output, StringComparison.Ordinal);
        Assert.True(broken is { ExitCode: 1, Output: "" }, broken.ToString());
        Assert.Contains("entry 2 was changed", broken.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_recorded_is_not_read()
    {
        Assert.Equal(0, (await RunAsync("access", "--identity", $"email={Email}")).ExitCode);
        using var other = new SqliteConnection($"Data Source={Portal};Pooling=False");
        other.Open();
        using var command = other.CreateCommand();
        command.CommandText = "DROP TRIGGER audit_head_not_back";
        command.ExecuteNonQuery();
        command.CommandText = "UPDATE audit_head SET sequence = 0";
        command.ExecuteNonQuery();
        var run = await RunAsync("access", "--identity", $"email={Email}");

        Assert.True(run is { ExitCode: 1, Output: "" }, run.ToString());
        Assert.Contains("audit", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_persons_cases_are_part_of_the_answer()
    {
        Assert.Equal(0, (await RunAsync("erase", "--identity", $"email={Email}", "--kind", "viewing_history")).ExitCode);
        var mine = await RunAsync("access", "--identity", $"email= {Email.ToUpperInvariant()}");
        var anothers = await RunAsync("access", "--identity", "email=birgitta.lindqvist@mejl.example");

        var collections = JsonDocument.Parse(mine.Output).RootElement.GetProperty("collections");
        Assert.Equal("Erasure", Assert.Single(collections.GetProperty("portal.cases").EnumerateArray()).GetProperty("type").GetString());
        Assert.Equal(2, collections.GetProperty("portal.erasure_ledger").GetArrayLength());
        Assert.Equal(
            ["access.read", "erasure.done", "erasure.intended"],
            collections.GetProperty("portal.audit_entries").EnumerateArray().Select(e => e.GetProperty("event").GetString()));
        Assert.False(JsonDocument.Parse(anothers.Output).RootElement.GetProperty("collections").TryGetProperty("portal.cases", out _));
    }

    [Fact]
    public async Task The_evidence_of_an_erasure_outlives_another_one()
    {
        Assert.Equal(0, (await RunAsync("erase", "--identity", $"email={Email}", "--kind", "viewing_history")).ExitCode);
        var number = Dumps.Query(Portal, "SELECT subject FROM cases").Single();
        var before = Dumps.Of(Portal, t => t is "audit_people" or "erasure_ledger");
        var run = await RunAsync("erase", "--identity", $"subject_number={number}", "--dry-run", "--format", "json");

        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.All(JsonDocument.Parse(run.Output).RootElement.GetProperty("steps").EnumerateArray(), s => Assert.Equal("retain", s.GetProperty("action").GetString()));
        Assert.Equal(before, Dumps.Of(Portal, t => t is "audit_people" or "erasure_ledger"));
    }

    [Fact]
    public async Task A_correction_is_a_case_that_awaits_its_recipients()
    {
        string[] name = ["rectify", "--identity", "customer_number=10007919", "--field", "kalejdo.subscriber.language"];
        var old = Dumps.Query(Kalejdo, "SELECT language FROM subscriber WHERE customer_number = '10007919'").Single();
        var other = old == "sv" ? "en" : "sv";
        var done = await RunAsync([.. name, "--old", old, "--new", other]);
        var stale = await RunAsync([.. name, "--old", old, "--new", other]);

        Assert.True(done is { ExitCode: 0 }, done.ToString());
        Assert.True(stale is { ExitCode: 1, Output: "" }, stale.ToString());
        Assert.Equal([other], Dumps.Query(Kalejdo, "SELECT language FROM subscriber WHERE customer_number = '10007919'"));
        Assert.Equal(["Rectification|WaitingForRecipients|0|", "Rectification|Refused|1|stale"], Dumps.Query(Portal, "SELECT type, status, closed_at IS NOT NULL, reason_code FROM cases ORDER BY received_at"));
        Assert.Equal(
            ["rectification.intended", "rectification.done", "rectification.intended", "rectification.refused"],
            Dumps.Query(Portal, "SELECT event FROM audit_entries ORDER BY sequence"));
        Assert.Contains(Dumps.Query(Portal, "SELECT number FROM cases ORDER BY received_at")[0], done.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kalejdo.subscriber.id", "1")]
    [InlineData("kalejdo.subscriber.nothing", "1")]
    [InlineData("kalejdo.subscriber.language", "de")]
    public async Task A_slip_in_a_correction_is_no_case(string field, string value)
    {
        var run = await RunAsync("rectify", "--identity", "customer_number=10007919", "--field", field, "--old", "sv", "--new", value);

        Assert.True(run is { ExitCode: 1, Output: "" }, run.ToString());
        Assert.Empty(Dumps.Query(Portal, "SELECT * FROM cases"));
    }

    [Theory]
    [InlineData("--identity", "telefon=1")]
    [InlineData("--identity", "email=a@b.example", "--kind", "allt")]
    public async Task A_slip_in_an_erasure_is_no_case(params string[] arguments)
    {
        var run = await RunAsync(["erase", .. arguments]);

        Assert.True(run is { ExitCode: 1, Output: "" }, run.ToString());
        Assert.Contains("no map knows", run.Error, StringComparison.Ordinal);
        Assert.Empty(Dumps.Query(Portal, "SELECT * FROM cases"));
    }

    [Fact]
    public async Task The_maps_fit_their_databases()
    {
        var run = await RunAsync("datamap", "check");

        Assert.True(run is { ExitCode: 0, Error: "" }, run.ToString());
        // The triggers of the append-only tables copy nothing; the check cannot know.
        Assert.All(run.Output.TrimEnd().Split('\n').SkipLast(1), line => Assert.Matches("portal.dataset.yml.*(audit_entries|erasure_ledger)' has the trigger", line));
    }

    [Fact]
    public async Task Finding_nothing_it_still_overwrites()
    {
        Assert.Equal(0, (await RunAsync("erase", "--identity", $"email={Email}")).ExitCode);
        var run = await RunAsync("erase", "--identity", "email=ingen@post.example", "--format", "json");

        Assert.Equal((0, """{"steps":[],"left":0}"""), (run.ExitCode, run.Output.TrimEnd()));
        Assert.Equal(["1"], Dumps.Query(Portal, "SELECT count(*) FROM cases"));
    }

    [Fact]
    public async Task A_link_for_a_stray_mail_is_made_on_record_and_keeps_the_address_to_itself()
    {
        var (first, second) = (await RunAsync("disavowal", "link", "--to", " Vilse@exempel.se "), await RunAsync("disavowal", "link", "--to", "vilse@exempel.se"));
        var slip = await RunAsync("disavowal", "link", "--to", "vilse.exempel.se");

        Assert.True(first is { ExitCode: 0, Error: "" }, first.ToString());
        Assert.Matches("^http://localhost:5080/inte-min-adress/lank/[A-Za-z0-9_-]{43}\n$", first.Output);
        Assert.NotEqual(first.Output, second.Output);
        Assert.Equal((2, ""), (slip.ExitCode, slip.Output));
        Assert.DoesNotContain("vilse", slip.Error, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(["Disavowal|1"], Dumps.Query(Portal, "SELECT purpose, count(DISTINCT address_hash) FROM mail_links WHERE used_at IS NULL GROUP BY purpose"));
        Assert.Equal(["disavowal.link-made|2|1"], Dumps.Query(Portal, "SELECT event, count(*), count(DISTINCT subject) FROM audit_entries GROUP BY event"));
        Assert.DoesNotContain("vilse", Dumps.Of(Portal), StringComparison.OrdinalIgnoreCase);
    }

    private Task<PortalRun> RunAsync(params string[] arguments) => PortalProcess.RunAsync(folder, arguments);
}
