using Kalejdo.Portal.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Kalejdo.Portal.Tests.Demo;

/// <summary>Who is made and printed at start, and when nobody is.</summary>
public sealed class DemoStartTests : IDisposable
{
    private const string Password = "norrsken över fjället";

    private readonly string data = Directory.CreateTempSubdirectory("portal-demo-start-").FullName;

    private string Portal => Path.Combine(data, "var", "portal.db");

    [Fact]
    public async Task A_seeded_database_is_the_demonstration_and_a_second_start_changes_nothing()
    {
        Assert.Equal(0, (await PortalProcess.RunAsync(data, "seed", "--subscribers", "20")).ExitCode);
        var first = await StartAsync();
        Assert.Contains("asa.sjoberg@post.example", first, StringComparison.Ordinal);
        Assert.Contains("handlaggare@kalejdo.example", first, StringComparison.Ordinal);
        Assert.Contains("administrator@kalejdo.example", first, StringComparison.Ordinal);
        Assert.Contains("samir.sandell@post.example, customer number 10031676 or box code 4TQFCN8", first, StringComparison.Ordinal);
        Assert.Contains(Password, first, StringComparison.Ordinal);
        Assert.Equal(
            ["administrator@kalejdo.example|administrator", "handlaggare@kalejdo.example|case-worker"],
            Dumps.Query(Portal, "SELECT a.email, r.name FROM accounts a JOIN account_roles x ON x.user_id = a.id JOIN roles r ON r.id = x.role_id ORDER BY 1"));
        var rows = Dumps.Of(Portal);

        Assert.Equal(first, await StartAsync());
        Assert.Equal(rows, Dumps.Of(Portal));
    }

    [Theory]
    [InlineData(true, "200")]
    [InlineData(false, "0")]
    public async Task A_database_that_is_none_has_no_account_of_a_public_password(bool unmarked, string subscribers)
    {
        await PortalProcess.RunAsync(data, "seed", "--subscribers", "20");
        if (unmarked)
        {
            Mark(0);
        }

        Assert.DoesNotContain(Password, await StartAsync($"--Demo:Subscribers={subscribers}"), StringComparison.Ordinal);
        Assert.Empty(Dumps.Query(Portal, "SELECT id FROM accounts"));
    }

    [Fact]
    public async Task Where_another_database_takes_its_place_the_accounts_go()
    {
        await PortalProcess.RunAsync(data, "seed", "--subscribers", "20");
        await StartAsync();
        Assert.Equal(3, Dumps.Query(Portal, "SELECT id FROM accounts").Count);
        Mark(0);

        Assert.DoesNotContain(Password, await StartAsync(), StringComparison.Ordinal);
        Assert.Empty(Dumps.Query(Portal, "SELECT id FROM accounts"));
        Assert.Empty(Dumps.Query(Portal, "SELECT id FROM account_links"));
    }

    public void Dispose() => Directory.Delete(data, recursive: true);

    /// <returns>What was printed before it served.</returns>
    private async Task<string> StartAsync(params string[] arguments)
    {
        await using var started = PortalProcess.Start(data, ["--urls=http://127.0.0.1:0", "--Logging:Console:LogToStandardErrorThreshold=Trace", .. arguments]);
        await started.SaysAsync("Application started");
        await started.InterruptAsync();
        var run = await started.EndAsync();
        Assert.True(run.ExitCode == 0, run.ToString());
        return run.Output;
    }

    private void Mark(int id)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(data, "var", "kalejdo.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"PRAGMA application_id = {id}";
        command.ExecuteNonQuery();
    }
}
