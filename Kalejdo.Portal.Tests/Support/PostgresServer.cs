using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

[assembly: AssemblyFixture(typeof(Kalejdo.Portal.Tests.Support.PostgresServer))]

namespace Kalejdo.Portal.Tests.Support;

/// <summary>A PostgreSQL server of the tests' own: started when a test first asks for it, gone with its data when they end.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private readonly Lazy<Task<string>> _connection;
    private string? _folder;

    public PostgresServer() => _connection = new(StartAsync);

    /// <summary>The connection string of the superuser.</summary>
    public static async Task<string> ConnectionAsync() =>
        await (await TestContext.Current.GetFixture<PostgresServer>() ?? throw new InvalidOperationException("Tests alone have a server."))._connection.Value;

    private async Task<string> StartAsync()
    {
        _folder = Directory.CreateTempSubdirectory("portal-postgres-").FullName;
        var data = Path.Combine(_folder, "data");
        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync("chown", ["postgres", _folder]);
        }

        // Nothing of it has to outlive a power cut.
        await RunAsync(Tool("initdb"), ["-D", data, "-U", "portal", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"], asPostgres: true);
        var port = FreePort();
        await RunAsync(Tool("pg_ctl"),
            ["-D", data, "-w", "-t", "60", "-l", Path.Combine(_folder, "log"), "-o", $"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={_folder} -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300 -c timezone=America/New_York", "start"],
            asPostgres: true);
        return $"Host=127.0.0.1;Port={port};Username=portal;Database=postgres;Pooling=false";
    }

    public async ValueTask DisposeAsync()
    {
        if (_folder is null)
        {
            return;
        }

        if (File.Exists(Path.Combine(_folder, "data", "postmaster.pid")))
        {
            await RunAsync(Tool("pg_ctl"), ["-D", Path.Combine(_folder, "data"), "-m", "immediate", "-w", "stop"], asPostgres: true);
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static string Tool(string name) =>
        Directory.Exists("/usr/lib/postgresql")
        && Directory.EnumerateDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin", name)).Where(File.Exists).Order(StringComparer.Ordinal).LastOrDefault() is { } tool
            ? tool
            : throw new InvalidOperationException("The tests need PostgreSQL's server programs: sudo apt-get install postgresql (./test does it where it may).");

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    // PostgreSQL refuses to run as root. Output goes to no pipe: the server inherits it and would keep it open.
    private async Task RunAsync(string program, string[] arguments, bool asPostgres = false)
    {
        var start = new ProcessStartInfo("/bin/sh") { WorkingDirectory = _folder! };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add($"exec \"$0\" \"$@\" > {_folder}/said 2>&1 < /dev/null");
        string[] command = asPostgres && Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", program, .. arguments] : [program, .. arguments];
        Array.ForEach(command, start.ArgumentList.Add);
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} failed: {await File.ReadAllTextAsync($"{_folder}/said")}");
        }
    }

    /// <summary>Makes a schema for one case; the connection string leads into it.</summary>
    public static async Task<string> NewSchemaAsync(string name)
    {
        var connection = await ConnectionAsync();
        await ExecuteAsync(connection, $"CREATE SCHEMA {name}");
        return $"{connection};Search Path={name}";
    }

    public static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
