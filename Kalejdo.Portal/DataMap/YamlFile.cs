using System.Globalization;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Kalejdo.Portal.DataMap;

/// <summary>
/// Reads a file as YAML within bounds: whatever it holds, the answer is its documents or one problem with its line, in bounded time and memory.
/// </summary>
internal static class YamlFile
{
    /// <summary>A thousand tables with thirty columns each make about 5 MB.</summary>
    private const int MostBytes = 16 * 1024 * 1024;
    private const int MostNodes = 1_000_000;
    private const int Deepest = 50;

    public static IReadOnlyList<YamlNode> Read(string file, MapProblems problems)
    {
        try
        {
            var (text, problem) = Decode(Bytes(file));
            problem ??= Scan(text);
            if (problem is null)
            {
                var stream = new YamlStream();
                stream.Load(new StringReader(text));
                return [.. stream.Documents.Select(d => d.RootNode)];
            }
            problems.Error(new Position(file, Line(problem.At, text)), problem.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Error(new Position(file, 1), $"the file cannot be read: {e.Message}");
        }
        return [];
    }

    private sealed record Problem(long At, string Message);

    /// <summary>What is missing at the end is missing on the last line.</summary>
    private static int Line(long at, string text) => (int)Math.Clamp(at, 1, text == "" ? at : text.AsSpan().TrimEnd('\n').Count('\n') + 1);

    private static byte[] Bytes(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[Math.Min(stream.CanSeek && stream.Length > 0 ? stream.Length : MostBytes, MostBytes) + 1];
        return bytes[..stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
    }

    private static (string Text, Problem? Problem) Decode(byte[] bytes)
    {
        if (bytes.Length > MostBytes)
        {
            return ("", new Problem(1, $"the file is larger than {MostBytes / 1024 / 1024} MB; divide the map into several files"));
        }
        if (bytes is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
        {
            return ("", new Problem(1, "the file is UTF-16; save it as UTF-8"));
        }
        var content = bytes.AsSpan(bytes is [0xEF, 0xBB, 0xBF, ..] ? 3 : 0);
        var line = 1;
        for (ReadOnlySpan<byte> rest = content; !rest.IsEmpty;)
        {
            var status = Rune.DecodeFromUtf8(rest, out var rune, out var length);
            if (status != System.Buffers.OperationStatus.Done)
            {
                return ("", new Problem(line, $"the byte {rest[0]:X2} is not UTF-8; save the file as UTF-8"));
            }
            if (Rune.IsControl(rune) && rune.Value is not ('\t' or '\n' or '\r' or 0x85))
            {
                return ("", new Problem(line, $"the control character U+{rune.Value:X4} does not belong in a text; is this a map file?"));
            }
            line += rune.Value == '\n' ? 1 : 0;
            rest = rest[length..];
        }
        return (Encoding.UTF8.GetString(content), null);
    }

    private sealed class Open(string? anchor, HashSet<string>? keys)
    {
        public string? Anchor => anchor;
        public long Size { get; set; } = 1;
        public bool Turned { get; set; }

        /// <summary>In a mapping keys and values take turns.</summary>
        public bool WantsKey => keys is not null && !Turned;

        public bool IsNew(string key) => keys!.Add(key);
    }

    /// <summary>
    /// What must not reach the reader of nodes, which calls itself for what is nested and copies nothing but compares what aliases stand for:
    /// depth, size with every alias written out, keys twice or not of one word.
    /// </summary>
    private static Problem? Scan(string text)
    {
        var open = new Stack<Open>([new Open(null, null)]);
        var sizes = new Dictionary<string, long>();
        var line = 1L;
        try
        {
            for (var parser = new Parser(new StringReader(text)); parser.MoveNext();)
            {
                var now = parser.Current!;
                line = now.Start.Line;
                if (now is DocumentStart)
                {
                    sizes.Clear();
                }
                else if (now is MappingEnd or SequenceEnd)
                {
                    var done = open.Pop();
                    Note(done.Anchor, done.Size);
                    open.Peek().Size += done.Size;
                }
                else if (now is NodeEvent or AnchorAlias)
                {
                    var parent = open.Peek();
                    if (parent.WantsKey && (now as Scalar)?.Value is not { } key)
                    {
                        return new Problem(line, "a key must be one word");
                    }
                    else if (parent.WantsKey && !parent.IsNew(((Scalar)now).Value))
                    {
                        return new Problem(line, $"the key '{((Scalar)now).Value}' stands twice in the same place; join the two");
                    }
                    parent.Turned = !parent.Turned;
                    switch (now)
                    {
                        case AnchorAlias alias when open.Any(o => o.Anchor == alias.Value.Value):
                            return new Problem(line, $"the alias '*{alias.Value}' stands inside what it stands for");
                        case AnchorAlias alias when !sizes.ContainsKey(alias.Value.Value):
                            return new Problem(line, $"the alias '*{alias.Value}' stands for nothing; no '&{alias.Value}' comes before it");
                        case AnchorAlias alias:
                            parent.Size += sizes[alias.Value.Value];
                            break;
                        case Scalar scalar:
                            Note(Name(scalar), 1);
                            parent.Size++;
                            break;
                        default:
                            open.Push(new Open(Name((NodeEvent)now), now is MappingStart ? [] : null));
                            break;
                    }
                    if (open.Count > Deepest)
                    {
                        return new Problem(line, $"more than {Deepest} levels are nested here; a map has ten");
                    }
                }
                if (open.Peek().Size > MostNodes)
                {
                    return new Problem(line, string.Create(CultureInfo.InvariantCulture, $"with its aliases written out the file holds more than {MostNodes:N0} values; divide the map into several files"));
                }
            }
            return null;
        }
        catch (YamlException e)
        {
            return TabNear(text, e.Start.Line) is { } tab
                ? new Problem(tab, "a tab stands where YAML wants blanks; indent with blanks alone")
                : new Problem(e.Start.Line, $"this is not YAML: {e.Message}");
        }
        catch (InvalidOperationException)
        {
            // The parser's own way of stumbling over some broken texts.
            return new Problem(line, "this is not YAML: something behind this line is broken");
        }

        static string? Name(NodeEvent node) => node.Anchor.IsEmpty ? null : node.Anchor.Value;

        void Note(string? anchor, long size)
        {
            if (anchor is not null)
            {
                sizes[anchor] = size;
            }
        }
    }

    /// <summary>The parser stops at or before the line whose indentation has a tab.</summary>
    private static long? TabNear(string text, long line) =>
        text.Split('\n').Select((at, i) => (Line: i + 1L, Indentation: at[..^at.TrimStart().Length]))
            .FirstOrDefault(at => at.Line >= line && at.Line <= line + 1 && at.Indentation.Contains('\t', StringComparison.Ordinal)) is { Line: > 0 } tab ? tab.Line : null;
}
