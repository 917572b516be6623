using System.Diagnostics;
using System.Text;

namespace Kalejdo.Portal.Tests.Support;

/// <summary>What a run of the real program left behind.</summary>
public sealed record PortalRun(int ExitCode, string Output, string Error)
{
    public override string ToString() => $"exit {ExitCode}\n{Output}\n{Error}";
}

/// <summary>The program as an operator starts it: a process of its own, with nothing but arguments and variables.</summary>
public sealed class PortalProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly Task<string> output;
    private readonly Task<string> error;
    private readonly StringBuilder said = new();
    private readonly SemaphoreSlim news = new(0);

    private PortalProcess(Process process)
    {
        this.process = process;
        (output, error) = (process.StandardOutput.ReadToEndAsync(), ListenAsync());
    }

    public static PortalProcess Start(string dataRoot, params string[] arguments) => Start(dataRoot, asNobody: false, [], arguments);

    /// <param name="asNobody">Without the rights of root, whom no file mode stops.</param>
    /// <param name="variables">More of the environment, each <c>NAME=value</c>.</param>
    public static PortalProcess Start(string dataRoot, bool asNobody, string[] variables, params string[] arguments)
    {
        // A test run in the background of a shell ignores SIGINT, and its children would inherit that: nobody could press Ctrl-C.
        string[] program = ["env", "--default-signal=INT", .. variables, .. asNobody ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : Array.Empty<string>(), "dotnet", Path.Combine(AppContext.BaseDirectory, "Kalejdo.Portal.dll")];
        var start = new ProcessStartInfo(program[0], [.. program[1..], .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            WorkingDirectory = dataRoot,
        };
        start.Environment["DataRoot"] = dataRoot;
        return new PortalProcess(Process.Start(start)!);
    }

    public static async Task<PortalRun> RunAsync(string dataRoot, params string[] arguments)
    {
        await using var started = Start(dataRoot, arguments);
        return await started.EndAsync();
    }

    public async Task<PortalRun> EndAsync()
    {
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new PortalRun(process.ExitCode, await output, await error);
    }

    /// <summary>Waits until the program has said something on stderr.</summary>
    public async Task SaysAsync(string text)
    {
        while (!Said().Contains(text, StringComparison.Ordinal))
        {
            Assert.False(error.IsCompleted, $"It ended without saying '{text}':\n{Said()}");
            await news.WaitAsync(TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Where it listens; its log must go to stderr.</summary>
    public async Task<Uri> AddressAsync()
    {
        const string listening = "Now listening on: ";
        await SaysAsync(listening);
        // The whole line.
        await SaysAsync("Application started");
        return new Uri(Said().Split(listening)[1].Split('\n')[0].Trim());
    }

    private string Said()
    {
        lock (said)
        {
            return said.ToString();
        }
    }

    private async Task<string> ListenAsync()
    {
        var buffer = new char[4096];
        while (await process.StandardError.ReadAsync(buffer) is > 0 and var read)
        {
            lock (said)
            {
                said.Append(buffer, 0, read);
            }
            news.Release();
        }
        news.Release();
        return Said();
    }

    /// <returns>Whether the program was still running when the time was over.</returns>
    public async Task<bool> RunsForAsync(TimeSpan time)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        over.CancelAfter(time);
        try
        {
            await process.WaitForExitAsync(over.Token);
            return false;
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            return true;
        }
    }

    /// <summary>SIGKILL: nothing of the program's own runs any more.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>What Ctrl-C sends.</summary>
    public async Task InterruptAsync()
    {
        using var kill = Process.Start("kill", ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }
        await error;
        news.Dispose();
        process.Dispose();
    }
}
