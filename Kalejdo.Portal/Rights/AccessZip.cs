using System.Buffers;
using System.Data.Common;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>
/// A subject's data as a ZIP file (GDPR Art. 15 and 20): <c>index.html</c> to read, <c>data.json</c> for machines, a CSV file a collection
/// for spreadsheets. All of it is read in one snapshot a database and goes out as it is read: memory does not grow with the rows.
/// </summary>
public sealed class AccessZip(Databases databases, TimeProvider time)
{
    /// <summary>How many rows of a collection <c>index.html</c> shows, the newest where the map says which those are.</summary>
    public const int ShownRows = 1000;

    private const int FlushAt = 64 * 1024;

    private static readonly SearchValues<char> NeedsQuotes = SearchValues.Create(";\"\r\n");

    // Without the mark Excel reads a CSV file in the local code page, and å ä ö are broken.
    private static readonly UTF8Encoding ForSpreadsheets = new(encoderShouldEmitUTF8Identifier: true);

    /// <param name="identities">Verified identities of one person; their rows are united.</param>
    /// <param name="output">Takes the archive; need not be seekable, is written asynchronously only, and stays open.</param>
    /// <returns>Why nothing was written (or, where a database fails while it is read, why the archive is not whole); empty when all was.</returns>
    public async Task<IReadOnlyList<Refusal>> WriteAsync(IReadOnlyList<Identity> identities, Stream output, CancellationToken cancellationToken)
    {
        if (databases.Unknown(identities) is { Count: > 0 } unknown)
        {
            return unknown;
        }
        var located = new List<Located>();
        var reading = databases.All[0];
        try
        {
            // Everybody's snapshot before the first byte: what cannot be had is refused, not left out.
            foreach (var database in databases.All)
            {
                reading = database;
                located.Add(await Located.LocateAsync(database, identities, write: false, cancellationToken));
            }
            var forward = new AsynchronousOnly(output);
            var archive = await ZipArchive.CreateAsync(forward, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellationToken);
            await using (archive)
            {
                List<Part> parts = [.. located.SelectMany(l => l.Collections.Select(c => new Part(new LocatedCollection(l, c), c, l.Database)))];
                NameFiles(parts);
                await EntryAsync(archive, "data.json", stream => WriteJsonAsync(identities, parts, stream), cancellationToken);
                foreach (var part in parts)
                {
                    await EntryAsync(archive, part.File, stream => WriteCsvAsync(part, stream), cancellationToken);
                }
                await EntryAsync(archive, "index.html", stream => new Page(databases.Map, time, stream, cancellationToken).WriteAsync(identities, parts), cancellationToken);
            }
            await forward.FlushAsync(cancellationToken);
            return [];
        }
        catch (DbException e)
        {
            return [Databases.Unreachable(reading.Source, reading.Dialect, e)];
        }
        finally
        {
            foreach (var snapshot in located)
            {
                await snapshot.DisposeAsync();
            }
        }

        // The same document as Access.WriteJsonAsync writes, out of this archive's snapshots.
        async Task WriteJsonAsync(IReadOnlyList<Identity> identities, List<Part> parts, Stream stream)
        {
            await using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
            json.WriteStartObject();
            json.WriteStartObject("identity");
            foreach (var identity in identities.GroupBy(i => i.Name))
            {
                json.WritePropertyName(identity.Key);
                JsonSerializer.Serialize(json, identity.Count() == 1 ? identity.Single().Value : (object)identity.Select(i => i.Value), Relaxed);
            }
            json.WriteEndObject();
            json.WriteStartObject("collections");
            foreach (var part in parts)
            {
                reading = part.Database;
                json.WriteStartArray(part.Collection.Id);
                await foreach (var row in part.Located.RowsAsync(cancellationToken))
                {
                    row.WriteTo(json);
                    if (json.BytesPending > FlushAt)
                    {
                        await json.FlushAsync(cancellationToken);
                    }
                }
                json.WriteEndArray();
            }
            json.WriteEndObject();
            json.WriteEndObject();
            await json.FlushAsync(cancellationToken);
        }

        // For Excel in Sweden, which parts cells at semicolons, knows UTF-8 by its mark and reads 1.5 as the first of May:
        // numbers have a decimal comma here, as data.json has the exact values.
        async Task WriteCsvAsync(Part part, Stream stream)
        {
            reading = part.Database;
            var fields = part.Collection.Fields;
            var numbers = fields.Select(f => part.Mapped.ColumnOf(f).Type is ColumnType.Integer or ColumnType.Decimal or ColumnType.Real).ToArray();
            var text = new StringBuilder();
            await using var writer = new StreamWriter(stream, ForSpreadsheets, leaveOpen: true);
            text.AppendJoin(';', fields.Select(f => Cell(f.Name, number: false))).Append("\r\n");
            await foreach (var row in part.Located.RowsAsync(cancellationToken))
            {
                part.Rows++;
                part.Others |= row.Anothers || row.Shared;
                for (var i = 0; i < fields.Count; i++)
                {
                    text.Append(i == 0 ? "" : ";").Append(Cell(row[i], numbers[i]));
                }
                text.Append("\r\n");
                if (text.Length > FlushAt)
                {
                    await writer.WriteAsync(text, cancellationToken);
                    text.Clear();
                }
            }
            await writer.WriteAsync(text, cancellationToken);
        }
    }

    private static JsonSerializerOptions Relaxed { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static async Task EntryAsync(ZipArchive archive, string name, Func<Stream, Task> write, CancellationToken cancellationToken)
    {
        await using var stream = await archive.CreateEntry(name, CompressionLevel.Fastest).OpenAsync(cancellationToken);
        await write(stream);
    }

    /// <summary>Names of a map may hold what a file name must not, on some system or other.</summary>
    private static void NameFiles(List<Part> parts)
    {
        var taken = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in parts)
        {
            var name = string.Concat(part.Collection.Id.Select(c => char.IsLetterOrDigit(c) || c is '_' or '-' or '.' ? c : '_'));
            var file = $"csv/{name}.csv";
            for (var i = 2; !taken.Add(file); i++)
            {
                file = string.Create(CultureInfo.InvariantCulture, $"csv/{name}-{i}.csv");
            }
            part.File = file;
        }
    }

    internal static string Cell(object? value, bool number)
    {
        var text = value switch
        {
            null => "",
            bool flag => flag ? "true" : "false",
            IFormattable plain => plain.ToString(null, CultureInfo.InvariantCulture),
            _ => (string)value,
        };
        if (number && decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _))
        {
            return text.Replace('.', ',');
        }
        // What a spreadsheet would calculate, or fetch from elsewhere, is marked as text.
        if (text.AsSpan().TrimStart() is [var first, ..] && first is '=' or '+' or '-' or '@' or '＝' or '＋' or '－' or '＠' || text is ['\t' or '\r' or '\n', ..])
        {
            text = "'" + text;
        }
        return text.AsSpan().ContainsAny(NeedsQuotes) ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }

    /// <summary>
    /// .NET's archive writes the headers of its entries synchronously, which a web server refuses: what comes so is held until the next
    /// asynchronous write.
    /// </summary>
    private sealed class AsynchronousOnly(Stream inner) : Stream
    {
        private readonly ArrayBufferWriter<byte> held = new();

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush()
        {
        }

        public override async Task FlushAsync(CancellationToken cancellationToken)
        {
            await SendAsync(cancellationToken);
            await inner.FlushAsync(cancellationToken);
        }

        public override void Write(byte[] buffer, int offset, int count) => held.Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer) => held.Write(buffer);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await SendAsync(cancellationToken);
            await inner.WriteAsync(buffer, cancellationToken);
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        private async Task SendAsync(CancellationToken cancellationToken)
        {
            if (held.WrittenCount > 0)
            {
                await inner.WriteAsync(held.WrittenMemory, cancellationToken);
                held.ResetWrittenCount();
            }
        }
    }

    /// <summary>A collection on its way into the archive.</summary>
    private sealed class Part(LocatedCollection located, MappedCollection mapped, MappedDatabase database)
    {
        public LocatedCollection Located => located;
        public MappedCollection Mapped => mapped;
        public MappedDatabase Database => database;
        public Collection Collection => mapped.Collection;
        public string File { get; set; } = "";
        public long Rows { get; set; }

        /// <summary>Whether some rows are others' too, or others' alone.</summary>
        public bool Others { get; set; }
    }

    /// <summary>
    /// The page that a person opens first: one file without script or anything fetched, in both languages (a choice at its top hides the
    /// other one, by CSS alone). Its texts stand here, as it needs them in both languages at once.
    /// </summary>
    private sealed class Page(Map map, TimeProvider time, Stream stream, CancellationToken cancellationToken)
    {
        private readonly StringBuilder html = new();

        public async Task WriteAsync(IReadOnlyList<Identity> identities, List<Part> parts)
        {
            var now = TimeZoneInfo.ConvertTime(time.GetUtcNow(), TimeZoneInfo.FindSystemTimeZoneById("Europe/Stockholm"));
            html.Append(Head);
            Block("h1", new("Dina uppgifter (registerutdrag)", "Your data (subject access)"));
            Block("p", new($"Det här är vad vi har om dig, läst {now:yyyy-MM-dd} kl. {now:HH.mm}.", $"This is what we hold about you, as read on {now:yyyy-MM-dd} at {now:HH:mm}."));
            html.Append("<ul>");
            foreach (var identity in identities)
            {
                html.Append("<li>").Append(Text(identity.Name)).Append(": ").Append(Text(identity.Value)).Append("</li>");
            }
            html.Append("</ul>");
            Block("p", new(
                $"Av långa listor visas de {ShownRows} första raderna här, de nyaste där ordningen är känd. Allt finns i mappen csv (öppnas i kalkylprogram) och i data.json (för att läsas av ett annat system).",
                $"Of long lists the first {ShownRows} rows are shown here, the newest where the order is known. Everything is in the folder csv (opens in a spreadsheet) and in data.json (to be read by another system)."));
            foreach (var service in parts.GroupBy(ServiceOf).OrderBy(g => g.Key is null ? int.MaxValue : map.Services.ToList().IndexOf(g.Key)))
            {
                html.Append("<section>");
                Block("h2", service.Key?.Label ?? new("Övrigt", "Other"));
                foreach (var kind in service.GroupBy(p => p.Collection.KindKey))
                {
                    await WriteKindAsync(map.Kinds.FirstOrDefault(k => k.Key == kind.Key), [.. kind]);
                }
                html.Append("</section>");
            }
            html.Append("</main></body></html>\n");
            await FlushAsync();
        }

        private Service? ServiceOf(Part part) =>
            map.Kinds.FirstOrDefault(k => k.Key == part.Collection.Kind)?.Service is { } key ? map.Services.FirstOrDefault(s => s.Key == key) : null;

        private async Task WriteKindAsync(Kind? kind, List<Part> parts)
        {
            if (kind is not null)
            {
                Block("h3", kind.Label ?? new(kind.Key, kind.Key));
                if (kind.Explain is { } explain)
                {
                    Block("p", explain);
                }
                html.Append("<dl>");
                Term(new("Varifrån uppgiften kommer", "Where it comes from"), kind.Source);
                Term(new("Hur länge den sparas", "How long it is kept"), kind.Keep);
                foreach (var purpose in map.PurposesOf(kind).Select(p => p.Declaration.Purpose).OfType<LocalText>())
                {
                    Term(new("Varför vi har uppgiften", "Why we have it"), purpose);
                }
                html.Append("</dl>");
            }
            foreach (var part in parts)
            {
                await WriteTableAsync(part, heading: kind is null || parts.Count > 1);
            }
        }

        private async Task WriteTableAsync(Part part, bool heading)
        {
            var (collection, name) = (part.Collection, part.Collection.Label ?? new(part.Collection.Name, part.Collection.Name));
            if (heading)
            {
                Block("h4", name);
                if (collection.Label is null && collection.Description is { } description)
                {
                    html.Append("<p>").Append(Text(description)).Append("</p>");
                }
            }
            if (part.Rows == 0)
            {
                Block("p", new("Inget sparat.", "Nothing is held."));
                return;
            }
            Block("p", part.Rows > ShownRows
                ? new($"{part.Rows} rader; här visas {ShownRows}, alla står i {part.File}.", $"{part.Rows} rows; {ShownRows} are shown here, all are in {part.File}.")
                : new(part.Rows == 1 ? "1 rad." : $"{part.Rows} rader.", part.Rows == 1 ? "1 row." : $"{part.Rows} rows."));
            html.Append("<div tabindex=\"0\" role=\"region\" aria-label=\"").Append(Text(name.Sv)).Append("\"><table><thead><tr>");
            foreach (var field in collection.Fields)
            {
                Block("th scope=\"col\"", field.Label ?? new(field.Name, field.Name));
            }
            if (part.Others)
            {
                Block("th scope=\"col\"", new("Gäller", "Concerns"));
            }
            html.Append("</tr></thead><tbody>\n");
            var shown = 0;
            await foreach (var row in part.Located.RowsAsync(cancellationToken))
            {
                html.Append("<tr>");
                for (var i = 0; i < collection.Fields.Count; i++)
                {
                    Cell(row[i]);
                }
                if (part.Others)
                {
                    Block("td", row.Anothers ? new("någon annan", "somebody else") : row.Shared ? new("dig och andra", "you and others") : new("dig", "you"));
                }
                html.Append("</tr>\n");
                if (html.Length > FlushAt)
                {
                    await FlushAsync();
                }
                if (++shown == ShownRows)
                {
                    break;
                }
            }
            html.Append("</tbody></table></div>\n");
        }

        private void Cell(object? value)
        {
            if (value is bool flag)
            {
                Block("td", flag ? new("ja", "yes") : new("nej", "no"));
                return;
            }
            html.Append("<td>").Append(value is null ? "–" : Text(Convert.ToString(value, CultureInfo.InvariantCulture)!)).Append("</td>");
        }

        private void Term(LocalText term, LocalText? text)
        {
            if (text is not null)
            {
                Block("dt", term);
                Block("dd", text);
            }
        }

        private void Block(string tag, LocalText text)
        {
            html.Append('<').Append(tag).Append('>');
            if (text.Sv == text.En)
            {
                html.Append(Text(text.Sv));
            }
            else
            {
                html.Append("<span lang=\"sv\">").Append(Text(text.Sv)).Append("</span><span lang=\"en\">").Append(Text(text.En)).Append("</span>");
            }
            html.Append("</").Append(tag.Split(' ')[0]).Append('>');
        }

        private async Task FlushAsync()
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(html.ToString()), cancellationToken);
            html.Clear();
        }

        private static string Text(string text) => Html.Encode(text);

        // å ä ö as they are: the file says that it is UTF-8.
        private static readonly HtmlEncoder Html = HtmlEncoder.Create(System.Text.Unicode.UnicodeRanges.All);

        private const string Head = """
            <!DOCTYPE html>
            <html lang="sv">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Dina uppgifter · Your data</title>
            <style>
            :root { color-scheme: light dark; }
            body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 75rem; padding: 1rem; }
            fieldset { border: 0; margin: 0; padding: 0; }
            dt { font-weight: bold; }
            dd { margin: 0 0 .5rem; }
            div[role=region] { overflow-x: auto; }
            table { border-collapse: collapse; }
            th, td { border-bottom: 1px solid #767676; padding: .25rem .75rem .25rem 0; text-align: left; vertical-align: top; overflow-wrap: anywhere; min-width: 6ch; }
            body:has(#sv:checked) span[lang=en], body:has(#en:checked) span[lang=sv] { display: none; }
            @media print { fieldset { display: none; } div[role=region] { overflow: visible; } }
            </style>
            </head>
            <body>
            <fieldset>
            <legend>Språk · Language</legend>
            <label><input type="radio" name="language" id="sv" checked> Svenska</label>
            <label><input type="radio" name="language" id="en"> English</label>
            </fieldset>
            <main>

            """;
    }
}
