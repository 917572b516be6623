using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using Kalejdo.Portal.Demo;
using Kalejdo.Portal.Rights;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Kalejdo.Portal.Benchmarks.Data;

/// <summary>Data sets by size, each made once and kept in a folder for later runs.</summary>
internal sealed class DataSets(string folder) : IAsyncDisposable
{
    // A changed schema makes new data sets.
    private static readonly string s_schema = SchemaHash();
    private Postgres? _postgres;

    public async Task<DataSet> GetAsync(Provider provider, int subscribers, int? history, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        var name = string.Create(CultureInfo.InvariantCulture, $"kalejdo_{s_schema}_{subscribers}_{history ?? 0}");
        var options = new SeedOptions(subscribers, DataSet.Today, history);
        var connectionString = provider == Provider.Sqlite
            ? await SqliteAsync(name, options, cancellationToken)
            : await PostgresAsync(name, options, cancellationToken);
        var data = await DataSet.OpenAsync(provider, connectionString, cancellationToken);
        await Subject.PutBackAsync(data, cancellationToken);
        return data;
    }

    /// <summary>The engine's name and version.</summary>
    public async Task<string> VersionAsync(Provider provider, CancellationToken cancellationToken)
    {
        if (provider == Provider.Sqlite)
        {
            await using var memory = new SqliteConnection("Data Source=:memory:");
            await memory.OpenAsync(cancellationToken);
            return $"SQLite {memory.ServerVersion}";
        }
        _postgres ??= await StartAsync(cancellationToken);
        await using var server = new NpgsqlConnection(_postgres.ConnectionString);
        await server.OpenAsync(cancellationToken);
        return $"PostgreSQL {server.ServerVersion.Split(' ')[0]}";
    }

    /// <summary>A database with nothing in it, for what makes its own tables.</summary>
    public async Task<string> EmptyAsync(Provider provider, string name, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        if (provider == Provider.Sqlite)
        {
            var file = Path.Combine(folder, $"{name}.db");
            foreach (var left in (string[])[file, $"{file}-wal", $"{file}-shm"])
            {
                File.Delete(left);
            }
            return $"Data Source={file}";
        }
        _postgres ??= await StartAsync(cancellationToken);
        await using var server = new NpgsqlConnection(_postgres.ConnectionString);
        await server.OpenAsync(cancellationToken);
        await ScalarAsync(server, $"DROP DATABASE IF EXISTS {name}", cancellationToken);
        await ScalarAsync(server, $"CREATE DATABASE {name}", cancellationToken);
        return new NpgsqlConnectionStringBuilder(_postgres.ConnectionString) { Database = name }.ConnectionString;
    }

    public async ValueTask DisposeAsync()
    {
        SqliteConnection.ClearAllPools();
        NpgsqlConnection.ClearAllPools();
        if (_postgres is not null)
        {
            await _postgres.DisposeAsync();
        }
    }

    private Task<Postgres> StartAsync(CancellationToken cancellationToken) => Postgres.StartAsync(Path.Combine(folder, "postgresql"), cancellationToken);

    private async Task<string> SqliteAsync(string name, SeedOptions options, CancellationToken cancellationToken)
    {
        var file = Path.Combine(folder, $"{name}.db");
        if (!File.Exists(file))
        {
            var part = $"{file}.part";
            File.Delete(part);
            await using (var connection = new SqliteConnection($"Data Source={part};Pooling=False"))
            {
                await FillAsync(name, connection, options, cancellationToken);
            }
            File.Move(part, file);
        }
        return $"Data Source={file}";
    }

    private async Task<string> PostgresAsync(string name, SeedOptions options, CancellationToken cancellationToken)
    {
        _postgres ??= await StartAsync(cancellationToken);
        await using var server = new NpgsqlConnection(_postgres.ConnectionString);
        await server.OpenAsync(cancellationToken);
        var connectionString = new NpgsqlConnectionStringBuilder(_postgres.ConnectionString) { Database = name, CommandTimeout = 0 }.ConnectionString;
        if (await ScalarAsync(server, $"SELECT 1 FROM pg_database WHERE datname = '{name}'", cancellationToken) is not null)
        {
            return connectionString;
        }
        var part = $"{name}_part";
        await ScalarAsync(server, $"DROP DATABASE IF EXISTS {part}", cancellationToken);
        await ScalarAsync(server, $"CREATE DATABASE {part}", cancellationToken);
        // Its foreign keys hold by themselves: invented rows need not be checked one by one while they are copied in.
        var filling = new NpgsqlConnectionStringBuilder(connectionString) { Database = part, Pooling = false, Options = "-c session_replication_role=replica -c maintenance_work_mem=256MB" };
        await using (var connection = new NpgsqlConnection(filling.ConnectionString))
        {
            await FillAsync(name, connection, options, cancellationToken);
            await ScalarAsync(connection, "VACUUM ANALYZE", cancellationToken);
        }
        await ScalarAsync(server, $"ALTER DATABASE {part} RENAME TO {name}", cancellationToken);
        return connectionString;
    }

    private static async Task FillAsync(string name, DbConnection connection, SeedOptions options, CancellationToken cancellationToken)
    {
        await Console.Error.WriteLineAsync($"making the data set {name} ({connection.GetType().Name})");
        if (await DemoDatabase.SeedAsync(connection, options, null, cancellationToken) is not Seeded)
        {
            throw new InvalidOperationException($"The data set {name} was begun by somebody else.");
        }
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    private static string SchemaHash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var name in (string[])["kalejdo.sqlite.sql", "kalejdo.postgresql.sql"])
        {
            using var script = typeof(DemoDatabase).Assembly.GetManifestResourceStream(name)!;
            using var copy = new MemoryStream();
            script.CopyTo(copy);
            hash.AppendData(copy.ToArray());
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..8];
    }
}
