using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Kalejdo.Portal.DataMap;

/// <summary>One mapping of a YAML file: reads keys by type, notes what is wrong with them and which were never asked for.</summary>
internal sealed class YamlSection
{
    private readonly YamlMappingNode node;
    private readonly string file;
    private readonly MapProblems problems;
    private readonly HashSet<string> read = [];
    private readonly Dictionary<string, (YamlNode Key, YamlNode Value)> entries = [];

    public YamlSection(YamlMappingNode node, string file, MapProblems problems)
    {
        (this.node, this.file, this.problems) = (node, file, problems);
        At = PositionOf(node);
        Enter(node);
    }

    public Position At { get; }

    /// <summary>The lines that the entry takes up, and how far it is indented.</summary>
    public EntryLines Lines => new((int)node.Start.Line, LastLine(node), (int)node.Start.Column - 1);

    public bool Has(string key) => Find(key) is not null;

    public Position PositionOf(string key) => entries.TryGetValue(key, out var entry) ? PositionOf(entry.Key) : At;

    public bool IsText(string key) => Find(key) is YamlScalarNode;

    public string? Text(string key)
    {
        switch (Find(key))
        {
            case null:
                return null;
            case YamlScalarNode scalar:
                return IsNull(scalar) ? null : scalar.Value;
            default:
                Error(key, $"'{key}' must be one value");
                return null;
        }
    }

    public string Required(string key, string example)
    {
        if (Text(key) is { } text && !string.IsNullOrWhiteSpace(text))
        {
            return text;
        }
        Error(key, $"'{key}' is missing; write for example '{key}: {example}'");
        return "";
    }

    public IReadOnlyList<string> Texts(string key)
    {
        switch (Find(key))
        {
            case null:
                return [];
            case YamlScalarNode scalar:
                return IsNull(scalar) ? [] : [scalar.Value!];
            case YamlSequenceNode list when list.Children.All(c => c is YamlScalarNode):
                return [.. list.Children.Cast<YamlScalarNode>().Where(c => !IsNull(c)).Select(c => c.Value!)];
            default:
                Error(key, $"'{key}' must be a list of values, for example '{key}: [a, b]'");
                return [];
        }
    }

    public bool Flag(string key)
    {
        // The words of YAML 1.1, by which Fides reads.
        switch (Text(key)?.ToLowerInvariant())
        {
            case null or "false" or "no" or "off":
                return false;
            case "true" or "yes" or "on":
                return true;
            default:
                Error(key, $"'{key}' must be true or false, not '{Text(key)}'");
                return false;
        }
    }

    public int? Number(string key)
    {
        var text = Text(key);
        if (text is null)
        {
            return null;
        }
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0)
        {
            return number;
        }
        Error(key, $"'{key}' must be a whole number above 0, not '{text}'");
        return null;
    }

    public T? Choice<T>(string key, params (string Name, T Value)[] choices) where T : struct
    {
        var text = Text(key);
        if (text is null)
        {
            return null;
        }
        foreach (var (name, value) in choices)
        {
            if (name == text)
            {
                return value;
            }
        }
        Error(key, $"'{key}: {text}' is unknown; write {string.Join(", ", choices.Select(c => c.Name))}");
        return null;
    }

    public LocalText? Local(string key)
    {
        if (Sub(key) is not { } section)
        {
            return null;
        }
        var (sv, en) = (section.Text("sv"), section.Text("en"));
        if (string.IsNullOrWhiteSpace(sv) || string.IsNullOrWhiteSpace(en))
        {
            Error(key, $"'{key}' needs both languages; write '{key}: {{sv: …, en: …}}'");
            return null;
        }
        section.WarnUnread();
        return new LocalText(sv, en);
    }

    public YamlSection? Sub(string key)
    {
        switch (Find(key))
        {
            case null:
            case YamlScalarNode scalar when IsNull(scalar):
                return null;
            case YamlMappingNode mapping:
                return new YamlSection(mapping, file, problems);
            default:
                Error(key, $"'{key}' must hold keys of its own");
                return null;
        }
    }

    public IReadOnlyList<YamlSection> Items(string key)
    {
        switch (Find(key))
        {
            case null:
            case YamlScalarNode scalar when IsNull(scalar):
                return [];
            case YamlMappingNode mapping:
                return [new YamlSection(mapping, file, problems)];
            case YamlSequenceNode list when list.Children.All(c => c is YamlMappingNode):
                return [.. list.Children.Cast<YamlMappingNode>().Select(c => new YamlSection(c, file, problems))];
            default:
                Error(key, $"'{key}' must be a list of entries, each with keys of its own");
                return [];
        }
    }

    public IEnumerable<(string Key, YamlSection Value)> Entries()
    {
        foreach (var name in entries.Keys)
        {
            if (Sub(name) is { } section)
            {
                yield return (name, section);
            }
        }
    }

    public void Error(string key, string message) => problems.Error(PositionOf(key), message);

    public void Warn(string key, string message) => problems.Warn(PositionOf(key), message);

    public void WarnUnread()
    {
        foreach (var (name, entry) in entries)
        {
            if (!read.Contains(name))
            {
                problems.Warn(PositionOf(entry.Key), $"'{name}' is not used here and is ignored");
            }
        }
    }

    private YamlNode? Find(string key)
    {
        read.Add(key);
        return entries.GetValueOrDefault(key).Value;
    }

    /// <summary>The keys of a mapping, and behind them those of the mappings that it merges in by <c>&lt;&lt;</c> (YAML 1.1, by which Fides reads).</summary>
    private void Enter(YamlMappingNode mapping)
    {
        foreach (var (key, value) in mapping.Children.Where(c => !IsMerge(c.Key)))
        {
            entries.TryAdd(((YamlScalarNode)key).Value ?? "", (key, value));
        }
        foreach (var (key, value) in mapping.Children.Where(c => IsMerge(c.Key)))
        {
            IEnumerable<YamlNode> sources = value is YamlSequenceNode list ? list.Children : [value];
            foreach (var source in sources)
            {
                if (source is YamlMappingNode merged)
                {
                    Enter(merged);
                }
                else
                {
                    problems.Error(PositionOf(key), "'<<' merges in mappings alone; write '<<: *name' of one");
                }
            }
        }
    }

    private static bool IsMerge(YamlNode key) => key is YamlScalarNode { Value: "<<", Style: ScalarStyle.Plain };

    /// <summary>The line of the last word in it: where a list or mapping ends, the parser does not say.</summary>
    private static int LastLine(YamlNode node) => node switch
    {
        YamlMappingNode { Children: { Count: > 0 } children } => LastLine(children[^1].Value),
        YamlSequenceNode { Children: { Count: > 0 } children } => LastLine(children[^1]),
        YamlScalarNode { Style: ScalarStyle.Literal or ScalarStyle.Folded } => (int)Math.Max(node.Start.Line, node.End.Line - 1),
        _ => (int)Math.Max(node.Start.Line, node.End.Line),
    };

    private static bool IsNull(YamlScalarNode scalar) =>
        scalar.Style == ScalarStyle.Plain && scalar.Value is null or "" or "~" or "null" or "Null" or "NULL";

    private Position PositionOf(YamlNode what) => new(file, (int)what.Start.Line);
}
