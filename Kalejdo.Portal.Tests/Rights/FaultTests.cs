using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Tests.Support;
using Microsoft.Data.Sqlite;
using static Kalejdo.Portal.Tests.Support.MappedDatabaseUnderTest;
using static Kalejdo.Portal.Tests.Support.MapText;

namespace Kalejdo.Portal.Tests.Rights;

/// <summary>Databases that are locked, gone, unreadable or not what they were: a clear refusal, and nothing changed.</summary>
public sealed class FaultTests
{
    private const string Customers = "CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT); INSERT INTO customer VALUES (1, 'anna@exempel.se');";
    private static readonly string Map = Dataset(Collection("customer", "", Key(), Identity()));
    private static readonly IReadOnlyList<Identity> Anna = Email("anna@exempel.se");

    [Fact]
    public async Task A_locked_file_is_refused_and_said_to_be_locked()
    {
        await using var shop = await CreateAsync(Provider.Sqlite, Customers, Map);
        await using var other = (SqliteConnection)await shop.ConnectAsync();
        await using (var transaction = other.BeginTransaction(deferred: false))
        {
            Assert.Contains("another program has locked it", await ReasonAsync(shop), StringComparison.Ordinal);
        }

        Assert.Equal(["customer anonymise 1"], await shop.EraseAsync(Anna));
    }

    [Fact]
    public async Task A_file_that_is_gone_is_refused_and_not_made()
    {
        await using var shop = await CreateAsync(Provider.Sqlite, Customers, Map);
        File.Delete(shop.File);

        Assert.Contains("its file cannot be opened", await ReasonAsync(shop), StringComparison.Ordinal);
        Assert.NotEmpty(await shop.RefusedReadingAsync(Anna));
        Assert.False(File.Exists(shop.File));
        var (databases, problems) = await Databases.OpenAsync(shop.Databases.Map, [shop.Source], Cancellation);
        Assert.Null(databases);
        Assert.Contains("its file cannot be opened", Assert.Single(problems).Reason, StringComparison.Ordinal);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task A_file_that_was_replaced_is_read_anew_although_a_connection_waits(bool whole)
    {
        await using var shop = await CreateAsync(Provider.Sqlite, Customers, Map);
        await using var backup = await CreateAsync(Provider.Sqlite, Customers.Replace("(1,", "(7,", StringComparison.Ordinal), Map);
        Assert.Equal(["1"], await shop.SeenAsync(Anna, "customer", "id"));

        if (whole)
        {
            File.Move(backup.File, shop.File, overwrite: true);
        }
        else
        {
            // As cp does: the same file, with other bytes.
            await File.WriteAllBytesAsync(shop.File, await File.ReadAllBytesAsync(backup.File, Cancellation), Cancellation);
        }

        Assert.Equal(["7"], await shop.SeenAsync(Anna, "customer", "id"));
    }

    [Theory, EveryEngine]
    public async Task Whoever_comes_after_somebody_gets_nothing_of_theirs_and_a_session_that_failed_spoils_none(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Customers + "INSERT INTO customer VALUES (2, 'bo@exempel.se');", Map);
        Assert.Equal(["1"], await shop.SeenAsync(Anna, "customer", "id"));
        Assert.Equal(["2"], await shop.SeenAsync("bo@exempel.se", "customer", "id"));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new Access(shop.Databases).ReadAsync(Anna, _ => throw new OperationCanceledException(), Cancellation));
        Assert.Equal(["customer anonymise 1"], await shop.EraseAsync(Anna));
        Assert.Empty(await shop.SeenAsync(Anna, "customer", "id"));
        Assert.Equal(["2"], await shop.SeenAsync("bo@exempel.se", "customer", "id"));
        Assert.Equal(["customer anonymise 1"], await shop.PlanAsync(Email("bo@exempel.se")));
    }

    [Fact]
    public async Task A_server_that_ended_the_waiting_connections_is_asked_anew()
    {
        await using var shop = await CreateAsync(Provider.Postgresql, Customers, Map);
        Assert.Equal(["1"], await shop.SeenAsync(Anna, "customer", "id"));

        await shop.SqlAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{shop.SchemaName}' AND pid <> pg_backend_pid()");

        Assert.Equal(["1"], await shop.SeenAsync(Anna, "customer", "id"));
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused()
    {
        await using var shop = await CreateAsync(Provider.Sqlite, Customers, Map);
        await File.WriteAllTextAsync(shop.File, new string('x', 5000), Cancellation);

        Assert.Contains("damaged or is not a SQLite database", await ReasonAsync(shop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_cannot_be_written_is_shown_but_not_erased()
    {
        await using var shop = await CreateAsync(Provider.Sqlite, Customers, Map);
        // Tests may run as root, whom no file permission stops; a later file format does. https://sqlite.org/fileformat.html
        await using (var file = File.OpenWrite(shop.File))
        {
            file.Position = 18;
            file.WriteByte(3);
        }

        var before = await File.ReadAllBytesAsync(shop.File, Cancellation);

        Assert.Equal(["1"], await shop.SeenAsync(Anna, "customer", "id"));
        Assert.Equal(["customer anonymise 1"], await shop.PlanAsync(Anna));
        Assert.Contains("it cannot be written", await ReasonAsync(shop), StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(shop.File, Cancellation));
    }

    [Theory, EveryEngine]
    public async Task A_schema_that_has_changed_meanwhile_is_refused(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Customers, Map);
        await shop.SqlAsync("ALTER TABLE customer RENAME COLUMN email TO mail");

        Assert.NotEmpty(await ReasonAsync(shop));
        Assert.Equal(["anna@exempel.se"], await shop.ColumnAsync("SELECT mail FROM customer"));
    }

    [Fact]
    public async Task A_server_that_does_not_answer_or_lacks_the_database_is_refused()
    {
        await using var shop = await CreateAsync(Provider.Postgresql, Customers, Map);
        foreach (var (connection, reason) in new[]
        {
            ("Host=127.0.0.1;Port=1;Username=portal;Password=hemligt;Timeout=2", "the server cannot be reached"),
            (shop.Source.ConnectionString.Replace("Database=postgres", "Database=finns_inte", StringComparison.Ordinal), "there is no such database"),
            ("Nonsense=1;Password=hemligt", "is not a Postgresql connection string"),
        })
        {
            var (_, problems) = await Databases.OpenAsync(shop.Databases.Map, [shop.Source with { ConnectionString = connection }], Cancellation);
            Assert.Contains(reason, Assert.Single(problems).ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain("hemligt", problems[0].ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_user_without_the_right_to_delete_is_refused()
    {
        await using var shop = await CreateAsync(Provider.Postgresql, Customers, Map);
        await shop.SqlAsync($"CREATE ROLE reader LOGIN; GRANT USAGE ON SCHEMA {Schema(shop)} TO reader; GRANT SELECT ON customer TO reader;");
        var (databases, _) = await Databases.OpenAsync(shop.Databases.Map, [shop.Source with { ConnectionString = shop.Source.ConnectionString.Replace("Username=portal", "Username=reader", StringComparison.Ordinal) }], Cancellation);
        var erasure = new Erasure(databases!, shop.Time);

        Assert.IsType<ErasureOutcome.Done>(await erasure.PlanAsync(Anna, ErasureScope.Everything, Cancellation));
        var refused = Assert.IsType<ErasureOutcome.Refused>(await erasure.ExecuteAsync("shop", Anna, ErasureScope.Everything, Cancellation));
        Assert.Contains("lacks a right", Assert.Single(refused.Reasons).Reason, StringComparison.Ordinal);
        Assert.Equal(["anna@exempel.se"], await shop.ColumnAsync("SELECT email FROM customer"));
    }

    [Fact]
    public async Task A_row_that_somebody_else_changes_meanwhile_is_refused_and_can_be_tried_again()
    {
        await using var shop = await CreateAsync(Provider.Postgresql, Customers, Map);
        await using var located = await Located.LocateAsync(shop.Databases.All[0], Anna, write: true, Cancellation);
        await shop.SqlAsync("UPDATE customer SET email = 'Anna@exempel.se'");

        var clash = await Assert.ThrowsAsync<Npgsql.PostgresException>(() => new Disposal(located, shop.Databases.Map, ErasureScope.Everything, new DateOnly(2026, 11, 22)).ExecuteAsync(Cancellation));
        Assert.Contains("try again", located.Database.Dialect.Explain(clash), StringComparison.Ordinal);
        await located.DisposeAsync();
        Assert.Equal(["customer anonymise 1"], await shop.EraseAsync(Anna));
    }

    [Fact]
    public async Task A_file_that_cannot_be_opened_as_safely_as_it_must_is_refused()
    {
        await using var shop = await CreateAsync(Provider.Sqlite, Customers, Map);
        // A file system without shared memory has no WAL. https://sqlite.org/vfs.html
        var source = shop.Source with { ConnectionString = $"Data Source=file:{shop.File}?vfs=unix-none" };
        var (databases, problems) = await Databases.OpenAsync(shop.Databases.Map, [source], Cancellation);
        Assert.Empty(problems);

        var refused = Assert.IsType<ErasureOutcome.Refused>(await new Erasure(databases!, shop.Time).ExecuteAsync("shop", Anna, ErasureScope.Everything, Cancellation));

        Assert.Contains("SQLite would not set journal_mode to wal", Assert.Single(refused.Reasons).Reason, StringComparison.Ordinal);
        Assert.Equal(["anna@exempel.se"], await shop.ColumnAsync("SELECT email FROM customer"));
    }

    [Theory, EveryEngine]
    public async Task An_answer_that_breaks_off_does_not_look_whole(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Customers + "CREATE TABLE login (id INTEGER PRIMARY KEY, email TEXT);", Dataset(
            Collection("customer", "", Key(), Identity()), Collection("login", "", Key(), Identity())));
        await shop.SqlAsync(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"INSERT INTO customer SELECT n, 'anna@exempel.se' FROM ({(provider == Provider.Sqlite ? "WITH RECURSIVE s (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM s WHERE n < 5000) SELECT n FROM s" : "SELECT generate_series(2, 5000) AS n")}) AS numbers"));
        await shop.SqlAsync("ALTER TABLE login RENAME COLUMN id TO number");
        using var json = new MemoryStream();

        Assert.NotEmpty(await new Access(shop.Databases).WriteJsonAsync(Anna, json, Cancellation));

        Assert.True(json.Length > 0);
        Assert.ThrowsAny<System.Text.Json.JsonException>(() => System.Text.Json.JsonDocument.Parse(json.ToArray()));
    }

    [Theory, EveryEngine]
    public async Task A_cancelled_erasure_changes_nothing(Provider provider)
    {
        await using var shop = await CreateAsync(provider, Customers, Map);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => shop.Erasure.ExecuteAsync("shop", Anna, ErasureScope.Everything, cancelled.Token));
        Assert.Equal(["anna@exempel.se"], await shop.ColumnAsync("SELECT email FROM customer"));
    }

    [Fact]
    public async Task Sources_and_datasets_must_meet()
    {
        await using var shop = await CreateAsync(Provider.Sqlite, Customers, Map);
        var (_, problems) = await Databases.OpenAsync(shop.Databases.Map, [shop.Source with { Key = "shopp" }], Cancellation);

        Assert.Equal(["the dataset 'shop' has no source; add --source shop=sqlite:FILE or a setting Sources:shop", "the source 'shopp' belongs to no dataset; known are shop"], problems.Select(p => p.Reason));
        Assert.Single((await Databases.OpenAsync(shop.Databases.Map, [shop.Source, shop.Source], Cancellation)).Problems);
    }

    [Theory]
    [InlineData("shop=sqlite:/tmp/a.db", Provider.Sqlite, "Data Source=/tmp/a.db")]
    [InlineData("shop = postgresql: Host=h;Port=1", Provider.Postgresql, "Host=h;Port=1")]
    [InlineData("shop=sqlite:Data Source=a.db;Cache=Shared", Provider.Sqlite, "Data Source=a.db;Cache=Shared")]
    public void Sources_are_read(string text, Provider provider, string connection) => Assert.Equal(new Source("shop", provider, connection), Source.Parse(text));

    [Theory]
    [InlineData("shop")]
    [InlineData("=sqlite:a.db")]
    [InlineData("shop=mysql:a")]
    [InlineData("shop=sqlite:")]
    [InlineData("shop=sqlite")]
    public void Sources_of_another_form_are_not(string text) => Assert.Null(Source.Parse(text));

    private static string Schema(MappedDatabaseUnderTest shop) => shop.Source.ConnectionString.Split("Search Path=")[1];

    private static async Task<string> ReasonAsync(MappedDatabaseUnderTest shop) =>
        Assert.Single(Assert.IsType<ErasureOutcome.Refused>(await shop.Erasure.ExecuteAsync("shop", Anna, ErasureScope.Everything, Cancellation)).Reasons).Reason;
}
