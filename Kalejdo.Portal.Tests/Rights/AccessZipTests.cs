using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Rights;
using Kalejdo.Portal.Tests.Commands;
using Kalejdo.Portal.Tests.Support;

namespace Kalejdo.Portal.Tests.Rights;

public sealed class AccessZipTests : IDisposable
{
    private static readonly Identity[] Åke = [new("email", "åke@exempel.example"), new("loyalty", "L-3")];

    private readonly Shop shop = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => shop.Dispose();

    [Fact]
    public async Task It_holds_a_page_the_json_answer_and_a_table_a_collection()
    {
        var zip = await ZipAsync();
        using var json = new MemoryStream();
        Assert.Empty(await new Access(await OpenAsync()).WriteJsonAsync(Åke, json, Cancellation));

        Assert.Equal(["csv/shop.customer.csv", "csv/shop.purchase.csv", "csv/shop.review.csv", "csv/shop.visit.csv", "data.json", "index.html"], zip.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(json.ToArray(), zip["data.json"]);
    }

    [Fact]
    public async Task Excel_in_Sweden_opens_the_tables_and_calculates_nothing()
    {
        var zip = await ZipAsync();

        Assert.All(zip.Where(f => f.Key.EndsWith(".csv", StringComparison.Ordinal)), f => Assert.Equal([0xEF, 0xBB, 0xBF], f.Value[..3]));
        Assert.Equal("id;email;loyalty;name\r\n1;Åke@Exempel.example;L-1;Åke Öberg\r\n3;;L-3;Åke igen\r\n", Text(zip["csv/shop.customer.csv"])[1..]);
        Assert.Equal("id;customer_id;amount;bought_on;gift;weight;photo\r\n1;1;199,5;2026-03-04;true;0,25;AP8Q\r\n", Text(zip["csv/shop.purchase.csv"])[1..]);
        Assert.Equal(
            "id;customer_id;text;written_at\r\n2;3;\"räksmörgås; \"\"gott\"\"\";2026-02-03T04:05:06\r\n1;1;\"'=HYPERLINK(\"\"http://x.example\"\";\"\"klicka\"\")\";2026-01-02T03:04:05\r\n",
            Text(zip["csv/shop.review.csv"])[1..]);
    }

    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("  @SUM(A1)", "'  @SUM(A1)")]
    [InlineData("+46701234567", "'+46701234567")]
    [InlineData("-1+1", "'-1+1")]
    [InlineData("\t=1", "'\t=1")]
    [InlineData("＝1+1", "'＝1+1")]
    [InlineData("a\r\n=1", "\"a\r\n=1\"")]
    [InlineData("vanlig text", "vanlig text")]
    [InlineData("", "")]
    public void A_cell_that_a_spreadsheet_would_calculate_is_text(string value, string cell) => Assert.Equal(cell, AccessCsv.Cell(value, number: false));

    [Theory]
    [InlineData("-12.50", "-12,50")]
    [InlineData(-3L, "-3")]
    [InlineData("=1+1", "'=1+1")]
    public void A_number_stays_one(object value, string cell) => Assert.Equal(cell, AccessCsv.Cell(value, number: true));

    [Fact]
    public async Task The_page_is_readable_in_both_languages_and_fetches_nothing()
    {
        var html = Text((await ZipAsync())["index.html"]);

        Assert.StartsWith("<!DOCTYPE html>", html, StringComparison.Ordinal);
        Assert.Contains("<h3><span lang=\"sv\">Recensioner</span><span lang=\"en\">Reviews</span></h3>", html, StringComparison.Ordinal);
        Assert.Contains("<th scope=\"col\"><span lang=\"sv\">Namn</span><span lang=\"en\">Name</span></th>", html, StringComparison.Ordinal);
        Assert.Contains("<th scope=\"col\">email</th>", html, StringComparison.Ordinal);
        Assert.Contains("<td>Åke Öberg</td>", html, StringComparison.Ordinal);
        Assert.Contains("=HYPERLINK(&quot;http://x.example&quot;;&quot;klicka&quot;)", html, StringComparison.Ordinal);
        Assert.DoesNotMatch(new Regex("<script|<link|<img|src=|href=|url\\(|@import", RegexOptions.IgnoreCase), html);
    }

    [Fact]
    public async Task What_the_rows_say_is_text_and_never_markup()
    {
        shop.Execute("UPDATE review SET text = '<script>alert(1)</script><b>&amp;' WHERE id = 1");
        var html = Text((await ZipAsync())["index.html"]);

        Assert.Contains("<td>&lt;script&gt;alert(1)&lt;/script&gt;&lt;b&gt;&amp;amp;</td>", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_1500_rows_the_page_shows_the_newest_1000_and_the_others_all()
    {
        shop.Execute("DELETE FROM review");
        shop.Execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) INSERT INTO review SELECT i, 1, 'rad ' || i || '.', datetime('2020-01-01', i || ' hours') FROM n");
        var zip = await ZipAsync();
        var html = Text(zip["index.html"]);

        Assert.Equal(1500, Regex.Count(Text(zip["csv/shop.review.csv"]), @"rad \d+\."));
        Assert.Equal(1500, Regex.Count(Text(zip["data.json"]), @"rad \d+\."));
        Assert.Equal(1000, Regex.Count(html, @"rad \d+\."));
        Assert.Contains("rad 1500.", html, StringComparison.Ordinal);
        Assert.Contains("rad 501.", html, StringComparison.Ordinal);
        Assert.Contains("1500 rader; här visas 1000, alla står i csv/shop.review.csv.", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Memory_does_not_grow_with_the_rows()
    {
        shop.Execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) INSERT INTO review SELECT i + 10, 1, hex(randomblob(200)), datetime('2020-01-01', i || ' minutes') FROM n");
        var file = Path.Combine(shop.Folder, "utdrag.zip");
        await using var started = PortalProcess.Start(shop.Folder, asNobody: false, [$"DOTNET_GCHeapHardLimit=0x{20_000_000:x}"], ["access", "--identity", "email=åke@exempel.example", "--format", "zip", "--out", file, .. shop.Explicit]);
        var run = await started.EndAsync();

        // 80 MB of text went through a heap of 20 three times.
        Assert.True(run.ExitCode == 0, run.ToString());
        Assert.True(new FileInfo(file).Length > 60_000_000);
    }

    [Fact]
    public async Task Nothing_is_written_where_it_is_refused()
    {
        using var output = new MemoryStream();
        var refusals = await new AccessZip(await OpenAsync(), TimeProvider.System).WriteAsync([new("telefon", "1")], output, Cancellation);

        Assert.Single(refusals);
        Assert.Equal(0, output.Length);
        var databases = await OpenAsync();
        File.Move(shop.DatabaseFile, shop.DatabaseFile + ".away");
        Assert.Contains("cannot be opened", Assert.Single(await new AccessZip(databases, TimeProvider.System).WriteAsync(Åke, output, Cancellation)).Reason, StringComparison.Ordinal);
        Assert.Equal(0, output.Length);
    }

    [Fact]
    public async Task A_map_without_labels_falls_back_to_names_and_hostile_names_stay_inside_the_folder()
    {
        shop.Execute("CREATE TABLE \"../../etc/x\" (email TEXT PRIMARY KEY NOT NULL, \"=cmd\" TEXT)");
        shop.Execute("INSERT INTO \"../../etc/x\" VALUES ('åke@exempel.example', 'y')");
        await File.WriteAllTextAsync(shop.MapFile, """
            dataset:
              - fides_key: shop
                name: Shop
                collections:
                  - name: ../../etc/x
                    description: Where things are
                    fields:
                      - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
                      - {name: '=cmd', data_categories: [user.content]}
            """, Cancellation);
        var zip = await ZipAsync(new Identity("email", "åke@exempel.example"));

        Assert.Equal(["csv/shop..._.._etc_x.csv", "data.json", "index.html"], zip.Keys.Order(StringComparer.Ordinal));
        Assert.StartsWith("\uFEFFemail;'=cmd\r\n", Text(zip["csv/shop..._.._etc_x.csv"]), StringComparison.Ordinal);
        Assert.Contains("<h4>../../etc/x</h4><p>Where things are</p>", Text(zip["index.html"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_command_writes_it_to_a_file()
    {
        var file = Path.Combine(shop.Folder, "utdrag.zip");
        var run = await shop.RunAsync("access", "--identity", "email=åke@exempel.example", "--format", "zip", "--out", file);

        Assert.True(run is { ExitCode: 0, Output: "" }, run.ToString());
        using var zip = ZipFile.OpenRead(file);
        Assert.NotNull(zip.GetEntry("index.html"));
    }

    private async Task<Dictionary<string, byte[]>> ZipAsync(params Identity[] identities)
    {
        using var output = new MemoryStream();
        Assert.Empty(await new AccessZip(await OpenAsync(), TimeProvider.System).WriteAsync(identities is [] ? Åke : identities, new OneWay(output), Cancellation));
        output.Position = 0;
        await using var zip = await ZipArchive.CreateAsync(output, ZipArchiveMode.Read, leaveOpen: true, null, Cancellation);
        var files = new Dictionary<string, byte[]>();
        foreach (var entry in zip.Entries)
        {
            await using var stream = await entry.OpenAsync(Cancellation);
            using var bytes = new MemoryStream();
            await stream.CopyToAsync(bytes, Cancellation);
            files.Add(entry.FullName, bytes.ToArray());
        }
        return files;
    }

    private async Task<Databases> OpenAsync()
    {
        var (map, problems) = MapReader.Read([shop.MapFile]);
        Assert.DoesNotContain(problems, p => p.Severity == Severity.Error);
        var (databases, refusals) = await Databases.OpenAsync(map, [Source.Parse($"shop=sqlite:{shop.DatabaseFile}")!], Cancellation);
        Assert.True(databases is not null, string.Join('\n', refusals));
        return databases;
    }

    private static string Text(byte[] bytes) => new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);

    /// <summary>Like a response to a browser: forward only, and asynchronous only.</summary>
    private sealed class OneWay(Stream inner) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() => throw new InvalidOperationException("Synchronous operations are disallowed.");

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new InvalidOperationException("Synchronous operations are disallowed.");

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => inner.WriteAsync(buffer, cancellationToken);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }
}
