using Kalejdo.Portal.Tests.Support;

namespace Kalejdo.Portal.Tests.Commands;

/// <summary>The verbs of the data map, as an operator runs them.</summary>
public sealed class DataMapCommandTests : IDisposable
{
    private readonly Shop shop = new();

    public void Dispose() => shop.Dispose();

    private string Source => $"shop=sqlite:{shop.DatabaseFile}";

    private string DraftFile => Path.Combine(shop.Folder, "draft.yml");

    [Fact]
    public async Task A_draft_is_written_once_checks_without_errors_and_needs_no_update_until_the_database_changes()
    {
        var printed = await RunAsync("draft", "--source", Source);
        var written = await RunAsync("draft", "--source", Source, "--out", DraftFile);
        var again = await RunAsync("draft", "--source", Source, "--out", DraftFile);
        var check = await RunAsync("check", "--map", DraftFile, "--source", Source);
        var update = await RunAsync("update", "--map", DraftFile, "--source", Source);

        Assert.True(printed.ExitCode == 0, printed.ToString());
        Assert.Equal((0, ""), (written.ExitCode, written.Output));
        var draft = await File.ReadAllTextAsync(DraftFile, TestContext.Current.CancellationToken);
        Assert.Equal(printed.Output, draft);
        Assert.Equal(1, again.ExitCode);
        Assert.Contains("exists already", again.Error, StringComparison.Ordinal);
        Assert.True(check.ExitCode == 0, check.ToString());
        Assert.EndsWith("1 dataset, 4 collections: 0 errors, 4 warnings", check.Output.TrimEnd(), StringComparison.Ordinal);
        Assert.Equal((0, "Nothing to do: the map knows what the databases have."), (update.ExitCode, update.Output.TrimEnd()));
        Assert.False(Directory.Exists(Path.Combine(shop.Folder, "var")), "No portal database is needed, so none is made.");

        shop.Execute("ALTER TABLE review ADD COLUMN epost TEXT");
        var changed = await RunAsync("update", "--map", DraftFile, "--source", Source);

        Assert.Equal(1, changed.ExitCode);
        Assert.Contains(": the table 'review' has columns that no map mentions: epost; paste behind this line, in 'fields:':", changed.Output, StringComparison.Ordinal);
        Assert.Contains("          - name: epost\n            data_categories: [user.contact.email] # guess\n", changed.Output, StringComparison.Ordinal);
        Assert.EndsWith("1 place to change. Nothing was written.", changed.Output.TrimEnd(), StringComparison.Ordinal);
        Assert.Equal(draft, await File.ReadAllTextAsync(DraftFile, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(2, "--source is not KEY=PROVIDER:CONNECTION", "draft", "--source", "shop")]
    [InlineData(2, "--source is not KEY=PROVIDER:CONNECTION", "draft", "--source", "sh: op\n=sqlite:x.db")]
    [InlineData(2, "--source", "draft")]
    [InlineData(1, "its file cannot be opened", "draft", "--source", "shop=sqlite:none.db")]
    [InlineData(1, "has no tables", "draft", "--source", "shop=sqlite::memory:")]
    [InlineData(1, "has no tables in other; its schemas are main", "draft", "--source", "shop=sqlite:shop.db", "--schema", "other")]
    [InlineData(1, "its file is damaged or is not a SQLite database", "draft", "--source", "shop=sqlite:shop.yml")]
    [InlineData(1, "shop.yml:10: error: the database 'shop': its file cannot be opened", "update", "--map", "shop.yml", "--source", "shop=sqlite:none.db")]
    [InlineData(1, "shop.db:1: error: the control character U+0000 does not belong in a text", "update", "--map", "shop.db", "--source", "shop=sqlite:shop.db")]
    public async Task What_cannot_be_done_is_said_without_a_stack_trace(int exit, string reason, params string[] arguments)
    {
        var run = await RunAsync(arguments);

        Assert.Equal((exit, ""), (run.ExitCode, run.Output));
        Assert.Contains(reason, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }

    private Task<PortalRun> RunAsync(params string[] arguments) => PortalProcess.RunAsync(shop.Folder, ["datamap", .. arguments]);
}
