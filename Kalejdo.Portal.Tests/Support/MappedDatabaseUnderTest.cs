using System.Data.Common;
using System.Globalization;
using System.Text.Json.Nodes;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Rights;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Kalejdo.Portal.Tests.Support;

/// <summary>A database of one engine with a map: what a test of the rights engine works on.</summary>
public sealed class MappedDatabaseUnderTest : IAsyncDisposable
{
    private static int s_count;
    private readonly string _folder;
    private readonly string? _schema;

    private MappedDatabaseUnderTest(Provider provider, string folder, string? schema, string connection)
    {
        (Provider, _folder, _schema) = (provider, folder, schema);
        // As in production connections wait for the next session; the server that all share has to last for all.
        Source = new Source("shop", provider, connection.Replace(";Pooling=false", provider == Provider.Sqlite ? "" : $";Connection Idle Lifetime=2;Connection Pruning Interval=1;Application Name={schema}", StringComparison.OrdinalIgnoreCase));
    }

    public Provider Provider { get; }

    public Source Source { get; }

    public string Folder => _folder;

    /// <summary>The schema of this case in the server that all share; null on SQLite.</summary>
    public string? SchemaName => _schema;

    public string File => Path.Combine(_folder, "shop.db");

    public string MapFile => Path.Combine(_folder, "shop.yml");

    public Databases Databases { get; private set; } = null!;

    public ManualTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 22, 9, 0, 0, TimeSpan.Zero));

    public Erasure Erasure => new(Databases, Time);

    public static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<MappedDatabaseUnderTest> CreateAsync(Provider provider, string sql, string map)
    {
        var database = await UnmappedAsync(provider, sql);
        try
        {
            await database.MapAsync(map);
            return database;
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    public static async Task<MappedDatabaseUnderTest> UnmappedAsync(Provider provider, string sql)
    {
        var folder = Directory.CreateTempSubdirectory("portal-rights-").FullName;
        var schema = provider == Provider.Postgresql ? $"case_{Interlocked.Increment(ref s_count)}" : null;
        var connection = schema is null ? $"Data Source={Path.Combine(folder, "shop.db")};Pooling=False" : await PostgresServer.NewSchemaAsync(schema);
        var database = new MappedDatabaseUnderTest(provider, folder, schema, connection);
        await database.SqlAsync(sql);
        return database;
    }

    public async Task MapAsync(string map)
    {
        var (databases, problems) = await OpenAsync(map);
        Assert.Empty(problems);
        Databases = databases!;
    }

    /// <summary>The errors of the map's files, or else what stands between map and database.</summary>
    public async Task<(Databases? Databases, IReadOnlyList<string> Problems)> OpenAsync(string map)
    {
        await System.IO.File.WriteAllTextAsync(MapFile, map, Cancellation);
        var (read, problems) = MapReader.Read([MapFile]);
        if (problems.Where(p => p.Severity == Severity.Error).Select(p => p.ToString()).ToList() is { Count: > 0 } errors)
        {
            return (null, errors);
        }

        var (databases, refusals) = await Databases.OpenAsync(read, [.. read.Datasets.Select(d => Source with { Key = d.Key })], Cancellation);
        return (databases, [.. refusals.Select(r => r.ToString())]);
    }

    public async Task<DbConnection> ConnectAsync()
    {
        DbConnection connection = Provider == Provider.Sqlite ? new SqliteConnection(Source.ConnectionString) : new NpgsqlConnection(Source.ConnectionString);
        await connection.OpenAsync(Cancellation);
        return connection;
    }

    public async Task SqlAsync(string sql)
    {
        await using var connection = await ConnectAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    /// <summary>The first column of a query, as text; null is "-".</summary>
    public async Task<string[]> ColumnAsync(string sql)
    {
        await using var connection = await ConnectAsync();
        return [.. await ColumnAsync(connection, sql)];
    }

    /// <summary>Every row of every table, ordered, as text.</summary>
    public async Task<IReadOnlyDictionary<string, IReadOnlyList<string>>> RowsAsync()
    {
        await using var connection = await ConnectAsync();
        var rows = new SortedDictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        var tables = await ColumnAsync(connection, Provider == Provider.Sqlite
            ? "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
            : $"SELECT table_name FROM information_schema.tables WHERE table_schema = '{_schema}' AND table_type = 'BASE TABLE'");
        foreach (var table in tables)
        {
            var quoted = $"\"{table.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
            var row = "t::text";
            if (Provider == Provider.Sqlite)
            {
                var columns = await ColumnAsync(connection, $"SELECT name FROM pragma_table_xinfo('{table.Replace("'", "''", StringComparison.Ordinal)}') WHERE hidden <> 1");
                row = string.Join(" || ',' || ", columns.Select(column => $"quote(t.\"{column.Replace("\"", "\"\"", StringComparison.Ordinal)}\")"));
            }

            rows.Add(table, await ColumnAsync(connection, $"SELECT {row} FROM {quoted} AS t ORDER BY 1"));
        }

        return rows;
    }

    public async Task<string> DumpAsync() => string.Join('\n', (await RowsAsync()).Select(table => $"{table.Key}\n  {string.Join("\n  ", table.Value)}"));

    public static IReadOnlyList<Identity> Email(string address) => [new("email", address)];

    /// <summary>The steps as "collection action rows", without the dataset.</summary>
    public static string[] Texts(IEnumerable<ErasureStep> steps) =>
        [.. steps.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Collection[(s.Collection.IndexOf('.', StringComparison.Ordinal) + 1)..]} {s.Action.ToString().ToLowerInvariant()} {s.Rows}{(s.Rule is null ? "" : $" {s.Rule.Name}")}{(s.Until is { } day ? $" {day:yyyy-MM-dd}" : "")}")).Order(StringComparer.Ordinal)];

    /// <summary>
    /// Plans, erases, looks for what is left and erases again; holds to what is true of every erasure: a plan changes nothing, exactly
    /// what was planned is done, nothing is left that the plan does not keep, and twice is once.
    /// </summary>
    public async Task<string[]> EraseAsync(IReadOnlyList<Identity> identities, ErasureScope? scope = null)
    {
        scope ??= ErasureScope.Everything;
        var before = await DumpAsync();
        var plan = await Erasure.PlanAsync(identities, scope, Cancellation);
        Assert.Equal(before, await DumpAsync());
        var planned = Texts(Done(plan).Steps);
        var steps = new List<ErasureStep>();
        foreach (var key in Databases.Keys)
        {
            steps.AddRange(Done(await Erasure.ExecuteAsync(key, identities, scope, Cancellation)).Steps);
        }

        Assert.Equal(planned, Texts(steps));
        Assert.Equal(0, await Erasure.LeftAsync(identities, scope, Cancellation));
        var after = await DumpAsync();
        foreach (var key in Databases.Keys)
        {
            Assert.DoesNotContain(Done(await Erasure.ExecuteAsync(key, identities, scope, Cancellation)).Steps, s => s.Changes);
        }

        Assert.Equal(after, await DumpAsync());
        return planned;
    }

    public Task<string[]> EraseAsync(string email) => EraseAsync(Email(email));

    /// <summary>The reasons of a refusal, which is the same for plan and execution and changes nothing.</summary>
    public async Task<string[]> RefusedAsync(IReadOnlyList<Identity> identities, ErasureScope? scope = null)
    {
        scope ??= ErasureScope.Everything;
        var before = await DumpAsync();
        var planned = Assert.IsType<ErasureOutcome.Refused>(await Erasure.PlanAsync(identities, scope, Cancellation));
        var executed = Assert.IsType<ErasureOutcome.Refused>(await Erasure.ExecuteAsync(Databases.Keys[0], identities, scope, Cancellation));
        Assert.Equal(before, await DumpAsync());
        Assert.Equal(planned.Reasons, executed.Reasons);
        return [.. planned.Reasons.Select(r => r.ToString())];
    }

    public Task<string[]> PlanAsync(string email) => PlanAsync(Email(email));

    public async Task<string[]> PlanAsync(IReadOnlyList<Identity> identities, ErasureScope? scope = null) =>
        Texts(Done(await Erasure.PlanAsync(identities, scope ?? ErasureScope.Everything, Cancellation)).Steps);

    public async Task<JsonObject> AccessAsync(IReadOnlyList<Identity> identities)
    {
        using var json = new MemoryStream();
        Assert.Empty(await new Access(Databases).WriteJsonAsync(identities, json, Cancellation));
        return (JsonObject)JsonNode.Parse(json.ToArray())!["collections"]!;
    }

    public Task<IReadOnlyList<Refusal>> RefusedReadingAsync(IReadOnlyList<Identity> identities) => new Access(Databases).WriteJsonAsync(identities, Stream.Null, Cancellation);

    /// <summary>The values of one column that access shows of a collection.</summary>
    public async Task<string[]> SeenAsync(IReadOnlyList<Identity> identities, string collection, string column) =>
        [.. (await AccessAsync(identities))[$"shop.{collection}"]!.AsArray().Select(row => row![column]?.ToString() ?? "-")];

    public Task<string[]> SeenAsync(string email, string collection, string column) => SeenAsync(Email(email), collection, column);

    // PostgreSQL's schemas go with the server: dropping one would disturb others that read the catalogue meanwhile.
    public ValueTask DisposeAsync()
    {
        Databases?.Dispose();
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private static ErasureOutcome.Done Done(ErasureOutcome outcome) => outcome is ErasureOutcome.Refused refused
        ? throw new Xunit.Sdk.XunitException($"Refused: {string.Join("; ", refused.Reasons)}")
        : (ErasureOutcome.Done)outcome;

    private static async Task<List<string>> ColumnAsync(DbConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync(Cancellation);
        var values = new List<string>();
        while (await reader.ReadAsync(Cancellation))
        {
            values.Add(reader.IsDBNull(0) ? "-" : Convert.ToString(reader.GetValue(0), CultureInfo.InvariantCulture)!);
        }

        return values;
    }
}
