using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace Kalejdo.Portal.DataMap;

/// <summary>One mapping of a YAML file: reads keys by type, notes what is wrong with them and which were never asked for.</summary>
internal sealed class YamlSection
{
    private readonly YamlMappingNode node;
    private readonly string file;
    private readonly List<MapProblem> problems;
    private readonly HashSet<string> read = [];

    public YamlSection(YamlMappingNode node, string file, List<MapProblem> problems)
    {
        (this.node, this.file, this.problems) = (node, file, problems);
        At = PositionOf(node);
    }

    public Position At { get; }

    public bool Has(string key) => Find(key) is not null;

    public Position PositionOf(string key) => node.Children.Keys.FirstOrDefault(k => IsKey(k, key)) is { } found ? PositionOf(found) : At;

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
        var text = Text(key);
        if (text is null || bool.TryParse(text, out var flag) && !flag)
        {
            return false;
        }
        if (!bool.TryParse(text, out _))
        {
            Error(key, $"'{key}' must be true or false, not '{text}'");
        }
        return true;
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
        foreach (var (key, _) in node.Children)
        {
            if (key is YamlScalarNode { Value: { } name } && Sub(name) is { } section)
            {
                yield return (name, section);
            }
        }
    }

    public void Error(string key, string message) => problems.Add(new MapProblem(Severity.Error, PositionOf(key), message));

    public void Warn(string key, string message) => problems.Add(new MapProblem(Severity.Warning, PositionOf(key), message));

    public void WarnUnread()
    {
        foreach (var key in node.Children.Keys)
        {
            var name = (key as YamlScalarNode)?.Value ?? key.ToString();
            if (!read.Contains(name))
            {
                problems.Add(new MapProblem(Severity.Warning, PositionOf(key), $"'{name}' is not used here and is ignored"));
            }
        }
    }

    private YamlNode? Find(string key)
    {
        read.Add(key);
        return node.Children.FirstOrDefault(pair => IsKey(pair.Key, key)).Value;
    }

    private static bool IsKey(YamlNode node, string key) => node is YamlScalarNode { Value: { } value } && value == key;

    private static bool IsNull(YamlScalarNode scalar) =>
        scalar.Style == YamlDotNet.Core.ScalarStyle.Plain && scalar.Value is null or "" or "~" or "null" or "Null" or "NULL";

    private Position PositionOf(YamlNode what) => new(file, (int)what.Start.Line);
}
