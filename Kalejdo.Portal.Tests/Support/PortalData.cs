using System.Data.Common;
using Kalejdo.Portal.Rights;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Kalejdo.Portal.Tests.Support;

/// <summary>
/// Where a portal of the tests keeps its data: SQLite files in a folder of its own, or (<see cref="OnPostgresAttribute"/>) two
/// PostgreSQL databases beside the folder with its keys.
/// </summary>
public sealed class PortalData : IDisposable
{
    private readonly PostgresDatabase? store;
    private readonly PostgresDatabase? kalejdo;

    /// <param name="subscribers">Of the demonstration; on SQLite the portal makes it itself.</param>
    public PortalData(int subscribers = 200, DateOnly? today = null)
    {
        Subscribers = subscribers;
        if (OnPostgresAttribute.Here)
        {
            // Constructors wait for nobody, and a factory is made in one.
            store = PostgresDatabase.PortalAsync().GetAwaiter().GetResult();
            kalejdo = PostgresDatabase.KalejdoAsync(subscribers, today).GetAwaiter().GetResult();
        }
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("portal-data-").FullName;

    public int Subscribers { get; }

    public Provider Provider => kalejdo is null ? Provider.Sqlite : Provider.Postgresql;

    public IReadOnlyDictionary<string, string> Settings => kalejdo is null
        ? new Dictionary<string, string> { ["DataRoot"] = Folder, ["Demo:Subscribers"] = $"{Subscribers}", ["Recipients:Sending"] = "false" }
        : new Dictionary<string, string>
        {
            ["DataRoot"] = Folder,
            ["Demo:Subscribers"] = $"{Subscribers}",
            // Recipients are told when a test says so.
            ["Recipients:Sending"] = "false",
            ["Store:Provider"] = "postgresql",
            ["Store:ConnectionString"] = store!.Connection,
            ["DataMap:Sources:kalejdo"] = $"postgresql:{kalejdo.Connection}",
        };

    public IWebHostBuilder UseIn(IWebHostBuilder builder) => Settings.Aggregate(builder, (all, setting) => all.UseSetting(setting.Key, setting.Value));

    /// <summary>Kalejdo's database, as another program opens it.</summary>
    public async Task<DbConnection> KalejdoAsync()
    {
        DbConnection connection = kalejdo is null
            ? new SqliteConnection($"Data Source={Path.Combine(Folder, "var", "kalejdo.db")};Pooling=False;Default Timeout=5")
            : new NpgsqlConnection(kalejdo.Connection);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        return connection;
    }

    /// <summary>As another program that is writing: the others may read, and wait to write until this is disposed.</summary>
    public async Task<IAsyncDisposable> LockAsync()
    {
        var connection = await KalejdoAsync();
        var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        if (connection is NpgsqlConnection)
        {
            var tables = await RowsAsync("SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'");
            await using var command = connection.CreateCommand();
            (command.Transaction, command.CommandText) = (transaction, $"LOCK TABLE {string.Join(", ", tables)} IN EXCLUSIVE MODE");
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
        return new Held(connection, transaction);
    }

    private sealed class Held(DbConnection connection, DbTransaction transaction) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await transaction.DisposeAsync();
            await connection.DisposeAsync();
        }
    }

    /// <summary>The rows of a query on Kalejdo's database as text, "∅" for nothing.</summary>
    public async Task<List<string>> RowsAsync(string sql)
    {
        await using var connection = await KalejdoAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var rows = new List<string>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? "∅" : Text(reader.GetValue(i)))));
        }
        return rows;
    }

    public async Task<int> ChangeAsync(string sql)
    {
        await using var connection = await KalejdoAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var connection = await KalejdoAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken) is not (null or DBNull) and var value
            ? (T)Convert.ChangeType(value, typeof(T), System.Globalization.CultureInfo.InvariantCulture)
            : default!;
    }

    /// <summary>Every row of Kalejdo's database.</summary>
    public async Task<IReadOnlyList<string>> DumpAsync()
    {
        var rows = new List<string>();
        foreach (var table in await RowsAsync(kalejdo is null
            ? "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"
            : "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1"))
        {
            rows.AddRange((await RowsAsync($"SELECT * FROM \"{table}\"")).Select(row => $"{table}: {row}"));
        }
        rows.Sort(StringComparer.Ordinal);
        return rows;
    }

    /// <summary>A copy of Kalejdo's database as it is now, for <see cref="RestoreAsync"/>.</summary>
    public async Task<string> BackUpAsync()
    {
        if (kalejdo is not null)
        {
            return await kalejdo.BackUpAsync();
        }
        var file = Path.Combine(Folder, "backup.db");
        await ChangeAsync($"VACUUM INTO '{file}'");
        return file;
    }

    public async Task RestoreAsync(string backup)
    {
        if (kalejdo is not null)
        {
            await kalejdo.RestoreAsync(backup);
            return;
        }
        var file = Path.Combine(Folder, "var", "kalejdo.db");
        foreach (var beside in new[] { "-wal", "-shm" })
        {
            File.Delete(file + beside);
        }
        File.Copy(backup, file, overwrite: true);
    }

    public void Dispose()
    {
        if (!Directory.Exists(Folder))
        {
            return;
        }
        SqliteConnection.ClearAllPools();
        Directory.Delete(Folder, recursive: true);
        store?.Dispose();
        kalejdo?.Dispose();
    }

    private static string Text(object value) => value is DateTime or DateOnly
        ? string.Format(System.Globalization.CultureInfo.InvariantCulture, "{0:yyyy-MM-dd}", value)
        : value.ToString()!;
}
