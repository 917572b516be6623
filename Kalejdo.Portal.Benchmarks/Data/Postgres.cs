using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Kalejdo.Portal.Benchmarks.Data;

/// <summary>A PostgreSQL server of the benchmarks' own, whose data stay between runs. Its durability is PostgreSQL's default.</summary>
internal sealed class Postgres : IAsyncDisposable
{
    private readonly string _folder;

    private Postgres(string folder, string connectionString) => (_folder, ConnectionString) = (folder, connectionString);

    /// <summary>Leads to the superuser's own database.</summary>
    public string ConnectionString { get; }

    private string DataFolder => Path.Combine(_folder, "data");

    public static async Task<Postgres> StartAsync(string folder, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        var port = FreePort();
        var server = new Postgres(folder, $"Host=127.0.0.1;Port={port};Username=portal;Database=postgres");
        if (Environment.IsPrivilegedProcess)
        {
            await server.RunAsync("chown", ["postgres", folder], asPostgres: false, cancellationToken);
        }
        if (!File.Exists(Path.Combine(server.DataFolder, "PG_VERSION")))
        {
            await server.RunAsync(Tool("initdb"), ["-D", server.DataFolder, "-U", "portal", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"], asPostgres: true, cancellationToken);
        }
        await server.StopAsync(cancellationToken);
        await server.RunAsync(
            Tool("pg_ctl"),
            ["-D", server.DataFolder, "-w", "-t", "120", "-l", Path.Combine(folder, "log"), "-o", $"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c shared_buffers=512MB -c max_wal_size=4GB -c timezone=UTC", "start"],
            asPostgres: true, cancellationToken);
        return server;
    }

    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None);

    // Also what an earlier run, broken off, left running.
    private async Task StopAsync(CancellationToken cancellationToken)
    {
        if (File.Exists(Path.Combine(DataFolder, "postmaster.pid")))
        {
            await RunAsync(Tool("pg_ctl"), ["-D", DataFolder, "-m", "fast", "-w", "-t", "120", "stop"], asPostgres: true, cancellationToken, mayFail: true);
        }
    }

    private static string Tool(string name) =>
        Directory.Exists("/usr/lib/postgresql")
        && Directory.EnumerateDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin", name)).Where(File.Exists).Order(StringComparer.Ordinal).LastOrDefault() is { } tool
            ? tool
            : throw new InvalidOperationException("PostgreSQL's server programs are missing: sudo apt-get install postgresql, or measure with --engine sqlite.");

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    // PostgreSQL refuses to run as root. Output goes to no pipe: the server inherits it and would keep it open.
    private async Task RunAsync(string program, string[] arguments, bool asPostgres, CancellationToken cancellationToken, bool mayFail = false)
    {
        var start = new ProcessStartInfo("/bin/sh") { WorkingDirectory = _folder };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add("exec \"$0\" \"$@\" > said 2>&1 < /dev/null");
        string[] command = asPostgres && Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", program, .. arguments] : [program, .. arguments];
        Array.ForEach(command, start.ArgumentList.Add);
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0 && !mayFail)
        {
            throw new InvalidOperationException($"{program} failed: {await File.ReadAllTextAsync(Path.Combine(_folder, "said"), cancellationToken)}");
        }
    }
}
