using Kalejdo.Portal.Commands;
using Microsoft.Data.Sqlite;

namespace Kalejdo.Portal.Tests.Demo;

public sealed class SeedCommandTests : IAsyncDisposable
{
    private readonly string _connection = $"Data Source={Guid.NewGuid():N};Mode=Memory;Cache=Shared";
    private readonly SqliteConnection _keptOpen;
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    public SeedCommandTests()
    {
        _keptOpen = new SqliteConnection(_connection);
        _keptOpen.Open();
    }

    [Fact]
    public async Task Seeds_the_named_database_and_says_what_it_did()
    {
        Assert.Equal(0, await RunAsync("--subscribers", "20", "--source", $"kalejdo=sqlite:{_connection}"));

        Assert.Matches("subscriber +20", _output.ToString());
        Assert.Contains("Complete", _output.ToString(), StringComparison.Ordinal);
        Assert.Empty(_error.ToString());
    }

    [Fact]
    public async Task Today_is_the_day_in_Sweden()
    {
        Assert.Equal(0, await RunAsync("--subscribers", "1"));

        // Half past eleven at night in UTC: the next day has begun in Stockholm.
        Assert.Equal("2026-11-22", await ScalarAsync("SELECT date(max(day), '+1 day') FROM telemetry"));
    }

    [Fact]
    public async Task Counts_back_from_the_day_that_is_named()
    {
        Assert.Equal(0, await RunAsync("--subscribers", "1", "--today", "2024-02-29"));

        Assert.Equal("2024-02-28", await ScalarAsync("SELECT max(day) FROM telemetry"));
    }

    [Fact]
    public async Task A_filled_database_is_refused()
    {
        Assert.Equal(0, await RunAsync("--subscribers", "2"));
        Assert.Equal(1, await RunAsync("--subscribers", "3"));

        Assert.Contains("2 subscribers already", _error.ToString(), StringComparison.Ordinal);
        Assert.Equal("2", await ScalarAsync("SELECT count(*) FROM subscriber"));
    }

    [Theory]
    [InlineData("--subscribers", "0")]
    [InlineData("--subscribers", "many")]
    [InlineData("--subscribers", "-5")]
    [InlineData("--subscribers", "1000001")]
    [InlineData("--subscribers", "5", "--history", "1.5")]
    [InlineData("--subscribers", "5", "--today", "2026-02-30")]
    [InlineData("--subscribers", "5", "--today", "22/11/2026")]
    [InlineData("--subscribers", "5", "--source", "kalejdo=mysql:server=db")]
    [InlineData("--subscribers", "5", "--source", "elsewhere=sqlite:a.db")]
    [InlineData("--subscribers", "5", "--source", "kalejdo=sqlite:Nonsense=1")]
    public async Task Wrong_usage_is_told(params string[] arguments)
    {
        Assert.Equal(2, await RunAsync(arguments));

        Assert.StartsWith("--", _error.ToString(), StringComparison.Ordinal);
        Assert.Empty(_output.ToString());
        Assert.Equal("0", await ScalarAsync("SELECT count(*) FROM sqlite_master"));
    }

    public async ValueTask DisposeAsync() => await _keptOpen.DisposeAsync();

    private Task<int> RunAsync(params string[] arguments) =>
        SeedCommand.Create(new LateEvening(), () => new SqliteConnection(_connection)).Parse(arguments)
            .InvokeAsync(new() { Output = _output, Error = _error }, TestContext.Current.CancellationToken);

    private async Task<string> ScalarAsync(string query)
    {
        await using var command = _keptOpen.CreateCommand();
        command.CommandText = query;
        return (await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!.ToString()!;
    }

    private sealed class LateEvening : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 11, 21, 23, 30, 0, TimeSpan.Zero);
    }
}
