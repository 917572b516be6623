using System.CommandLine;
using System.Globalization;
using Kalejdo.Portal.Benchmarks.Data;
using Kalejdo.Portal.Benchmarks.Mail;
using Kalejdo.Portal.Rights;

namespace Kalejdo.Portal.Benchmarks;

internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        if (args is [Memory.Verb, var memoryProvider, var memoryConnection])
        {
            return await Memory.PrintAsync(memoryProvider, memoryConnection);
        }
        if (args is [MailSink.Verb, var acknowledging])
        {
            return await MailSink.RunAsync(acknowledging == MailSink.Prompt);
        }

        var only = new Option<string[]>("--only") { Description = "Only these jobs: access, erase, growth, mail, page, zip", AllowMultipleArgumentsPerToken = true };
        only.AcceptOnlyFromAmong("access", "erase", "growth", "mail", "page", "zip");
        var engines = new Option<string[]>("--engine") { Description = "Only these engines: sqlite, postgresql", AllowMultipleArgumentsPerToken = true };
        engines.AcceptOnlyFromAmong("sqlite", "postgresql");
        var quick = new Option<bool>("--quick") { Description = "A tenth of the data and fewer rounds: an impression, no result" };
        var folder = new Option<string>("--folder") { Description = "Where the data sets are kept (about 15 GB; 1 GB with --quick)", DefaultValueFactory = _ => Path.Combine(Path.GetTempPath(), "kalejdo-benchmarks") };
        var command = new RootCommand("Measures the rights engine and the outbox against hand-written code: same run, same data.") { only, engines, quick, folder };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var sizes = parsed.GetValue(quick) ? Sizes.Quick : Sizes.Full;
            var output = parsed.InvocationConfiguration.Output;
            bool Wanted(string job) => parsed.GetValue(only) is not { Length: > 0 } jobs || jobs.Contains(job);
            await using var sets = new DataSets(parsed.GetValue(folder)!);
            var table = new Table();
            var providers = Enum.GetValues<Provider>().Where(p => parsed.GetValue(engines) is not { Length: > 0 } named || named.Contains(p.ToString().ToLowerInvariant())).ToList();
            foreach (var provider in providers)
            {
                await MeasureAsync(provider);
            }
            await output.WriteLineAsync();
            await output.WriteLineAsync(await Environs.DescribeAsync(sets, providers, cancellationToken));
            await output.WriteLineAsync();
            await output.WriteAsync(table.ToString());
            return 0;

            async Task MeasureAsync(Provider provider)
            {
                Task<DataSet> Few() => sets.GetAsync(provider, sizes.Few, null, cancellationToken);
                Task<DataSet> Many() => sets.GetAsync(provider, sizes.Many, null, cancellationToken);
                Task<DataSet> Long() => sets.GetAsync(provider, sizes.Few, sizes.History, cancellationToken);
                var (many, rows) = (Count(sizes.Many), Count(sizes.History));
                if (Wanted("access"))
                {
                    await AccessAsync(await Many(), $"access, small: 1 of {many} subscribers", 1.3, "≤ 1.3 ×", sizes.Small);
                    var large = await Long();
                    await AccessAsync(large, $"access, large: {rows} rows to JSON", 1 / 0.8, "≥ 0.8 × the speed", sizes.Large);
                    table.AddMemory(provider, $"access, large: growth of the process", await Memory.MegabytesAsync(large, cancellationToken), 64);
                }
                if (Wanted("erase"))
                {
                    await RunAsync(Jobs.Erase(await Many(), $"erase, small: 1 of {many} subscribers"), sizes.Small);
                    await RunAsync(Jobs.Erase(await Long(), $"erase, large: {rows} rows"), sizes.Large);
                }
                if (Wanted("page"))
                {
                    await RunAsync(Jobs.FirstPage(await Long(), $"first page of {rows} rows"), sizes.Small);
                }
                if (Wanted("zip"))
                {
                    await RunAsync(await Jobs.ZipAsync(await Long(), $"ZIP download: {rows} rows", cancellationToken), sizes.Large);
                }
                if (Wanted("mail"))
                {
                    // An ordinary server makes each mail wait some 40 ms for an acknowledgement: fewer of them will do.
                    await DrainAsync(prompt: false, sizes.Mails / 10, "an ordinary server");
                    await DrainAsync(prompt: true, sizes.Mails, "one that answers at once");
                }
                if (Wanted("growth"))
                {
                    var most = provider == Provider.Postgresql ? sizes.Most : sizes.Many;
                    foreach (var job in Jobs.Growth(await sets.GetAsync(provider, most, null, cancellationToken), await Few(), $"1 of {Count(most)} subscribers", $"of {Count(sizes.Few)}"))
                    {
                        await RunAsync(job, sizes.Small);
                    }
                }

                async Task DrainAsync(bool prompt, int mails, string server)
                {
                    await using var drain = await OutboxDrain.OpenAsync(sets, provider, parsed.GetValue(folder)!, prompt, mails, cancellationToken);
                    await RunAsync(await drain.JobAsync(parallel: 1, server, cancellationToken), sizes.Large);
                    await RunAsync(await drain.JobAsync(parallel: 4, server, cancellationToken), sizes.Large);
                }

                async Task AccessAsync(DataSet data, string name, double limit, string aim, Rounds rounds)
                {
                    if (!await Jobs.SameJsonAsync(data, cancellationToken))
                    {
                        throw new InvalidOperationException($"{name}: the two sides write different documents.");
                    }
                    await RunAsync(Jobs.Access(data, name, limit, aim), rounds);
                }

                async Task RunAsync(Job job, Rounds rounds)
                {
                    await Console.Error.WriteLineAsync($"measuring {provider}: {job.Name}");
                    table.Add(provider, await rounds.MeasureAsync(job, cancellationToken));
                }
            }
        });
        return await command.Parse(args).InvokeAsync();
    }

    private static string Count(int number) => number.ToString("N0", CultureInfo.InvariantCulture);
}

/// <param name="Few">Subscribers of a small database.</param>
/// <param name="Many">Subscribers of a large one.</param>
/// <param name="Most">Subscribers of PostgreSQL's largest one.</param>
/// <param name="History">Rows of a long history.</param>
/// <param name="Mails">Mails of a full outbox.</param>
/// <param name="Small">How often jobs of milliseconds are measured.</param>
/// <param name="Large">How often jobs of seconds are.</param>
internal sealed record Sizes(int Few, int Many, int Most, int History, int Mails, Rounds Small, Rounds Large)
{
    public static Sizes Full { get; } = new(1_000, 100_000, 1_000_000, 1_000_000, 2_000, new(15, 200, TimeSpan.FromSeconds(8)), new(5, 11, TimeSpan.FromSeconds(15)));

    public static Sizes Quick { get; } = new(1_000, 10_000, 100_000, 100_000, 500, new(9, 50, TimeSpan.FromSeconds(2)), new(3, 7, TimeSpan.FromSeconds(3)));
}
