using System.CommandLine;
using System.CommandLine.Parsing;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Rights;

namespace Kalejdo.Portal.Commands;

/// <summary>The options <c>--map</c> and <c>--source</c>, and the map that they, or else the settings, name.</summary>
internal sealed class MapOptions(CommandHost host)
{
    private readonly Option<string[]> maps = new("--map") { Description = "A map file (repeatable); the configured maps where absent" };

    private readonly Option<Source[]> sources = new("--source")
    {
        Description = "KEY=PROVIDER:CONNECTION (repeatable): the database of a dataset; PROVIDER is sqlite or postgresql",
        CustomParser = result => Parse(result, Source.Parse, "is not KEY=PROVIDER:CONNECTION with the provider sqlite or postgresql"),
    };

    public void AddTo(Command command)
    {
        command.Options.Add(maps);
        command.Options.Add(sources);
    }

    /// <summary>Whether the command works on the configured databases, with case, ledger and audit.</summary>
    public bool Configured(ParseResult parsed) => parsed.GetValue(maps) is null or [] && parsed.GetValue(sources) is null or [];

    public async Task<(Map Map, IReadOnlyList<Source> Sources, IReadOnlyList<MapProblem> Problems)> ReadAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (Configured(parsed))
        {
            // The portal's own tables are in the map; they are made where the portal was never started.
            await host.ServicesAsync(cancellationToken);
        }
        var configured = new Lazy<DataMapSettings>(() => host.DataMap);
        var (files, given) = (parsed.GetValue(maps) ?? [], parsed.GetValue(sources) ?? []);
        var (map, problems) = MapReader.Read(files.Length > 0 ? files : configured.Value.Maps);
        IReadOnlyList<Source> used = given.Length > 0 ? given : [.. configured.Value.Sources.Where(s => files.Length == 0 || map.Datasets.Any(d => d.Key == s.Key))];
        if (files.Length == 0 && given.Length > 0)
        {
            // The configured maps know more datasets than the command was given databases.
            map = map with { Datasets = [.. map.Datasets.Where(d => given.Any(s => s.Key == d.Key))] };
        }
        return (map, used, problems);
    }

    /// <summary>Opens what the options name; what stands in the way goes to stderr.</summary>
    public async Task<Databases?> OpenAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var error = parsed.InvocationConfiguration.Error;
        if (!Configured(parsed))
        {
            await error.WriteLineAsync("Working on the given maps and sources alone: neither case, ledger nor audit is written.");
        }
        var (map, used, problems) = await ReadAsync(parsed, cancellationToken);
        var errors = problems.Where(p => p.Severity == Severity.Error).ToList();
        foreach (var problem in errors)
        {
            await error.WriteLineAsync(problem.ToString());
        }
        if (errors.Count > 0)
        {
            return null;
        }
        var (databases, refusals) = await Databases.OpenAsync(map, used, cancellationToken);
        foreach (var refusal in refusals)
        {
            await error.WriteLineAsync(refusal.ToString());
        }
        return databases;
    }

    /// <summary>An option that is repeated as <c>NAME=VALUE</c>.</summary>
    public static Option<Identity[]> Identities { get; } = new("--identity")
    {
        Description = "NAME=VALUE of a verified identity (repeatable; all belong to one person)",
        Required = true,
        CustomParser = result => Parse(
            result, text => text.IndexOf('=', StringComparison.Ordinal) is > 0 and var at ? new Identity(text[..at].Trim(), text[(at + 1)..]) : null, "is not NAME=VALUE"),
    };

    private static T[]? Parse<T>(ArgumentResult result, Func<string, T?> parse, string problem) where T : class
    {
        var parsed = result.Tokens.Select(t => (t.Value, Item: parse(t.Value))).ToList();
        // What stands before the '=' only: the rest may be a password or a personal value.
        parsed.Where(p => p.Item is null).ToList().ForEach(p => result.AddError($"'{p.Value.Split('=')[0]}…' {problem}"));
        return parsed.TrueForAll(p => p.Item is not null) ? [.. parsed.Select(p => p.Item!)] : null;
    }
}

