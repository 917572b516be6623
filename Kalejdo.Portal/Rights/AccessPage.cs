using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using Kalejdo.Portal.DataMap;

namespace Kalejdo.Portal.Rights;

/// <summary>
/// The page that a person opens first: one file without script or anything fetched, in both languages (a choice at its top hides the
/// other one, by CSS alone). Its texts stand here, as it needs them in both languages at once.
/// </summary>
internal sealed class AccessPage(Map map, TimeProvider time, IReadOnlySet<string> restricted, Action<AccessPart> reading, CancellationToken cancellationToken)
{
    /// <summary>How many rows of a collection it shows, the newest where the map says which those are.</summary>
    public const int ShownRows = 1000;

    private const int FlushAt = 64 * 1024;

    private readonly StringBuilder html = new();
    private Stream stream = Stream.Null;

    public async Task WriteAsync(IReadOnlyList<Identity> identities, List<AccessPart> parts, Stream output)
    {
        stream = output;
        var now = TimeZoneInfo.ConvertTime(time.GetUtcNow(), Stockholm);
        html.Append(Head);
        Block("h1", new("Dina uppgifter (registerutdrag)", "Your data (subject access)"));
        Block("p", new($"Det här är vad vi har om dig, läst {now:yyyy-MM-dd} kl. {now:HH.mm}.", $"This is what we hold about you, as read on {now:yyyy-MM-dd} at {now:HH:mm}."));
        html.Append("<ul>");
        foreach (var identity in identities)
        {
            var name = map.Collections.SelectMany(c => c.Fields).FirstOrDefault(f => f.Identity == identity.Name && f.Label is not null)?.Label ?? new(identity.Name, identity.Name);
            Block("li", new($"{name.Sv}: {identity.Value}", $"{name.En}: {identity.Value}"));
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

    private Service? ServiceOf(AccessPart part) =>
        map.Kinds.FirstOrDefault(k => k.Key == part.Collection.Kind)?.Service is { } key ? map.Services.FirstOrDefault(s => s.Key == key) : null;

    private async Task WriteKindAsync(Kind? kind, List<AccessPart> parts)
    {
        if (kind is not null)
        {
            Block("h3", kind.Label ?? new(kind.Key, kind.Key));
            if (kind.Explain is { } explain)
            {
                Block("p", explain);
            }
            if (restricted.Contains(kind.Key))
            {
                Block("p", new("Användningen är pausad (begränsning): uppgifterna sparas men används inte.", "The use is paused (restriction): the data is kept but not used."));
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

    private async Task WriteTableAsync(AccessPart part, bool heading)
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
        // What only technicians read comes last.
        List<int> order = [.. Enumerable.Range(0, collection.Fields.Count).OrderBy(i => collection.Fields[i].Technical)];
        foreach (var field in order.Select(i => collection.Fields[i]))
        {
            Block("th scope=\"col\"", field.Label ?? new(field.Name, field.Name));
        }
        if (part.Others)
        {
            Block("th scope=\"col\"", new("Gäller", "Concerns"));
        }
        html.Append("</tr></thead><tbody>\n");
        var shown = 0;
        reading(part);
        await foreach (var row in part.Located.RowsAsync(cancellationToken))
        {
            html.Append("<tr>");
            foreach (var i in order)
            {
                Cell(collection.Fields[i], part.Located.Types[i], row[i]);
            }
            if (part.Others)
            {
                Block("td", row.Anothers ? new("någon annan", "somebody else") : row.Member ? new("någon annan i hushållet", "somebody else in the household") : row.Shared ? new("dig och andra", "you and others") : new("dig", "you"));
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

    private void Cell(Field field, ColumnType type, object? value)
    {
        var text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        // data.json and the tables have the codes and the instants as they are.
        if (type == ColumnType.Instant && DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var instant))
        {
            text = TimeZoneInfo.ConvertTimeFromUtc(instant, Stockholm).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
        }
        Block("td", value switch
        {
            null => new("–", "–"),
            long seconds when field.Unit == Unit.Seconds => Duration.Of(seconds),
            bool flag => flag ? new("ja", "yes") : new("nej", "no"),
            _ => field.Values.Concat(field.Correct?.Choices ?? []).FirstOrDefault(choice => choice.Value == text)?.Label ?? new(text, text),
        });
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

    private static readonly TimeZoneInfo Stockholm = TimeZoneInfo.FindSystemTimeZoneById("Europe/Stockholm");

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
