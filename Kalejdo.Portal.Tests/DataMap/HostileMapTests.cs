using System.Globalization;
using System.Text;
using Kalejdo.Portal.DataMap;
using Kalejdo.Portal.Demo;

namespace Kalejdo.Portal.Tests.DataMap;

/// <summary>Files that are no maps, by accident or on purpose: one clear problem with its line, never an exception, in bounded time and memory.</summary>
public sealed class HostileMapTests : IDisposable
{
    private const string Good = """
        dataset:
          - fides_key: shop
            collections:
              - name: customer
                fields:
                  - {name: id, fides_meta: {primary_key: true}}
                  - name: email
                    data_categories: [user.contact.email]
                    fides_meta: {identity: email, references: [{dataset: shop, field: customer.id}]}
                    portal: {label: {sv: "E-post", en: 'E-mail'}}
        """;

    private readonly string folder = Directory.CreateTempSubdirectory("portal-maps-").FullName;

    private string File => Path.Combine(folder, "map.yml");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Aliases_that_multiply_are_refused_before_they_do()
    {
        var bomb = new StringBuilder("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
        for (var i = 1; i < 30; i++)
        {
            bomb.Append(CultureInfo.InvariantCulture, $"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n");
        }

        Assert.Equal("map.yml:6: error: with its aliases written out the file holds more than 1,000,000 values; divide the map into several files", Assert.Single(Problems(bomb.ToString())));
    }

    [Fact]
    public void Merges_that_multiply_are_refused_before_they_do()
    {
        var bomb = new StringBuilder("a0: &a0 {k: v}\n");
        for (var i = 1; i < 40; i++)
        {
            bomb.Append(CultureInfo.InvariantCulture, $"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}]}}\n");
        }

        Assert.Contains("with its aliases written out the file holds more than", Assert.Single(Problems(bomb.ToString())), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dataset: &a [*a]", 1, "the alias '*a' stands inside what it stands for")]
    [InlineData("dataset:\n- &a\n  x: {y: *a}", 3, "the alias '*a' stands inside what it stands for")]
    [InlineData("dataset: *nobody", 1, "the alias '*nobody' stands for nothing; no '&nobody' comes before it")]
    [InlineData("a: &a 1\n---\ndataset: *a", 3, "the alias '*a' stands for nothing")]
    [InlineData("dataset: 1\nsystem: 2\ndataset: 3", 3, "the key 'dataset' stands twice in the same place; join the two")]
    [InlineData("dataset:\n- {fides_key: a, fides_key: b}", 2, "the key 'fides_key' stands twice")]
    [InlineData("? [a, b]\n: c", 1, "a key must be one word")]
    [InlineData("a: &x {b: c}\n*x : d", 2, "a key must be one word")]
    [InlineData("dataset:\n\t- fides_key: a", 2, "a tab stands where YAML wants blanks; indent with blanks alone")]
    [InlineData("dataset:\n  - fides_key: a\n  \tname: b", 3, "a tab stands where YAML wants blanks")]
    [InlineData("dataset:\n  - fides_key: [a", 2, "this is not YAML")]
    [InlineData("dataset: x\u0000y", 1, "the control character U+0000 does not belong in a text; is this a map file?")]
    [InlineData("dataset:\n  \u001b[31mred", 2, "the control character U+001B does not belong in a text")]
    [InlineData("dataset:\n- {<<: 3}", 2, "'<<' merges in mappings alone")]
    [InlineData("%YAML 9.9\n---\ndataset: []", 1, "this is not YAML")]
    public void What_YAML_cannot_be_is_said_with_its_line(string text, int line, string message) =>
        Assert.StartsWith($"map.yml:{line}: error: {message}", Problems(text).FirstOrDefault(), StringComparison.Ordinal);

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{a: ", "}")]
    [InlineData("- ", "")]
    public void What_is_nested_without_end_is_refused(string open, string close)
    {
        foreach (var depth in new[] { 100, 100_000 })
        {
            Assert.Contains("more than 50 levels are nested here", Assert.Single(Problems(string.Concat(Enumerable.Repeat(open, depth)) + "x" + string.Concat(Enumerable.Repeat(close, depth)))), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Bytes_that_are_no_text_are_named_with_their_line()
    {
        Assert.Equal("map.yml:3: error: the byte E5 is not UTF-8; save the file as UTF-8", Assert.Single(Problems([.. "dataset:\n- fides_key: a\n  name: "u8, 0xE5, .. "ngstr"u8])));
        Assert.Equal("map.yml:1: error: the byte C3 is not UTF-8; save the file as UTF-8", Assert.Single(Problems([0xC3])));
        Assert.Equal("map.yml:1: error: the file is UTF-16; save it as UTF-8", Assert.Single(Problems([0xFF, 0xFE, .. Encoding.Unicode.GetBytes(Good)])));
        Assert.Equal("map.yml:1: error: the control character U+0000 does not belong in a text; is this a map file?", Assert.Single(Problems([.. "SQLite format 3"u8, 0, 16])));
        var random = new SeedRandom(4);
        var noise = Enumerable.Range(0, 100_000).Select(_ => (byte)random.Below(256)).ToArray();
        Assert.Contains("error: the", Assert.Single(Problems(noise)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_byte_order_mark_and_line_ends_of_Windows_change_nothing()
    {
        var windows = Good.Replace("\n", "\r\n", StringComparison.Ordinal).Replace("label: {sv", "nyckel: {sv", StringComparison.Ordinal);

        Assert.Empty(Problems([0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(Good)]));
        Assert.Equal("map.yml:10: warning: 'nyckel' is not used here and is ignored", Assert.Single(Problems([0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(windows)])));
    }

    [Fact]
    public void A_file_too_large_is_not_read_to_its_end()
    {
        using (var file = new FileStream(File, FileMode.Create))
        {
            // Takes up no place on the disk.
            file.SetLength(8L * 1024 * 1024 * 1024);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal("map.yml:1: error: the file is larger than 16 MB; divide the map into several files", Assert.Single(Read()));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64L * 1024 * 1024);
        Assert.Contains("the file is larger than 16 MB", Assert.Single(ReadFile("/dev/zero")), StringComparison.Ordinal);
        Assert.Contains("the file cannot be read", Assert.Single(ReadFile(folder)), StringComparison.Ordinal);
    }

    [Fact]
    public void Slips_without_number_are_named_up_to_a_thousand()
    {
        var problems = Problems("dataset:\n- fides_key: shop\n" + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"  k{i}: {new string('x', 100)}\n")));

        Assert.Equal(1000, problems.Count(p => p.Contains("warning", StringComparison.Ordinal)));
        Assert.EndsWith("there are too many problems to name; correct those above first", problems.Last(p => p.Contains("warning", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_map_as_large_as_one_may_be_is_read()
    {
        // 1,500 tables of 30 columns, each with a reference, in one file.
        var large = new StringBuilder("dataset:\n- fides_key: shop\n  collections:\n");
        for (var table = 0; table < 1500; table++)
        {
            large.Append(CultureInfo.InvariantCulture, $"  - name: t{table}\n    fields:\n");
            for (var column = 0; column < 30; column++)
            {
                large.Append(CultureInfo.InvariantCulture, $"    - {{name: c{column}, data_categories: [user.contact], fides_meta: {{references: [{{dataset: shop, field: t{(table + column) % 1500}.c{column}}}]}}}}\n");
            }
        }

        Assert.Empty(Problems(large.ToString()));
    }

    [Fact]
    public void A_message_stays_on_its_line_whatever_a_name_holds()
    {
        var problem = Problems("dataset:\n- fides_key: shop\n  \"a\\nshop.yml:1: error: b\\e[31m\": 1\n")[^1];

        Assert.Equal("map.yml:3: warning: 'a\uFFFDshop.yml:1: error: b\uFFFD[31m' is not used here and is ignored", problem);
    }

    [Fact]
    public void Any_damage_to_a_good_file_is_read_or_named()
    {
        var random = new SeedRandom(20261122);
        var good = Encoding.UTF8.GetBytes(Good);
        var marks = "[]{}:,-?*&!|>'\"%@`# \n\t\r<~.\\"u8.ToArray();
        for (var round = 0; round < 20_000; round++)
        {
            var damaged = good.ToList();
            for (var slips = random.Between(1, 5); slips > 0; slips--)
            {
                var at = random.Below(damaged.Count);
                switch (random.Below(4))
                {
                    case 0: damaged.RemoveAt(at); break;
                    case 1: damaged.Insert(at, random.Pick(marks)); break;
                    case 2: damaged[at] = (byte)random.Below(256); break;
                    default: damaged.InsertRange(at, good[random.Below(good.Length)..].Take(random.Below(40))); break;
                }
            }

            var lines = damaged.Count(b => b == '\n') + 2;
            // Throws where the reader does.
            Assert.All(Problems([.. damaged]), p => Assert.InRange(int.Parse(p.Split(':')[1], CultureInfo.InvariantCulture), 1, lines));
        }
    }

    private List<string> Problems(string text) => Problems(Encoding.UTF8.GetBytes(text));

    private List<string> Problems(byte[] bytes)
    {
        System.IO.File.WriteAllBytes(File, bytes);
        return Read();
    }

    private List<string> Read() => ReadFile(File);

    private List<string> ReadFile(string file) => [.. MapReader.Read([file]).Problems.Select(p => p.ToString().Replace($"{folder}/", "", StringComparison.Ordinal))];
}
