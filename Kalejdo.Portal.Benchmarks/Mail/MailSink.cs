using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Kalejdo.Portal.Benchmarks.Mail;

/// <summary>
/// A mail server that takes everything. It is a process of its own, as mail servers are: neither side shares its threads.
/// </summary>
internal sealed class MailSink : IAsyncDisposable
{
    public const string Verb = "mail-sink";
    public const string Prompt = "prompt";
    private const string Ordinary = "ordinary";
    private readonly Process _process;

    private MailSink(Process process, int port) => (_process, Port) = (process, port);

    public int Port { get; }

    /// <param name="prompt">Whether it acknowledges every packet at once, so that whatever is slow is the sender; else Linux decides, as for any mail server.</param>
    public static async Task<MailSink> StartAsync(bool prompt, CancellationToken cancellationToken)
    {
        // Under `dotnet run` and `dotnet X.dll` alike.
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(MailSink).Assembly.Location);
        }
        start.ArgumentList.Add(Verb);
        start.ArgumentList.Add(prompt ? Prompt : Ordinary);
        var process = Process.Start(start)!;
        return new MailSink(process, (int)await NumberAsync(process, cancellationToken));
    }

    /// <summary>How many mails it has taken.</summary>
    public async Task<long> TakenAsync(CancellationToken cancellationToken)
    {
        await _process.StandardInput.WriteLineAsync("how many?".AsMemory(), cancellationToken);
        await _process.StandardInput.FlushAsync(cancellationToken);
        return await NumberAsync(_process, cancellationToken);
    }

    /// <summary>It ends when its input does.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static async Task<long> NumberAsync(Process process, CancellationToken cancellationToken) =>
        long.Parse(await process.StandardOutput.ReadLineAsync(cancellationToken) ?? throw new InvalidOperationException("The mail server ended."), CultureInfo.InvariantCulture);

    /// <summary>The other process's part.</summary>
    public static async Task<int> RunAsync(bool prompt)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var server = new Server(prompt);
        _ = server.ServeAsync(listener);
        Console.WriteLine(((IPEndPoint)listener.LocalEndpoint).Port);
        while (await Console.In.ReadLineAsync() is not null)
        {
            Console.WriteLine(server.Taken);
        }
        return 0;
    }

    private sealed class Server(bool prompt)
    {
        private long _taken;

        public long Taken => Interlocked.Read(ref _taken);

        public async Task ServeAsync(TcpListener listener)
        {
            while (true)
            {
                _ = VisitAsync(await listener.AcceptTcpClientAsync());
            }
        }

        private async Task VisitAsync(TcpClient client)
        {
            try
            {
                using var visitor = client;
                visitor.NoDelay = true;
                await using var stream = visitor.GetStream();
                using var reader = new StreamReader(prompt ? new PromptStream(visitor.Client, stream) : stream, Encoding.Latin1, bufferSize: 16_384);
                await SayAsync("220 sink");
                while (await reader.ReadLineAsync() is { } line)
                {
                    switch (line.Split(' ')[0].ToUpperInvariant())
                    {
                        case "EHLO":
                            await SayAsync("250-sink\r\n250 8BITMIME");
                            break;
                        case "DATA":
                            await SayAsync("354 go on");
                            while (await reader.ReadLineAsync() is not (null or "."))
                            {
                            }
                            Interlocked.Increment(ref _taken);
                            await SayAsync("250 taken");
                            break;
                        case "QUIT":
                            await SayAsync("221 bye");
                            return;
                        default:
                            await SayAsync("250 fine");
                            break;
                    }
                }

                ValueTask SayAsync(string answer) => stream.WriteAsync(Encoding.ASCII.GetBytes(answer + "\r\n"));
            }
            catch (IOException)
            {
                // The client hung up.
            }
        }
    }

    /// <summary>
    /// Acknowledges at once what it reads. The framework's client writes a mail in small pieces and waits for the acknowledgement of
    /// each, which Linux holds back for 40 ms: beside that nothing else of a mail would be seen.
    /// </summary>
    private sealed class PromptStream(Socket socket, Stream inner) : Stream
    {
        private const int Tcp = 6;
        private const int QuickAck = 12;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            // It holds for a few packets only.
            socket.SetRawSocketOption(Tcp, QuickAck, [1, 0, 0, 0]);
            return inner.ReadAsync(buffer, cancellationToken);
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
